//! INV-SW-1: writing takes the producer mutably.
// forbidden: E0596
fn main() {
    let (producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    let _shared = &producer;
    #[cfg(feature = "forbidden")]
    _shared.push(1).unwrap();
}
