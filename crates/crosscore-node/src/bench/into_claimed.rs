//! Into a ring of bytes as an addon of somebody else's does: through the table of C functions, each record published by
//! itself.

use crosscore_napi::{Bytes, Crosscore, Producer, Token};

use super::Sink;
use super::record::Record;

pub(super) struct IntoClaimed(Producer<Bytes>);

impl IntoClaimed {
    /// Takes the producer that `token` stands for.
    pub(super) fn claim(native: Crosscore, token: Token) -> napi::Result<Self> {
        Ok(Self(native.claim_producer(token)?))
    }
}

impl Sink for IntoClaimed {
    fn send(&mut self, record: &Record) -> Result<(), String> {
        self.0
            .push_wait(&record.bytes(), None)
            .map_err(|cause| cause.to_string())
    }
}
