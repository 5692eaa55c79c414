//! A crossing and nothing else: what any call into Rust costs at least, for `bench/micro/peer-calls.js`.

use std::ffi::c_void;
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, Function};
use napi::{Env, sys};
use napi_derive::napi;

use crate::status::check;

/// A function that is bound to a handle asks for it; this one does no more.
unsafe extern "C" fn nothing(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut data: *mut c_void = ptr::null_mut();
    // SAFETY: INV-NODE-1: `env` and `info` are those of the call that is under way; null out-values are
    // allowed.
    let _ = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &mut data,
        )
    };
    ptr::null_mut()
}

/// A new function that crosses into Rust and returns.
#[napi]
pub fn bare_crossing(env: &Env) -> napi::Result<Function<'_, (), ()>> {
    let mut function = ptr::null_mut();
    // SAFETY: INV-NODE-1: plain call with an out-value; the callback uses no data.
    let status = unsafe {
        sys::napi_create_function(
            env.raw(),
            c"nothing".as_ptr(),
            c"nothing".count_bytes() as isize,
            Some(nothing),
            ptr::null_mut(),
            &mut function,
        )
    };
    check(status, "napi_create_function")?;
    // SAFETY: INV-NODE-1: a function that was just made in this environment.
    unsafe { Function::from_napi_value(env.raw(), function) }
}
