//! INV-SEND-1: a ring is `Sync` only if its element is `Send`. Each of the two bounds has a case of its
//! own, since an `Arc` of a ring asks for both and would hide the loss of one.
// forbidden: E0277
use std::rc::Rc;

use crosscore::Ring;

fn is_sync<R: Sync>() {}

fn main() {
    is_sync::<Ring<u8>>();
    #[cfg(feature = "forbidden")]
    is_sync::<Ring<Rc<u8>>>();
    let _ = size_of::<Ring<Rc<u8>>>();
}
