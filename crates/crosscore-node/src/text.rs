//! Strings between V8's heap and the ring, in one crossing each.
//!
//! A string is a message whose header says what its bytes are (`lib/layout/text.ts`). What is done here is the common case.
//! Whatever is different (no room, another encoding, a closed ring) is left alone, and JavaScript does it another way.
//!
//! Rust writes slots here (`messages.rs`) and reads a header. Another thread of JavaScript may write there at the same time
//! if a program breaks the rules: so nothing is read twice, and what is read is checked before it is used. The bytes of a
//! string are read by V8 alone.

use std::ffi::c_char;
use std::ptr;

use crosscore::Memory;
use napi::sys;

use crate::consumer::ConsumerPort;
use crate::control::Control;
use crate::messages::{HEADER, size_of_message};
use crate::producer::ProducerPort;

/// What the bytes of a message are, as in `lib/layout/text.ts`.
const ASCII: u32 = 1;
const UTF8: u32 = 2;
const UTF16: u32 = 3;
/// Bytes of UTF-8 that a unit of UTF-16 takes at most.
const MOST_UTF8: usize = 3;
/// The longest text of more than a byte a character that Node reads back: V8's `String::kMaxLength`. JavaScript writes
/// what is longer as UTF-16.
const LONGEST_UTF8: usize = (1 << 29) - 24;

const WORD: usize = size_of::<u64>();

/// The characters of a string, as V8 has them.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "nobody makes one where there is no lane")]
pub(crate) enum Text<'a> {
    Latin1(&'a [u8]),
    Utf16(&'a [u16]),
}

impl ProducerPort {
    /// Writes a string behind what is pending, and publishes if that is wanted and due. Returns what it takes, or 0 if it was
    /// not written.
    #[inline(always)]
    pub(crate) fn push_text(&mut self, control: &Control, text: Text<'_>, publish: bool) -> u32 {
        // No length comes near the end of what a number holds.
        let (room, longest) = match text {
            Text::Latin1(text) => (text.len(), self.producer.capacity()),
            Text::Utf16(text) => (MOST_UTF8 * text.len(), LONGEST_UTF8),
        };
        if room > longest {
            return 0;
        }
        let Some(place) = self.place(control, room) else {
            return 0;
        };
        let (length, what) = match text {
            // SAFETY: INV-NODE-4: there is room for the text as it is.
            Text::Latin1(text) if unsafe { copy(text, place.payload) } => (text.len(), ASCII),
            Text::Latin1(text) => {
                // Two bytes for each that is not ASCII.
                let length = text.len() + text.iter().filter(|byte| !byte.is_ascii()).count();
                if length > LONGEST_UTF8 || !self.has_room(&place, length) {
                    return 0;
                }
                // SAFETY: INV-NODE-4: and there is room for it widened.
                unsafe { widen(text, place.payload) };
                (length, UTF8)
            }
            // SAFETY: INV-NODE-4: there is room for the longest that it can be.
            Text::Utf16(text) => unsafe { encode(text, place.payload) },
        };
        // SAFETY: INV-NODE-4: so much was written there, within the room.
        unsafe { self.complete(control, place, length, what, publish) }
    }
}

/// Copies a text, and tells whether it is ASCII: the same pass over it, word by word.
///
/// # Safety
///
/// INV-NODE-4: there is room for it.
#[inline(always)]
unsafe fn copy(text: &[u8], to: *mut u8) -> bool {
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
#[inline(never)]
unsafe fn widen(text: &[u8], mut to: *mut u8) {
    let (words, rest) = text.as_chunks::<WORD>();
    // SAFETY: INV-NODE-4: the caller's promise.
    unsafe {
        for word in words {
            if word.is_ascii() {
                to.cast::<[u8; WORD]>().write(*word);
                to = to.add(WORD);
            } else {
                for &byte in word {
                    to = write_below_0x800(byte.into(), to);
                }
            }
        }
        for &byte in rest {
            to = write_below_0x800(byte.into(), to);
        }
    }
}

/// Writes UTF-16 as UTF-8, or as it is if that cannot hold it. The length in bytes, and what they are.
///
/// # Safety
///
/// INV-NODE-4: there is room for [`MOST_UTF8`] bytes for each unit.
#[inline(never)]
unsafe fn encode(text: &[u16], start: *mut u8) -> (usize, u32) {
    let mut to = start;
    let mut rest = text;
    while let Some((&unit, after)) = rest.split_first() {
        rest = after;
        // SAFETY: INV-NODE-4: the caller's promise.
        unsafe {
            to = match unit {
                0..0x800 => write_below_0x800(unit.into(), to),
                0xd800..0xe000 => {
                    let (0xd800..0xdc00, &[low @ 0xdc00..0xe000, ref after @ ..]) = (unit, after)
                    else {
                        ptr::copy_nonoverlapping(text.as_ptr().cast(), start, 2 * text.len());
                        return (2 * text.len(), UTF16);
                    };
                    rest = after;
                    let code = 0x1_0000 + (u32::from(unit & 0x3ff) << 10) + u32::from(low & 0x3ff);
                    to.write(0xf0 | (code >> 18) as u8);
                    to.add(1).write(0x80 | (code >> 12 & 0x3f) as u8);
                    to.add(2).write(0x80 | (code >> 6 & 0x3f) as u8);
                    to.add(3).write(0x80 | (code & 0x3f) as u8);
                    to.add(4)
                }
                _ => {
                    to.write(0xe0 | (unit >> 12) as u8);
                    to.add(1).write(0x80 | (unit >> 6 & 0x3f) as u8);
                    to.add(2).write(0x80 | (unit & 0x3f) as u8);
                    to.add(3)
                }
            };
        }
    }
    // SAFETY: INV-NODE-4: both are in the room for it, the later one behind the other.
    let length = unsafe { to.offset_from(start) } as usize;
    (length, if length == text.len() { ASCII } else { UTF8 })
}

/// Writes a character that takes one or two bytes of UTF-8; where the next one goes.
///
/// # Safety
///
/// INV-NODE-4: there is room for it.
#[inline]
unsafe fn write_below_0x800(code: u32, to: *mut u8) -> *mut u8 {
    // SAFETY: INV-NODE-4: the caller's promise.
    unsafe {
        if code < 0x80 {
            to.write(code as u8);
            to.add(1)
        } else {
            to.write(0xc0 | (code >> 6) as u8);
            to.add(1).write(0x80 | (code & 0x3f) as u8);
            to.add(2)
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
    use super::{ASCII, MOST_UTF8, UTF8, UTF16, copy, encode, widen};

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

    #[test]
    fn utf16_becomes_utf8_or_stays_as_it_is() {
        let all: String = ('\0'..=char::MAX).step_by(13).collect();
        let texts = [
            "",
            "ascii",
            "\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}",
            &all,
        ];
        for text in texts {
            let units: Vec<u16> = text.encode_utf16().collect();
            let mut to = vec![0; MOST_UTF8 * units.len() + 1];
            // SAFETY: INV-NODE-4: three bytes for each unit.
            let (length, what) = unsafe { encode(&units, to.as_mut_ptr()) };
            assert_eq!(what, if text.is_ascii() { ASCII } else { UTF8 });
            assert_eq!(std::str::from_utf8(&to[..length]), Ok(text));
            assert_eq!(to[to.len() - 1], 0, "nothing is written behind it");
        }
        let alone: [&[u16]; 5] = [
            &[0xd800],
            &[0xdfff],
            &[0x61, 0xdbff, 0x62],
            &[0xdc00, 0xd800],
            &[0xd800, 0xd800, 0xdc00],
        ];
        for units in alone {
            let mut to = vec![0; MOST_UTF8 * units.len()];
            // SAFETY: INV-NODE-4: three bytes for each unit.
            let (length, what) = unsafe { encode(units, to.as_mut_ptr()) };
            assert_eq!((length, what), (2 * units.len(), UTF16));
            let (pairs, _) = to[..length].as_chunks::<2>();
            let read: Vec<u16> = pairs.iter().map(|pair| u16::from_ne_bytes(*pair)).collect();
            assert_eq!(read, units);
        }
    }
}
