//! Messages that Rust writes into the ring: where the next one goes, and what makes it part of the stream.
//!
//! `lib/layout/framed.ts` says how a message lies in the ring: a header of eight bytes, the length and what the bytes are, then
//! the bytes, filled up to a multiple of eight. Slots are written at the producer's position and within what is free by
//! the cursors.

use std::ptr;

use crosscore::Memory;

use crate::ahead::ask_for_lines;
use crate::bytes::Bytes;
use crate::control::Control;
use crate::producer::ProducerPort;

pub(crate) const HEADER: usize = 8;

/// What a message of so many bytes takes.
pub(crate) const fn size_of_message(length: usize) -> usize {
    (length + HEADER + 7) & !7
}

/// Where the next message goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The position, as JavaScript has it.
    at: u32,
    /// Bytes that are pending before it.
    pending: usize,
    offset: usize,
    pub(crate) payload: *mut u8,
}

impl ProducerPort {
    /// The place behind what is pending, with room for a message of `length` bytes; `None` if there is none, or nobody to
    /// read it, or if it would be the first of a turn that owes a publication.
    #[inline(always)]
    pub(crate) fn place(&mut self, control: &Control, length: usize) -> Option<Place> {
        let producer = &mut self.producer;
        let every = self.end.shared().description.publish_every;
        if producer.is_closed() || (every != 1 && !control.owes()) {
            return None;
        }
        // Read once: whoever breaks the rules may be writing.
        let at = control.at();
        let pending = at.wrapping_sub(producer.position() as u32) as usize;
        let ring = producer.ring();
        let offset = at as usize & (ring.capacity() - 1);
        let place = Place {
            at,
            pending,
            offset,
            // INV-NODE-3: both halves have `2 * capacity` bytes.
            payload: ring.base().as_ptr().wrapping_add(offset + HEADER),
        };
        self.has_room(&place, length).then_some(place)
    }

    /// Whether a message of `length` bytes has room there; if it is not known to have, with a look.
    #[inline(always)]
    pub(crate) fn has_room(&mut self, place: &Place, length: usize) -> bool {
        let taken = place.pending.saturating_add(size_of_message(length));
        taken <= self.producer.cached_free_slots() || taken <= self.producer.free_slots()
    }

    /// Makes what was written at a place a message, and publishes what is pending if that is wanted and due. What it takes.
    ///
    /// # Safety
    ///
    /// INV-NODE-4: the place has room for so many bytes, which are written, and no message was completed since.
    #[inline(always)]
    pub(crate) unsafe fn complete(
        &mut self,
        control: &Control,
        place: Place,
        length: usize,
        what: u32,
        publish: bool,
    ) -> u32 {
        let ring = self.producer.ring();
        let (capacity, base) = (ring.capacity(), ring.base().as_ptr());
        let size = size_of_message(length);
        // SAFETY: INV-NODE-4: the caller's promise. INV-NODE-3: they are contiguous in both halves. INV-ALIAS-1: no
        // reference to a slot exists. Unaligned, since where it lies is a number of JavaScript's.
        unsafe {
            let slot = base.add(place.offset);
            slot.cast::<u32>().write_unaligned(length as u32);
            slot.add(4).cast::<u32>().write_unaligned(what);
            if ring.memory() == Memory::Heap && place.offset + size > capacity {
                ptr::copy_nonoverlapping(base.add(capacity), base, place.offset + size - capacity);
            }
        }
        control.set_at(place.at.wrapping_add(size as u32));
        let bytes = place.pending + size;
        let messages = control.pending_messages().saturating_add(1);
        let every = self.end.shared().description.publish_every;
        // A quarter of the ring, too, so that the consumer is never idle while a long turn fills it.
        if publish && (messages >= every || bytes >= capacity / 4) {
            control.set_messages(0);
            // SAFETY: INV-NODE-4: the caller's promise, for what is pending too. INV-INIT-1: every byte of the ring is
            // initialised from the start (INV-ALLOC-4), and `u8` has no invalid values.
            unsafe { self.producer.publish_raw(bytes) };
            control.set_done(self.producer.position());
            ask_for_lines(&self.producer, bytes);
            self.end.messages(messages);
        } else {
            control.set_messages(messages);
        }
        size as u32
    }

    /// Writes bytes behind what is pending, and publishes if that is due. Returns what they take, or 0 if they were not written.
    #[inline(always)]
    pub(crate) fn push_bytes(&mut self, control: &Control, bytes: Bytes<'_>) -> u32 {
        let Some(place) = self.place(control, bytes.len()) else {
            return 0;
        };
        // SAFETY: INV-NODE-4: there is room for them.
        unsafe {
            bytes.copy(place.payload);
            self.complete(control, place, bytes.len(), 0, true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::size_of_message;

    #[test]
    fn messages_take_a_header_and_are_filled_up() {
        assert_eq!([0, 1, 8, 9].map(size_of_message), [8, 16, 16, 24],);
    }
}
