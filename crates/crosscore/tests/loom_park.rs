//! Loom explores the parked handshake on the shipped types, fences included: `npm run loom`, or
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release -p crosscore --features async --test loom_park
//! ```
//!
//! A lost wake-up is a thread that sleeps for ever, which Loom reports as a deadlock. So the handle of
//! the side that publishes outlives the wait in every model: its drop would wake the other side too, and
//! hide that the publication had not.
//!
//! | weakened | first caught by |
//! | --- | --- |
//! | `FENCE_PUBLISHER`, `FENCE_PARKER` | `a_push_wakes_the_consumer` |
//! | `PARK`, `TAKE_WAKER` | `a_push_wakes_the_consumer` |
//! | `RETURN_SLOT`, `REGAIN_SLOT` | `tasks::a_slot_is_used_again` |
//!
//! A thread that is unparked has seen all that its waker has done, in Loom as in `std`. That hides what
//! `RETURN_SLOT` and `REGAIN_SLOT` are for, so theirs are the models with wakers that order nothing.

#![cfg(loom)]

#[cfg(feature = "async")]
mod counting;

use std::time::Duration;

use crosscore::{Consumer, Producer, PushWaitError, Ring, WaitError};
use loom::thread;

/// A timeout. Loom has no clock: it is over before, between or after any steps of the other side, but
/// only when the wait would have slept.
const SOON: Option<Duration> = Some(Duration::from_secs(3600));

/// All interleavings, whatever `LOOM_MAX_PREEMPTIONS` says.
fn exhaustive(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = None;
    builder.check(model);
}

/// All interleavings with at most `LOOM_MAX_PREEMPTIONS` switches that no thread asked for, or this
/// many.
fn bounded(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(model);
}

fn ring(capacity: usize) -> (Producer<usize>, Consumer<usize>) {
    Ring::with_capacity(capacity).unwrap()
}

/// A ring of one slot that is taken.
fn full_ring() -> (Producer<usize>, Consumer<usize>) {
    let (mut producer, consumer) = ring(1);
    producer.push(0).unwrap();
    (producer, consumer)
}

// INV-PARK-1, INV-PARK-2
#[test]
fn a_push_wakes_the_consumer() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(1);
        let waiter = thread::spawn(move || {
            assert_eq!(consumer.pop_wait(None), Ok(1));
            consumer
        });
        producer.push(1).unwrap();
        waiter.join().unwrap();
    });
}

// INV-PARK-1, INV-PARK-2
#[test]
fn a_pop_wakes_the_producer() {
    exhaustive(|| {
        let (mut producer, mut consumer) = full_ring();
        let waiter = thread::spawn(move || {
            producer.push_wait(1, None).unwrap();
            producer
        });
        assert_eq!(consumer.pop(), Some(0));
        waiter.join().unwrap();
        assert_eq!(consumer.pop(), Some(1));
    });
}

// INV-PARK-1: in bulk too, and by the guard of a drain.
#[test]
fn a_commit_and_a_drain_wake() {
    bounded(3, || {
        let (mut producer, mut consumer) = full_ring();
        let waiter = thread::spawn(move || {
            let mut reservation = producer.reserve_wait(1, None).unwrap();
            reservation.fill([1]);
            reservation.commit();
            producer
        });
        assert_eq!(consumer.drain(1, |n| assert_eq!(n, 0)), 1);
        assert_eq!(consumer.pop_wait(None), Ok(1));
        waiter.join().unwrap();
    });
}

// INV-PARK-1: the mark "closed" is published like a cursor.
#[test]
fn a_close_wakes_the_consumer() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(1);
        let waiter = thread::spawn(move || {
            assert_eq!(consumer.pop_wait(None), Err(WaitError::Closed));
            consumer
        });
        producer.close();
        waiter.join().unwrap();
    });
}

// INV-PARK-1: the consumer drops what is left and so makes room; either can be seen first.
#[test]
fn a_close_wakes_the_producer() {
    exhaustive(|| {
        let (mut producer, mut consumer) = full_ring();
        let waiter = thread::spawn(move || {
            let refused = producer.push_wait(1, None).err();
            assert!(matches!(refused, None | Some(PushWaitError::Closed(1))));
            producer
        });
        consumer.close();
        waiter.join().unwrap();
    });
}

// INV-PARK-1, INV-CLOSE-1: the drop of the other handle, after an element or without.
#[test]
fn a_drop_wakes_the_consumer() {
    bounded(3, || {
        let (mut producer, mut consumer) = ring(1);
        let waiter = thread::spawn(move || {
            assert_eq!(consumer.pop_wait(None), Ok(1));
            assert_eq!(consumer.pop_wait(None), Err(WaitError::Closed));
        });
        producer.push(1).unwrap();
        drop(producer);
        waiter.join().unwrap();
    });
}

// INV-PARK-1
#[test]
fn a_drop_wakes_the_producer() {
    bounded(3, || {
        let (mut producer, consumer) = full_ring();
        let waiter = thread::spawn(move || {
            let refused = producer.push_wait(1, None).err();
            assert!(matches!(refused, None | Some(PushWaitError::Closed(1))));
        });
        drop(consumer);
        waiter.join().unwrap();
    });
}

// INV-PARK-1, INV-PARK-2: what wakes the consumer need not be enough, and it parks again on the same
// slot.
#[test]
fn the_consumer_waits_for_two() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(2);
        let waiter = thread::spawn(move || {
            assert_eq!(consumer.wait_for_data(2, None), Ok(2));
            consumer
        });
        producer.push(0).unwrap();
        producer.push(1).unwrap();
        waiter.join().unwrap();
    });
}

// INV-PARK-1, INV-PARK-2
#[test]
fn the_producer_waits_for_two() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(2);
        assert_eq!(producer.push_slice(&[0, 1]), 2);
        let waiter = thread::spawn(move || {
            assert_eq!(producer.wait_for_space(2, None), Ok(2));
            producer
        });
        assert_eq!(consumer.pop(), Some(0));
        assert_eq!(consumer.pop(), Some(1));
        waiter.join().unwrap();
    });
}

// INV-PARK-1, INV-PARK-2: two waits in a row; the second can park while the publisher is still busy with
// waking from the first.
#[test]
fn two_waits_on_one_slot() {
    bounded(3, || {
        let (mut producer, mut consumer) = ring(2);
        let waiter = thread::spawn(move || {
            assert_eq!(consumer.pop_wait(None), Ok(0));
            assert_eq!(consumer.pop_wait(None), Ok(1));
            consumer
        });
        producer.push(0).unwrap();
        producer.push(1).unwrap();
        waiter.join().unwrap();
    });
}

// INV-PARK-1, INV-PARK-2: either side parks, and each wakes the other.
#[test]
fn both_sides_wait() {
    bounded(3, || {
        let (mut producer, mut consumer) = ring(1);
        let waiter = thread::spawn(move || {
            for n in 0..2 {
                assert_eq!(consumer.pop_wait(None), Ok(n));
            }
            consumer
        });
        for n in 0..2 {
            producer.push_wait(n, None).unwrap();
        }
        waiter.join().unwrap();
    });
}

// INV-PARK-1, INV-PARK-2: there and back again, so that each is woken by an answer to what it sent.
#[test]
fn ping_pong() {
    bounded(3, || {
        let (mut ping, mut pinged) = ring(1);
        let (mut pong, mut ponged) = ring(1);
        let waiter = thread::spawn(move || {
            for _ in 0..2 {
                let n = pinged.pop_wait(None).unwrap();
                pong.push_wait(n, None).unwrap();
            }
            (pinged, pong)
        });
        for n in 0..2 {
            ping.push_wait(n, None).unwrap();
            assert_eq!(ponged.pop_wait(None), Ok(n));
        }
        waiter.join().unwrap();
    });
}

// INV-PARK-2: the time is over while the publisher takes the waker, or just before, or just after. The
// element is there or will be; the next wait gets it.
#[test]
fn a_timeout_races_with_a_push() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(1);
        let waiter = thread::spawn(move || {
            match consumer.pop_wait(SOON) {
                Err(WaitError::TimedOut) => assert_eq!(consumer.pop_wait(None), Ok(1)),
                got => assert_eq!(got, Ok(1)),
            }
            consumer
        });
        producer.push(1).unwrap();
        waiter.join().unwrap();
    });
}

// INV-PARK-2
#[test]
fn a_timeout_races_with_a_pop() {
    exhaustive(|| {
        let (mut producer, mut consumer) = full_ring();
        let waiter = thread::spawn(move || {
            if let Err(refused) = producer.push_wait(1, SOON) {
                producer.push_wait(refused.into_inner(), None).unwrap();
            }
            producer
        });
        assert_eq!(consumer.pop(), Some(0));
        waiter.join().unwrap();
        assert_eq!(consumer.pop(), Some(1));
    });
}

// INV-PARK-1, INV-CLOSE-1: the time is over while the ring closes.
#[test]
fn a_timeout_races_with_a_close() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(1);
        let waiter = thread::spawn(move || {
            if consumer.pop_wait(SOON) == Err(WaitError::TimedOut) {
                assert_eq!(consumer.pop_wait(None), Err(WaitError::Closed));
            }
            consumer
        });
        producer.close();
        waiter.join().unwrap();
    });
}

/// What is woken is not a thread.
#[cfg(feature = "async")]
mod tasks {
    use std::sync::Arc;
    use std::task::{Context, Poll, Wake, Waker};

    use super::counting::counting;
    use super::*;

    /// A doorbell that Loom knows.
    struct Bell(loom::sync::Notify);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.notify();
        }
    }

    /// Polls, and again each time that the waker has been woken.
    fn until_ready<R>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> R {
        let bell = Arc::new(Bell(loom::sync::Notify::new()));
        let waker = Waker::from(Arc::clone(&bell));
        let mut context = Context::from_waker(&waker);
        loop {
            match poll(&mut context) {
                Poll::Ready(found) => return found,
                Poll::Pending => bell.0.wait(),
            }
        }
    }

    fn data(consumer: &mut Consumer<usize>, waker: &Waker) -> Poll<Result<usize, WaitError>> {
        consumer.poll_data(&mut Context::from_waker(waker), 1)
    }

    // INV-PARK-1, INV-PARK-2
    #[test]
    fn a_push_wakes_the_task() {
        exhaustive(|| {
            let (mut producer, mut consumer) = ring(1);
            let waiter = thread::spawn(move || {
                assert_eq!(until_ready(|context| consumer.poll_data(context, 1)), Ok(1));
                consumer
            });
            producer.push(1).unwrap();
            waiter.join().unwrap();
        });
    }

    // INV-PARK-1, INV-PARK-2
    #[test]
    fn a_pop_wakes_the_task() {
        exhaustive(|| {
            let (mut producer, mut consumer) = full_ring();
            let waiter = thread::spawn(move || {
                let free = until_ready(|context| producer.poll_space(context, 1));
                assert_eq!(free, Ok(1));
                producer
            });
            assert_eq!(consumer.pop(), Some(0));
            waiter.join().unwrap();
        });
    }

    // INV-PARK-1, INV-CLOSE-1
    #[test]
    fn a_drop_wakes_the_task() {
        bounded(3, || {
            let (mut producer, mut consumer) = ring(1);
            let waiter = thread::spawn(move || {
                assert_eq!(until_ready(|context| consumer.poll_data(context, 1)), Ok(1));
                assert_eq!(consumer.pop(), Some(1));
                let closed = until_ready(|context| consumer.poll_data(context, 1));
                assert_eq!(closed, Err(WaitError::Closed));
            });
            producer.push(1).unwrap();
            drop(producer);
            waiter.join().unwrap();
        });
    }

    // INV-PARK-1: after a poll that said "pending" and one publication, the waker has been woken, once.
    #[test]
    fn a_waker_is_woken_once() {
        exhaustive(|| {
            let (mut producer, mut consumer) = ring(2);
            let (count, waker) = counting();
            let waiter =
                thread::spawn(move || (data(&mut consumer, &waker).is_pending(), consumer));
            producer.push(0).unwrap();
            producer.push(1).unwrap();
            let (was_pending, consumer) = waiter.join().unwrap();
            // Or none: it was taken back because the last look found the element.
            assert!(count.get() == 1 || (count.get() == 0 && !was_pending));
            // And nobody has kept it.
            assert_eq!(Arc::strong_count(&count), 1);
            drop((producer, consumer));
        });
    }

    // INV-PARK-2: the slot changes hands and back while nothing but itself orders that. A poll that finds
    // enough leaves no waker, so these wait for more than there is.
    #[test]
    fn a_slot_is_used_again() {
        exhaustive(|| {
            let (mut producer, mut consumer) = ring(2);
            let waiter = thread::spawn(move || {
                let mut context = Context::from_waker(Waker::noop());
                let _ = consumer.poll_data(&mut context, 2);
                let _ = consumer.poll_data(&mut context, 2);
                consumer
            });
            producer.push(0).unwrap();
            waiter.join().unwrap();
        });
    }

    // INV-PARK-2
    #[test]
    fn the_producers_slot_is_used_again() {
        exhaustive(|| {
            let (mut producer, mut consumer) = ring(2);
            assert_eq!(producer.push_slice(&[0, 1]), 2);
            let waiter = thread::spawn(move || {
                let mut context = Context::from_waker(Waker::noop());
                let _ = producer.poll_space(&mut context, 2);
                let _ = producer.poll_space(&mut context, 2);
                producer
            });
            assert_eq!(consumer.pop(), Some(0));
            waiter.join().unwrap();
        });
    }

    // INV-PARK-1: to ask again with the waker that is still there is a look and nothing else, and it is woken
    // all the same.
    #[test]
    fn a_waker_that_is_there_already() {
        exhaustive(|| {
            let (mut producer, mut consumer) = ring(1);
            let waiter = thread::spawn(move || {
                let found = until_ready(|context| {
                    let _ = consumer.poll_data(context, 1);
                    consumer.poll_data(context, 1)
                });
                assert_eq!(found, Ok(1));
                consumer
            });
            producer.push(1).unwrap();
            waiter.join().unwrap();
        });
    }

    // INV-PARK-1, INV-PARK-2: one that has been taken is not there, although the task is the same.
    #[test]
    fn the_same_waker_is_left_again_after_it_was_taken() {
        bounded(3, || {
            let (mut producer, mut consumer) = ring(2);
            let waiter = thread::spawn(move || {
                assert_eq!(until_ready(|context| consumer.poll_data(context, 2)), Ok(2));
                consumer
            });
            producer.push(0).unwrap();
            producer.push(1).unwrap();
            waiter.join().unwrap();
        });
    }

    // INV-PARK-1, INV-PARK-2: the task has moved, and its new waker is the one that counts.
    #[test]
    fn another_waker_takes_the_place_of_the_first() {
        exhaustive(|| {
            let (mut producer, mut consumer) = ring(1);
            let (first, old) = counting();
            let waiter = thread::spawn(move || {
                let _ = data(&mut consumer, &old);
                drop(old);
                assert_eq!(until_ready(|context| consumer.poll_data(context, 1)), Ok(1));
                consumer
            });
            producer.push(1).unwrap();
            waiter.join().unwrap();
            assert!(first.get() <= 1);
            assert_eq!(Arc::strong_count(&first), 1);
        });
    }

    // INV-PARK-2: the wait is cancelled while the publisher takes the waker, or just before, or just after.
    #[test]
    fn a_cancelled_wait_races_with_a_push() {
        exhaustive(|| {
            let (mut producer, mut consumer) = ring(1);
            let (count, waker) = counting();
            let waiter = thread::spawn(move || {
                let _ = data(&mut consumer, &waker);
                consumer.cancel_wait();
                // Twice is the same.
                consumer.cancel_wait();
                drop(waker);
                assert_eq!(consumer.pop_wait(None), Ok(1));
                consumer
            });
            producer.push(1).unwrap();
            waiter.join().unwrap();
            assert!(count.get() <= 1);
            assert_eq!(Arc::strong_count(&count), 1);
        });
    }

    // INV-PARK-2
    #[test]
    fn a_cancelled_wait_races_with_a_pop() {
        exhaustive(|| {
            let (mut producer, mut consumer) = full_ring();
            let waiter = thread::spawn(move || {
                let _ = producer.poll_space(&mut Context::from_waker(Waker::noop()), 1);
                producer.cancel_wait();
                producer.push_wait(1, None).unwrap();
                producer
            });
            assert_eq!(consumer.pop(), Some(0));
            waiter.join().unwrap();
            assert_eq!(consumer.pop(), Some(1));
        });
    }

    // INV-PARK-2: a handle goes while its waker is being taken. Both drop what they have of the ring.
    #[test]
    fn a_drop_races_with_a_push() {
        exhaustive(|| {
            let (mut producer, mut consumer) = ring(1);
            let (count, waker) = counting();
            let leaver = thread::spawn(move || {
                let _ = data(&mut consumer, &waker);
            });
            // Taken, or refused because the consumer is gone.
            let _ = producer.push(1);
            leaver.join().unwrap();
            assert_eq!(Arc::strong_count(&count), 1);
            drop(producer);
            assert!(count.get() <= 1);
        });
    }

    // INV-PARK-1, INV-PARK-2: a task on one side, a thread on the other.
    #[test]
    fn a_task_and_a_thread() {
        bounded(3, || {
            let (mut producer, mut consumer) = ring(1);
            let waiter = thread::spawn(move || {
                for n in 0..2 {
                    assert_eq!(until_ready(|context| consumer.poll_data(context, 1)), Ok(1));
                    assert_eq!(consumer.pop(), Some(n));
                }
                consumer
            });
            for n in 0..2 {
                producer.push_wait(n, None).unwrap();
            }
            waiter.join().unwrap();
        });
    }
}
