//! Waiting as a future, on an executor that is as small as one can be.

#![cfg(all(not(loom), feature = "async", feature = "std"))]

mod counting;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use counting::counting;
use crosscore::{Consumer, Producer, Ring, WaitError};

/// Wakes the thread of [`block_on`].
struct Executor {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Executor {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Polls the future, and again only when it has been woken.
fn block_on<F: Future>(future: F) -> F::Output {
    let executor = Arc::new(Executor {
        thread: thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&executor));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        while !executor.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

/// Both at once in one thread. Each is polled only when it was woken itself.
fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    struct Task {
        woken: AtomicBool,
        executor: Waker,
    }
    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.woken.store(true, Ordering::Release);
            self.executor.wake_by_ref();
        }
    }
    fn poll<F: Future>(task: &Arc<Task>, future: Pin<&mut F>, output: &mut Option<F::Output>) {
        if output.is_none() && task.woken.swap(false, Ordering::Acquire) {
            let waker = Waker::from(Arc::clone(task));
            if let Poll::Ready(ready) = future.poll(&mut Context::from_waker(&waker)) {
                *output = Some(ready);
            }
        }
    }

    let (mut a, mut b) = (pin!(a), pin!(b));
    let mut outputs = (None, None);
    let mut tasks = None;
    block_on(std::future::poll_fn(|context| {
        let tasks: &[Arc<Task>; 2] = tasks.get_or_insert_with(|| {
            [(); 2].map(|()| {
                Arc::new(Task {
                    woken: AtomicBool::new(true),
                    executor: context.waker().clone(),
                })
            })
        });
        poll(&tasks[0], a.as_mut(), &mut outputs.0);
        poll(&tasks[1], b.as_mut(), &mut outputs.1);
        match (outputs.0.take(), outputs.1.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            unfinished => {
                outputs = unfinished;
                Poll::Pending
            }
        }
    }))
}

fn poll_data<T>(consumer: &mut Consumer<T>, waker: &Waker) -> Poll<Result<usize, WaitError>> {
    consumer.poll_data(&mut Context::from_waker(waker), 1)
}

async fn send(mut producer: Producer<u64>, elements: u64) {
    for n in 0..elements {
        producer.push_async(n).await.unwrap();
    }
}

async fn receive(mut consumer: Consumer<u64>) -> u64 {
    let mut received = 0;
    while let Some(n) = consumer.pop_async().await {
        assert_eq!(n, received);
        received += 1;
    }
    received
}

// INV-PARK-1
#[test]
fn two_tasks_in_one_thread() {
    const ELEMENTS: u64 = if cfg!(miri) { 100 } else { 1_000 };
    for capacity in [1, 2, 64] {
        let (producer, consumer) = Ring::with_capacity(capacity).unwrap();
        assert_eq!(
            both(send(producer, ELEMENTS), receive(consumer)).1,
            ELEMENTS
        );
        let (producer, consumer) = Ring::with_capacity(capacity).unwrap();
        assert_eq!(
            both(receive(consumer), send(producer, ELEMENTS)).0,
            ELEMENTS
        );
    }
}

// INV-PARK-1
#[test]
fn two_tasks_in_two_threads() {
    const ELEMENTS: u64 = if cfg!(miri) { 100 } else { 5_000 };
    for capacity in [1, 2, 64] {
        let (producer, consumer) = Ring::with_capacity(capacity).unwrap();
        let receiver = thread::spawn(move || block_on(receive(consumer)));
        block_on(send(producer, ELEMENTS));
        assert_eq!(receiver.join().unwrap(), ELEMENTS);
    }
}

// INV-PARK-1: a task on one side, a thread that blocks on the other.
#[test]
fn a_task_and_a_thread() {
    const ELEMENTS: u64 = if cfg!(miri) { 100 } else { 2_000 };
    let (mut producer, consumer) = Ring::with_capacity(1).unwrap();
    let receiver = thread::spawn(move || block_on(receive(consumer)));
    for n in 0..ELEMENTS {
        producer.push_wait(n, None).unwrap();
    }
    drop(producer);
    assert_eq!(receiver.join().unwrap(), ELEMENTS);

    let (producer, mut consumer) = Ring::with_capacity(1).unwrap();
    let sender = thread::spawn(move || block_on(send(producer, ELEMENTS)));
    for n in 0..ELEMENTS {
        assert_eq!(consumer.pop_wait(None), Ok(n));
    }
    assert_eq!(consumer.pop_wait(None), Err(WaitError::Closed));
    sender.join().unwrap();
}

#[test]
fn futures_end_when_the_ring_closes() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    producer.push(1).unwrap();
    let waiter = thread::spawn(move || {
        let last_ones = block_on(consumer.data(3));
        let last = block_on(consumer.pop_async());
        (
            last_ones,
            last,
            block_on(consumer.pop_async()),
            block_on(consumer.data(1)),
        )
    });
    thread::sleep(Duration::from_millis(20));
    drop(producer);
    let ended = waiter.join().unwrap();
    assert_eq!(ended, (Ok(1), Some(1), None, Err(WaitError::Closed)));

    let (mut producer, consumer) = Ring::with_capacity(1).unwrap();
    let waiter = thread::spawn(move || {
        block_on(producer.push_async(1)).unwrap();
        let second = block_on(producer.push_async(2));
        (second, block_on(producer.space(1)))
    });
    thread::sleep(Duration::from_millis(20));
    drop(consumer);
    let (second, space) = waiter.join().unwrap();
    // The room that the drop makes can be seen before the mark.
    assert!(matches!(second, Ok(()) | Err(2)));
    assert_eq!(space, Err(WaitError::Closed));
}

#[test]
fn nothing_is_as_one_and_too_much_is_all() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    assert_eq!(block_on(producer.space(0)), Ok(4));
    assert_eq!(block_on(producer.space(usize::MAX)), Ok(4));
    producer.push_slice(&[1, 2, 3, 4]);
    assert_eq!(block_on(consumer.data(0)), Ok(4));
    assert_eq!(block_on(consumer.data(usize::MAX)), Ok(4));
}

// INV-PARK-2: nothing is woken for each message.
#[test]
fn a_waker_is_woken_once_for_each_poll() {
    let (mut producer, mut consumer) = Ring::with_capacity(8).unwrap();
    let (count, waker) = counting();
    assert!(poll_data(&mut consumer, &waker).is_pending());
    assert_eq!(count.get(), 0);
    for n in 0..3 {
        producer.push(n).unwrap();
        assert_eq!(count.get(), 1);
    }
    // It has gone with the wake-up.
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1);

    let (count, waker) = counting();
    while consumer.pop().is_some() {}
    for polls in 1..4 {
        // Asking twice is asking once.
        assert!(poll_data(&mut consumer, &waker).is_pending());
        assert!(poll_data(&mut consumer, &waker).is_pending());
        producer.push(0).unwrap();
        assert_eq!(count.get(), polls);
        consumer.pop().unwrap();
    }
    assert!(poll_data(&mut consumer, &waker).is_pending());
    drop(producer);
    assert_eq!(count.get(), 4);
}

// INV-PARK-2
#[test]
fn the_task_that_asked_last_is_woken() {
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    let ((first, first_waker), (second, second_waker)) = (counting(), counting());
    assert!(poll_data(&mut consumer, &first_waker).is_pending());
    assert!(poll_data(&mut consumer, &second_waker).is_pending());
    drop(first_waker);
    assert_eq!(Arc::strong_count(&first), 1);
    producer.push(1).unwrap();
    assert_eq!((first.get(), second.get()), (0, 1));

    let ((first, first_waker), (second, second_waker)) = (counting(), counting());
    let mut poll = |waker| producer.poll_space(&mut Context::from_waker(waker), 1);
    assert!(poll(&first_waker).is_pending());
    assert!(poll(&second_waker).is_pending());
    assert_eq!(consumer.pop(), Some(1));
    assert_eq!((first.get(), second.get()), (0, 1));
}

// INV-PARK-2
#[test]
fn a_cancelled_wait_wakes_nobody_and_keeps_nothing() {
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    consumer.cancel_wait();
    let (count, waker) = counting();
    assert!(poll_data(&mut consumer, &waker).is_pending());
    consumer.cancel_wait();
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1);
    producer.push(1).unwrap();
    assert_eq!(count.get(), 0);

    let (count, waker) = counting();
    assert!(
        producer
            .poll_space(&mut Context::from_waker(&waker), 1)
            .is_pending()
    );
    producer.cancel_wait();
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1);
    assert_eq!(consumer.pop(), Some(1));
    assert_eq!(count.get(), 0);
}

// INV-PARK-2: a task that is dropped while it waits drops its handle, and its waker with it, although the
// other handle is still there.
#[test]
fn a_dropped_handle_leaves_no_waker() {
    let (producer, mut consumer) = Ring::<u64>::with_capacity(1).unwrap();
    let (count, waker) = counting();
    assert!(poll_data(&mut consumer, &waker).is_pending());
    drop((waker, consumer));
    assert_eq!(Arc::strong_count(&count), 1);
    drop(producer);
    assert_eq!(count.get(), 0);
}

// INV-PARK-2: a wait on another thread than the last one, and by other means.
#[test]
fn a_poll_then_a_block() {
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    let (count, waker) = counting();
    assert!(poll_data(&mut consumer, &waker).is_pending());
    // Whether it spins or sleeps when the element comes, the waker has gone with the first look in vain.
    assert_eq!(
        consumer.pop_wait(Some(Duration::ZERO)),
        Err(WaitError::TimedOut)
    );
    // Long enough that the deadline is not over before that look, also on a busy machine.
    assert_eq!(
        consumer.pop_wait(Some(Duration::from_millis(50))),
        Err(WaitError::TimedOut)
    );
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1);
    let waiter = thread::spawn(move || consumer.pop_wait(None));
    thread::sleep(Duration::from_millis(20));
    producer.push(1).unwrap();
    assert_eq!(waiter.join().unwrap(), Ok(1));
    assert_eq!(count.get(), 0);
}

// INV-PARK-2: the slot is nobody's while foreign code runs, so a waker may use the ring, even both of its
// handles.
#[test]
fn a_waker_that_polls_at_once() {
    struct Inline {
        consumer: Mutex<Option<Consumer<u64>>>,
        received: AtomicUsize,
    }
    impl Wake for Inline {
        fn wake(self: Arc<Self>) {
            let waker = Waker::from(Arc::clone(&self));
            let mut consumer = self.consumer.lock().unwrap();
            let consumer = consumer.as_mut().unwrap();
            while consumer.pop().is_some() {
                self.received.fetch_add(1, Ordering::Relaxed);
            }
            let _ = poll_data(consumer, &waker);
        }
    }

    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    let task = Arc::new(Inline {
        consumer: Mutex::new(None),
        received: AtomicUsize::new(0),
    });
    let waker = Waker::from(Arc::clone(&task));
    assert!(poll_data(&mut consumer, &waker).is_pending());
    *task.consumer.lock().unwrap() = Some(consumer);
    for n in 0..100 {
        producer.push(n).unwrap();
    }
    assert_eq!(task.received.load(Ordering::Relaxed), 100);
    // The waker is in the ring and the ring in the waker; the close breaks that up.
    drop((producer, waker));
    let consumer = task.consumer.lock().unwrap().take().unwrap();
    assert!(consumer.is_done());
    drop(consumer);
    assert_eq!(Arc::strong_count(&task), 1);
}

// INV-PARK-2: its panic is that of the push, which has happened all the same.
#[test]
fn a_waker_that_panics() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("on purpose");
        }
    }

    let (mut producer, mut consumer) = Ring::with_capacity(2).unwrap();
    let waker = Waker::from(Arc::new(Panics));
    assert!(poll_data(&mut consumer, &waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| producer.push(1))).is_err());
    assert_eq!(consumer.pop(), Some(1));
    // And the slot can be used again.
    let (count, waker) = counting();
    assert!(poll_data(&mut consumer, &waker).is_pending());
    producer.push(2).unwrap();
    assert_eq!(count.get(), 1);
    assert_eq!(consumer.pop(), Some(2));
}

// INV-PARK-2: the poll before that has left its waker, and nobody will miss it: it is gone either way.
#[test]
fn a_waker_whose_clone_panics() {
    const TABLE: RawWakerVTable =
        RawWakerVTable::new(|_| panic!("on purpose"), |_| (), |_| (), |_| ());
    // SAFETY: the functions use no data, and the only one that makes a waker does not return.
    let waker = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &TABLE)) };

    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    let (old, old_waker) = counting();
    assert!(poll_data(&mut consumer, &old_waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| poll_data(&mut consumer, &waker))).is_err());
    drop(old_waker);
    assert_eq!(Arc::strong_count(&old), 1);
    let (count, waker) = counting();
    assert!(poll_data(&mut consumer, &waker).is_pending());
    producer.push(1).unwrap();
    assert_eq!((old.get(), count.get()), (0, 1));
}

// INV-PARK-2: the drop of a waker that was taken back is foreign code too.
#[test]
fn a_waker_that_pushes_when_it_is_dropped() {
    struct Pushes(Mutex<Producer<u64>>);
    impl Wake for Pushes {
        fn wake(self: Arc<Self>) {
            unreachable!("it is taken back before the push");
        }
    }
    impl Drop for Pushes {
        fn drop(&mut self) {
            self.0.get_mut().unwrap().push(1).unwrap();
        }
    }

    let (producer, mut consumer) = Ring::with_capacity(1).unwrap();
    let waker = Waker::from(Arc::new(Pushes(Mutex::new(producer))));
    assert!(poll_data(&mut consumer, &waker).is_pending());
    drop(waker);
    consumer.cancel_wait();
    assert_eq!(consumer.pop(), Some(1));
    assert!(consumer.is_done());
}

// INV-PARK-2: whatever drops it, the slot and the ring can be used afterwards.
#[test]
fn a_waker_whose_drop_panics() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            unreachable!("it is taken back before the push");
        }
    }
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }

    let elements = Arc::new(());
    for way in 0..4 {
        let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
        let waker = Waker::from(Arc::new(Panics));
        assert!(poll_data(&mut consumer, &waker).is_pending());
        drop(waker);
        let (count, next) = counting();
        let panicked = catch_unwind(AssertUnwindSafe(|| match way {
            0 => consumer.cancel_wait(),
            1 => assert!(poll_data(&mut consumer, &next).is_pending()),
            2 => assert!(consumer.pop_timeout(Duration::from_millis(50)).is_err()),
            _ => drop(std::mem::replace(
                &mut consumer,
                Ring::with_capacity(1).unwrap().1,
            )),
        }));
        assert!(panicked.is_err(), "{way}");
        if way == 3 {
            assert!(
                producer
                    .push(Arc::clone(&elements))
                    .unwrap_err()
                    .is_closed()
            );
            continue;
        }
        assert!(poll_data(&mut consumer, &next).is_pending());
        producer.push(Arc::clone(&elements)).unwrap();
        assert_eq!(count.get(), 1, "{way}");
        assert!(consumer.pop().is_some());
    }
    assert_eq!(Arc::strong_count(&elements), 1);
}
