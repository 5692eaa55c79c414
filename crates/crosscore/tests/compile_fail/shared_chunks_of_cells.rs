//! INV-SEND-1: shared chunks hand out `&T`, so they are `Sync` only if `T` is.
// forbidden: E0277
use std::cell::Cell;
fn main() {
    let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8).unwrap();
    producer.push(Cell::new(1)).unwrap();
    let chunks = consumer.read_chunks(1).unwrap();
    std::thread::scope(|_scope| {
        #[cfg(feature = "forbidden")]
        _scope.spawn(|| chunks.as_slices().0[0].set(2));
        chunks.as_slices().0[0].set(3);
    });
}
