//! INV-ALIAS-2: no reference to an element outlives its skipping.
// forbidden: E0499
fn main() {
    let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8).unwrap();
    producer.push(String::new()).unwrap();
    let _element = consumer.peek_mut().unwrap();
    consumer.skip(1);
    #[cfg(feature = "forbidden")]
    _element.push('a');
}
