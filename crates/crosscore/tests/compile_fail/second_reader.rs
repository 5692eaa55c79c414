//! INV-SW-2: there is no second consumer.
// forbidden: E0599
fn main() {
    let (_producer, consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    #[cfg(feature = "forbidden")]
    let _second = consumer.clone();
    drop(consumer);
}
