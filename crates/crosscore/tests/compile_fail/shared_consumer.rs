//! INV-SW-2: `&Consumer` does not cross threads.
// forbidden: E0277
fn main() {
    let (_producer, consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    std::thread::scope(|_scope| {
        #[cfg(feature = "forbidden")]
        _scope.spawn(|| consumer.available());
        consumer.available();
    });
}
