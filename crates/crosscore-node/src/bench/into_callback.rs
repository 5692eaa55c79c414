//! To a function of JavaScript: one call of a threadsafe function for each record, as napi-rs documents it.
//!
//! There are two ways to keep the queue of such calls bounded, and both are measured. Node's own makes each
//! call of the thread sleep while the queue is full and wakes it for every single place that becomes free;
//! with a queue without a bound, and records counted as they arrive, it seldom has to wait at all.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use napi::Status;
use napi::bindgen_prelude::{BufferSlice, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use super::Sink;
use super::record::{RECORD, Record};

/// Calls on their way, as many as postMessage is allowed elsewhere in the bench.
const IN_FLIGHT: usize = 1024;

type Calls<const QUEUE: usize> =
    ThreadsafeFunction<[u8; RECORD], (), BufferSlice<'static>, Status, false, false, QUEUE>;

enum Listener {
    /// Node keeps the queue bounded.
    Queue(Calls<IN_FLIGHT>),
    /// We do, by what has arrived.
    Window {
        calls: Calls<0>,
        arrived: Arc<AtomicU32>,
    },
}

/// One for the process, which measures one thing.
static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

/// Has `listener` called with each record on the event loop of the environment that calls this. `windowed`:
/// the queue has no bound of its own.
#[napi]
pub fn listen_for_records(
    listener: Function<BufferSlice<'static>, ()>,
    windowed: bool,
) -> napi::Result<()> {
    let builder = listener.build_threadsafe_function::<[u8; RECORD]>();
    // A Buffer that owns a copy: of the ways to hand 64 bytes over the one without a finalizer.
    let listener = if windowed {
        let arrived = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&arrived);
        let calls = builder.build_callback(move |context| {
            // One writer. Nothing is read because of it: it only says how far the queue is.
            count.store(
                count.load(Ordering::Relaxed).wrapping_add(1),
                Ordering::Relaxed,
            );
            BufferSlice::copy_from(&context.env, context.value)
        })?;
        Listener::Window { calls, arrived }
    } else {
        Listener::Queue(
            builder
                .max_queue_size::<IN_FLIGHT>()
                .build_callback(|context| BufferSlice::copy_from(&context.env, context.value))?,
        )
    };
    *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
    Ok(())
}

#[derive(Default)]
pub(super) struct IntoCallback {
    /// Taken from `LISTENER` at the first record: the listener may come after the thread.
    listener: Option<Listener>,
    sent: u32,
}

impl Sink for IntoCallback {
    fn send(&mut self, record: &Record) -> Result<(), String> {
        if self.listener.is_none() {
            self.listener = LISTENER
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
        }
        let status = match self.listener.as_ref().ok_or("nobody listens")? {
            Listener::Queue(calls) => {
                calls.call(record.bytes(), ThreadsafeFunctionCallMode::Blocking)
            }
            Listener::Window { calls, arrived } => {
                // Once it is full, for a quarter of it to be free, or each call would meet the event loop
                // at the lock of the queue.
                let in_flight = || self.sent.wrapping_sub(arrived.load(Ordering::Relaxed)) as usize;
                if in_flight() >= IN_FLIGHT {
                    while in_flight() > IN_FLIGHT / 4 * 3 {
                        thread::yield_now();
                    }
                }
                calls.call(record.bytes(), ThreadsafeFunctionCallMode::NonBlocking)
            }
        };
        self.sent = self.sent.wrapping_add(1);
        match status {
            Status::Ok => Ok(()),
            status => Err(format!("the threadsafe function: {status}")),
        }
    }
}
