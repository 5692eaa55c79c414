use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::thread;

use crosscore::Ring;

use super::threads::one_thread;
use super::{Job, Sample};
use crate::cpus::pin_this_thread;

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

/// A task asks again and again, in vain. Beside a thread that runs on the other CPU if `NEIGHBOUR`, and each
/// time with a waker that is not the one that is there if `MOVES`, as a task that changes its executor.
pub fn polls<const NEIGHBOUR: bool, const MOVES: bool>(job: &Job) -> Sample {
    let (_producer, mut consumer) = Ring::<u64>::with_capacity(job.capacity).expect("a ring");
    let running = Arc::new(AtomicBool::new(NEIGHBOUR));
    let cpu = job.cpus.producer();
    let neighbour = NEIGHBOUR.then(|| {
        let running = Arc::clone(&running);
        thread::spawn(move || {
            pin_this_thread(cpu);
            while running.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        })
    });
    let wakers = [Waker::from(Arc::new(Nobody)), Waker::from(Arc::new(Nobody))];
    let sample = one_thread(job, move |first, count| {
        for number in first..first + count {
            let waker = if MOVES { number as usize % 2 } else { 0 };
            let mut context = Context::from_waker(&wakers[waker]);
            assert!(
                black_box(&mut consumer)
                    .poll_data(&mut context, 1)
                    .is_pending()
            );
        }
    });
    running.store(false, Ordering::Relaxed);
    if let Some(neighbour) = neighbour {
        neighbour.join().expect("it only spins");
    }
    sample
}
