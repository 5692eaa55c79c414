//! INV-SW-1: `&Producer` does not cross threads: two could refresh the private copy at once.
// forbidden: E0277
fn main() {
    let (producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    std::thread::scope(|_scope| {
        #[cfg(feature = "forbidden")]
        _scope.spawn(|| producer.free_slots());
        producer.free_slots();
    });
}
