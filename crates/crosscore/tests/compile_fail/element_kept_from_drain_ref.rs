//! INV-ALIAS-2: an element that is drained in place is dropped after its call.
// forbidden: E0521
fn main() {
    let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8).unwrap();
    producer.push(String::new()).unwrap();
    let mut kept: Vec<&String> = Vec::new();
    consumer.drain_ref(1, |_element| {
        #[cfg(feature = "forbidden")]
        kept.push(_element);
    });
    kept.clear();
}
