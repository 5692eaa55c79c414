//! INV-SW-1: there is no second producer.
// forbidden: E0599
fn main() {
    let (producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    #[cfg(feature = "forbidden")]
    let _second = producer.clone();
    drop(producer);
}
