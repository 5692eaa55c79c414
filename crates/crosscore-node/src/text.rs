//! Strings between V8's heap and the ring, in one crossing each.
//!
//! `lib/layout/framed.ts` and `lib/layout/text.ts` say how a string lies in the ring: a header of eight bytes, the length
//! and what the bytes are, then the bytes, filled up to a multiple of eight. What is done here is the common case. Whatever
//! is different (no room, another encoding, a closed ring) is left alone, and JavaScript does it another way.
//!
//! Rust writes slots here, at the producer's position and within what is free by the cursors, and reads a header. Another
//! thread of JavaScript may write there at the same time if a program breaks the rules: so nothing is read twice, and
//! what is read is checked before it is used. The bytes of a string are read by V8 alone.

use std::ffi::c_char;
use std::ptr;

use crosscore::Memory;
use napi::sys;

use crate::consumer::ConsumerPort;
use crate::control::Control;
use crate::producer::ProducerPort;
use crate::side::Side;

const HEADER: usize = 8;
/// What the bytes of a message are, as in `lib/layout/text.ts`.
const ASCII: u32 = 1;
const UTF8: u32 = 2;
/// The longest text of more than a byte a character that Node reads back: V8's `String::kMaxLength`. JavaScript writes
/// what is longer as UTF-16.
const LONGEST_UTF8: usize = (1 << 29) - 24;

/// What a message of so many bytes takes.
const fn size_of_message(length: usize) -> usize {
    (length + HEADER + 7) & !7
}

impl ProducerPort {
    /// Writes a string behind what is pending, and publishes it where each push is published. Returns what it takes, or
    /// 0 if it was not written.
    #[inline]
    pub(crate) fn push_latin1(&mut self, control: &Control, text: &[u8]) -> u32 {
        let producer = &mut self.producer;
        if producer.is_closed() || text.len() > producer.capacity() {
            return 0;
        }
        // Read once: whoever breaks the rules may be writing.
        let at = control.at();
        let pending = at.wrapping_sub(producer.position() as u32) as usize;
        let has_room = |length: usize| {
            let taken = pending.saturating_add(size_of_message(length));
            taken <= producer.cached_free_slots() || taken <= producer.free_slots()
        };
        if !has_room(text.len()) {
            return 0;
        }
        let ring = producer.ring();
        let capacity = ring.capacity();
        let offset = at as usize & (capacity - 1);
        let base = ring.base().as_ptr();
        // SAFETY: INV-NODE-4: as many slots as the message takes are free behind what is pending, by the cursors, so they
        // are the producer's; INV-NODE-3: they are contiguous in both halves, of which there are `2 * capacity` bytes.
        let bytes = unsafe { base.add(offset + HEADER) };
        let mut length = text.len();
        let mut what = ASCII;
        // SAFETY: INV-NODE-4: as above, there is room for the text as it is.
        if !unsafe { copy(text, bytes) } {
            // Two bytes for each that is not ASCII.
            length += text.iter().filter(|byte| !byte.is_ascii()).count();
            what = UTF8;
            if length > LONGEST_UTF8 || !has_room(length) {
                return 0;
            }
            // SAFETY: INV-NODE-4: and there is room for it widened.
            unsafe { widen(text, bytes) };
        }
        let size = size_of_message(length);
        // SAFETY: INV-NODE-4, INV-NODE-3: as above. INV-ALIAS-1: no reference to a slot exists. Unaligned, since where it
        // lies is a number of JavaScript's.
        unsafe {
            let slot = base.add(offset);
            slot.cast::<u32>().write_unaligned(length as u32);
            slot.add(4).cast::<u32>().write_unaligned(what);
            if ring.memory() == Memory::Heap && offset + size > capacity {
                ptr::copy_nonoverlapping(base.add(capacity), base, offset + size - capacity);
            }
        }
        control.set_at(at.wrapping_add(size as u32));
        if self.end.shared().description.publish_every == 1 {
            self.publish(control, 1);
        } else {
            control.add_message();
        }
        size as u32
    }
}

/// Copies a text, and tells whether it is ASCII: the same pass over it, word by word.
///
/// # Safety
///
/// INV-NODE-4: there is room for it.
#[inline]
unsafe fn copy(text: &[u8], to: *mut u8) -> bool {
    const WORD: usize = size_of::<u64>();
    let (words, rest) = text.as_chunks::<WORD>();
    let mut all = 0;
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_ne_bytes(*word);
        all |= word;
        // SAFETY: INV-NODE-4: the caller's promise.
        unsafe { to.add(i * WORD).cast::<u64>().write_unaligned(word) };
    }
    let done = text.len() - rest.len();
    for (i, &byte) in rest.iter().enumerate() {
        all |= u64::from(byte);
        // SAFETY: INV-NODE-4: the caller's promise.
        unsafe { to.add(done + i).write(byte) };
    }
    all & 0x8080_8080_8080_8080 == 0
}

/// Writes Latin-1 as UTF-8.
///
/// # Safety
///
/// INV-NODE-4: there is room for two bytes for each that is not ASCII, and one for each other.
unsafe fn widen(text: &[u8], mut to: *mut u8) {
    for &byte in text {
        // SAFETY: INV-NODE-4: the caller's promise.
        unsafe {
            if byte < 0x80 {
                to.write(byte);
                to = to.add(1);
            } else {
                to.write(0xc0 | byte >> 6);
                to.add(1).write(0x80 | byte & 0x3f);
                to = to.add(2);
            }
        }
    }
}

impl ConsumerPort {
    /// The oldest message that JavaScript has not read, as a string of V8's, and its length in bytes. `None` if there is
    /// none, or it is none that V8 makes a string of at once.
    pub(crate) fn text(
        &mut self,
        env: sys::napi_env,
        control: &Control,
    ) -> Option<(sys::napi_value, u32)> {
        let consumer = &mut self.consumer;
        let ring = consumer.ring();
        let capacity = ring.capacity();
        let at = control.at();
        let pending = at.wrapping_sub(consumer.position() as u32) as usize;
        let available = consumer.cached_available().checked_sub(pending)?;
        if available < HEADER {
            return None;
        }
        let offset = at as usize & (capacity - 1);
        let base = ring.base().as_ptr();
        // SAFETY: INV-NODE-3: eight bytes from there on are inside both halves. Volatile, and read once: whoever breaks the
        // rules may be writing. Unaligned accesses do not come volatile; JavaScript's positions are multiples of 8.
        let (length, what) = unsafe {
            let header = base.add(offset).cast::<u32>();
            if !header.is_aligned() {
                return None;
            }
            (header.read_volatile(), header.add(1).read_volatile())
        };
        let size = length as usize;
        // INV-JS-5, here too.
        if size > available - HEADER || size_of_message(size) > available {
            return None;
        }
        // A heap ring's second half has what JavaScript has put there; across the end it is left to JavaScript.
        if ring.memory() == Memory::Heap && offset + HEADER + size > capacity {
            return None;
        }
        let make = match what {
            ASCII => sys::napi_create_string_latin1,
            UTF8 => sys::napi_create_string_utf8,
            _ => return None,
        };
        let mut value = ptr::null_mut();
        // SAFETY: INV-NODE-3: so many bytes from there on are inside both halves; INV-NODE-1: a call is under way. V8 copies
        // them, whatever they are.
        let status = unsafe {
            let bytes = base.add(offset + HEADER).cast::<c_char>();
            make(env, bytes, size as isize, &mut value)
        };
        (status == sys::Status::napi_ok).then_some((value, length))
    }
}

#[cfg(test)]
mod tests {
    use super::{copy, size_of_message, widen};

    #[test]
    fn messages_take_a_header_and_are_filled_up() {
        assert_eq!([0, 1, 8, 9].map(size_of_message), [8, 16, 16, 24],);
    }

    #[test]
    fn a_text_is_copied_and_known_to_be_ascii_or_not() {
        let text: Vec<u8> = (0..=127).collect();
        for length in 0..text.len() {
            let mut to = [0xff; 128];
            // SAFETY: INV-NODE-4: 128 bytes.
            assert!(unsafe { copy(&text[..length], to.as_mut_ptr()) });
            assert_eq!(to[..length], text[..length]);
            assert_eq!(to[length], 0xff, "nothing is written behind it");
            for high in 0..length {
                let mut text = text[..length].to_vec();
                text[high] |= 0x80;
                // SAFETY: INV-NODE-4: as above.
                assert!(!unsafe { copy(&text, to.as_mut_ptr()) });
            }
        }
    }

    #[test]
    fn latin1_becomes_utf8() {
        let text: Vec<u8> = (0..=255).collect();
        let mut to = [0; 384];
        // SAFETY: INV-NODE-4: 128 bytes of one and 128 of two.
        unsafe { widen(&text, to.as_mut_ptr()) };
        let expected: String = (0..=255u8).map(char::from).collect();
        assert_eq!(std::str::from_utf8(&to), Ok(&*expected));
    }
}
