//! What `native.js` exports: make a ring, claim or revoke a token, and all else that an environment has.

use crosscore::Ring;
use napi::bindgen_prelude::{FromNapiValue, Object, Unknown};
use napi::{Env, JsValue, sys};
use napi_derive::napi;

use crate::calls;
use crate::consumer::ConsumerPort;
use crate::environment::Environment;
use crate::fast;
use crate::foreign;
use crate::handle::attach;
use crate::memory::RingMemory;
use crate::producer::ProducerPort;
use crate::shared::{Description, Which, ends};
use crate::side::Port;
use crate::status::{Code, error};
use crate::token::{self, Refusal};
use crate::value::object;

/// The largest ring, in bytes. Twice as much is mapped, and V8 on Node 20 holds ArrayBuffers of less
/// than 2^32 bytes; counts of bytes stay small integers.
const LARGEST: u32 = 1 << 30;

/// Makes a ring and returns both halves, `{ producer, consumer }`: at least `capacity` bytes on `memory` (0 for
/// mirrored memory or else the heap, 1 mirrored, 2 heap). What follows comes back with each handle: its kind, how many
/// pushes are published together, the bytes of an element, a schema, and whether pushes that find no room are dropped.
#[napi]
#[allow(
    clippy::too_many_arguments,
    reason = "options travel as plain words, not as an object that a program can change; napi copies this, and expect would be unfulfilled once"
)]
pub fn create_ring<'env>(
    env: &'env Env,
    capacity: u32,
    memory: u32,
    kind: u32,
    publish_every: u32,
    element: u32,
    schema: String,
    drops: bool,
) -> napi::Result<Object<'env>> {
    let description = Description {
        kind,
        publish_every,
        element,
        schema,
        drops,
    };
    let (producer, consumer) =
        make_ring(capacity, memory, description).map_err(|reason| error(Code::Memory, reason))?;
    let (producer, consumer) = (attach(env.raw(), producer)?, attach(env.raw(), consumer)?);
    made_object(
        env,
        object(
            env.raw(),
            &[(c"producer", producer), (c"consumer", consumer)],
        )?,
    )
}

/// Both ends of a new ring; what `create_ring` says of capacity and memory. Or why there is none.
pub(crate) fn make_ring(
    capacity: u32,
    memory: u32,
    description: Description,
) -> Result<(Port, Port), String> {
    if capacity == 0 || capacity > LARGEST {
        return Err(format!("a ring has 1 to {LARGEST} bytes, not {capacity}"));
    }
    let on = |memory| Ring::<u8, _>::with_capacity_in(capacity as usize, memory);
    let made = match memory {
        2 => on(RingMemory::Heap),
        1 => on(RingMemory::Mirrored),
        _ => on(RingMemory::Mirrored).or_else(|_| on(RingMemory::Heap)),
    };
    let (producer, consumer) = made.map_err(|cause| cause.to_string())?;
    let (this, that) = ends(producer.ring(), description);
    Ok((
        Port::Producer(ProducerPort::new(producer, this)),
        Port::Consumer(ConsumerPort::new(consumer, that)),
    ))
}

/// Takes the handle that a token stands for: its id, and the origin that it came with. A ring that is not of that kind
/// and schema is refused, and the token stays good.
#[napi]
pub fn claim<'env>(
    env: &'env Env,
    id: String,
    origin: String,
    producer: bool,
    kind: u32,
    schema: String,
) -> napi::Result<Object<'env>> {
    let which = if producer {
        Which::Producer
    } else {
        Which::Consumer
    };
    let port = token::claim(&id, &origin, which, |description| {
        description.kind == kind && description.schema == schema
    })
    .map_err(refused)?;
    made_object(env, attach(env.raw(), port)?)
}

/// Closes the handle that a token stands for; false if it was claimed or revoked before.
#[napi]
pub fn revoke(id: String, origin: String) -> napi::Result<bool> {
    token::revoke(&id, &origin).map_err(refused)
}

/// Whether nobody has claimed or revoked a token that was made here.
#[napi]
pub fn is_parked(id: String) -> bool {
    token::is_parked(&id)
}

fn refused(refusal: Refusal) -> napi::Error {
    error(Code::Token, refusal.to_string())
}

/// Of this copy of the addon, in this process: a token carries it.
#[napi]
pub fn origin() -> &'static str {
    token::origin()
}

/// What this thread's environment has: its block, the timers that the first caller brought, the functions that
/// take a handle's number, and its lane (`fast.rs`).
#[napi]
pub fn environment<'env>(
    env: &'env Env,
    set_immediate: Unknown<'env>,
    set_timeout: Unknown<'env>,
    clear_timeout: Unknown<'env>,
) -> napi::Result<Object<'env>> {
    let timers = [set_immediate.raw(), set_timeout.raw(), clear_timeout.raw()];
    let [block, immediate, timeout, clear] =
        Environment::enter(env.raw())?.share(env.raw(), timers)?;
    let mut properties = calls::functions(env.raw())?;
    properties.extend(fast::properties(env)?);
    properties.extend([
        (c"environmentBlock", block),
        (c"setImmediate", immediate),
        (c"setTimeout", timeout),
        (c"clearTimeout", clear),
    ]);
    made_object(env, object(env.raw(), &properties)?)
}

/// What another `.node` image reaches this one by: opaque to JavaScript (`foreign.rs`).
#[napi]
pub fn foreign_table<'env>(env: &'env Env) -> napi::Result<Unknown<'env>> {
    let carrier = foreign::carrier(env.raw())?;
    // SAFETY: INV-NODE-1: a value that was just made in this environment, in the scope of the call that is under way.
    unsafe { Unknown::from_napi_value(env.raw(), carrier) }
}

fn made_object<'env>(env: &'env Env, value: sys::napi_value) -> napi::Result<Object<'env>> {
    // SAFETY: INV-NODE-1: an object that was just made in this environment, in the handle scope of the call that is
    // under way.
    unsafe { Object::from_napi_value(env.raw(), value) }
}
