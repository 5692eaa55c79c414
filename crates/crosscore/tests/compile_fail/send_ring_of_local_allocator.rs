//! INV-SEND-1: a ring is `Send` only if its allocator is `Send`. Each of the two bounds has a case of its
//! own, since an `Arc` of a ring asks for both and would hide the loss of one.
// forbidden: E0277
use crosscore::{BufferAllocator, Ring};

fn is_send<R: Send>() {}

fn main() {
    is_send::<Ring<u8>>();
    #[cfg(feature = "forbidden")]
    is_send::<Ring<u8, Box<dyn BufferAllocator>>>();
    let _ = size_of::<Ring<u8, Box<dyn BufferAllocator>>>();
}
