//! A crossing and nothing else: what any call into Rust costs at least, for `bench/micro/peer-calls.js`.

use std::hint::black_box;
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, Function};
use napi::{Env, sys};
use napi_derive::napi;

use crate::handle::data_of;
use crate::status::check;

/// A function that is bound to a handle asks for it; this one does no more.
unsafe extern "C" fn nothing(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    black_box(unsafe { data_of(env, info) });
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
