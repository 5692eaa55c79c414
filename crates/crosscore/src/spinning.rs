//! Looking again and again, for threads that must not sleep.

use core::hint;

use crate::alloc::BufferAllocator;
use crate::consumer::Consumer;
use crate::prefetch::prefetch;

impl<T, A: BufferAllocator> Consumer<T, A> {
    /// Looks until there is an element, `looks` times at most, with a spin hint after each in vain; tells
    /// how many there are, 0 after [`close`](Self::close). For a
    /// thread that must not sleep and expects an answer within a fraction of a microsecond: nothing finds
    /// it sooner.
    ///
    /// Between two looks it also asks for the line of the slot that will be next, so that the element is
    /// on its way to this core together with the cursor that publishes it.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// assert_eq!(consumer.spin_for_data(3), 0);
    /// producer.push(1).unwrap();
    /// assert_eq!(consumer.spin_for_data(3), 1);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn spin_for_data(&mut self, looks: u32) -> usize {
        let cursors = self.ring.cursors();
        if cursors.consumer_has_closed() {
            return 0;
        }
        for _ in 0..looks {
            // SAFETY: INV-SW-2: `&mut self` on the only consumer.
            let known = unsafe { cursors.available_now(self.head) };
            if known.count > 0 {
                return known.count as usize;
            }
            prefetch(self.ring.consumers_slot(known.position));
            hint::spin_loop();
        }
        0
    }
}
