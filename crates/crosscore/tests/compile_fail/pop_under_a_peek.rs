//! INV-ALIAS-2: what was peeked at stays in the ring for as long as it is looked at.
// forbidden: E0502
fn main() {
    let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8).unwrap();
    producer.push(String::new()).unwrap();
    let peeked = consumer.peek();
    #[cfg(feature = "forbidden")]
    consumer.pop();
    drop(peeked);
}
