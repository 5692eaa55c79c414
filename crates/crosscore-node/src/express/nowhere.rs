//! Where there is no express lane: another C++ ABI than Itanium's, or a processor on which V8 has no fast calls.

use napi::sys;

use super::{FastFunction, Reason};
use crate::bytes::Bytes;
use crate::text::Text;

/// Nobody gets one. An enum, because a C function may take what has no value, but no struct without a C layout.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Receiver {}

/// Nobody gets one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {}

impl Value {
    pub(crate) fn flat(&self) -> Option<Text<'_>> {
        match *self {}
    }

    pub(crate) fn bytes<const LAYOUT: usize>(&self) -> Option<Bytes<'_>> {
        match *self {}
    }

    pub(crate) fn text<'a>(&'a self, _scratch: &'a mut Scratch) -> Option<Text<'a>> {
        match *self {}
    }
}

/// Nobody fills it.
#[derive(Debug)]
pub(crate) struct Scratch;

impl Scratch {
    pub(crate) const fn new() -> Self {
        Self
    }
}

/// What V8 would keep.
#[derive(Debug)]
pub(crate) enum CFunction {}

/// Nobody finds it.
#[derive(Debug)]
pub(crate) enum V8 {}

impl V8 {
    pub(crate) fn find(_tested: &[(u32, u32)]) -> Result<Self, Reason> {
        Err(Reason::Platform)
    }

    pub(crate) fn version(&self) -> &str {
        match *self {}
    }

    pub(crate) fn knows_strings(&self) -> bool {
        match *self {}
    }

    /// # Safety
    ///
    /// Cannot be called.
    pub(crate) unsafe fn views(&self, _env: sys::napi_env) -> Option<usize> {
        match *self {}
    }

    /// # Safety
    ///
    /// Cannot be called.
    pub(crate) unsafe fn function(
        &self,
        _function: &'static FastFunction,
    ) -> Option<sys::napi_value> {
        match *self {}
    }
}
