//! A number from JavaScript into the ring, in one crossing: written, counted and published.
//!
//! What is done here is the common case, where each push is published. Whatever is different (no room, a closed ring, a
//! reservation under way, a value that the kind does not hold) is left alone, and JavaScript does it or says what is wrong.

use crate::ahead::ask_for_lines;
use crate::control::Control;
use crate::foreign::kind;
use crate::producer::ProducerPort;

impl ProducerPort {
    /// Writes a number behind what is pending and publishes it. Whether it did.
    #[inline]
    pub(crate) fn push_number(&mut self, control: &Control, value: f64) -> bool {
        let description = &self.end.shared().description;
        let (kind, element) = (description.kind, description.element);
        let producer = &mut self.producer;
        // Read once: whoever breaks the rules may be writing.
        let at = control.at();
        let next = at.wrapping_add(element);
        if control.stops_at(next) || producer.is_closed() {
            return false;
        }
        let position = producer.position();
        let pending = at.wrapping_sub(position as u32) as usize;
        let bytes = pending.saturating_add(element as usize);
        if bytes > producer.cached_free_slots() {
            let free = producer.free_slots();
            control.set_found(position, free);
            if bytes > free {
                return false;
            }
        }
        let ring = producer.ring();
        let offset = at as usize & (ring.capacity() - 1);
        // SAFETY: INV-NODE-4: so many slots are free behind what is pending, by the cursors, so they are the producer's;
        // INV-NODE-3: they are contiguous in both halves, since no number is larger than the ring.
        if !unsafe { store(kind, ring.base().as_ptr().add(offset), value) } {
            return false;
        }
        control.set_at(next);
        // SAFETY: INV-NODE-4: as above. INV-INIT-1: every byte of the ring is initialised from the start (INV-ALLOC-4),
        // and `u8` has no invalid values.
        unsafe { producer.publish_raw(bytes) };
        control.set_done(producer.position());
        ask_for_lines(producer, bytes);
        true
    }
}

/// Stores a number as the kind has it; false, and nothing is stored, if it would be another one. For floats it is rounded.
///
/// # Safety
///
/// INV-NODE-4: the slot is the producer's, and has room for an element of the kind. No alignment is asked for, since where
/// it lies is a number of JavaScript's.
#[inline]
unsafe fn store(kind: u32, slot: *mut u8, value: f64) -> bool {
    macro_rules! exactly {
        ($int:ty) => {{
            // The cast saturates, and 0 is what it makes of NaN: both are another number.
            let stored = value as $int;
            if f64::from(stored) != value {
                return false;
            }
            // SAFETY: INV-NODE-4: the caller's promise.
            unsafe { slot.cast::<$int>().write_unaligned(stored) }
        }};
    }
    match kind {
        // SAFETY: INV-NODE-4: the caller's promise.
        kind::F64 => unsafe { slot.cast::<f64>().write_unaligned(value) },
        // SAFETY: INV-NODE-4: the caller's promise.
        kind::F32 => unsafe { slot.cast::<f32>().write_unaligned(value as f32) },
        kind::I32 => exactly!(i32),
        kind::U32 => exactly!(u32),
        kind::I16 => exactly!(i16),
        kind::U16 => exactly!(u16),
        kind::I8 => exactly!(i8),
        kind::U8 => exactly!(u8),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{kind, store};

    fn stored(kind: u32, value: f64) -> Option<[u8; 8]> {
        let mut slot = [0xaa; 8];
        // SAFETY: INV-NODE-4: eight bytes hold any number.
        unsafe { store(kind, slot.as_mut_ptr(), value) }.then_some(slot)
    }

    #[test]
    fn a_number_is_stored_as_its_kind_or_not_at_all() {
        assert_eq!(stored(kind::F64, 1.5), Some(1.5f64.to_ne_bytes()));
        assert_eq!(stored(kind::F32, 0.1).unwrap()[..4], 0.1f32.to_ne_bytes());
        assert_eq!(
            stored(kind::U8, 255.0).unwrap(),
            [255, 170, 170, 170, 170, 170, 170, 170]
        );
        assert_eq!(stored(kind::I8, -128.0).unwrap()[0], 128);
        assert_eq!(stored(kind::U16, 65535.0).unwrap()[..2], [255, 255]);
        assert_eq!(stored(kind::I16, -1.0).unwrap()[..3], [255, 255, 170]);
        assert_eq!(stored(kind::I32, -2.0).unwrap()[..4], (-2i32).to_ne_bytes());
        assert_eq!(stored(kind::U32, 4294967295.0).unwrap()[..4], [255; 4]);
        // As JavaScript compares them.
        assert!(stored(kind::I32, -0.0).is_some());
        for (kind, value) in [
            (kind::U8, 256.0),
            (kind::U8, -1.0),
            (kind::I8, 128.0),
            (kind::U16, 65536.0),
            (kind::I16, 32768.0),
            (kind::I32, 2147483648.0),
            (kind::I32, 0.5),
            (kind::U32, -1.0),
            (kind::U32, 4294967296.0),
            (kind::U32, f64::NAN),
            (kind::I32, f64::INFINITY),
            (kind::U8, f64::NEG_INFINITY),
            // Bigints do not come this way, nor do messages.
            (kind::I64, 1.0),
            (kind::U64, 1.0),
            (kind::BYTES, 1.0),
        ] {
            assert_eq!(stored(kind, value), None, "{kind} {value}");
        }
    }
}
