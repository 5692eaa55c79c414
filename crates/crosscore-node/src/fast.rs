//! The hot crossings as V8 calls them from optimised code (`express.rs`): the same as `crossing.rs`, and nothing else.

use std::ffi::CStr;

use napi::{Env, sys};

use crate::crossing;
use crate::express::{self, Fast, FastFunction, OneByteString, Receiver};
use crate::value::string;

static PUBLISH: FastFunction = FastFunction::new(Fast::Numbers(publish));
static LOOK: FastFunction = FastFunction::new(Fast::Number(look));
static PUSH_NUMBER: FastFunction = FastFunction::new(Fast::Numbers(push_number));
static PUSH_STRING: FastFunction = FastFunction::new(Fast::NumberAndString(push_string));

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

extern "C" fn push_string(_: Receiver, number: f64, text: &OneByteString) {
    crossing::push_string(number, text.bytes());
}

/// What an environment knows of its lane: `lane`, `laneReason`, and where it is the express one, `fastPublish`,
/// `fastLook`, `fastPushNumber` and `fastPushString`.
pub(crate) fn properties(env: &Env) -> napi::Result<Vec<(&'static CStr, sys::napi_value)>> {
    let raw = env.raw();
    let (name, reason, mut functions) = match express::open(env) {
        Ok(lane) => (
            "express",
            lane.to_string(),
            vec![
                (c"fastPublish", lane.function(env, &PUBLISH)?),
                (c"fastLook", lane.function(env, &LOOK)?),
                (c"fastPushNumber", lane.function(env, &PUSH_NUMBER)?),
                (c"fastPushString", lane.function(env, &PUSH_STRING)?),
            ],
        ),
        Err(reason) => ("node-api", reason.to_string(), Vec::new()),
    };
    functions.push((c"lane", string(raw, name)?));
    functions.push((c"laneReason", string(raw, &reason)?));
    Ok(functions)
}
