//! The cold calls: make a ring, claim a token.

use std::sync::Arc;

use crosscore::{Ring, RingError};
use napi::bindgen_prelude::{FromNapiValue, JsObjectValue, Object};
use napi::{Env, sys};
use napi_derive::napi;

use crate::consumer::{ConsumerPort, ConsumerSide};
use crate::handle::attach;
use crate::memory::RingMemory;
use crate::messages::Messages;
use crate::pacing::Pacing;
use crate::producer::{ProducerPort, ProducerSide};
use crate::registry::{self, Entry};
use crate::status::{Code, error};

/// The largest ring, in bytes. Twice as much is mapped, and V8 on Node 20 holds ArrayBuffers of less
/// than 2^32 bytes; counts of bytes stay small integers.
const LARGEST: u32 = 1 << 30;

/// Makes a ring and returns both halves, `{ producer, consumer }`: at least `capacity` bytes on `memory` (`mirrored`, `heap` or `auto`, which is
/// mirrored where that is to be had). `description` comes back with a claimed token.
#[napi]
pub fn create_ring<'env>(
    env: &'env Env,
    capacity: u32,
    memory: String,
    description: String,
) -> napi::Result<Object<'env>> {
    if capacity == 0 || capacity > LARGEST {
        return Err(error(
            Code::Memory,
            format!("a ring has 1 to {LARGEST} bytes, not {capacity}"),
        ));
    }
    let on = |memory| Ring::<u8, _>::with_capacity_in(capacity as usize, memory);
    let made = match &*memory {
        "heap" => on(RingMemory::Heap),
        "mirrored" => on(RingMemory::Mirrored),
        _ => on(RingMemory::Mirrored).or_else(|_| on(RingMemory::Heap)),
    };
    let (producer, consumer) = made.map_err(|cause| no_memory(&cause))?;
    let messages = Arc::new(Messages::default());
    let producer = ProducerPort {
        producer,
        messages: Arc::clone(&messages),
    };
    let consumer = ConsumerPort {
        pacing: Pacing::new(consumer.capacity()),
        consumer,
        messages,
    };
    let producer = attach::<ProducerSide>(env.raw(), producer, description.clone())?;
    let consumer = attach::<ConsumerSide>(env.raw(), consumer, description)?;
    let mut ring = Object::new(env)?;
    ring.set_named_property("producer", object(env, producer)?)?;
    ring.set_named_property("consumer", object(env, consumer)?)?;
    Ok(ring)
}

fn no_memory(cause: &RingError) -> napi::Error {
    error(Code::Memory, cause.to_string())
}

/// Takes the handle that a token stands for. `token` is 32 hexadecimal digits.
#[napi]
pub fn claim<'env>(env: &'env Env, token: String, producer: bool) -> napi::Result<Object<'env>> {
    let unknown = || {
        error(
            Code::Token,
            "this token was used before, is for the other side, or was not made by this process",
        )
    };
    let token = u128::from_str_radix(&token, 16).map_err(|_| unknown())?;
    let (entry, description) = registry::claim(token, producer).ok_or_else(unknown)?;
    let handle = match entry {
        Entry::Producer(port) => attach::<ProducerSide>(env.raw(), port, description),
        Entry::Consumer(port) => attach::<ConsumerSide>(env.raw(), port, description),
    };
    object(env, handle?)
}

fn object<'env>(env: &'env Env, value: sys::napi_value) -> napi::Result<Object<'env>> {
    // SAFETY: INV-NODE-1: `attach` made this object in this environment, in the handle scope of the
    // call that is under way.
    unsafe { Object::from_napi_value(env.raw(), value) }
}
