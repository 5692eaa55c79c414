//! Many elements at once, copied.

use crate::alloc::BufferAllocator;
use crate::consumer::Consumer;
use crate::producer::Producer;

impl<T, A: BufferAllocator> Producer<T, A> {
    /// Copies as many of `items` into the ring as there is room for, publishes them once, and
    /// returns how many; 0 when the ring is full or closed.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(4)?;
    /// assert_eq!(producer.push_slice(&[1, 2, 3, 4, 5]), 4);
    /// let mut out = [0; 8];
    /// assert_eq!(consumer.pop_slice(&mut out), 4);
    /// assert_eq!(out[..4], [1, 2, 3, 4]);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn push_slice(&mut self, items: &[T]) -> usize
    where
        T: Copy,
    {
        let ring = &*self.ring;
        if items.is_empty() || ring.cursors().is_closed_for_producer() {
            return 0;
        }
        // SAFETY: INV-SW-1: `&mut self` on the only producer.
        let grant = unsafe { ring.cursors().claim_free_up_to(self.tail, items.len()) };
        if grant.count == 0 {
            // Nothing to publish: a store would take the tail's line from a consumer that reads it.
            return 0;
        }
        let run = ring.cursors().producers_slots().contiguous(grant);
        let (first, second) = items[..grant.count as usize].split_at(run);
        ring.shadow().writes(grant.position, grant.count as usize);
        let wrapped = grant.position.wrapping_add(first.len() as u64);
        // SAFETY: INV-MEM-2 and INV-SEQ-1: each half is a contiguous run of the producer's slots. `items` may
        // be of this very ring, shown by a guard of its consumer: those slots are the consumer's, so they
        // are others than these, at both addresses that a mirrored slot has (INV-ALIAS-1).
        unsafe {
            ring.producers_slot(grant.position)
                .copy_from_nonoverlapping(first.as_ptr(), first.len());
            ring.producers_slot(wrapped)
                .copy_from_nonoverlapping(second.as_ptr(), second.len());
        }
        let tail = grant.position.wrapping_add(grant.count);
        // SAFETY: INV-SW-1; INV-INIT-1: all of the granted slots were just written.
        unsafe { ring.cursors().publish_tail(&mut self.tail, tail) };
        grant.count as usize
    }
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    /// Copies elements into `out`, as many as there are and as fit, and returns how many.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push_slice(&[1, 2, 3]);
    /// let mut out = [0; 2];
    /// assert_eq!(consumer.pop_slice(&mut out), 2);
    /// assert_eq!(out, [1, 2]);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn pop_slice(&mut self, out: &mut [T]) -> usize
    where
        T: Copy,
    {
        let ring = &*self.ring;
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let grant = unsafe { ring.cursors().claim_available_up_to(self.head, out.len()) };
        let run = ring.cursors().consumers_slots().contiguous(grant);
        let (first, second) = out[..grant.count as usize].split_at_mut(run);
        ring.shadow().reads(grant.position, grant.count as usize);
        let wrapped = grant.position.wrapping_add(first.len() as u64);
        // SAFETY: INV-INIT-1, INV-MEM-2: each half is a contiguous run of initialised elements. `out` may be
        // of this very ring, shown by a reservation of its producer: those slots are the producer's, so
        // they are others than these (INV-SEQ-1, INV-ALIAS-1). `T: Copy`, so copying them out moves them out.
        unsafe {
            ring.consumers_slot(grant.position)
                .copy_to_nonoverlapping(first.as_mut_ptr(), first.len());
            ring.consumers_slot(wrapped)
                .copy_to_nonoverlapping(second.as_mut_ptr(), second.len());
        }
        if grant.count > 0 {
            let head = grant.position.wrapping_add(grant.count);
            // SAFETY: INV-SW-2; INV-DROP-1: the released elements were just copied out.
            unsafe { ring.cursors().publish_head(&mut self.head, head) };
        }
        grant.count as usize
    }
}
