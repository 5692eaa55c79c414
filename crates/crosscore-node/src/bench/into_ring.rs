//! Into a ring of bytes, each record published by itself.

use crate::producer::ProducerPort;
use crate::shared::Which;
use crate::side::Port;
use crate::token;

use super::Sink;
use super::record::{FRAMED, Record};

pub(super) struct IntoRing {
    port: ProducerPort,
    /// Bytes that are free for certain.
    free: usize,
}

impl IntoRing {
    /// Takes the producer that `token` stands for.
    pub(super) fn claim(token: &str) -> napi::Result<Self> {
        match token::claim(token, token::origin(), Which::Producer, |_| true) {
            Ok(Port::Producer(port)) => Ok(Self { port, free: 0 }),
            _ => Err(napi::Error::from_reason("not the token of a producer")),
        }
    }
}

impl Sink for IntoRing {
    fn send(&mut self, record: &Record) -> Result<(), String> {
        let producer = &mut self.port.producer;
        if self.free < FRAMED {
            // The whole record, or `push_slice` would publish the front of one.
            self.free = producer
                .wait_for_space(FRAMED, None)
                .map_err(|cause| cause.to_string())?;
        }
        if producer.push_slice(record.framed()) != FRAMED {
            return Err("the consumer is gone".into());
        }
        self.free -= FRAMED;
        self.port.end.messages(1);
        Ok(())
    }
}
