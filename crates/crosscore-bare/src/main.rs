//! A ring without an operating system and without an allocator: `npm run test:bare` links this for bare metal, which fails
//! if anything in it needs either. Elsewhere it is an ordinary program, which the same command runs.

#![cfg_attr(target_os = "none", no_std, no_main)]

use core::task::{Context, Poll, Waker};

use crosscore::StaticRing;

static SAMPLES: StaticRing<u32, 16> = StaticRing::new();

/// Sends 1 to 100 and returns their sum, as they came out.
fn sum() -> Option<u32> {
    let (mut producer, mut consumer) = SAMPLES.split()?;
    let mut task = Context::from_waker(Waker::noop());
    let (mut next, mut sum) = (1, 0);
    while !consumer.is_done() {
        while next <= 100 && producer.push(next).is_ok() {
            next += 1;
        }
        if next > 100 {
            producer.close();
        }
        if let Poll::Ready(Ok(_)) = consumer.poll_data(&mut task, 1) {
            consumer.drain(usize::MAX, |n| sum += n);
        }
    }
    Some(sum)
}

#[cfg(not(target_os = "none"))]
fn main() {
    assert_eq!(sum(), Some(5050));
    assert_eq!(sum(), None);
}

#[cfg(target_os = "none")]
mod bare {
    use core::panic::PanicInfo;

    // SAFETY: nothing else in the program has that name.
    #[unsafe(no_mangle)]
    extern "C" fn _start() -> ! {
        let sum = super::sum();
        loop {
            core::hint::black_box(sum);
        }
    }

    #[panic_handler]
    fn halt(_: &PanicInfo<'_>) -> ! {
        loop {
            core::hint::spin_loop();
        }
    }
}
