//! Memory that JavaScript can see: a ring, a control block, an environment's block. All of it is handed out here.
//!
//! Each is an external `ArrayBuffer`. Its finalizer says when nothing can reach the memory, with one exception: when
//! an environment ends, Node detaches all external ArrayBuffers that are left and runs their finalizers, wherever their
//! memory is by then. A program may have taken it out of its ArrayBuffer (`transfer()`, a byte stream, a post) and have
//! it in another thread. Nothing runs before these finalizers, no cleanup hook either, but they run from the youngest
//! ArrayBuffer to the oldest. So each environment has a sentinel, an ArrayBuffer that nobody reads or writes, and makes
//! a new one after others have been made. Its finalizer asks all of them whether the memory is still where it was put.
//! Memory that is not is never freed (INV-NODE-6).
//!
//! Bun runs an environment's hooks before its finalizers, and those of other objects when its heap takes nothing new any
//! more. There the hook asks, and after it nobody does.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::rc::{Rc, Weak};

use napi::sys;

use crate::environment::Environment;
use crate::status::check;
use crate::value::{Kept, function};

/// What is known of memory whose environment ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Found {
    /// Nobody has asked.
    #[default]
    Unasked,
    InPlace,
    /// Somewhere else.
    Escaped,
}

/// An ArrayBuffer over memory of ours.
#[derive(Debug)]
pub(crate) struct Visible {
    env: sys::napi_env,
    environment: Weak<Environment>,
    /// What keeps the memory.
    owner: RefCell<Option<Box<dyn Any>>>,
    /// The ring's number, if it is a ring's.
    pub(crate) ring: Option<u64>,
    /// The ArrayBuffer.
    buffer: RefCell<Option<Kept>>,
    /// What the sentinel has found when the environment ended, or `detach` before.
    found: Cell<Found>,
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
            buffer: RefCell::new(None),
            found: Cell::new(Found::default()),
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
        *visible.buffer.borrow_mut() = Some(Kept::new(env, value)?);
        environment.watch(&visible);
        Ok((visible, value))
    }

    /// The ArrayBuffer, unless it was collected.
    pub(crate) fn value(&self) -> Option<sys::napi_value> {
        self.buffer.borrow().as_ref()?.value()
    }

    /// Has V8 collect it when nobody has it. Before that it is held, or an environment that ends could not tell one that
    /// was collected a moment ago from one that was detached before.
    pub(crate) fn let_go(&self) {
        if let Some(buffer) = &*self.buffer.borrow() {
            buffer.let_go();
        }
    }

    /// Takes the memory out of the ArrayBuffer, of which no program has a view: nothing in this environment can reach
    /// it any more, and V8 lets go of it before it collects.
    pub(crate) fn detach(&self) {
        if self.is_in_place() {
            self.found.set(Found::InPlace);
            // Where V8 refuses, as it does in a thread that is being terminated, Node ends the process.
            if is_alive(self.env) {
                let _gone = in_scope(self.env, || {
                    // SAFETY: INV-NODE-1: a value of this environment, in a handle scope. Where it fails, V8 finds out
                    // when it collects.
                    self.value()
                        .map(|value| unsafe { sys::napi_detach_arraybuffer(self.env, value) })
                });
            }
        }
        self.let_go();
    }

    /// Whether the ArrayBuffer exists and is not detached. One that has been collected although its finalizer has not
    /// run has lost its memory before, or its finalizer waits for a turn of the event loop that will not come; the two
    /// look alike, and then, as where nothing can be asked, the answer is no. To keep what could be freed is the lesser
    /// evil.
    fn is_in_place(&self) -> bool {
        if self.is_over() {
            return false;
        }
        in_scope(self.env, || {
            let mut detached = false;
            // SAFETY: INV-NODE-1: a value of this environment, and an out-value.
            let status = self.value().map(|buffer| unsafe {
                sys::napi_is_detached_arraybuffer(self.env, buffer, &mut detached)
            });
            status == Some(sys::Status::napi_ok) && !detached
        })
        .unwrap_or(false)
    }

    /// Finds out, before the environment ends, whether the memory is where it was put.
    pub(crate) fn ask(&self) {
        if self.found.get() == Found::Unasked {
            self.found.set(if self.is_in_place() {
                Found::InPlace
            } else {
                Found::Escaped
            });
        }
    }

    /// Whether the environment has ended as far as hooks tell. A call of Node-API may then take the process down: Bun's
    /// finalizers have no room for a handle.
    fn is_over(&self) -> bool {
        self.environment.strong_count() == 0
    }
}

/// Runs `f` in a handle scope of its own; `None` if there is none to be had.
fn in_scope<T>(env: sys::napi_env, f: impl FnOnce() -> T) -> Option<T> {
    let mut scope = ptr::null_mut();
    // SAFETY: INV-NODE-1: an out-value; opened and closed on the environment's thread.
    if unsafe { sys::napi_open_handle_scope(env, &mut scope) } != sys::Status::napi_ok {
        return None;
    }
    let result = f();
    // SAFETY: INV-NODE-1: the youngest scope.
    unsafe { sys::napi_close_handle_scope(env, scope) };
    Some(result)
}

/// Finalizer of the ArrayBuffer.
unsafe extern "C" fn collected(env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: INV-NODE-1: the count that `new` gave to the ArrayBuffer.
    let visible = unsafe { Rc::from_raw(hint.cast::<Visible>().cast_const()) };
    if let Some(environment) = visible.environment.upgrade() {
        environment.unwatch(&visible);
    }
    if let Some(buffer) = visible.buffer.take() {
        buffer.delete();
    }
    let owner = visible.owner.take();
    let unreachable = match visible.found.get() {
        Found::InPlace => true,
        Found::Escaped => false,
        // Younger than the sentinel if the environment ends: then nobody knows.
        Found::Unasked => !visible.is_over() && is_alive(env),
    };
    if !unreachable {
        // INV-NODE-6: somebody else may use it, for as long as the process lives.
        std::mem::forget(owner);
    }
}

/// Whether an environment can run JavaScript, as it can until it ends.
fn is_alive(env: sys::napi_env) -> bool {
    // Any call would do that Node refuses when no JavaScript may run.
    in_scope(env, || {
        function(env, c"alive", nothing, ptr::null_mut()).is_ok()
    })
    .unwrap_or(false)
}

unsafe extern "C" fn nothing(
    _env: sys::napi_env,
    _info: sys::napi_callback_info,
) -> sys::napi_value {
    ptr::null_mut()
}

/// The ArrayBuffer that has to be the youngest.
#[derive(Debug)]
pub(crate) struct Sentinel {
    environment: Weak<Environment>,
    /// Strongly: it is not collected before the environment ends or it is relieved.
    buffer: RefCell<Option<Kept>>,
}

impl Sentinel {
    /// Makes one.
    pub(crate) fn new(environment: &Rc<Environment>, env: sys::napi_env) -> napi::Result<Rc<Self>> {
        let sentinel = Rc::new(Self {
            environment: Rc::downgrade(environment),
            buffer: RefCell::new(None),
        });
        let hint = Rc::into_raw(Rc::clone(&sentinel))
            .cast_mut()
            .cast::<c_void>();
        let mut value = ptr::null_mut();
        // SAFETY: INV-NODE-1: an address of its own, of which nobody reads or writes a byte; valid until the finalizer
        // gives the count back.
        let status = unsafe {
            sys::napi_create_external_arraybuffer(
                env,
                hint,
                1,
                Some(sentinel_ended),
                hint,
                &mut value,
            )
        };
        check(status, "napi_create_external_arraybuffer").inspect_err(|_| {
            // SAFETY: INV-NODE-1: nothing was made, so its finalizer never runs and the count is ours.
            drop(unsafe { Rc::from_raw(hint.cast::<Self>().cast_const()) });
        })?;
        *sentinel.buffer.borrow_mut() = Some(Kept::new(env, value)?);
        Ok(sentinel)
    }

    /// There is a younger one.
    pub(crate) fn relieve(&self) {
        if let Some(buffer) = self.buffer.take() {
            buffer.delete();
        }
    }
}

/// Finalizer of a sentinel: the environment ends, or there is a younger one.
unsafe extern "C" fn sentinel_ended(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: INV-NODE-1: the count that `new` gave to the ArrayBuffer.
    let sentinel = unsafe { Rc::from_raw(hint.cast::<Sentinel>().cast_const()) };
    // One that was relieved has no reference.
    let Some(buffer) = sentinel.buffer.take() else {
        return;
    };
    buffer.delete();
    if let Some(environment) = sentinel.environment.upgrade() {
        environment.ask();
    }
}
