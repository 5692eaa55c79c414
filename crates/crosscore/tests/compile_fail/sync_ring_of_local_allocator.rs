//! INV-SEND-1: a ring is `Sync` only if its allocator is `Send`. Each of the two bounds has a case of its
//! own, since an `Arc` of a ring asks for both and would hide the loss of one.
// forbidden: E0277
use crosscore::{BufferAllocator, Ring};

fn is_sync<R: Sync>() {}

fn main() {
    is_sync::<Ring<u8>>();
    #[cfg(feature = "forbidden")]
    is_sync::<Ring<u8, Box<dyn BufferAllocator>>>();
    let _ = size_of::<Ring<u8, Box<dyn BufferAllocator>>>();
}
