//! What it costs a ring that it can be waited on: the throughput of rings that have been waited on,
//! compared with that of rings that never were, and with that of a process whose publishers have to
//! fence.
//!
//! ```text
//! cargo run --release --example waitability
//! ```
//!
//! Many short runs, the kinds in another order each time, and medians: what else the machine does hits
//! all kinds alike. "never waited on, again" is a control: the ratio that is noise.

use std::env;
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crosscore::{Consumer, Handshake, Producer, Ring};

const RUNS: usize = 601;
const KINDS: [&str; 3] = [
    "never waited on",
    "waited on before",
    "never waited on, again",
];

type Handles = (Producer<u64>, Consumer<u64>);

fn main() {
    let strategy = format!("{:?}", Handshake::in_use()).to_lowercase();
    report(&strategy, "one thread, push and pop", one_thread);
    report(&strategy, "two threads, one by one", two_threads);
    if strategy != "fence" {
        let status = Command::new(env::current_exe().expect("this program has a path"))
            .env("CROSSCORE_BARRIER", "fence")
            .status()
            .expect("it can be started again");
        assert!(status.success());
    }
}

fn report(strategy: &str, what: &str, run: fn(Handles) -> f64) {
    let mut times = KINDS.map(|_| Vec::new());
    for round in 0..RUNS {
        for turn in 0..KINDS.len() {
            let kind = (round + turn) % KINDS.len();
            times[kind].push(run(ring(kind == 1)));
        }
    }
    let medians = times.map(median);
    for (kind, nanos) in KINDS.iter().zip(medians) {
        let ratio = nanos / medians[0];
        println!("{strategy:>10}  {what:<24}  {kind:<22}  {nanos:6.2} ns an element  {ratio:.3}");
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn ring(waited_on: bool) -> Handles {
    let (mut producer, mut consumer) = Ring::with_capacity(1024).expect("there is memory for it");
    if waited_on {
        // Both sides park, and are woken or give up.
        let moment = Some(Duration::from_micros(50));
        consumer.pop_wait(moment).expect_err("it is empty");
        while producer.push(0).is_ok() {}
        producer.push_wait(0, moment).expect_err("it is full");
        let waiter = thread::spawn(move || {
            producer.push_wait(0, None).expect("there will be room");
            producer
        });
        thread::sleep(Duration::from_micros(200));
        consumer.pop().expect("it is full");
        producer = waiter.join().expect("it does not panic");
        while consumer.pop().is_some() {}
        return (producer, consumer);
    }
    (producer, consumer)
}

/// Nanoseconds for an element that is pushed and popped in one thread: the instructions alone.
fn one_thread((mut producer, mut consumer): Handles) -> f64 {
    const ELEMENTS: u64 = 10_000;
    let start = Instant::now();
    for n in 0..ELEMENTS {
        let _ = producer.push(n);
        assert_eq!(consumer.pop(), Some(n));
    }
    start.elapsed().as_nanos() as f64 / ELEMENTS as f64
}

/// Nanoseconds for an element that goes from one thread to another, with nobody waiting.
fn two_threads((mut producer, mut consumer): Handles) -> f64 {
    const ELEMENTS: u64 = 20_000;
    let start = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            for n in 0..ELEMENTS {
                let mut looks = 0;
                while producer.push(n).is_err() {
                    look_again(&mut looks);
                }
            }
        });
        start.wait();
        let began = Instant::now();
        let (mut received, mut looks) = (0, 0);
        while received < ELEMENTS {
            match consumer.pop() {
                Some(n) => {
                    assert_eq!(n, received);
                    (received, looks) = (received + 1, 0);
                }
                None => look_again(&mut looks),
            }
        }
        began.elapsed().as_nanos() as f64 / ELEMENTS as f64
    })
}

/// The other thread may not have a processor of its own.
fn look_again(looks: &mut u32) {
    *looks += 1;
    if looks.is_multiple_of(256) {
        thread::yield_now();
    }
    std::hint::spin_loop();
}
