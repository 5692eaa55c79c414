//! Rings of numbers and records: by value, many at once, in reservations.

use std::time::Duration;

use crosscore::{PushError, PushWaitError, WaitError};

use crate::element::Element;
use crate::end::End;
use crate::ring::{Consumer, Producer, bytes_of};

/// Of an element, in bytes.
const fn size<T>() -> u32 {
    size_of::<T>() as u32
}

impl End {
    /// Writes an element so many bytes ahead of the next slot, in slots that are free.
    #[inline]
    fn store<T: Element>(&self, ahead: u32, item: T) {
        let position = self.position(ahead);
        // SAFETY: INV-ABI-5: the caller has found that it is free. Positions are multiples of the size, capacities
        // powers of two of at least 8, so that it is aligned.
        unsafe { item.store(self.at(position)) };
        self.fold_down(position + size::<T>());
    }

    /// Reads the element so many bytes ahead of the next slot, which is there.
    #[inline]
    fn load<T: Element>(&self, ahead: u32) -> T {
        let position = self.position(ahead);
        self.unfold_up(position + size::<T>());
        // SAFETY: INV-ABI-5: the caller has found that it is there; as in `store`.
        unsafe { T::load(self.at(position)) }
    }
}

impl<T: Element> Producer<T> {
    /// Adds an element, published at once.
    ///
    /// # Errors
    ///
    /// The element, when the ring is full or the consumer is gone.
    ///
    /// ```no_run
    /// use crosscore_napi::{Producer, PushError};
    ///
    /// fn send(producer: &mut Producer<f64>) {
    ///     match producer.push(0.5) {
    ///         Ok(()) => {}
    ///         Err(PushError::Full(_)) => println!("later"),
    ///         Err(PushError::Closed(_)) => println!("nobody reads"),
    ///     }
    /// }
    /// ```
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), PushError<T>> {
        if !self.end.has(size::<T>()) {
            return Err(if self.end.is_closed() {
                PushError::Closed(item)
            } else {
                PushError::Full(item)
            });
        }
        self.end.store(0, item);
        if self.end.advance(size::<T>(), 0) {
            Ok(())
        } else {
            Err(PushError::Closed(item))
        }
    }

    /// Adds an element; waits on this thread while the ring is full. Without a time it waits for as long as it takes.
    ///
    /// # Errors
    ///
    /// The element, when the time is over or the consumer is gone.
    pub fn push_wait(&mut self, item: T, time: Option<Duration>) -> Result<(), PushWaitError<T>> {
        match self.end.wait(size::<T>(), time) {
            Ok(_) => self
                .push(item)
                .map_err(|refused| PushWaitError::Closed(refused.into_inner())),
            Err(WaitError::TimedOut) => Err(PushWaitError::TimedOut(item)),
            Err(WaitError::Closed) => Err(PushWaitError::Closed(item)),
        }
    }

    /// Adds an element; waits in a task while the ring is full.
    ///
    /// # Errors
    ///
    /// The element, when the consumer is gone.
    pub async fn push_async(&mut self, item: T) -> Result<(), T> {
        match self.end.ready(size::<T>()).await {
            Ok(_) => self.push(item).map_err(PushError::into_inner),
            Err(_) => Err(item),
        }
    }

    /// Adds as many as there is room for, from the front, published at once. Returns how many.
    pub fn push_slice(&mut self, items: &[T]) -> usize {
        if items.is_empty() {
            return 0;
        }
        let mut free = (self.end.known() / size::<T>()) as usize;
        if free < items.len() {
            free = (self.end.look() / size::<T>()) as usize;
        }
        let mut reservation = Reservation {
            producer: self,
            len: free.min(items.len()),
            written: 0,
        };
        reservation.extend_from_slice(items);
        reservation.commit()
    }

    /// Takes `n` free slots, to be filled one by one and published together; `None` if there is not so much room.
    ///
    /// ```no_run
    /// # fn send(producer: &mut crosscore_napi::Producer<u32>) {
    /// if let Some(mut reservation) = producer.reserve(3) {
    ///     reservation.extend([1, 2, 3]);
    ///     reservation.commit();
    /// }
    /// # }
    /// ```
    pub fn reserve(&mut self, n: usize) -> Option<Reservation<'_, T>> {
        self.end.has(bytes_of::<T>(n)).then_some(Reservation {
            producer: self,
            len: n,
            written: 0,
        })
    }
}

/// Free slots that are being filled. From [`Producer::reserve`].
///
/// Dropping it publishes nothing.
#[derive(Debug)]
#[must_use = "dropping a reservation publishes nothing"]
pub struct Reservation<'a, T: Element> {
    producer: &'a mut Producer<T>,
    len: usize,
    written: usize,
}

impl<T: Element> Reservation<'_, T> {
    /// How many slots are not yet filled.
    pub fn left(&self) -> usize {
        self.len - self.written
    }

    /// Fills the next slot. Gives the element back if all are filled.
    ///
    /// # Errors
    ///
    /// The element.
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), T> {
        if self.written == self.len {
            return Err(item);
        }
        self.producer.end.store(bytes_of::<T>(self.written), item);
        self.written += 1;
        Ok(())
    }

    /// Fills as many slots as there are; returns how many of `items` that took.
    pub fn extend_from_slice(&mut self, items: &[T]) -> usize {
        let n = items.len().min(self.left());
        self.extend(items[..n].iter().copied());
        n
    }

    /// Publishes what was filled, all at once, and returns how many that were: 0 when the consumer is gone.
    pub fn commit(self) -> usize {
        let bytes = bytes_of::<T>(self.written);
        if self.written == 0 || !self.producer.end.advance(bytes, 0) {
            return 0;
        }
        self.written
    }
}

/// Takes no more items than there are slots.
impl<T: Element> Extend<T> for Reservation<'_, T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items.into_iter().take(self.left()) {
            let _fits = self.push(item);
        }
    }
}

impl<T: Element> Consumer<T> {
    /// Takes the oldest element.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let item = self.peek()?;
        self.end.advance(size::<T>(), 0);
        Some(item)
    }

    /// A copy of the oldest element, which stays.
    #[inline]
    pub fn peek(&mut self) -> Option<T> {
        self.end.has(size::<T>()).then(|| self.end.load(0))
    }

    /// Takes the oldest element; waits on this thread while there is none. Without a time it waits for as long as it
    /// takes.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`], and [`WaitError::Closed`] when the producer is gone and everything has been read.
    pub fn pop_wait(&mut self, time: Option<Duration>) -> Result<T, WaitError> {
        self.end.wait(size::<T>(), time)?;
        self.pop().ok_or(WaitError::Closed)
    }

    /// Takes the oldest element; waits in a task while there is none. `None` when the producer is gone and everything
    /// has been read.
    pub async fn pop_async(&mut self) -> Option<T> {
        self.end.ready(size::<T>()).await.ok()?;
        self.pop()
    }

    /// Takes as many as are there, or as `out` holds. Returns how many.
    pub fn pop_slice(&mut self, out: &mut [T]) -> usize {
        let mut places = out.iter_mut();
        self.drain(places.len(), |item| {
            if let Some(place) = places.next() {
                *place = item;
            }
        })
    }

    /// Calls `f` with each element that is there, `max` at most; their slots are given back together. Returns how many.
    ///
    /// A panic in `f` takes the elements that it was called with.
    pub fn drain(&mut self, max: usize, mut f: impl FnMut(T)) -> usize {
        struct Taken<'a>(&'a mut End, u32);

        impl Drop for Taken<'_> {
            fn drop(&mut self) {
                if self.1 > 0 {
                    self.0.advance(self.1, 0);
                }
            }
        }

        let mut known = (self.end.known() / size::<T>()) as usize;
        if known < max {
            known = (self.end.look() / size::<T>()) as usize;
        }
        let count = known.min(max);
        let mut taken = Taken(&mut self.end, 0);
        for _ in 0..count {
            let item = taken.0.load(taken.1);
            // First, so that a panic neither repeats nor skips one.
            taken.1 += size::<T>();
            f(item);
        }
        count
    }
}

/// Waits on this thread for each element; ends when the producer is gone and everything has been read.
impl<T: Element> Iterator for Consumer<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.pop_wait(None).ok()
    }
}
