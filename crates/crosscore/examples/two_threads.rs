//! Numbers from one thread to another, with a ring that is full most of the time.
//!
//! ```text
//! cargo run --release --example two_threads
//! ```

use std::thread;

use crosscore::{PushError, Ring};

fn main() -> Result<(), crosscore::RingError> {
    let (mut producer, mut consumer) = Ring::with_capacity(1024)?;

    let summing = thread::spawn(move || {
        let mut sum = 0u64;
        // Done means: the producer is gone and everything that it sent has been read.
        while !consumer.is_done() {
            if consumer.drain(usize::MAX, |n| sum += n) == 0 {
                thread::yield_now();
            }
        }
        (sum, consumer.metrics())
    });

    for n in 1..=1_000_000u64 {
        let mut item = n;
        // A full ring gives the item back.
        while let Err(refused) = producer.push(item) {
            match refused {
                PushError::Full(back) => item = back,
                PushError::Closed(_) => panic!("the consumer is gone"),
            }
            thread::yield_now();
        }
    }
    // Closes the ring; without this the consumer would wait for ever.
    drop(producer);

    let (sum, metrics) = summing.join().expect("the consumer does not panic");
    println!("sum {sum}, {metrics:?}");
    assert_eq!(sum, 500_000_500_000);
    Ok(())
}
