//! Waiting on threads that block: results, times, and who wakes whom.

#![cfg(all(not(loom), feature = "std"))]

mod memories;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crosscore::{Consumer, PushWaitError, Ring, WaitError};

/// Long enough that the other side has stopped spinning and sleeps.
const ASLEEP: Duration = Duration::from_millis(30);
/// Longer than any test may take.
const FOREVER: Option<Duration> = Some(Duration::from_secs(60));
const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

fn some_time(millis: u64) -> Option<Duration> {
    Some(Duration::from_millis(millis))
}

/// What `wait` returned, and how long it took.
fn timed<R>(wait: impl FnOnce() -> R) -> (R, Duration) {
    let start = Instant::now();
    (wait(), start.elapsed())
}

#[test]
fn what_is_there_is_had_at_once() {
    for (mut producer, mut consumer) in memories::rings::<u64>(4) {
        for timeout in [None, AT_ONCE, FOREVER, Some(Duration::MAX)] {
            producer.push_wait(7, timeout).unwrap();
            assert_eq!(consumer.wait_for_data(1, timeout), Ok(1));
            assert_eq!(consumer.pop_wait(timeout), Ok(7));
            let capacity = producer.capacity();
            assert_eq!(producer.wait_for_space(1, timeout), Ok(capacity));
        }
    }
}

#[test]
fn no_time_is_one_look() {
    for (mut producer, mut consumer) in memories::rings::<u64>(1) {
        let (result, time) = timed(|| consumer.pop_wait(AT_ONCE));
        assert_eq!(result, Err(WaitError::TimedOut));
        assert!(time < Duration::from_millis(100), "{time:?}");
        assert_eq!(consumer.wait_for_data(1, AT_ONCE), Err(WaitError::TimedOut));

        while producer.push(1).is_ok() {}
        let (result, time) = timed(|| producer.push_wait(2, AT_ONCE));
        assert_eq!(result, Err(PushWaitError::TimedOut(2)));
        assert!(time < Duration::from_millis(100), "{time:?}");
        assert_eq!(
            producer.wait_for_space(1, AT_ONCE),
            Err(WaitError::TimedOut)
        );
        assert_eq!(
            producer.reserve_wait(1, AT_ONCE).err(),
            Some(WaitError::TimedOut)
        );
    }
}

#[test]
fn a_wait_lasts_as_long_as_it_should() {
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    for millis in [1, 5, 40] {
        let (result, time) = timed(|| consumer.pop_wait(some_time(millis)));
        assert_eq!(result, Err(WaitError::TimedOut));
        assert!(time >= Duration::from_millis(millis), "{time:?}");
        assert!(time < Duration::from_millis(millis + 2_000), "{time:?}");
    }
    producer.push(1).unwrap();
    for millis in [1, 5, 40] {
        let (result, time) = timed(|| producer.push_wait(2, some_time(millis)));
        assert_eq!(result, Err(PushWaitError::TimedOut(2)));
        assert!(time >= Duration::from_millis(millis), "{time:?}");
    }
    // Neither has left anything behind.
    assert_eq!(consumer.pop(), Some(1));
    assert_eq!(producer.push(2), Ok(()));
    assert_eq!(consumer.pop_wait(AT_ONCE), Ok(2));
}

// INV-PARK-1: and a time that the clock cannot reach is for ever.
#[test]
fn a_push_wakes_the_consumer() {
    for timeout in [None, FOREVER, Some(Duration::MAX)] {
        for (mut producer, mut consumer) in memories::rings::<u64>(2) {
            let waiter = thread::spawn(move || consumer.pop_wait(timeout));
            thread::sleep(ASLEEP);
            producer.push(7).unwrap();
            assert_eq!(waiter.join().unwrap(), Ok(7));
        }
    }
}

// INV-PARK-1
#[test]
fn a_pop_wakes_the_producer() {
    for timeout in [None, FOREVER, Some(Duration::MAX)] {
        let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
        producer.push(1).unwrap();
        let waiter = thread::spawn(move || producer.push_wait(2, timeout));
        thread::sleep(ASLEEP);
        assert_eq!(consumer.pop(), Some(1));
        assert_eq!(waiter.join().unwrap(), Ok(()));
        assert_eq!(consumer.pop(), Some(2));
    }
}

// INV-PARK-1: every way to publish and to release wakes.
#[test]
fn whatever_publishes_wakes() {
    let (mut producer, mut consumer) = Ring::<u64>::with_capacity(4).unwrap();
    let waiter = thread::spawn(move || {
        let mut received = Vec::new();
        while let Ok(n) = consumer.pop_wait(FOREVER) {
            received.push(n);
        }
        received
    });
    thread::sleep(ASLEEP);
    producer.push_slice(&[1, 2]);
    thread::sleep(ASLEEP);
    let mut reservation = producer.reserve(1).unwrap();
    reservation.fill([3]);
    reservation.commit();
    thread::sleep(ASLEEP);
    // SAFETY: the ring is empty, so the slot is free; it is written before it is published.
    unsafe {
        producer.ring().base().add(3).write(4);
        producer.publish_raw(1);
    }
    thread::sleep(ASLEEP);
    drop(producer);
    assert_eq!(waiter.join().unwrap(), [1, 2, 3, 4]);
}

// INV-PARK-1
#[test]
fn whatever_releases_wakes() {
    let (mut producer, mut consumer) = Ring::<u64>::with_capacity(1).unwrap();
    let waiter = thread::spawn(move || (0..6).all(|n| producer.push_wait(n, FOREVER).is_ok()));
    // The producer is asleep by then, unless the machine has not let it run at all.
    let filled = |consumer: &mut Consumer<u64>| {
        thread::sleep(ASLEEP);
        consumer.wait_for_data(1, FOREVER).unwrap();
    };
    filled(&mut consumer);
    assert_eq!(consumer.drain(1, |n| assert_eq!(n, 0)), 1);
    filled(&mut consumer);
    assert_eq!(consumer.drain_ref(1, |n| assert_eq!(*n, 1)), 1);
    filled(&mut consumer);
    consumer.read(1).unwrap().release_all();
    filled(&mut consumer);
    assert_eq!(consumer.pop_slice(&mut [0]), 1);
    filled(&mut consumer);
    // SAFETY: the one element is available, as was just seen, and needs no drop.
    unsafe { consumer.release_raw(1) };
    assert!(waiter.join().unwrap());
    assert_eq!(consumer.pop(), Some(5));
}

// INV-PARK-1
#[test]
fn a_close_wakes_both_sides() {
    for by_drop in [false, true] {
        let (mut producer, mut consumer) = Ring::<u64>::with_capacity(1).unwrap();
        let waiter = thread::spawn(move || (consumer.pop_wait(None), consumer.pop_wait(None)));
        thread::sleep(ASLEEP);
        producer.push(1).unwrap();
        thread::sleep(ASLEEP);
        producer.close();
        if by_drop {
            drop(producer);
        }
        assert_eq!(waiter.join().unwrap(), (Ok(1), Err(WaitError::Closed)));

        let (mut producer, mut consumer) = Ring::with_capacity(2).unwrap();
        producer.push_slice(&[0, 1]);
        let waiter = thread::spawn(move || {
            let space = producer.wait_for_space(2, None);
            (space, producer.push_wait(2, None))
        });
        thread::sleep(ASLEEP);
        // Not enough for it.
        assert_eq!(consumer.pop(), Some(0));
        thread::sleep(ASLEEP);
        if by_drop {
            drop(consumer);
        } else {
            consumer.close();
        }
        let (space, push) = waiter.join().unwrap();
        // The close drops what is left; the room can be seen before the mark.
        assert!(matches!(space, Ok(2) | Err(WaitError::Closed)), "{space:?}");
        assert!(matches!(push, Ok(()) | Err(PushWaitError::Closed(2))));
    }
}

#[test]
fn a_closed_ring_is_not_waited_for() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    producer.push_slice(&[1, 2]);
    producer.close();
    assert_eq!(producer.push_wait(3, None), Err(PushWaitError::Closed(3)));
    assert_eq!(producer.wait_for_space(1, None), Err(WaitError::Closed));
    assert_eq!(
        producer.reserve_wait(1, None).err(),
        Some(WaitError::Closed)
    );
    // The last ones, though they are fewer than asked for.
    assert_eq!(consumer.wait_for_data(3, None), Ok(2));
    assert_eq!(consumer.pop_wait(None), Ok(1));
    assert_eq!(consumer.pop_wait(None), Ok(2));
    assert_eq!(consumer.pop_wait(None), Err(WaitError::Closed));
    assert_eq!(consumer.wait_for_data(1, None), Err(WaitError::Closed));

    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    producer.push(1).unwrap();
    consumer.close();
    assert_eq!(consumer.pop_wait(None), Err(WaitError::Closed));
    assert_eq!(consumer.wait_for_data(1, None), Err(WaitError::Closed));
    assert_eq!(producer.push_wait(3, None), Err(PushWaitError::Closed(3)));
}

#[test]
fn a_refused_element_comes_back() {
    let (mut producer, consumer) = Ring::with_capacity(1).unwrap();
    producer.push("first".to_owned()).unwrap();
    let late = producer.push_wait("second".to_owned(), some_time(1));
    assert_eq!(late.unwrap_err().into_inner(), "second");
    drop(consumer);
    let late = producer.push_wait("third".to_owned(), None);
    assert_eq!(late.unwrap_err().into_inner(), "third");
}

#[test]
fn nothing_is_as_one_and_too_much_is_all() {
    for (mut producer, mut consumer) in memories::rings::<u8>(4) {
        let capacity = producer.capacity();
        assert_eq!(producer.wait_for_space(0, None), Ok(capacity));
        assert_eq!(producer.wait_for_space(capacity + 1, None), Ok(capacity));
        assert_eq!(producer.wait_for_space(usize::MAX, None), Ok(capacity));
        assert_eq!(producer.reserve_wait(0, None).unwrap().len(), 1);
        let reservation = producer.reserve_wait(usize::MAX, None).unwrap();
        assert_eq!(reservation.len(), capacity);
        drop(reservation);
        assert_eq!(consumer.wait_for_data(0, AT_ONCE), Err(WaitError::TimedOut));

        producer.push(1).unwrap();
        assert_eq!(consumer.wait_for_data(0, None), Ok(1));
        // Not all of it is free, and not all of it is taken.
        for n in [capacity, capacity + 1, usize::MAX] {
            let timed_out = WaitError::TimedOut;
            assert_eq!(producer.wait_for_space(n, some_time(1)), Err(timed_out));
            assert_eq!(consumer.wait_for_data(n, some_time(1)), Err(timed_out));
        }
        while producer.push(1).is_ok() {}
        assert_eq!(consumer.wait_for_data(usize::MAX, None), Ok(capacity));
        assert_eq!(
            producer.wait_for_space(0, AT_ONCE),
            Err(WaitError::TimedOut)
        );
    }
}

// INV-PARK-2: the wait goes on when it has been woken for less than it asked for.
#[test]
fn several_publications_end_one_wait() {
    let (mut producer, mut consumer) = Ring::with_capacity(8).unwrap();
    let waiter = thread::spawn(move || {
        let found = consumer.wait_for_data(3, FOREVER);
        (found, consumer)
    });
    for n in 0..3 {
        thread::sleep(ASLEEP);
        assert!(!waiter.is_finished());
        producer.push(n).unwrap();
    }
    let (found, mut consumer) = waiter.join().unwrap();
    assert_eq!(found, Ok(3));

    producer.push_slice(&[3, 4, 5, 6, 7]);
    let waiter = thread::spawn(move || producer.reserve_wait(3, FOREVER).map(|slots| slots.len()));
    for _ in 0..3 {
        thread::sleep(ASLEEP);
        assert!(!waiter.is_finished());
        consumer.pop().unwrap();
    }
    assert_eq!(waiter.join().unwrap(), Ok(3));
}

// A permit of thread::park that is left over from before, or comes from somebody else, ends no wait.
#[test]
fn the_permits_of_others_end_no_wait() {
    let (_producer, mut consumer) = Ring::<u64>::with_capacity(1).unwrap();
    thread::current().unpark();
    let (result, time) = timed(|| consumer.pop_wait(some_time(30)));
    assert_eq!(result, Err(WaitError::TimedOut));
    assert!(time >= Duration::from_millis(30), "{time:?}");

    let done = AtomicBool::new(false);
    let waiter = thread::current();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                waiter.unpark();
                thread::yield_now();
            }
        });
        let (result, time) = timed(|| consumer.pop_wait(some_time(30)));
        done.store(true, Ordering::Relaxed);
        assert_eq!(result, Err(WaitError::TimedOut));
        assert!(time >= Duration::from_millis(30), "{time:?}");
    });
}

// INV-PARK-2: each wait is woken on the thread that it is on.
#[test]
fn handles_move_between_waits() {
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    for n in 0..20 {
        let waiter = thread::spawn(move || (consumer.pop_wait(FOREVER), consumer));
        if n % 2 == 0 {
            thread::sleep(Duration::from_millis(5));
        }
        producer = thread::spawn(move || {
            producer.push_wait(n, FOREVER).unwrap();
            producer
        })
        .join()
        .unwrap();
        let (got, back) = waiter.join().unwrap();
        assert_eq!(got, Ok(n));
        consumer = back;
    }
}

// INV-PARK-2: the time is over while the other side wakes, thousands of times; nothing is lost.
#[test]
fn timeouts_race_with_wake_ups() {
    const ELEMENTS: u64 = 3_000;
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    // Around the time that a wake-up takes.
    let timeout = |n: u64| Some(Duration::from_micros(n % 97));
    let sender = thread::spawn(move || {
        let mut timeouts = 0;
        for n in 0..ELEMENTS {
            while let Err(late) = producer.push_wait(n, timeout(n + timeouts)) {
                assert_eq!(late, PushWaitError::TimedOut(n));
                timeouts += 1;
            }
            for _ in 0..n % 50 * 10 {
                std::hint::spin_loop();
            }
        }
        timeouts
    });
    let (mut next, mut timeouts) = (0, 0);
    loop {
        match consumer.pop_wait(timeout(next + timeouts)) {
            Ok(n) => {
                assert_eq!(n, next);
                next += 1;
            }
            Err(WaitError::TimedOut) => timeouts += 1,
            Err(WaitError::Closed) => break,
        }
    }
    assert_eq!(next, ELEMENTS);
    let timeouts_of_the_producer = sender.join().unwrap();
    println!("timed out: consumer {timeouts}, producer {timeouts_of_the_producer}");
}

#[test]
fn a_spin_ends_with_what_there_is_and_counts_nothing() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    assert_eq!(consumer.spin_for_data(0), 0);
    assert_eq!(consumer.spin_for_data(100), 0);
    assert_eq!(consumer.metrics().empty_encounters, 0);
    producer.push_slice(&[1, 2, 3]);
    assert_eq!(consumer.spin_for_data(1), 3);
    let answer = thread::spawn(move || {
        while consumer.spin_for_data(10) < 4 {}
        consumer.close();
        consumer.spin_for_data(10)
    });
    producer.push(4).unwrap();
    assert_eq!(answer.join().unwrap(), 0);
}

// INV-RES-2, INV-DROP-2: what it held is dropped, what it published arrives, and nobody waits for it.
#[test]
fn a_thread_that_dies_half_way_ends_the_others_wait() {
    fn die() -> ! {
        // Without the hook that prints: it is meant.
        std::panic::resume_unwind(Box::new("on purpose"))
    }

    let elements = Arc::new(());
    for capacity in [1, 2] {
        let (mut producer, mut consumer) = Ring::with_capacity(capacity).unwrap();
        let element = Arc::clone(&elements);
        let dies = thread::spawn(move || {
            for _ in 0..5 {
                producer.push_wait(Arc::clone(&element), FOREVER).unwrap();
            }
            let mut reservation = producer.reserve_wait(1, FOREVER).unwrap();
            reservation.push(element).unwrap();
            die();
        });
        let arrived = std::iter::from_fn(|| consumer.pop_wait(FOREVER).ok()).count();
        assert!(dies.join().is_err());
        assert_eq!(arrived, 5);

        let (mut producer, mut consumer) = Ring::with_capacity(capacity).unwrap();
        let dies = thread::spawn(move || {
            consumer.wait_for_data(1, FOREVER).unwrap();
            consumer.drain_ref(1, |_| die());
        });
        while producer.push_wait(Arc::clone(&elements), FOREVER).is_ok() {}
        assert!(dies.join().is_err());
    }
    assert_eq!(Arc::strong_count(&elements), 1);
}
