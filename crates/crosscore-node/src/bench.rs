//! Threads of Rust that produce records, for `bench/cases/native-64.js`, and a bare crossing. Feature `bench`, which
//! no build that is shipped has on (`__test__/bench-addon.spec.js` looks).
//!
//! | file | what |
//! | --- | --- |
//! | `record.rs` | the records, as `bench/workload/message.js` checks them |
//! | `into_ring.rs` | into a ring, whose producer a token stands for |
//! | `into_claimed.rs` | the same through `crosscore-napi`, as an addon of somebody else's does |
//! | `into_callback.rs` | to a function of JavaScript, one call of a threadsafe function for each |
//! | `crossing.rs` | a function that does nothing, for `bench/micro.js` |
//! | `express.rs` | the same and a little more by the express lane, for `scripts/test-express.mjs` |

pub mod crossing;
pub mod express;
pub mod into_callback;
mod into_claimed;
mod into_ring;
mod record;

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use napi_derive::napi;

use crosscore_napi::{Crosscore, Token};
use into_callback::IntoCallback;
use into_claimed::IntoClaimed;
use into_ring::IntoRing;
use record::Record;

/// Where records go.
trait Sink: Send + 'static {
    /// Hands one over, and waits while there is no room for it.
    fn send(&mut self, record: &Record) -> Result<(), String>;
}

/// Numbers of records to produce: the first, and how many.
#[derive(Debug)]
struct Run {
    first: i32,
    count: u32,
}

/// A thread of Rust that produces records when it is told to.
///
/// It lives as long as its process measures, so that no run pays for its start, and it runs where the
/// thread that made it is pinned, as new threads do on Linux.
#[derive(Debug)]
#[napi]
pub struct RecordThread {
    runs: SyncSender<Run>,
    ends: Receiver<Result<(), String>>,
}

#[napi]
impl RecordThread {
    /// Into the ring whose producer `token` stands for: 32 hexadecimal digits.
    #[napi(factory)]
    pub fn into_ring(token: String) -> napi::Result<Self> {
        Self::start(IntoRing::claim(&token)?)
    }

    /// Into the ring whose producer `token` stands for, through the package's `native`.
    #[napi(factory)]
    pub fn into_claimed(native: Crosscore, token: Token) -> napi::Result<Self> {
        Self::start(IntoClaimed::claim(native, token)?)
    }

    /// To the function that `listenForRecords` was given, in whatever environment.
    #[napi(factory)]
    pub fn into_callback() -> napi::Result<Self> {
        Self::start(IntoCallback::default())
    }

    /// Produces `count` records, numbered from `first` on; returns when the last one is handed over.
    #[napi]
    pub fn produce(&self, first: i32, count: u32) -> napi::Result<()> {
        let gone = || napi::Error::from_reason("the thread that produces records has ended");
        self.runs.send(Run { first, count }).map_err(|_| gone())?;
        let end = self.ends.recv().map_err(|_| gone())?;
        end.map_err(napi::Error::from_reason)
    }

    fn start(mut sink: impl Sink) -> napi::Result<Self> {
        let (runs, commands) = sync_channel::<Run>(1);
        let (results, ends) = sync_channel(1);
        thread::Builder::new()
            .name("records".into())
            .spawn(move || {
                let mut record = Record::new();
                while let Ok(Run { first, count }) = commands.recv() {
                    let end = (0..count).try_for_each(|i| {
                        record.number(first.wrapping_add_unsigned(i));
                        sink.send(&record)
                    });
                    if results.send(end).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self { runs, ends })
    }
}
