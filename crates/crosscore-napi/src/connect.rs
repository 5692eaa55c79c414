//! From the package's `native` to its table of functions.

use std::ffi::c_void;
use std::ptr::{self, NonNull};

use napi::bindgen_prelude::{
    FromNapiValue, TypeName, ValidateNapiValue, retain_current_module_for_unload_safety,
};
use napi::{Status, ValueType, sys};

use crate::abi::{self, ABI, LAYOUT, Table, Text};
use crate::error::Error;

/// The package `crosscore`, as its export `native` hands it over.
///
/// An argument of a `#[napi]` function. It can be kept, copied and used on any thread until the process ends. A value
/// that is not the package's `native` is refused with `ERR_CROSSCORE_TOKEN`, and a package that does not fit this crate
/// with `ERR_CROSSCORE_UNSUPPORTED`, before anything else is done with it.
///
/// ```no_run
/// // In JavaScript: import { native } from 'crosscore'; addon.connect(native)
/// pub fn connect(crosscore: crosscore_napi::Crosscore) -> String {
///     crosscore.version().to_owned()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Crosscore {
    pub(crate) table: &'static Table,
}

impl Crosscore {
    /// Of the package.
    pub fn version(&self) -> &'static str {
        // SAFETY: INV-ABI-1: static in an image that stays.
        text(unsafe { self.table.version.bytes() })
    }

    /// What its tokens say of where they were made.
    pub(crate) fn origin(&self) -> &'static str {
        // SAFETY: INV-ABI-1: as above.
        text(unsafe { (self.table.origin)().bytes() })
    }

    /// # Safety
    ///
    /// INV-ABI-1: what it points to is the table of an addon, of whatever version.
    unsafe fn at(table: NonNull<Table>) -> Result<Self, Error> {
        // No reference yet: an older table may be shorter.
        let table = table.as_ptr();
        // SAFETY: INV-ABI-1: the first four fields are the same in all versions.
        let (abi, size, version, layout) = unsafe {
            (
                ptr::addr_of!((*table).abi).read(),
                ptr::addr_of!((*table).size).read() as usize,
                text(ptr::addr_of!((*table).version).read().bytes()),
                ptr::addr_of!((*table).layout).read(),
            )
        };
        compare(abi, size, layout, version)?;
        // SAFETY: INV-ABI-1: as long as this one, and of the same version, as was just compared; it is static in an
        // image that stays.
        let table = unsafe { &*table };
        // The package calls into this image from now on (`Waker`), so it has to stay too.
        retain_current_module_for_unload_safety();
        Ok(Self { table })
    }
}

/// Whether a table of those versions can be used by this crate.
fn compare(abi: u32, size: usize, layout: u32, version: &str) -> Result<(), Error> {
    let this = env!("CARGO_PKG_VERSION");
    let differs = |what: &str, theirs: u32, ours: u32| {
        let (old, new) = if theirs < ours {
            ("the npm package crosscore", "the addon's crosscore-napi")
        } else {
            ("the addon's crosscore-napi", "the npm package crosscore")
        };
        Err(Error::Version(format!(
            "{what} {theirs} is spoken by the npm package crosscore {version}, and {what} {ours} by this addon, which was \
             built with crosscore-napi {this}: update {old} to the version of {new}"
        )))
    };
    if abi != ABI {
        return differs("native interface", abi, ABI);
    }
    if layout != LAYOUT {
        return differs("ring layout", layout, LAYOUT);
    }
    if size < size_of::<Table>() {
        return Err(Error::Version(format!(
            "the npm package crosscore {version} is older than crosscore-napi {this}, which this addon was built with: \
             update the package"
        )));
    }
    Ok(())
}

fn text(bytes: &'static [u8]) -> &'static str {
    std::str::from_utf8(bytes).unwrap_or("(unknown)")
}

/// What a call of the table has said, freed by the image that made it.
pub(crate) fn taken(table: &Table, reason: Text) -> String {
    // SAFETY: INV-ABI-2: from the addon, alive until it is given back.
    let text = String::from_utf8_lossy(unsafe { reason.bytes() }).into_owned();
    // SAFETY: INV-ABI-2: given back once.
    unsafe { (table.free)(reason) };
    text
}

impl TypeName for Crosscore {
    fn type_name() -> &'static str {
        "Crosscore"
    }

    fn value_type() -> ValueType {
        ValueType::External
    }
}

impl ValidateNapiValue for Crosscore {}

impl FromNapiValue for Crosscore {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let tag = sys::napi_type_tag {
            lower: abi::TAG.0,
            upper: abi::TAG.1,
        };
        let mut kind = 0;
        let mut tagged = false;
        let mut table: *mut c_void = ptr::null_mut();
        // SAFETY: INV-ABI-1: `env` and `value` are those of the call that is under way, as the caller promises. Only an
        // external has a pointer, and only the package's has the tag.
        let found = unsafe {
            sys::napi_typeof(env, value, &mut kind) == sys::Status::napi_ok
                && kind == sys::ValueType::napi_external
                && sys::napi_check_object_type_tag(env, value, &tag, &mut tagged)
                    == sys::Status::napi_ok
                && tagged
                && sys::napi_get_value_external(env, value, &mut table) == sys::Status::napi_ok
        };
        let table = if found {
            NonNull::new(table.cast::<Table>())
        } else {
            None
        };
        let Some(table) = table else {
            return Err(napi::Error::new(
                Status::InvalidArg,
                "ERR_CROSSCORE_TOKEN: the export `native` of the npm package crosscore was expected: \
                 import { native } from 'crosscore'",
            ));
        };
        // SAFETY: INV-ABI-1: a value with the tag carries a table.
        unsafe { Self::at(table) }.map_err(napi::Error::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_does_not_fit_is_refused_and_the_refusal_says_which_is_older() {
        let size = size_of::<Table>();
        assert_eq!(compare(ABI, size, LAYOUT, "0.1.0"), Ok(()));
        assert_eq!(
            compare(ABI, size + 64, LAYOUT, "9.0.0"),
            Ok(()),
            "a longer table is a newer one"
        );
        let said = |abi, size, layout| {
            let Err(Error::Version(text)) = compare(abi, size, layout, "7.8.9") else {
                panic!("was not refused");
            };
            assert!(text.contains("7.8.9"), "{text}");
            text
        };
        assert!(said(ABI + 1, size, LAYOUT).ends_with(
            "update the addon's crosscore-napi to the version of the npm package crosscore"
        ));
        assert!(said(ABI - 1, size, LAYOUT).ends_with(
            "update the npm package crosscore to the version of the addon's crosscore-napi"
        ));
        assert!(said(ABI, size, LAYOUT + 1).starts_with("ring layout 2"));
        assert!(said(ABI, size - 8, LAYOUT).ends_with("update the package"));
    }
}
