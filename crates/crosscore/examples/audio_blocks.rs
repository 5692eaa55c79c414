//! Audio in blocks, written and read where they lie.
//!
//! On mirrored memory a block is one slice even when it passes the end of the buffer, so a filter that
//! wants `&[f32]` reads straight from the ring. Nothing is copied, and nothing is allocated after the
//! ring was made, as a real-time callback asks for.
//!
//! ```text
//! cargo run --release --example audio_blocks
//! ```

use std::thread;

use crosscore::{BufferAllocator, HeapAllocator, MirroredAllocator, Ring, RingError};

/// No divisor of the capacity: blocks pass the end of the buffer at ever other places.
const BLOCK: usize = 480;
const BLOCKS: usize = 1000;

fn main() -> Result<(), RingError> {
    match stream(MirroredAllocator) {
        // Not every system has it. On the heap the code is the same, with shorter blocks at the end.
        Err(RingError::Alloc(error)) => {
            println!("{error}");
            stream(HeapAllocator)
        }
        other => other,
    }
}

fn stream<A: BufferAllocator + Send + 'static>(allocator: A) -> Result<(), RingError> {
    let (mut producer, mut consumer) = Ring::<f32, A>::with_capacity_in(4 * BLOCK, allocator)?;
    println!(
        "{} memory, {} samples",
        producer.memory(),
        producer.capacity()
    );

    let recording = thread::spawn(move || {
        let mut phase = 0f32;
        let mut left = BLOCK * BLOCKS;
        while left > 0 {
            match producer.reserve(left.min(BLOCK)) {
                Some(mut block) => {
                    let samples = std::iter::repeat_with(|| {
                        phase = (phase + 440.0 / 48_000.0).fract();
                        (phase * std::f32::consts::TAU).sin()
                    });
                    block.fill(samples);
                    left -= block.commit();
                }
                None => thread::yield_now(),
            }
        }
    });

    let (mut samples, mut energy, mut whole_blocks) = (0usize, 0f64, 0);
    while !consumer.is_done() {
        match consumer.read(BLOCK) {
            Some(block) => {
                energy += block.iter().map(|&s| f64::from(s * s)).sum::<f64>();
                samples += block.len();
                whole_blocks += usize::from(block.len() == BLOCK);
                block.release_all();
            }
            None => thread::yield_now(),
        }
    }
    recording.join().expect("the producer does not panic");

    let level = (energy / samples as f64).sqrt();
    println!("{samples} samples, {whole_blocks} whole blocks, level {level:.3}");
    assert_eq!(samples, BLOCK * BLOCKS);
    assert!((level - 0.5f64.sqrt()).abs() < 0.01);
    Ok(())
}
