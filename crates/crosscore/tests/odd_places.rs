//! Processes that fork, and sandboxes that are entered late. Linux.
//!
//! Each test runs in a process of its own, where nothing has been prepared and nobody else runs, and what it is
//! about happens in a child that it forks, which does nothing else and ends by `_exit`.

#![cfg(all(target_os = "linux", feature = "std", not(loom), not(miri)))]

use std::ffi::c_int;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crosscore::{Handshake, MirroredAllocator, Ring};

/// Longer than anything here takes, also on a machine that is busy.
const HANG: u32 = 20;

/// Runs the test `name` in a process that runs nothing else.
fn in_a_new_process(name: &str, test: impl FnOnce()) {
    const MARK: &str = "CROSSCORE_ODD_PLACE";
    if std::env::var_os(MARK).is_some() {
        return test();
    }
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(MARK, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let went = ran.status.success() && said.contains("1 passed");
    assert!(went, "{said}{}", String::from_utf8_lossy(&ran.stderr));
}

/// Runs `child` in a forked process: its exit code, or the signal that ended it.
fn forked(child: impl FnOnce() -> bool) -> Result<c_int, c_int> {
    // SAFETY: the child runs what is written here and ends by `_exit`: no destructor and no handler runs twice.
    unsafe {
        match libc::fork() {
            -1 => panic!("fork: {}", std::io::Error::last_os_error()),
            0 => {
                libc::alarm(HANG);
                // A panic would go on in a copy of the test harness.
                let went = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
                libc::_exit(match went {
                    Ok(true) => 0,
                    Ok(false) => 1,
                    Err(_) => 2,
                });
            }
            child => {
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &mut status, 0), child);
                if libc::WIFSIGNALED(status) {
                    Err(libc::WTERMSIG(status))
                } else {
                    Ok(libc::WEXITSTATUS(status))
                }
            }
        }
    }
}

/// From now on a system call `membarrier` of this process, whatever its threads, ends like that.
fn membarrier_ends_in(action: u32) {
    const LOAD_NUMBER: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const JUMP_IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut filter = [
        step(LOAD_NUMBER, 0, 0, 0),
        step(JUMP_IF_EQUAL, 0, 1, libc::SYS_membarrier as u32),
        step(RETURN, 0, 0, action),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: both calls read what they are given and keep no pointer.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let flags = libc::SECCOMP_FILTER_FLAG_TSYNC;
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        assert_eq!(
            libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program),
            0
        );
    }
}

const REFUSED: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;

// INV-ALLOC-3: nobody else has the memory of a ring, a child neither.
#[test]
fn a_forked_child_has_no_part_in_mirrored_memory() {
    in_a_new_process("a_forked_child_has_no_part_in_mirrored_memory", || {
        let (mut producer, consumer) =
            Ring::<u64, _>::with_capacity_in(512, MirroredAllocator).unwrap();
        producer.push(1).unwrap();
        let base = producer.ring().base();
        // SAFETY: INV-ALLOC-1 does not hold in the child, which is what is tested; it ends there.
        let ended = forked(|| unsafe {
            base.write(0xdead);
            true
        });
        assert_eq!(ended, Err(libc::SIGSEGV));
        // It may drop the ring, and takes nobody else's memory with it: the hole may have been filled.
        let ended = forked(|| {
            let (bytes, place) = (consumer.capacity() * 16, base.as_ptr().cast());
            let (read_write, private) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE);
            let fixed = libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
            // SAFETY: asks for pages where there are none.
            let filled = unsafe { libc::mmap(place, bytes, read_write, private | fixed, -1, 0) };
            drop((producer, consumer));
            // SAFETY: mapped above.
            filled == place && unsafe { place.cast::<u64>().read_volatile() } == 0
        });
        assert_eq!(ended, Ok(0));
        let (mut producer, mut consumer) =
            Ring::<u64, _>::with_capacity_in(512, MirroredAllocator).unwrap();
        producer.push(7).unwrap();
        assert_eq!(consumer.pop(), Some(7));
    });
}

// INV-PARK-1: with a ring that was made before the fork, and with one that was made after it.
#[test]
fn a_child_waits_and_wakes() {
    in_a_new_process("a_child_waits_and_wakes", || {
        let inherited = Ring::<u8>::with_capacity(4).unwrap();
        let ended = forked(|| {
            let wakes = |(mut producer, mut consumer): (
                crosscore::Producer<u8>,
                crosscore::Consumer<u8>,
            )| {
                let waiter = thread::spawn(move || consumer.pop_wait(None));
                thread::sleep(Duration::from_millis(20));
                producer.push(3).unwrap();
                waiter.join().unwrap() == Ok(3)
            };
            wakes(inherited) && wakes(Ring::with_capacity(4).unwrap())
        });
        assert_eq!(ended, Ok(0));
    });
}

// The strategy is being chosen on another thread when the process forks, which a child would wait for in vain.
#[test]
fn a_child_that_was_forked_while_waiting_is_prepared_does_not_hang() {
    in_a_new_process(
        "a_child_that_was_forked_while_waiting_is_prepared_does_not_hang",
        || {
            // In a process of its own, where nothing has been prepared.
            let ended = forked(|| {
                // With threads that run membarrier's registration takes long: RCU.
                for _ in 0..4 {
                    thread::spawn(|| {
                        loop {
                            thread::sleep(Duration::from_secs(1));
                        }
                    });
                }
                crosscore::prepare_waiting_in_background();
                [0, 20, 50, 100, 200, 500, 1_000, 2_000]
                    .into_iter()
                    .all(|micros| {
                        thread::sleep(Duration::from_micros(micros));
                        forked(|| {
                            let (mut producer, mut consumer) =
                                Ring::<u8>::with_capacity(4).unwrap();
                            producer.push(1).unwrap();
                            consumer.pop_wait(None) == Ok(1)
                        }) == Ok(0)
                    })
            });
            assert_eq!(ended, Ok(0));
        },
    );
}

// INV-PARK-1: the barrier is refused from the first sleep on, or from a later one.
#[test]
fn a_sandbox_that_is_entered_late_aborts_nothing_and_loses_no_wake_up() {
    in_a_new_process(
        "a_sandbox_that_is_entered_late_aborts_nothing_and_loses_no_wake_up",
        || {
            for sleeps_before in [0, 1] {
                let ended = forked(|| {
                    let (mut producer, mut consumer) = Ring::<u64>::with_capacity(1).unwrap();
                    let moment = Some(Duration::from_millis(1));
                    for _ in 0..sleeps_before {
                        assert!(consumer.pop_wait(moment).is_err());
                    }
                    membarrier_ends_in(REFUSED);
                    assert!(consumer.pop_wait(moment).is_err());
                    let rounds = 300;
                    let waiter = thread::spawn(move || {
                        (0..rounds).all(|n| consumer.pop_wait(None) == Ok(n))
                            && consumer.pop_wait(None).is_err()
                    });
                    for n in 0..rounds {
                        if n % 10 == 0 {
                            thread::sleep(Duration::from_millis(2));
                        }
                        producer.push_wait(n, None).unwrap();
                    }
                    drop(producer);
                    waiter.join().unwrap()
                });
                assert_eq!(ended, Ok(0), "{sleeps_before} sleeps before");
            }
        },
    );
}

// INV-PARK-1: a sandbox from the start is a platform without membarrier.
#[test]
fn a_sandbox_from_the_start_means_fences() {
    in_a_new_process("a_sandbox_from_the_start_means_fences", || {
        let ended = forked(|| {
            membarrier_ends_in(REFUSED);
            let (_producer, mut consumer) = Ring::<u8>::with_capacity(4).unwrap();
            Handshake::in_use() != Handshake::Membarrier
                && consumer.pop_wait(Some(Duration::from_millis(1))).is_err()
        });
        assert_eq!(ended, Ok(0));
    });
}

// INV-PARK-1: who asks again with a waker that is there pays for no barrier; and a ring that fences, for none.
#[test]
#[cfg(feature = "async")]
fn a_pending_poll_interrupts_nobody() {
    in_a_new_process("a_pending_poll_interrupts_nobody", || {
        use std::task::{Context, Waker};

        let ended = forked(|| {
            let (_producer, mut consumer) = Ring::<u8>::with_capacity(4).unwrap();
            let fenced =
                Ring::<u8, _>::with_handshake_in(4, crosscore::HeapAllocator, Handshake::Fence);
            let (_other, mut sleeper) = fenced.unwrap();
            let mut context = Context::from_waker(Waker::noop());
            assert!(consumer.poll_data(&mut context, 1).is_pending());
            membarrier_ends_in(libc::SECCOMP_RET_KILL_PROCESS);
            (0..1_000).all(|_| consumer.poll_data(&mut context, 1).is_pending())
                && sleeper.pop_wait(Some(Duration::from_millis(1))).is_err()
        });
        assert_eq!(ended, Ok(0));
    });
}

// And the test above can fail: leaving a waker does take the barrier, where that is the strategy.
#[test]
#[cfg(feature = "async")]
fn the_first_poll_takes_the_barrier() {
    in_a_new_process("the_first_poll_takes_the_barrier", || {
        use std::task::{Context, Waker};

        let ended = forked(|| {
            let (_producer, mut consumer) = Ring::<u8>::with_capacity(4).unwrap();
            if Handshake::in_use() != Handshake::Membarrier {
                return true;
            }
            membarrier_ends_in(libc::SECCOMP_RET_KILL_PROCESS);
            let mut context = Context::from_waker(Waker::noop());
            consumer.poll_data(&mut context, 1).is_ready()
        });
        let expected = if Handshake::in_use() == Handshake::Membarrier {
            Err(libc::SIGSYS)
        } else {
            Ok(0)
        };
        assert_eq!(ended, expected);
    });
}
