//! For rings whose slots are part of their type, and which are made on the stack.

use std::thread;

/// Room for the largest ring, several times.
const STACK: usize = 256 << 20;

/// Makes it on a thread that has the room.
pub fn on_a_large_stack<R: Send + 'static>(make: impl FnOnce() -> R + Send + 'static) -> R {
    thread::Builder::new()
        .stack_size(STACK)
        .spawn(make)
        .and_then(|maker| {
            maker
                .join()
                .map_err(|_| std::io::Error::other("out of stack"))
        })
        .expect("a thread to make a ring on")
}
