//! Making and claiming: rings, and what both sides have whatever the kind.

use std::marker::PhantomData;
use std::task::{Context, Poll};
use std::time::Duration;

use crosscore::WaitError;

use crate::abi::{self, Made, Text, Wish, status};
use crate::connect::{Crosscore, taken};
use crate::end::End;
use crate::error::Error;
use crate::kind::Kind;
use crate::reason::{self, Reason};
use crate::token::Token;

/// What a ring's memory is, as `options.memory` in JavaScript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// Mirrored where the system has it, else the heap.
    #[default]
    Auto,
    /// Mapped twice, so that every run of slots is contiguous.
    Mirrored,
    /// On the heap.
    Heap,
}

/// When a producer in JavaScript publishes, as `options.publish`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Publish {
    /// Each push by itself.
    #[default]
    Each,
    /// All pushes of a turn together, at its end at the latest.
    Tick,
    /// So many together; those that are left, at the end of the turn. 0 counts as 1.
    Every(u32),
}

/// A ring that is about to be made. From [`Crosscore::ring`].
#[derive(Clone, Copy, Debug)]
#[must_use = "producer() or consumer() makes the ring"]
pub struct RingBuilder<K> {
    crosscore: Crosscore,
    capacity: usize,
    memory: Memory,
    publish: Publish,
    kind: PhantomData<fn(K)>,
}

impl Crosscore {
    /// Starts to make a ring of at least `capacity` elements; bytes for messages, which take a header of 8 and are filled
    /// up to a multiple of 8. It is rounded up to a power of two of bytes and to pages, and has 2^30 bytes at most.
    pub fn ring<K: Kind>(self, capacity: usize) -> RingBuilder<K> {
        RingBuilder {
            crosscore: self,
            capacity,
            memory: Memory::Auto,
            publish: Publish::Each,
            kind: PhantomData,
        }
    }

    /// Takes the producer that a token of JavaScript stands for.
    ///
    /// # Errors
    ///
    /// [`Error::Token`]: it was used, is a consumer's, or its ring is not of `K`. A token of another kind stays good.
    ///
    /// ```no_run
    /// use crosscore_napi::{Bytes, Crosscore, Token};
    ///
    /// // In JavaScript: fill(native, producer.move())
    /// pub fn fill(crosscore: Crosscore, token: Token) -> napi::Result<()> {
    ///     let mut producer = crosscore.claim_producer::<Bytes>(token)?;
    ///     std::thread::spawn(move || producer.push_wait(b"hello", None));
    ///     Ok(())
    /// }
    /// ```
    pub fn claim_producer<K: Kind>(self, token: Token) -> Result<Producer<K>, Error> {
        self.claim::<K>(&token, abi::PRODUCER).map(Producer::new)
    }

    /// Takes the consumer that a token of JavaScript stands for.
    ///
    /// # Errors
    ///
    /// As [`claim_producer`](Self::claim_producer).
    pub fn claim_consumer<K: Kind>(self, token: Token) -> Result<Consumer<K>, Error> {
        self.claim::<K>(&token, abi::CONSUMER).map(Consumer::new)
    }

    fn claim<K: Kind>(self, token: &Token, side: u32) -> Result<End, Error> {
        let expected = K::of();
        if token.of != expected {
            return Err(Error::Token(format!(
                "a ring of {expected} was expected, and the token's is of {}",
                token.of
            )));
        }
        let schema = K::schema();
        let (id, origin, schema) = (
            Text::of(&token.id),
            Text::of(&token.origin),
            Text::of(&schema),
        );
        self.answered(|made, reason| {
            // SAFETY: INV-ABI-2: texts and places are alive during the call.
            unsafe { (self.table.claim)(id, origin, side, K::CODE, schema, made, reason) }
        })
        .map(|(end, _)| end)
        .map_err(|error| match error {
            // The addon names the kind by number and schema.
            Error::Token(text) if text.starts_with("of:") => Error::Token(format!(
                "the token says that its ring is of {expected}, and it is not: pass the token as move() returned it"
            )),
            other => other,
        })
    }

    fn answered(
        self,
        call: impl FnOnce(*mut Made, *mut Text) -> u32,
    ) -> Result<(End, Made), Error> {
        let (mut made, mut reason) = (Made::EMPTY, Text::EMPTY);
        let told = call(&mut made, &mut reason);
        if told != status::OK {
            let reason = taken(self.table, reason);
            return Err(match told {
                status::MEMORY => Error::Memory(reason),
                status::TOKEN => Error::Token(reason),
                _ => Error::Failed(reason),
            });
        }
        // SAFETY: INV-ABI-3: filled in by that table, for this caller.
        let end = unsafe { End::new(self.table, &made) };
        end.map(|end| (end, made))
            .ok_or_else(|| Error::Failed("the package made no ring and did not say why".into()))
    }
}

impl<K: Kind> RingBuilder<K> {
    /// What its memory is.
    pub fn memory(mut self, memory: Memory) -> Self {
        self.memory = memory;
        self
    }

    /// When the producer publishes, if that is JavaScript's end. A producer in Rust publishes each push, and what a
    /// [`Reservation`](crate::Reservation) or a slice has at once.
    pub fn publish(mut self, publish: Publish) -> Self {
        self.publish = publish;
        self
    }

    /// Makes the ring. Rust has the producer, and the token is for JavaScript's consumer.
    ///
    /// # Errors
    ///
    /// [`Error::Memory`]: there is no ring of that size or memory.
    pub fn producer(self) -> Result<(Producer<K>, Token), Error> {
        let (end, token) = self.make(abi::PRODUCER)?;
        Ok((Producer::new(end), token))
    }

    /// Makes the ring. Rust has the consumer, and the token is for JavaScript's producer.
    ///
    /// # Errors
    ///
    /// As [`producer`](Self::producer).
    pub fn consumer(self) -> Result<(Consumer<K>, Token), Error> {
        let (end, token) = self.make(abi::CONSUMER)?;
        Ok((Consumer::new(end), token))
    }

    fn make(self, side: u32) -> Result<(End, Token), Error> {
        let schema = K::schema();
        let bytes = self.capacity.saturating_mul(K::ELEMENT as usize);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let wish = Wish {
            // A capacity of 0 is for the addon to refuse.
            capacity: if bytes == 0 { 0 } else { bytes.max(K::LEAST) },
            memory: match self.memory {
                Memory::Auto => 0,
                Memory::Mirrored => 1,
                Memory::Heap => 2,
            },
            kind: K::CODE,
            publish_every: match self.publish {
                Publish::Each => 1,
                Publish::Tick => u32::MAX,
                // More is as good as never, and `lib/` has a bound.
                Publish::Every(n) => n.clamp(1, i32::MAX as u32),
            },
            element: K::ELEMENT,
            side,
            schema: Text::of(&schema),
        };
        let (end, made) = self.crosscore.answered(|made, reason| {
            // SAFETY: INV-ABI-2: the wish and both places are alive during the call.
            unsafe { (self.crosscore.table.make)(&wish, made, reason) }
        })?;
        let token = Token {
            side: if side == abi::PRODUCER {
                abi::CONSUMER
            } else {
                abi::PRODUCER
            },
            of: K::of(),
            id: String::from_utf8_lossy(&made.id).into_owned(),
            origin: self.crosscore.origin().to_owned(),
            made_by: Some(self.crosscore.table),
        };
        Ok((end, token))
    }
}

/// The producer of a ring whose consumer is JavaScript's.
///
/// Dropping it ends the stream: JavaScript reads what is left, then the end. If it is dropped by a panic, JavaScript
/// finds that as `consumer.reason`. One that is leaked never ends the stream.
#[derive(Debug)]
pub struct Producer<K> {
    pub(crate) end: End,
    kind: PhantomData<fn(K)>,
}

/// The consumer of a ring whose producer is JavaScript's.
///
/// Dropping it tells JavaScript that nobody reads any more: its next push is refused.
#[derive(Debug)]
pub struct Consumer<K> {
    pub(crate) end: End,
    kind: PhantomData<fn(K)>,
}

/// Bytes for `n` elements of this kind.
pub(crate) fn bytes_of<K: Kind>(n: usize) -> u32 {
    u32::try_from(n.saturating_mul(K::ELEMENT as usize)).unwrap_or(u32::MAX)
}

macro_rules! both_sides {
    ($Side:ident, $ready:ident, $wait:ident, $poll:ident, $what:literal, $late:literal) => {
        impl<K: Kind> $Side<K> {
            fn new(end: End) -> Self {
                Self {
                    end,
                    kind: PhantomData,
                }
            }

            /// How many elements fit; bytes for messages.
            pub fn capacity(&self) -> usize {
                (self.end.capacity / K::ELEMENT) as usize
            }

            #[doc = concat!("Waits on this thread until `n` ", $what, "; returns how many are.")]
            ///
            /// `n` counts elements, or bytes for messages. Without a time it waits for as long as it takes.
            ///
            /// # Errors
            ///
            #[doc = concat!("[`WaitError::TimedOut`], and [`WaitError::Closed`] ", $late)]
            pub fn $wait(&mut self, n: usize, time: Option<Duration>) -> Result<usize, WaitError> {
                let found = self.end.wait(bytes_of::<K>(n), time)?;
                Ok((found / K::ELEMENT) as usize)
            }

            #[doc = concat!("Whether `n` ", $what, "; if not, the task is woken when they are.")]
            ///
            /// The task that asked last is the one that is woken. Its waker may be called on a thread of JavaScript, in
            /// the middle of a push or a pop: it must not call into Node-API, except a threadsafe function. Those of
            /// async runtimes do not.
            pub fn $poll(
                &mut self,
                context: &mut Context<'_>,
                n: usize,
            ) -> Poll<Result<usize, WaitError>> {
                self.end
                    .poll(context, bytes_of::<K>(n))
                    .map_ok(|found| (found / K::ELEMENT) as usize)
            }

            #[doc = concat!("Waits until `n` ", $what, ", in a task of any runtime; returns how many are.")]
            ///
            /// # Errors
            ///
            #[doc = concat!("[`WaitError::Closed`] ", $late)]
            pub async fn $ready(&mut self, n: usize) -> Result<usize, WaitError> {
                let found = self.end.ready(bytes_of::<K>(n)).await?;
                Ok((found / K::ELEMENT) as usize)
            }

            /// Takes back the waker that a poll left.
            pub fn cancel_wait(&mut self) {
                self.end.cancel();
            }

            /// Closes the ring, and says why: JavaScript finds it as `reason`, an Error with that message and causes.
            pub fn close(mut self, error: &dyn std::error::Error) {
                self.end.set_reason(&reason::write(error));
            }

            /// What JavaScript closed its end with, if it did and said.
            pub fn reason(&self) -> Option<Reason> {
                reason::read(&self.end.reason())
            }
        }
    };
}

both_sides!(
    Producer,
    space,
    wait_for_space,
    poll_space,
    "are free",
    "when the consumer is gone."
);
both_sides!(
    Consumer,
    data,
    wait_for_data,
    poll_data,
    "are there, or the last ones",
    "when the producer is gone and everything has been read."
);

impl<K: Kind> Producer<K> {
    /// How many elements, or bytes, are free now.
    pub fn free(&mut self) -> usize {
        (self.end.look() / K::ELEMENT) as usize
    }

    /// Whether the consumer is gone.
    pub fn is_closed(&mut self) -> bool {
        self.end.look();
        self.end.is_closed()
    }
}

impl<K: Kind> Consumer<K> {
    /// How many elements, or bytes, are there now.
    pub fn available(&mut self) -> usize {
        (self.end.look() / K::ELEMENT) as usize
    }

    /// Whether the producer is gone. There may be elements left: see [`is_done`](Self::is_done).
    pub fn is_closed(&mut self) -> bool {
        self.end.look();
        self.end.is_closed()
    }

    /// Whether the producer is gone and everything has been read.
    pub fn is_done(&mut self) -> bool {
        self.end.is_done()
    }
}
