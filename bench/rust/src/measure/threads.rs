//! Two threads that start together.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Job, Sample};
use crate::cpus::{pin_this_thread, waited_for_cpu};
use crate::failure::fail;

/// Long enough for the slowest contender on a slow, busy machine; a deadlock is certain by then.
const HANG: Duration = Duration::from_secs(120);

/// Of one thread.
struct Timed {
    started: Instant,
    ended: Instant,
    waited: Duration,
    pinned: bool,
}

/// Where threads meet: nobody goes on before all are there. It spins, so that all leave at once.
struct Meeting {
    parties: u32,
    arrived: AtomicU32,
}

impl Meeting {
    fn meet(&self) {
        let place = self.arrived.fetch_add(1, Ordering::AcqRel);
        let round_ends = (place / self.parties + 1) * self.parties;
        while self.arrived.load(Ordering::Acquire) < round_ends {
            // With more threads than CPUs a spin could last a whole time slice.
            thread::yield_now();
        }
    }
}

/// Warms up, meets the others, and runs the work. `run` takes the number of the first element and
/// how many.
fn timed(job: &Job, cpu: Option<usize>, meeting: &Meeting, mut run: impl FnMut(u64, u64)) -> Timed {
    let pinned = pin_this_thread(cpu);
    meeting.meet();
    run(0, job.warm_up);
    let waited_before = waited_for_cpu();
    meeting.meet();
    let started = Instant::now();
    run(job.warm_up, job.work);
    let ended = Instant::now();
    Timed {
        started,
        ended,
        waited: waited_for_cpu().saturating_sub(waited_before),
        pinned,
    }
}

/// Runs both ends, each on its CPU. The time goes from the producer's start to the consumer's end.
pub(super) fn two_threads(
    job: &Job,
    produce: impl FnMut(u64, u64) + Send + 'static,
    consume: impl FnMut(u64, u64) + Send + 'static,
) -> Sample {
    let meeting = Meeting {
        parties: 2,
        arrived: AtomicU32::new(0),
    };
    let (producer_cpu, consumer_cpu) = (job.cpus.producer(), job.cpus.consumer());
    let (produced, consumed) = within_time(*job, move |job| {
        thread::scope(|scope| {
            let consumer = scope.spawn(|| timed(&job, consumer_cpu, &meeting, consume));
            let producer = scope.spawn(|| timed(&job, producer_cpu, &meeting, produce));
            (join(producer), join(consumer))
        })
    });
    sample(
        job,
        &[&produced, &consumed],
        produced.started,
        consumed.ended,
    )
}

/// Runs both ends in turn on one thread.
pub(super) fn one_thread(job: &Job, run: impl FnMut(u64, u64) + Send + 'static) -> Sample {
    let meeting = Meeting {
        parties: 1,
        arrived: AtomicU32::new(0),
    };
    let cpu = job.cpus.consumer();
    let both = within_time(*job, move |job| {
        thread::scope(|scope| join(scope.spawn(|| timed(&job, cpu, &meeting, run))))
    });
    sample(job, &[&both], both.started, both.ended)
}

fn sample(job: &Job, ends: &[&Timed], started: Instant, ended: Instant) -> Sample {
    let elapsed = ended.duration_since(started).as_secs_f64();
    let waited = ends.iter().map(|end| end.waited).max().unwrap_or_default();
    Sample {
        ns: elapsed * 1e9 / job.work as f64,
        pinned: ends.iter().all(|end| end.pinned),
        waited: waited.as_secs_f64() / elapsed,
        round_trips: Vec::new(),
    }
}

fn join<R>(thread: thread::ScopedJoinHandle<'_, R>) -> R {
    thread.join().unwrap_or_else(|_| fail("a thread panicked"))
}

/// Ends the process if the measurement hangs.
fn within_time<R: Send + 'static>(job: Job, measure: impl FnOnce(Job) -> R + Send + 'static) -> R {
    let (done, result) = mpsc::channel();
    let supervisor = thread::spawn(move || {
        // Nobody listens any more when it comes too late.
        let _ = done.send(measure(job));
    });
    match result.recv_timeout(HANG) {
        Ok(result) => {
            let _ = supervisor.join();
            result
        }
        Err(RecvTimeoutError::Timeout) => fail(&format!(
            "no result after {} s: a deadlock or a lost element",
            HANG.as_secs()
        )),
        Err(RecvTimeoutError::Disconnected) => fail("a thread panicked"),
    }
}
