//! INV-SEND-1: the allocator goes along with the handles.
// forbidden: E0277
use crosscore::{BufferAllocator, HeapAllocator, Ring};
fn main() {
    let local: Box<dyn BufferAllocator> = Box::new(HeapAllocator);
    let (producer, _consumer) = Ring::<u8, _>::with_capacity_in(8, local).unwrap();
    let _take = move || drop(producer);
    #[cfg(feature = "forbidden")]
    std::thread::spawn(_take);
}
