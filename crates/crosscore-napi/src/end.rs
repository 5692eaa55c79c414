//! One end of a ring in the package's addon, and the slots that it owns.

use std::future::poll_fn;
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU8, AtomicU64};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crosscore::WaitError;

use crate::abi::{self, Found, Handle, Made, Table, Text, flag};

/// An end: what either side does. Counts and positions are bytes.
#[derive(Debug)]
pub(crate) struct End {
    table: &'static Table,
    handle: NonNull<Handle>,
    base: NonNull<u8>,
    /// Of the ring, a power of two.
    pub(crate) capacity: u32,
    /// The next slot.
    offset: u32,
    mirrored: bool,
    /// Free or available for certain.
    known: u32,
    flags: u32,
    /// The one that the addon has.
    waker: Option<Waker>,
}

// SAFETY: INV-ABI-3: a handle and the ring's memory may be used from any thread, by one at a time.
unsafe impl Send for End {}

impl End {
    /// # Safety
    ///
    /// INV-ABI-3: `made` was filled in by `table`, and nobody else has it.
    pub(crate) unsafe fn new(table: &'static Table, made: &Made) -> Option<Self> {
        Some(Self {
            table,
            handle: NonNull::new(made.handle)?,
            base: NonNull::new(made.base)?,
            capacity: made.capacity,
            offset: made.offset,
            mirrored: made.mirrored != 0,
            known: 0,
            flags: 0,
            waker: None,
        })
    }

    /// Whether nothing can be sent any more, or nothing new will come, as was known last.
    pub(crate) fn is_closed(&self) -> bool {
        self.flags & flag::CLOSED != 0
    }

    /// Whether everything was read that there will ever be.
    pub(crate) fn is_done(&mut self) -> bool {
        self.known == 0 && {
            self.look();
            self.flags & flag::DONE != 0
        }
    }

    /// What is known without a look.
    #[inline]
    pub(crate) fn known(&self) -> u32 {
        self.known
    }

    fn learn(&mut self, found: Found) {
        self.known = found.known;
        self.flags = found.flags & !(flag::PENDING | flag::TIMED_OUT);
    }

    /// How many bytes are free or available.
    pub(crate) fn look(&mut self) -> u32 {
        // SAFETY: INV-ABI-3: our handle, and `&mut self`.
        let found = unsafe { (self.table.look)(self.handle.as_ptr()) };
        self.learn(found);
        self.known
    }

    /// Whether so many bytes are free or available; looks if that is not known.
    #[inline]
    pub(crate) fn has(&mut self, bytes: u32) -> bool {
        self.known >= bytes || self.look() >= bytes
    }

    /// Publishes or releases so many bytes, of so many messages. False if a producer's ring is closed: then it is not
    /// published.
    #[inline]
    pub(crate) fn advance(&mut self, bytes: u32, messages: u32) -> bool {
        debug_assert!(bytes <= self.known);
        // SAFETY: INV-ABI-3: our handle, and `&mut self`.
        self.flags = unsafe { (self.table.publish)(self.handle.as_ptr(), bytes, messages) };
        debug_assert!(self.flags & flag::CORRUPT == 0);
        self.offset = (self.offset + bytes) & (self.capacity - 1);
        self.known -= bytes;
        !self.is_closed()
    }

    /// What a wait has found: how many bytes, at least `wanted` or the last ones.
    fn waited(&mut self, wanted: u32, found: Found) -> Result<u32, WaitError> {
        self.learn(found);
        if self.known >= wanted {
            Ok(self.known)
        } else if found.flags & flag::CLOSED == 0 {
            Err(WaitError::TimedOut)
        } else if self.known > 0 && found.flags & flag::DONE == 0 {
            Ok(self.known)
        } else {
            Err(WaitError::Closed)
        }
    }

    /// Waits on this thread until so many bytes are free or available, or the last ones.
    pub(crate) fn wait(&mut self, wanted: u32, time: Option<Duration>) -> Result<u32, WaitError> {
        let wanted = wanted.min(self.capacity);
        if self.known >= wanted {
            return Ok(self.known);
        }
        let nanoseconds = time.map_or(u64::MAX, |time| {
            u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
        });
        // SAFETY: INV-ABI-3: our handle, and `&mut self`.
        let found = unsafe { (self.table.wait)(self.handle.as_ptr(), wanted, nanoseconds) };
        self.waited(wanted, found)
    }

    /// As `wait`, in a task.
    pub(crate) fn poll(
        &mut self,
        context: &Context<'_>,
        wanted: u32,
    ) -> Poll<Result<u32, WaitError>> {
        let wanted = wanted.min(self.capacity);
        if self.known >= wanted {
            return Poll::Ready(Ok(self.known));
        }
        let same = self
            .waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(context.waker()));
        let given = (!same).then(|| {
            self.waker = Some(context.waker().clone());
            given(context.waker().clone())
        });
        let waker = given.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: INV-ABI-3: our handle, and `&mut self`. INV-ABI-4: null, or one that the addon takes.
        let found = unsafe { (self.table.poll)(self.handle.as_ptr(), wanted, waker) };
        if found.flags & flag::PENDING != 0 {
            return Poll::Pending;
        }
        Poll::Ready(self.waited(wanted, found))
    }

    pub(crate) async fn ready(&mut self, wanted: u32) -> Result<u32, WaitError> {
        poll_fn(|context| self.poll(context, wanted)).await
    }

    /// Takes back the waker that a `poll` left.
    pub(crate) fn cancel(&mut self) {
        // SAFETY: INV-ABI-3: our handle, and `&mut self`.
        unsafe { (self.table.cancel)(self.handle.as_ptr()) };
    }

    /// Says why this end is about to be dropped.
    pub(crate) fn set_reason(&mut self, json: &str) {
        // SAFETY: INV-ABI-2, INV-ABI-3: our handle, and a text that is read during the call.
        unsafe { (self.table.set_reason)(self.handle.as_ptr(), Text::of(json)) };
    }

    /// What the other side closed with, as JSON; empty if it did not say.
    pub(crate) fn reason(&self) -> String {
        // SAFETY: INV-ABI-2, INV-ABI-3: our handle; the text is as long-lived as it, and is copied at once.
        let bytes = unsafe { (self.table.reason)(self.handle.as_ptr()).bytes() };
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// Where the slot `ahead` bytes after the next one begins. It is contiguous.
    #[inline]
    pub(crate) fn position(&self, ahead: u32) -> u32 {
        (self.offset + ahead) & (self.capacity - 1)
    }

    /// The address of a position.
    #[inline]
    pub(crate) fn at(&self, position: u32) -> *mut u8 {
        debug_assert!(position < 2 * self.capacity);
        // SAFETY: INV-ABI-3: the memory has twice the capacity, and a position is below that.
        unsafe { self.base.as_ptr().add(position as usize) }
    }

    /// Producer, before it publishes: brings what was written behind the end of a heap ring to its start.
    #[inline]
    pub(crate) fn fold_down(&self, end: u32) {
        if !self.mirrored && end > self.capacity {
            self.copy_within(self.capacity, 0, end - self.capacity);
        }
    }

    /// Consumer, before it reads: continues a heap ring behind its end with what is at its start.
    #[inline]
    pub(crate) fn unfold_up(&self, end: u32) {
        if !self.mirrored && end > self.capacity {
            self.copy_within(0, self.capacity, end - self.capacity);
        }
    }

    /// INV-NODE-3: whoever has the slots of the one half has those of the other.
    #[cold]
    fn copy_within(&self, from: u32, to: u32, length: u32) {
        for i in 0..length {
            // SAFETY: INV-ABI-5: both are this end's own: see above.
            unsafe {
                let byte = AtomicU8::from_ptr(self.at(from + i)).load(Relaxed);
                AtomicU8::from_ptr(self.at(to + i)).store(byte, Relaxed);
            }
        }
    }

    /// Writes `bytes` to a position that is a multiple of 8.
    #[inline]
    pub(crate) fn write(&self, position: u32, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        let slot = self.at(position);
        debug_assert!(slot.cast::<u64>().is_aligned());
        // SAFETY: INV-ABI-5: slots that this end owns, as the caller has found out. Relaxed: the publication orders them.
        unsafe {
            for (i, word) in words.iter().enumerate() {
                AtomicU64::from_ptr(slot.add(8 * i).cast())
                    .store(u64::from_le_bytes(*word), Relaxed);
            }
            for (i, byte) in rest.iter().enumerate() {
                AtomicU8::from_ptr(slot.add(8 * words.len() + i)).store(*byte, Relaxed);
            }
        }
    }

    /// Adds the `length` bytes at a position that is a multiple of 8 to `into`.
    #[inline]
    pub(crate) fn read(&self, position: u32, length: u32, into: &mut Vec<u8>) {
        let slot = self.at(position);
        debug_assert!(slot.cast::<u64>().is_aligned());
        let words = length as usize / 8;
        into.reserve(length as usize);
        // SAFETY: INV-ABI-5: slots that this end owns, as the caller has found out. Relaxed: the look ordered them.
        unsafe {
            into.extend((0..words).flat_map(|i| {
                AtomicU64::from_ptr(slot.add(8 * i).cast())
                    .load(Relaxed)
                    .to_le_bytes()
            }));
            into.extend(
                (8 * words..length as usize).map(|i| AtomicU8::from_ptr(slot.add(i)).load(Relaxed)),
            );
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.set_reason(crate::reason::PANICKED);
        }
        // SAFETY: INV-ABI-3: our handle, given back once.
        unsafe { (self.table.drop)(self.handle.as_ptr()) };
    }
}

/// A waker in the form that the addon takes.
fn given(waker: Waker) -> abi::Waker {
    unsafe extern "C" fn wake(data: *const std::ffi::c_void) {
        // SAFETY: INV-ABI-4: from the box below, not yet released.
        let waker = unsafe { &*data.cast::<Waker>() };
        // A waker is somebody's code; if it panics, that is not the business of the thread that pushes. The hook has
        // printed it.
        let _panicked =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| waker.wake_by_ref()));
    }

    unsafe extern "C" fn release(data: *const std::ffi::c_void) {
        // SAFETY: INV-ABI-4: from the box below, once.
        let waker = unsafe { Box::from_raw(data.cast_mut().cast::<Waker>()) };
        let _panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(waker)));
    }

    abi::Waker {
        data: Box::into_raw(Box::new(waker)).cast_const().cast(),
        wake,
        release,
    }
}
