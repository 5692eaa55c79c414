//! The least that a message from core to core can cost: a number in an atomic on a line of its own.
//! One message at a time; the next one overwrites it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::contender::{Contender, Pop, Push};
use crate::element::{Element, Words};

pub struct RawLines;

#[repr(align(128))]
struct Line(AtomicU64);

/// No element has this number.
const NOTHING: u64 = u64::MAX;

pub struct Writer {
    line: Arc<Line>,
}

pub struct Reader {
    line: Arc<Line>,
    seen: u64,
}

impl Contender for RawLines {
    type Producer<T: Element> = Writer;
    type Consumer<T: Element> = Reader;

    fn ring<T: Element>(_capacity: usize) -> (Writer, Reader) {
        let line = Arc::new(Line(AtomicU64::new(NOTHING)));
        let writer = Writer {
            line: Arc::clone(&line),
        };
        (
            writer,
            Reader {
                line,
                seen: NOTHING,
            },
        )
    }
}

impl Push<Words<1>> for Writer {
    #[inline(always)]
    fn push(&mut self, item: Words<1>) -> bool {
        self.line.0.store(item.number(), Ordering::Release);
        true
    }
}

impl Pop<Words<1>> for Reader {
    #[inline(always)]
    fn pop(&mut self) -> Option<Words<1>> {
        let number = self.line.0.load(Ordering::Acquire);
        if number == self.seen {
            return None;
        }
        self.seen = number;
        Some(Words::numbered(number))
    }
}
