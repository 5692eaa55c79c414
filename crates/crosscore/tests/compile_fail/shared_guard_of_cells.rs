//! INV-SEND-1: a shared guard hands out `&T`, so it is `Sync` only if `T` is.
// forbidden: E0277
use std::cell::Cell;
fn main() {
    let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8).unwrap();
    producer.push(Cell::new(1)).unwrap();
    let elements = consumer.read(1).unwrap();
    std::thread::scope(|_scope| {
        #[cfg(feature = "forbidden")]
        _scope.spawn(|| elements[0].set(2));
        elements[0].set(3);
    });
}
