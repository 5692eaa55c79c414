//! How another thread reaches this environment's event loop: one threadsafe function per handle.
//!
//! It is made when a handle waits for the first time, and rung by the other side's publication only
//! while this side is parked: once for each wait, never per message.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use napi::sys;

use crate::status::check;

/// A threadsafe function that this side has acquired once.
#[derive(Clone, Copy, Debug)]
struct Bell(sys::napi_threadsafe_function);

// SAFETY: INV-NODE-5: Node-API makes threadsafe functions callable from any thread while they are
// acquired, and this one is until `Listener::silence` has taken it out.
unsafe impl Send for Bell {}

/// The half that is left with the other side: rings in an environment, or no longer.
#[derive(Debug, Default)]
struct Doorbell {
    /// The lock is held for the length of a call into Node.
    bell: Mutex<Option<Bell>>,
}

impl Doorbell {
    fn bell(&self) -> MutexGuard<'_, Option<Bell>> {
        // Nothing can panic while it is held.
        self.bell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The half that stays on the environment's thread.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    doorbell: Arc<Doorbell>,
    /// What is in the doorbell, without its lock: only this half changes it. Whoever rings holds the
    /// lock while Node wakes this thread, which on the same processor runs at once; if it then asked for
    /// the lock, the two would change places twice more for each ring.
    installed: Cell<Option<Bell>>,
}

impl Listener {
    /// Installs `callback`, to be called on the event loop after each ring. It does not keep the
    /// loop alive before [`hold`](Self::hold) says so.
    pub(crate) fn install(
        &self,
        env: sys::napi_env,
        callback: sys::napi_value,
        name: sys::napi_value,
    ) -> napi::Result<()> {
        let mut function = ptr::null_mut();
        // SAFETY: INV-NODE-1: `callback` and `name` are values of the call that is under way; without
        // a `call_js_cb` Node calls `callback` itself, with no arguments.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                env,
                callback,
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                ptr::null_mut(),
                None,
                &mut function,
            )
        };
        check(status, "napi_create_threadsafe_function")?;
        self.installed.set(Some(Bell(function)));
        *self.doorbell.bell() = Some(Bell(function));
        self.hold(env, false);
        Ok(())
    }

    pub(crate) fn is_installed(&self) -> bool {
        self.installed.get().is_some()
    }

    /// What rings.
    pub(crate) fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.doorbell))
    }

    /// Whether a wait keeps the event loop alive.
    pub(crate) fn hold(&self, env: sys::napi_env, hold: bool) {
        if let Some(Bell(function)) = self.installed.get() {
            // SAFETY: INV-NODE-5: acquired, and on the environment's thread.
            let _status = unsafe {
                if hold {
                    sys::napi_ref_threadsafe_function(env, function)
                } else {
                    sys::napi_unref_threadsafe_function(env, function)
                }
            };
            // A failure means that the environment is ending, and with it the loop.
        }
    }

    /// Rings no more. Called before the environment is gone.
    pub(crate) fn silence(&self) {
        self.installed.set(None);
        if let Some(Bell(function)) = self.doorbell.bell().take() {
            // SAFETY: INV-NODE-5: the one acquisition is given back, and nobody finds the function
            // here any more.
            let _status = unsafe {
                sys::napi_release_threadsafe_function(
                    function,
                    sys::ThreadsafeFunctionReleaseMode::abort,
                )
            };
            // A failure means that Node has closed it already.
        }
    }
}

impl Wake for Doorbell {
    fn wake(self: Arc<Self>) {
        if let Some(Bell(function)) = *self.bell() {
            // SAFETY: INV-NODE-5: acquired until `silence`, which waits for this lock.
            let _status = unsafe {
                sys::napi_call_threadsafe_function(
                    function,
                    ptr::null_mut::<c_void>(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
            // It fails only when the environment is closing: then nobody is left to be woken.
        }
    }
}
