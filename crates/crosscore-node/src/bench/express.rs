//! Functions that use nothing but the express lane, so that it can be tried and measured by itself.

use std::cell::Cell;

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::sys;
use napi::{Env, JsValue};
use napi_derive::napi;

use crate::express::{self, Fast, FastFunction, Receiver, Scratch, Value};
use crate::text::Text;

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

/// What is answered for a value that is no string, or none that can be read.
const NO_TEXT: i32 = -1;

/// A checksum of 31 bits that tells the characters and their order.
extern "C" fn sum(_: Receiver, start: f64, value: Value) -> i32 {
    hit();
    let add = |sum: u32, unit: u32| sum.wrapping_mul(31).wrapping_add(unit);
    let start = start as u32;
    with_text(value, |text| {
        let sum = match text {
            Text::Latin1(text) => text.iter().map(|&unit| unit.into()).fold(start, add),
            Text::Utf16(text) => text.iter().map(|&unit| unit.into()).fold(start, add),
        };
        (sum & i32::MAX as u32) as i32
    })
}

/// As many characters as there are: what it costs to get a string.
extern "C" fn length(_: Receiver, _: f64, value: Value) -> i32 {
    with_text(value, |text| match text {
        Text::Latin1(text) => text.len() as i32,
        Text::Utf16(text) => text.len() as i32,
    })
}

fn with_text(value: Value, f: impl FnOnce(Text<'_>) -> i32) -> i32 {
    let mut scratch = Scratch::new();
    value.text(&mut scratch).map_or(NO_TEXT, f)
}

static NOTHING: FastFunction = FastFunction::new(Fast::Number(nothing));
static COUNT: FastFunction = FastFunction::new(Fast::Number(count));
static ADD: FastFunction = FastFunction::new(Fast::Numbers(add));
static SUM: FastFunction = FastFunction::new(Fast::NumberAndValue(sum));
static LENGTH: FastFunction = FastFunction::new(Fast::NumberAndValue(length));

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
