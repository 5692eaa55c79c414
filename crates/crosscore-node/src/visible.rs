//! Memory that JavaScript can see: a ring, a control block, an environment's block. All of it is handed out here.
//!
//! Each is an external `ArrayBuffer`. Its finalizer says when nothing can reach the memory, with one exception: when
//! an environment ends, Node runs the finalizers of all that are left, wherever their memory is. A program may have
//! taken the memory out of its ArrayBuffer (`transfer()`, a byte stream, a post) and have it in another thread. So the
//! environment's hook, which is always the youngest and so runs before those finalizers, asks each ArrayBuffer whether
//! the memory is still where it was put. Memory that is not is never freed (INV-NODE-6).

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::rc::{Rc, Weak};

use napi::sys;

use crate::environment::Environment;
use crate::status::check;
use crate::value::Kept;

/// An ArrayBuffer over memory of ours.
#[derive(Debug)]
pub(crate) struct Visible {
    env: sys::napi_env,
    environment: Weak<Environment>,
    /// What keeps the memory.
    owner: RefCell<Option<Box<dyn Any>>>,
    /// The ring's number, if it is a ring's.
    pub(crate) ring: Option<u64>,
    bytes: usize,
    /// The ArrayBuffer, weakly.
    buffer: RefCell<Option<Kept>>,
    /// The memory was found to be somewhere else.
    escaped: Cell<bool>,
    /// What V8 was told to add to the `bytes` that it counts itself.
    adjusted: Cell<i64>,
}

impl Visible {
    /// Makes an ArrayBuffer over memory that lives as long as `owner`.
    ///
    /// # Safety
    ///
    /// INV-NODE-1: the memory is valid for `bytes` bytes while `owner` is.
    pub(crate) unsafe fn new(
        environment: &Rc<Environment>,
        env: sys::napi_env,
        (base, bytes): (NonNull<u8>, usize),
        owner: Box<dyn Any>,
        ring: Option<u64>,
    ) -> napi::Result<(Rc<Self>, sys::napi_value)> {
        let visible = Rc::new(Self {
            env,
            environment: Rc::downgrade(environment),
            owner: RefCell::new(Some(owner)),
            ring,
            bytes,
            buffer: RefCell::new(None),
            escaped: Cell::new(false),
            adjusted: Cell::new(0),
        });
        let hint = Rc::into_raw(Rc::clone(&visible));
        let mut value = ptr::null_mut();
        // SAFETY: INV-NODE-1: the caller's promise; the finalizer lets go of the owner, when V8 has let go of the memory.
        let status = unsafe {
            sys::napi_create_external_arraybuffer(
                env,
                base.as_ptr().cast(),
                bytes,
                Some(collected),
                hint.cast_mut().cast(),
                &mut value,
            )
        };
        check(status, "napi_create_external_arraybuffer").inspect_err(|_| {
            // SAFETY: INV-NODE-1: nothing was made, so its finalizer never runs and the count is ours.
            drop(unsafe { Rc::from_raw(hint) });
        })?;
        *visible.buffer.borrow_mut() = Some(Kept::new(env, value, 0)?);
        environment.watch(env, &visible)?;
        Ok((visible, value))
    }

    /// The ArrayBuffer, unless it was collected.
    pub(crate) fn value(&self) -> Option<sys::napi_value> {
        self.buffer.borrow().as_ref()?.value()
    }

    /// Has V8 count so many bytes for it, which by itself counts as many as JavaScript sees.
    pub(crate) fn count_as(&self, bytes: usize) {
        let adjustment = bytes as i64 - self.bytes as i64;
        let change = adjustment - self.adjusted.replace(adjustment);
        self.adjust(change);
    }

    fn adjust(&self, change: i64) {
        if change != 0 {
            let mut total = 0;
            // SAFETY: INV-NODE-1: plain call with an out-value, on the environment's thread. A failure means that the
            // environment is ending, and its counts with it.
            let _status = unsafe { sys::napi_adjust_external_memory(self.env, change, &mut total) };
        }
    }

    /// The environment ends: finds out whether the memory is where it was put.
    pub(crate) fn look_for_escape(&self) {
        if !self.is_in_place() {
            self.escaped.set(true);
        }
    }

    /// Whether the ArrayBuffer exists and is not detached. One that has been collected although its finalizer has not
    /// run has lost its memory before, or its finalizer waits for a turn of the event loop that will not come; the two
    /// look alike, and then, as where nothing can be asked, the answer is no. To keep what could be freed is the lesser
    /// evil.
    fn is_in_place(&self) -> bool {
        let mut scope = ptr::null_mut();
        let mut detached = true;
        // SAFETY: INV-NODE-2: hooks run on the environment's thread; INV-NODE-1: out-values.
        unsafe {
            if sys::napi_open_handle_scope(self.env, &mut scope) != sys::Status::napi_ok {
                return false;
            }
            if let Some(buffer) = self.value() {
                let asked = sys::napi_is_detached_arraybuffer(self.env, buffer, &mut detached);
                detached |= asked != sys::Status::napi_ok;
            }
            sys::napi_close_handle_scope(self.env, scope);
        }
        !detached
    }
}

/// Finalizer of the ArrayBuffer.
unsafe extern "C" fn collected(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: INV-NODE-1: the count that `new` gave to the ArrayBuffer.
    let visible = unsafe { Rc::from_raw(hint.cast::<Visible>().cast_const()) };
    if let Some(environment) = visible.environment.upgrade() {
        environment.unwatch(&visible);
        visible.adjust(-visible.adjusted.get());
    }
    if let Some(buffer) = visible.buffer.take() {
        buffer.delete();
    }
    let owner = visible.owner.take();
    if visible.escaped.get() {
        // INV-NODE-6: somebody else may use it, for as long as the process lives.
        std::mem::forget(owner);
    }
}
