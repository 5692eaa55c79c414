//! Functions that use nothing but the express lane, so that it can be tried and measured by itself.

use std::cell::Cell;

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::sys;
use napi::{Env, JsValue};
use napi_derive::napi;

use crate::express::{self, Fast, FastFunction, OneByteString, Receiver};

thread_local! {
    /// Calls that were taken. Each thread counts its own.
    static HITS: Cell<u32> = const { Cell::new(0) };
}

fn hit() {
    HITS.with(|hits| hits.set(hits.get().wrapping_add(1)));
}

extern "C" fn nothing(_: Receiver, _: f64) -> i32 {
    0
}

extern "C" fn count(_: Receiver, number: f64) -> i32 {
    hit();
    // Saturates, and makes 0 of NaN.
    number as i32
}

extern "C" fn add(_: Receiver, a: f64, b: f64) -> i32 {
    hit();
    (a + b) as i32
}

thread_local! {
    /// What a function that gets a string answers; `NONE` as long as it has not been called.
    static ANSWER: Cell<f64> = const { Cell::new(NONE) };
}

const NONE: f64 = -1.0;

/// A checksum that tells the characters and their order.
extern "C" fn sum(_: Receiver, start: f64, text: &OneByteString) {
    hit();
    let sum = text.bytes().iter().fold(start as u32, |sum, &byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    ANSWER.with(|answer| answer.set(f64::from(sum)));
}

/// As many characters as there are: what it costs to get a string.
extern "C" fn length(_: Receiver, _: f64, text: &OneByteString) {
    ANSWER.with(|answer| answer.set(text.bytes().len() as f64));
}

static NOTHING: FastFunction = FastFunction::new(Fast::Number(nothing));
static COUNT: FastFunction = FastFunction::new(Fast::Number(count));
static ADD: FastFunction = FastFunction::new(Fast::Numbers(add));
static SUM: FastFunction = FastFunction::new(Fast::NumberAndString(sum));
static LENGTH: FastFunction = FastFunction::new(Fast::NumberAndString(length));

/// `{ name, reason }`, and where there is a lane its functions `nothing`, `count`, `add`, `sum` and `length`.
#[napi]
pub fn express_lane(env: &Env) -> napi::Result<Object<'_>> {
    let mut object = Object::new(env)?;
    let lane = match express::open(env) {
        Ok(lane) => lane,
        Err(reason) => {
            object.set_named_property("name", "node-api")?;
            object.set_named_property("reason", reason.to_string())?;
            return Ok(object);
        }
    };
    object.set_named_property("name", "express")?;
    object.set_named_property("reason", lane.to_string())?;
    for (name, function) in [
        (c"nothing", &NOTHING),
        (c"count", &COUNT),
        (c"add", &ADD),
        (c"sum", &SUM),
        (c"length", &LENGTH),
    ] {
        let value = lane.function(env, function)?;
        // SAFETY: INV-NODE-1: both values are of this environment and of the call that is under way.
        let status =
            unsafe { sys::napi_set_named_property(env.raw(), object.raw(), name.as_ptr(), value) };
        crate::status::check(status, "napi_set_named_property")?;
    }
    Ok(object)
}

/// How often this thread has gone by the express lane, modulo 2^32.
#[napi]
pub fn express_lane_hits() -> u32 {
    HITS.with(Cell::get)
}

/// What the last string was answered with; -1 if none has been since this was called.
#[napi]
pub fn express_lane_answer() -> f64 {
    ANSWER.with(|answer| answer.replace(NONE))
}
