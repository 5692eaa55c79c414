//! INV-SW-1: whoever has the ring cannot make a producer of it.
// forbidden: E0624
fn main() {
    let (producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    let _ring = producer.ring().clone();
    #[cfg(feature = "forbidden")]
    let _second = crosscore::Producer::new(_ring, 0);
}
