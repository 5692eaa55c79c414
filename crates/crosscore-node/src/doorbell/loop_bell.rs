//! What wakes an event loop: a `uv_async_t`, or a threadsafe function where libuv is not to be had.
//!
//! Node's threadsafe function does the same with a queue and a lock that the ringer holds while the loop wakes; on one
//! processor that costs two more switches for each ring.

use std::ffi::c_void;
use std::ptr;

use napi::{Env, sys};

use super::rung::Bell;
use super::uv;
use crate::runtime;
use crate::status::check;

#[derive(Clone, Copy, Debug)]
pub(super) enum LoopBell {
    Async(uv::Async),
    Function(Function),
}

/// A threadsafe function that is acquired once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function(sys::napi_threadsafe_function);

/// What a threadsafe function calls on the loop.
type CallJs = unsafe extern "C" fn(sys::napi_env, sys::napi_value, *mut c_void, *mut c_void);

// SAFETY: INV-NODE-5, INV-NODE-9: other threads only ring it, under the lock of `Rung`.
unsafe impl Send for LoopBell {}

impl LoopBell {
    /// After each ring one of the two is called on the loop, with `data`. It does not keep the loop alive before it
    /// [holds](Self::hold) it.
    ///
    /// # Safety
    ///
    /// INV-NODE-5, INV-NODE-9: both take `data` for what it is, as long as the bell is open.
    pub(super) unsafe fn open(
        env: &Env,
        data: *const c_void,
        async_rung: unsafe extern "C" fn(*mut c_void),
        function_rung: CallJs,
    ) -> napi::Result<Self> {
        // Bun has functions of these names that abort.
        if runtime::other_than_node(env)?.is_none() {
            // SAFETY: INV-NODE-9: this is Node; passed on.
            if let Some(handle) = unsafe { uv::Async::open(env.raw(), data, async_rung) } {
                return Ok(Self::Async(handle));
            }
        }
        // SAFETY: INV-NODE-5: passed on.
        unsafe { Function::open(env.raw(), data, function_rung) }.map(Self::Function)
    }

    /// The loop's thread, before the bell is closed: whether it keeps the loop alive.
    pub(super) fn hold(self, env: sys::napi_env, hold: bool) {
        match self {
            Self::Async(handle) => handle.hold(hold),
            Self::Function(Function(function)) => {
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
    }
}

impl Bell for LoopBell {
    fn ring(&self) {
        match *self {
            Self::Async(handle) => handle.ring(),
            Self::Function(Function(function)) => {
                // SAFETY: INV-NODE-5: acquired until `release`, before which comes the lock that is held here.
                let _status = unsafe {
                    sys::napi_call_threadsafe_function(
                        function,
                        ptr::null_mut(),
                        sys::ThreadsafeFunctionCallMode::nonblocking,
                    )
                };
                // It fails only when the environment is closing: then nobody is left to be woken.
            }
        }
    }
}

impl Function {
    /// # Safety
    ///
    /// INV-NODE-5: `rung` takes `data` for what it is.
    unsafe fn open(env: sys::napi_env, data: *const c_void, rung: CallJs) -> napi::Result<Self> {
        let name = crate::value::string(env, "crosscore")?;
        let mut function = ptr::null_mut();
        // SAFETY: INV-NODE-1: the name is a value of the call that is under way; with a `call_js_cb` no function is
        // needed, and the caller promises for it.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                env,
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                data.cast_mut(),
                Some(rung),
                &mut function,
            )
        };
        check(status, "napi_create_threadsafe_function")?;
        // SAFETY: INV-NODE-5: acquired, and on the environment's thread.
        let status = unsafe { sys::napi_unref_threadsafe_function(env, function) };
        check(status, "napi_unref_threadsafe_function")?;
        Ok(Self(function))
    }

    /// Gives the one acquisition back.
    ///
    /// # Safety
    ///
    /// INV-NODE-5: nobody rings any more, nor will.
    pub(super) unsafe fn release(self) {
        // SAFETY: INV-NODE-5: the caller's promise.
        let _status = unsafe {
            sys::napi_release_threadsafe_function(self.0, sys::ThreadsafeFunctionReleaseMode::abort)
        };
        // It fails for a function that is closing already, which is what is asked for.
    }
}
