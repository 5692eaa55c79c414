//! The hot crossings as V8 calls them from optimised code (`express.rs`): the same as `crossing.rs`, and nothing else.

use std::ffi::CStr;

use napi::{Env, sys};

use crate::crossing;
use crate::express::{self, Fast, FastFunction, Receiver, Scratch, Value};
use crate::value::string;

static PUBLISH: FastFunction = FastFunction::new(Fast::Numbers(publish));
static LOOK: FastFunction = FastFunction::new(Fast::Number(look));
static PUSH_NUMBER: FastFunction = FastFunction::new(Fast::Numbers(push_number));
static PUSH_STRING: FastFunction = FastFunction::new(Fast::NumberAndValue(push_string));
static WRITE_STRING: FastFunction = FastFunction::new(Fast::NumberAndValue(write_string));

/// One for each layout that V8's arrays may have.
static PUSH_BYTES: [FastFunction; 2] = [
    FastFunction::new(Fast::NumberAndValue(push_bytes::<0>)),
    FastFunction::new(Fast::NumberAndValue(push_bytes::<1>)),
];

// INV-NODE-7: `crossing` calls neither Node nor V8, does not panic and is over in a bounded time. What it may wake is a
// thread or a doorbell of this addon.
extern "C" fn publish(_: Receiver, number: f64, messages: f64) -> i32 {
    crossing::publish(number, messages)
}

extern "C" fn look(_: Receiver, number: f64) -> i32 {
    crossing::look(number)
}

extern "C" fn push_number(_: Receiver, number: f64, value: f64) -> i32 {
    crossing::push_number(number, value)
}

extern "C" fn push_string(_: Receiver, number: f64, value: Value) -> i32 {
    match value.flat() {
        Some(text) => crossing::push_string(number, text, true),
        None => push_other_string(number, value, true),
    }
}

extern "C" fn write_string(_: Receiver, number: f64, value: Value) -> i32 {
    match value.flat() {
        Some(text) => crossing::push_string(number, text, false),
        None => push_other_string(number, value, false),
    }
}

extern "C" fn push_bytes<const LAYOUT: usize>(_: Receiver, number: f64, value: Value) -> i32 {
    value
        .bytes::<LAYOUT>()
        .map_or(0, |bytes| crossing::push_bytes(number, bytes))
}

/// A string that is not flat: apart, because of what it needs on the stack.
#[inline(never)]
fn push_other_string(number: f64, value: Value, publish: bool) -> i32 {
    let mut scratch = Scratch::new();
    value
        .text(&mut scratch)
        .map_or(0, |text| crossing::push_string(number, text, publish))
}

/// What an environment knows of its lane: `lane`, `laneReason`, and where it is the express one, `fastPublish`,
/// `fastLook`, `fastPushNumber` and, where strings can be read, `fastPushString` and `fastWriteString`; where bytes can be read,
/// `fastPushBytes`.
pub(crate) fn properties(env: &Env) -> napi::Result<Vec<(&'static CStr, sys::napi_value)>> {
    let raw = env.raw();
    let (name, reason, mut functions) = match express::open(env) {
        Ok(lane) => {
            let mut functions = vec![
                (c"fastPublish", lane.function(env, &PUBLISH)?),
                (c"fastLook", lane.function(env, &LOOK)?),
                (c"fastPushNumber", lane.function(env, &PUSH_NUMBER)?),
            ];
            if lane.knows_strings() {
                functions.push((c"fastPushString", lane.function(env, &PUSH_STRING)?));
                functions.push((c"fastWriteString", lane.function(env, &WRITE_STRING)?));
            }
            if let Some(layout) = lane.views(env) {
                functions.push((c"fastPushBytes", lane.function(env, &PUSH_BYTES[layout])?));
            }
            ("express", lane.to_string(), functions)
        }
        Err(reason) => ("node-api", reason.to_string(), Vec::new()),
    };
    functions.push((c"lane", string(raw, name)?));
    functions.push((c"laneReason", string(raw, &reason)?));
    Ok(functions)
}
