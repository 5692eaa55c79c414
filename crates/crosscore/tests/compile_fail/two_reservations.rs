//! INV-RES-1: one reservation at a time.
// forbidden: E0499
fn main() {
    let (mut producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    let first = producer.reserve(1).unwrap();
    #[cfg(feature = "forbidden")]
    let _second = producer.reserve(1).unwrap();
    first.commit();
}
