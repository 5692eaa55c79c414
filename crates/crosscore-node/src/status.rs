//! Node-API statuses as results.
//!
//! During `worker.terminate()` any call can fail in the middle of a function and leave its
//! out-value untouched, so no status goes unread.

use napi::{Status, sys};

/// The code of an error that JavaScript sees, as `error.code`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Code {
    Memory,
    Unsupported,
    Token,
    Moved,
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        match self {
            Self::Memory => "ERR_CROSSCORE_MEMORY",
            Self::Unsupported => "ERR_CROSSCORE_UNSUPPORTED",
            Self::Token => "ERR_CROSSCORE_TOKEN",
            Self::Moved => "ERR_CROSSCORE_MOVED",
        }
    }
}

/// An error with one of the codes.
pub(crate) fn error(code: Code, reason: impl Into<String>) -> napi::Error {
    // The reason carries the code to JavaScript, where `lib/errors.ts` takes it apart again:
    // napi's own status strings are a closed set.
    napi::Error::new(
        Status::GenericFailure,
        format!("{}: {}", code.as_ref(), reason.into()),
    )
}

/// `Ok` for `napi_ok`, else an error that names the call.
pub(crate) fn check(status: sys::napi_status, call: &'static str) -> napi::Result<()> {
    match status {
        sys::Status::napi_ok => Ok(()),
        sys::Status::napi_no_external_buffers_allowed => Err(error(
            Code::Unsupported,
            "this runtime forbids external ArrayBuffers (Electron does), and a ring is one",
        )),
        other => Err(napi::Error::new(
            Status::from(other),
            format!("{call}: {}", Status::from(other)),
        )),
    }
}
