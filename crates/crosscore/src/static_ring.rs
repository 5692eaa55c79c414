//! A ring that is a `static`.

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crate::alloc::{AllocError, BufferAllocator, Memory, RawBuffer};
use crate::cache_aligned::CacheAligned;
use crate::consumer::Consumer;
use crate::cursors::{Cursors, Slots};
use crate::ordering::CLAIM_STORAGE;
use crate::park::Handshake;
use crate::producer::Producer;
use crate::ring::Ring;
use crate::ring_ref::{Halves, RingRef};
use crate::sync::AtomicU32;

/// Room for a [`Ring`] of `N` elements, for a `static`: nothing is allocated, and no allocator is needed.
///
/// `N` is a power of two; another one does not compile. The ring is made by the first [`split`](Self::split).
///
/// ```
/// use crosscore::StaticRing;
///
/// static SAMPLES: StaticRing<u16, 256> = StaticRing::new();
///
/// let (mut producer, mut consumer) = SAMPLES.split().unwrap();
/// producer.push(7).unwrap();
/// assert_eq!(consumer.pop(), Some(7));
/// assert!(SAMPLES.split().is_none());
/// ```
///
/// A static is never dropped: an element that is published while the consumer goes stays where it is.
///
/// ```compile_fail,E0080
/// static ODD: crosscore::StaticRing<u16, 100> = crosscore::StaticRing::new();
/// ```
pub struct StaticRing<T, const N: usize> {
    /// Not 0 once somebody has claimed the rest.
    claimed: AtomicU32,
    ring: UnsafeCell<MaybeUninit<Ring<T, StaticStorage>>>,
    /// On borders, as on the heap.
    slots: CacheAligned<UnsafeCell<[MaybeUninit<T>; N]>>,
}

// SAFETY: INV-LIFE-2: of what is in the cells one thread makes a ring, once, and elements go from one handle to the other:
// INV-SEND-1 for `T: Send`.
unsafe impl<T: Send, const N: usize> Sync for StaticRing<T, N> {}

impl<T, const N: usize> StaticRing<T, N> {
    /// Room for a ring that nobody has yet.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Self::unclaimed(AtomicU32::new(0))
    }

    /// The same; Loom's atomics cannot be made before the program runs.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self::unclaimed(AtomicU32::new(0))
    }

    const fn unclaimed(claimed: AtomicU32) -> Self {
        // INV-MEM-1
        const { assert!(N.is_power_of_two(), "a capacity is a power of two") };
        Self {
            claimed,
            ring: UnsafeCell::new(MaybeUninit::uninit()),
            slots: CacheAligned(UnsafeCell::new([const { MaybeUninit::uninit() }; N])),
        }
    }

    /// Makes the ring and returns its halves. `None` for all who come later, even after the halves are gone.
    ///
    /// Zeroes the slots first.
    pub fn split(&'static self) -> Option<Halves<T, StaticStorage>> {
        // Partner: none, see CLAIM_STORAGE. INV-LIFE-2.
        if self.claimed.fetch_or(1, CLAIM_STORAGE) != 0 {
            return None;
        }
        let base: NonNull<T> = NonNull::from(&self.slots.0).cast();
        // SAFETY: INV-LIFE-2: claimed just now. INV-MEM-1: that many slots, which are in a cell. This is INV-ALLOC-4.
        unsafe { base.write_bytes(0, N) };
        let buffer = RawBuffer::new(base.cast(), Layout::new::<[T; N]>(), Memory::Static);
        let slots = Slots::new(base.cast(), N as u64, false);
        let cursors = Cursors::new(slots, 0, Handshake::for_a_ring());
        // SAFETY: INV-LIFE-2: as above. It stays as it is from here on, and so can be borrowed for ever.
        let ring = unsafe { &mut *self.ring.get() }.write(Ring::over(
            cursors,
            Some(buffer),
            StaticStorage(()),
            false,
        ));
        let ring = RingRef::uncounted(ring);
        Some((Producer::new(ring.clone(), 0), Consumer::new(ring, 0)))
    }
}

impl<T, const N: usize> Default for StaticRing<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> fmt::Debug for StaticRing<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticRing")
            .field("capacity", &N)
            .finish_non_exhaustive()
    }
}

/// In the type of a handle: its ring is in a [`StaticRing`]. It gives no memory to anybody else.
///
/// ```
/// use crosscore::{Memory, Producer, StaticRing, StaticStorage};
///
/// static SAMPLES: StaticRing<u16, 256> = StaticRing::new();
///
/// fn sample(producer: &mut Producer<u16, StaticStorage>) {
///     producer.push(42).unwrap();
/// }
///
/// let (mut producer, _consumer) = SAMPLES.split().unwrap();
/// sample(&mut producer);
/// assert_eq!(producer.memory(), Memory::Static);
/// ```
#[derive(Debug)]
pub struct StaticStorage(());

// SAFETY: INV-ALLOC-1 to INV-ALLOC-8: it returns no buffer.
unsafe impl BufferAllocator for StaticStorage {
    fn granularity(&self) -> usize {
        1
    }

    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        Err(AllocError::out_of_memory(Memory::Static, layout, "split"))
    }

    unsafe fn deallocate(&self, _buffer: RawBuffer) {}
}
