//! INV-INIT-1: to publish slots that nobody counted takes `unsafe`.
// forbidden: E0133
fn main() {
    let (mut producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    producer.push(1).unwrap();
    #[cfg(feature = "forbidden")]
    producer.publish_raw(1);
}
