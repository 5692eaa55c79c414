//! Values of JavaScript, by plain Node-API.

use std::ffi::{CStr, c_void};
use std::ptr;

use napi::sys;

use crate::status::check;

/// A callback of Node-API.
pub(crate) type Callback =
    unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// A string.
pub(crate) fn string(env: sys::napi_env, text: &str) -> napi::Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: INV-NODE-1: `text` is valid for its length, and Node copies it.
    let status = unsafe {
        sys::napi_create_string_utf8(env, text.as_ptr().cast(), text.len() as isize, &mut value)
    };
    check(status, "napi_create_string_utf8")?;
    Ok(value)
}

/// A number.
pub(crate) fn number(env: sys::napi_env, number: f64) -> napi::Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: INV-NODE-1: plain call with an out-value.
    let status = unsafe { sys::napi_create_double(env, number, &mut value) };
    check(status, "napi_create_double")?;
    Ok(value)
}

/// The number that a value is, as a count; `None` if it is no number.
pub(crate) fn count(env: sys::napi_env, value: sys::napi_value) -> Option<u64> {
    let mut count = 0.0;
    // SAFETY: INV-NODE-1: a value of the call that is under way, and an out-value.
    let status = unsafe { sys::napi_get_value_double(env, value, &mut count) };
    // A cast goes to the nearest number that there is.
    (status == sys::Status::napi_ok).then_some(count as u64)
}

/// An array of numbers.
pub(crate) fn list(env: sys::napi_env, numbers: &[f64]) -> napi::Result<sys::napi_value> {
    let mut array = ptr::null_mut();
    // SAFETY: INV-NODE-1: plain call with an out-value.
    let status = unsafe { sys::napi_create_array_with_length(env, numbers.len(), &mut array) };
    check(status, "napi_create_array_with_length")?;
    for (index, &each) in (0..).zip(numbers) {
        let value = number(env, each)?;
        // SAFETY: INV-NODE-1: the array was just made, and the value too.
        let status = unsafe { sys::napi_set_element(env, array, index, value) };
        check(status, "napi_set_element")?;
    }
    Ok(array)
}

/// `true` or `false`.
pub(crate) fn boolean(env: sys::napi_env, yes: bool) -> napi::Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: INV-NODE-1: plain call with an out-value.
    let status = unsafe { sys::napi_get_boolean(env, yes, &mut value) };
    check(status, "napi_get_boolean")?;
    Ok(value)
}

/// A function with `data` as its data pointer.
pub(crate) fn function(
    env: sys::napi_env,
    name: &CStr,
    callback: Callback,
    data: *mut c_void,
) -> napi::Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: INV-NODE-1: `data` is null or a slot, which is never freed.
    let status = unsafe {
        sys::napi_create_function(
            env,
            name.as_ptr(),
            name.count_bytes() as isize,
            Some(callback),
            data,
            &mut value,
        )
    };
    check(status, "napi_create_function")?;
    Ok(value)
}

/// An object with these properties. They are defined: no setter of a prototype runs.
pub(crate) fn object(
    env: sys::napi_env,
    properties: &[(&CStr, sys::napi_value)],
) -> napi::Result<sys::napi_value> {
    let mut object = ptr::null_mut();
    // SAFETY: INV-NODE-1: plain call with an out-value.
    let status = unsafe { sys::napi_create_object(env, &mut object) };
    check(status, "napi_create_object")?;
    let descriptors: Vec<_> = properties
        .iter()
        .map(|&(name, value)| sys::napi_property_descriptor {
            utf8name: name.as_ptr(),
            name: ptr::null_mut(),
            method: None,
            getter: None,
            setter: None,
            value,
            attributes: sys::PropertyAttributes::enumerable,
            data: ptr::null_mut(),
        })
        .collect();
    // SAFETY: INV-NODE-1: the values are of this environment and this call's handle scope, the names end in NUL.
    let status = unsafe {
        sys::napi_define_properties(env, object, descriptors.len(), descriptors.as_ptr())
    };
    check(status, "napi_define_properties")?;
    Ok(object)
}

/// The text of a string; `None` for any other value.
pub(crate) fn text(env: sys::napi_env, value: sys::napi_value) -> Option<String> {
    let mut length = 0;
    // SAFETY: INV-NODE-1: a value of the call that is under way; without a buffer Node tells the length.
    let status =
        unsafe { sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &mut length) };
    if status != sys::Status::napi_ok {
        return None;
    }
    let mut bytes = vec![0; length + 1];
    // SAFETY: INV-NODE-1: the buffer has room for the text and a NUL, as is said.
    let status = unsafe {
        sys::napi_get_value_string_utf8(
            env,
            value,
            bytes.as_mut_ptr().cast(),
            bytes.len(),
            &mut length,
        )
    };
    if status != sys::Status::napi_ok {
        return None;
    }
    bytes.truncate(length);
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Throws into the call that is under way.
pub(crate) fn throw(env: sys::napi_env, error: napi::Error) -> sys::napi_value {
    // SAFETY: INV-NODE-1: a call is under way, so an exception can be thrown into it.
    unsafe { napi::JsError::from(error).throw_into(env) };
    ptr::null_mut()
}

/// A value that is kept beyond a call.
#[derive(Debug)]
pub(crate) struct Kept {
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl Kept {
    /// Held until `let_go` or `delete`.
    pub(crate) fn new(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let mut reference = ptr::null_mut();
        // SAFETY: INV-NODE-1: a value of the call that is under way.
        let status = unsafe { sys::napi_create_reference(env, value, 1, &mut reference) };
        check(status, "napi_create_reference")?;
        Ok(Self { env, reference })
    }

    /// The value, unless it was collected. Needs a handle scope.
    pub(crate) fn value(&self) -> Option<sys::napi_value> {
        let mut value = ptr::null_mut();
        // SAFETY: INV-NODE-1: deleted by `delete` only, which takes this.
        let status = unsafe { sys::napi_get_reference_value(self.env, self.reference, &mut value) };
        (status == sys::Status::napi_ok && !value.is_null()).then_some(value)
    }

    /// Keeps the value only as long as others do.
    pub(crate) fn let_go(&self) {
        let mut count = 0;
        // SAFETY: INV-NODE-1: as in `value`. A failure means that it was let go before.
        let _status = unsafe { sys::napi_reference_unref(self.env, self.reference, &mut count) };
    }

    /// Not by dropping: an environment that has ended has deleted it.
    pub(crate) fn delete(self) {
        // SAFETY: INV-NODE-1: made in `new`, and gone after this.
        let _status = unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}
