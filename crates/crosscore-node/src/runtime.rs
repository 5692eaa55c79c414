//! Whether the process is Node itself.
//!
//! Others speak Node-API too, and some export names of Node's that abort when they are called: Bun does that with
//! most of libuv and with V8. So whoever goes past Node-API asks here first.

use std::ffi::CStr;
use std::ptr;

use napi::Env;
use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::sys;

/// What others put among `process.versions`. Electron is Node with another V8, Bun and Deno are neither.
const OTHERS: [&str; 3] = ["bun", "deno", "electron"];

/// `None` in Node, else the name of what this is instead.
pub(crate) fn other_than_node(env: &Env) -> napi::Result<Option<String>> {
    let versions: Object<'_> = process(env)?.get_named_property("versions")?;
    for other in OTHERS {
        if versions.has_named_property(other)? {
            return Ok(Some(other.to_owned()));
        }
    }
    let release = release(env)?;
    Ok((release != "node").then_some(release))
}

/// The `process` of this environment.
pub(crate) fn process(env: &Env) -> napi::Result<Object<'_>> {
    env.get_global()?.get_named_property("process")
}

/// `process.release.name`, from where a program cannot change it.
fn release(env: &Env) -> napi::Result<String> {
    let mut version = ptr::null();
    // SAFETY: INV-NODE-1: plain call with an out-value.
    let status = unsafe { sys::napi_get_node_version(env.raw(), &mut version) };
    crate::status::check(status, "napi_get_node_version")?;
    // SAFETY: INV-NODE-1: the call has succeeded, and what it gives is static, says Node-API.
    let release = unsafe { CStr::from_ptr((*version).release) };
    Ok(release.to_string_lossy().into_owned())
}

/// A program may have put something into `process` that throws. What could not be asked is told otherwise.
pub(crate) fn forget_exception(env: &Env) {
    let mut exception = ptr::null_mut();
    // SAFETY: INV-NODE-1: plain call with an out-value, which nobody reads; it fails where nothing is pending.
    let _status = unsafe { sys::napi_get_and_clear_last_exception(env.raw(), &mut exception) };
}
