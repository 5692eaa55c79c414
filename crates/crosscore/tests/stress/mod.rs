//! Two threads that try to lose a wake-up, and somebody who would notice. For the tests and for
//! `examples/soak.rs`.

#![allow(dead_code, reason = "the tests and the example use some of this each")]

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crosscore::{Consumer, Handshake, Producer, Ring};

/// By name in `CROSSCORE_BARRIER`. What the platform does not have is left out.
const STRATEGIES: [(&str, Handshake); 4] = [
    ("membarrier", Handshake::Membarrier),
    ("flush", Handshake::Flush),
    ("accesses", Handshake::Accesses),
    ("fence", Handshake::Fence),
];

/// What a line begins with that is for people.
const REPORT: &str = "-- ";

/// Set in a process that [`in_each_strategy`] has started.
const CHILD: &str = "CROSSCORE_STRESS";

/// Calls `work` in a process for each strategy that there is here, since a process has one only. The
/// processes are started from this executable with `arguments`, which have to lead to the same call.
pub(crate) fn in_each_strategy(arguments: &[&str], work: impl FnOnce()) {
    if let Ok(strategy) = env::var(CHILD) {
        let (_, wanted) = STRATEGIES
            .iter()
            .find(|(name, _)| *name == strategy)
            .unwrap();
        if Handshake::in_use() == *wanted {
            work();
        } else {
            println!("{REPORT}{strategy}: not on this platform");
        }
        return;
    }
    for (strategy, _) in STRATEGIES {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(arguments)
            .env(CHILD, strategy)
            .env("CROSSCORE_BARRIER", strategy)
            // So that every wait that finds nothing sleeps.
            .env("CROSSCORE_SPIN", "0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Not what a test harness says in the child: it would be counted twice.
        BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.starts_with(REPORT))
            .for_each(|line| println!("{line}"));
        let status = child.wait().unwrap();
        assert!(status.success(), "{strategy}: {status}");
    }
}

/// Numbers that look random. Marsaglia, "Xorshift RNGs", 2003.
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    /// Does nothing for a moment that is never the same, without a `pause`: on some processors one of
    /// those is longer than all that is to be hit.
    pub(crate) fn pass(&mut self, at_most: u64) {
        for n in 0..self.below(at_most) {
            std::hint::black_box(n);
        }
    }
}

/// What the threads tell the one who watches them.
#[derive(Default)]
pub(crate) struct Progress {
    rounds: AtomicU64,
    sleeps: AtomicU64,
}

impl Progress {
    fn round(&self) {
        self.rounds.fetch_add(1, Ordering::Relaxed);
    }

    /// The calling thread has done its part.
    fn done(&self) {
        self.sleeps.fetch_add(sleeps(), Ordering::Relaxed);
    }
}

/// How often the calling thread has gone to sleep, as the kernel counts it; 0 where nobody counts.
fn sleeps() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
        .map_or(0, |count| count.trim().parse().unwrap())
}

/// One of the threads: counts its rounds, or leaves that to the other.
type Work = Box<dyn FnOnce(&Progress) + Send>;

/// Runs the threads and ends the process when they stop: a wake-up was lost, and a thread that sleeps
/// for ever can be ended in no other way.
pub(crate) fn watched(what: &str, threads: Vec<Work>) -> Progress {
    const LONGEST_PAUSE: Duration = Duration::from_secs(20);
    let progress = Progress::default();
    let start = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> = threads
            .into_iter()
            .map(|work| {
                let progress = &progress;
                scope.spawn(move || {
                    work(progress);
                    progress.done();
                })
            })
            .collect();
        let (mut seen, mut since) = (0, Instant::now());
        while threads.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(Duration::from_millis(5));
            let now = progress.rounds.load(Ordering::Relaxed);
            if now != seen {
                (seen, since) = (now, Instant::now());
            } else if since.elapsed() > LONGEST_PAUSE {
                eprintln!("{what}: a wake-up was lost after {now} rounds");
                std::process::exit(1);
            }
        }
    });
    let rounds = progress.rounds.load(Ordering::Relaxed);
    let sleeps = progress.sleeps.load(Ordering::Relaxed);
    let time = start.elapsed();
    println!(
        "{REPORT}{:<10}  {what}: {rounds} rounds, {sleeps} sleeps, {:.1} s, {:.2} us a round",
        format!("{:?}", Handshake::in_use()).to_lowercase(),
        time.as_secs_f64(),
        time.as_secs_f64() * 1e6 / rounds as f64,
    );
    progress
}

impl Progress {
    /// How often the threads slept, together. `None` where nobody counts.
    pub(crate) fn sleeps(&self) -> Option<u64> {
        let sleeps = self.sleeps.load(Ordering::Relaxed);
        cfg!(target_os = "linux").then_some(sleeps)
    }
}

/// There and back over two rings of one slot. Each side waits for the other in every round.
pub(crate) fn ping_pong(rounds: u64) -> Progress {
    let (mut ping, mut pinged) = Ring::with_capacity(1).unwrap();
    let (mut pong, mut ponged) = Ring::with_capacity(1).unwrap();
    watched(
        "ping-pong",
        vec![
            Box::new(move |progress| {
                for n in 0..rounds {
                    ping.push_wait(n, None).unwrap();
                    assert_eq!(ponged.pop_wait(None), Ok(n));
                    progress.round();
                }
            }),
            Box::new(move |_| {
                for n in 0..rounds {
                    assert_eq!(pinged.pop_wait(None), Ok(n));
                    pong.push_wait(n, None).unwrap();
                }
            }),
        ],
    )
}

/// One way over one slot: the producer waits for room and the consumer for data.
pub(crate) fn one_slot(rounds: u64) -> Progress {
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    watched(
        "one slot",
        vec![
            Box::new(move |progress| {
                let mut jitter = Jitter::new(1);
                for n in 0..rounds {
                    producer.push_wait(n, None).unwrap();
                    jitter.pass(100);
                    progress.round();
                }
            }),
            Box::new(move |_| {
                let mut jitter = Jitter::new(2);
                for n in 0..rounds {
                    assert_eq!(consumer.pop_wait(None), Ok(n));
                    jitter.pass(100);
                }
            }),
        ],
    )
}

/// Until the other thread has come to round `n`. It may not have a processor of its own.
fn spin_until(round: &AtomicU64, n: u64) {
    for looks in 0u64.. {
        if round.load(Ordering::Acquire) == n {
            return;
        }
        if looks % 1024 == 1023 {
            thread::yield_now();
        }
        std::hint::spin_loop();
    }
}

/// Both threads begin a round at the same moment: one publishes and looks whether the other is
/// parked, the other parks and looks whether anything was published. If each misses the other's
/// store, which is in its store buffer, the parker sleeps and nobody wakes it: the publisher does
/// nothing more before the parker has come back.
///
/// `publish` and `wait` are the two sides of a round.
fn store_buffering(
    what: &str,
    rounds: u64,
    mut publish: impl FnMut(u64) + Send + 'static,
    mut wait: impl FnMut(u64) + Send + 'static,
) -> Progress {
    /// The last round that each has begun (publisher) and ended (parker).
    static BEGUN: AtomicU64 = AtomicU64::new(0);
    static ENDED: AtomicU64 = AtomicU64::new(0);
    BEGUN.store(0, Ordering::Relaxed);
    ENDED.store(0, Ordering::Relaxed);
    // In steps of about a nanosecond. The parker has more to do before it stores its mark.
    const AT_MOST: u64 = 600;
    // Now and then it is given the time for its system calls.
    const LATE: u64 = 20_000;
    watched(
        what,
        vec![
            Box::new(move |progress| {
                let mut jitter = Jitter::new(3);
                for n in 1..=rounds {
                    BEGUN.store(n, Ordering::Release);
                    let late = jitter.below(8) == 0;
                    jitter.pass(if late { LATE } else { AT_MOST });
                    publish(n);
                    spin_until(&ENDED, n);
                    progress.round();
                }
            }),
            Box::new(move |_| {
                let mut jitter = Jitter::new(4);
                for n in 1..=rounds {
                    spin_until(&BEGUN, n);
                    jitter.pass(AT_MOST / 4);
                    wait(n);
                    ENDED.store(n, Ordering::Release);
                }
            }),
        ],
    )
}

/// A push against a consumer that parks.
pub(crate) fn push_against_park(rounds: u64) -> Progress {
    let (mut producer, mut consumer): (Producer<u64>, Consumer<u64>) =
        Ring::with_capacity(1).unwrap();
    store_buffering(
        "a push against a parking consumer",
        rounds,
        move |n| producer.push(n).unwrap(),
        move |n| assert_eq!(consumer.pop_wait(None), Ok(n)),
    )
}

/// A pop against a producer that parks.
pub(crate) fn pop_against_park(rounds: u64) -> Progress {
    let (mut producer, mut consumer): (Producer<u64>, Consumer<u64>) =
        Ring::with_capacity(1).unwrap();
    producer.push(0).unwrap();
    store_buffering(
        "a pop against a parking producer",
        rounds,
        move |n| assert_eq!(consumer.pop(), Some(n - 1)),
        move |n| producer.push_wait(n, None).unwrap(),
    )
}
