//! Tokens: handles on their way from one thread to another.
//!
//! Node cannot post a native object. So a handle that is moved is put here under a random number,
//! the number travels as plain data, and whoever presents it first takes the handle out. A number
//! works once, which is the affine type of Rust kept at run time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::consumer::ConsumerPort;
use crate::producer::ProducerPort;

/// A handle between two threads.
#[derive(Debug)]
pub(crate) enum Entry {
    Producer(ProducerPort),
    Consumer(ConsumerPort),
}

/// A parked handle and what the package wants to know when it is claimed.
#[derive(Debug)]
struct Parked {
    entry: Entry,
    description: String,
}

/// One for the process: the image is pinned (`lib.rs`), so every environment finds the same one.
static PARKED: Mutex<Option<HashMap<u128, Parked>>> = Mutex::new(None);

fn parked() -> MutexGuard<'static, Option<HashMap<u128, Parked>>> {
    // A panic elsewhere cannot leave the map half changed: every use is one map operation.
    PARKED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Parks a handle and returns the number that takes it out: 128 random bits, which nobody guesses
/// and nobody meets twice.
///
/// If the system has no random bits the handle is closed, as it would be if its thread died here.
pub(crate) fn park(entry: Entry, description: String) -> Result<u128, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    let token = u128::from_ne_bytes(bytes);
    parked()
        .get_or_insert_default()
        .insert(token, Parked { entry, description });
    Ok(token)
}

/// Takes a handle out, if the number is one of a producer (`wants_producer`) or a consumer.
pub(crate) fn claim(token: u128, wants_producer: bool) -> Option<(Entry, String)> {
    let mut parked = parked();
    let map = parked.as_mut()?;
    if matches!(map.get(&token)?.entry, Entry::Producer(_)) != wants_producer {
        return None;
    }
    let Parked { entry, description } = map.remove(&token)?;
    Some((entry, description))
}
