//! Tokens: what stands for the end that JavaScript gets.

use std::ffi::CStr;
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, TypeName, ValidateNapiValue};
use napi::{Status, ValueType, sys};

use crate::abi::{self, Table, Text};

/// Stands for one end of a ring, as `move()` in JavaScript returns it: plain data, good for one claim.
///
/// It is what a `#[napi]` function returns, and `Consumer.from(token)` or `Producer.from(token)` takes. Dropped before
/// that, it closes the ring. Once JavaScript has it, the ring waits to be claimed; `revoke(token)` of the package closes
/// it. As an argument it is a token that JavaScript made, for [`claim`](crate::Crosscore::claim_producer).
#[derive(Debug)]
pub struct Token {
    pub(crate) side: u32,
    pub(crate) of: String,
    pub(crate) id: String,
    pub(crate) origin: String,
    /// Revokes it when it is dropped. `None` for one that came from JavaScript.
    pub(crate) made_by: Option<&'static Table>,
}

impl Drop for Token {
    fn drop(&mut self) {
        if let Some(table) = self.made_by {
            // SAFETY: INV-ABI-2: the text is read during the call.
            unsafe { (table.revoke)(Text::of(&self.id)) };
        }
    }
}

const SIDES: [(u32, &str); 2] = [(abi::PRODUCER, "producer"), (abi::CONSUMER, "consumer")];

impl TypeName for Token {
    fn type_name() -> &'static str {
        "Token"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Token {}

fn check(status: sys::napi_status, call: &str) -> napi::Result<()> {
    if status == sys::Status::napi_ok {
        return Ok(());
    }
    Err(napi::Error::new(Status::from(status), call))
}

impl ToNapiValue for Token {
    unsafe fn to_napi_value(env: sys::napi_env, mut token: Self) -> napi::Result<sys::napi_value> {
        let side = SIDES[usize::from(token.side == abi::CONSUMER)].1;
        let mut object = ptr::null_mut();
        // SAFETY: INV-NODE-1: `env` is that of the call that is under way, as the caller promises.
        let made = unsafe { sys::napi_create_object(env, &mut object) };
        check(made, "napi_create_object")?;
        let properties: [(&CStr, &str); 4] = [
            (c"crosscore", side),
            (c"of", &token.of),
            (c"id", &token.id),
            (c"origin", &token.origin),
        ];
        for (name, text) in properties {
            // SAFETY: INV-NODE-1: as above; Node copies the text. Defined, so that no setter of a prototype runs.
            unsafe {
                let value = String::to_napi_value(env, text.to_owned())?;
                let property = sys::napi_property_descriptor {
                    utf8name: name.as_ptr(),
                    name: ptr::null_mut(),
                    method: None,
                    getter: None,
                    setter: None,
                    value,
                    attributes: sys::PropertyAttributes::writable
                        | sys::PropertyAttributes::enumerable
                        | sys::PropertyAttributes::configurable,
                    data: ptr::null_mut(),
                };
                check(
                    sys::napi_define_properties(env, object, 1, &property),
                    "napi_define_properties",
                )?;
            }
        }
        // JavaScript has it now.
        token.made_by = None;
        Ok(object)
    }
}

impl FromNapiValue for Token {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let text = |name: &CStr| {
            let mut property = ptr::null_mut();
            // SAFETY: INV-NODE-1: `env` and `value` are those of the call that is under way, as the caller promises.
            unsafe {
                check(
                    sys::napi_get_named_property(env, value, name.as_ptr(), &mut property),
                    "napi_get_named_property",
                )?;
                String::from_napi_value(env, property)
            }
        };
        let expected = |_| {
            napi::Error::new(
                Status::InvalidArg,
                "ERR_CROSSCORE_TOKEN: a token, as move() returned it, was expected",
            )
        };
        let mut kind = 0;
        // SAFETY: INV-NODE-1: as above.
        let told = unsafe { sys::napi_typeof(env, value, &mut kind) };
        if told != sys::Status::napi_ok || kind != sys::ValueType::napi_object {
            return Err(expected(napi::Error::from_status(Status::InvalidArg)));
        }
        let side = text(c"crosscore").map_err(expected)?;
        let side = SIDES.iter().find(|(_, name)| *name == side);
        Ok(Self {
            side: side
                .ok_or(())
                .map_err(|()| expected(napi::Error::from_status(Status::InvalidArg)))?
                .0,
            of: text(c"of").map_err(expected)?,
            id: text(c"id").map_err(expected)?,
            origin: text(c"origin").map_err(expected)?,
            made_by: None,
        })
    }
}
