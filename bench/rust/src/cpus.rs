//! Which CPUs the threads run on, and whether anybody else did meanwhile.

use std::fs;
use std::time::Duration;

use core_affinity::CoreId;

/// The two CPUs; none where threads stay free.
#[derive(Clone, Copy, Debug)]
pub struct Cpus {
    apart: Option<(usize, usize)>,
}

impl Cpus {
    /// Two of different cores, because hyper-threads of one share their first cache and would
    /// measure something else. The highest ones, because CPU 0 takes most interrupts; on a machine with
    /// two there is no choice.
    pub fn choose() -> Self {
        let allowed: Vec<usize> = core_affinity::get_core_ids()
            .unwrap_or_default()
            .into_iter()
            .map(|core| core.id)
            .collect();
        let apart = allowed.split_last().and_then(|(&last, others)| {
            let of_another_core = others
                .iter()
                .rev()
                .find(|&&cpu| core_of(cpu) != core_of(last));
            Some((*of_another_core.or(others.last())?, last))
        });
        Self { apart }
    }

    pub fn producer(self) -> Option<usize> {
        self.apart.map(|(producer, _)| producer)
    }

    pub fn consumer(self) -> Option<usize> {
        self.apart.map(|(_, consumer)| consumer)
    }

    pub fn both(self) -> Option<[usize; 2]> {
        self.apart.map(|(producer, consumer)| [producer, consumer])
    }
}

fn core_of(cpu: usize) -> String {
    let file = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
    fs::read_to_string(file).unwrap_or_else(|_| cpu.to_string())
}

/// Whether it is pinned now.
pub fn pin_this_thread(cpu: Option<usize>) -> bool {
    cpu.is_some_and(|id| core_affinity::set_for_current(CoreId { id }))
}

/// How long the calling thread has been ready to run without a CPU, so far. Linux counts that for each
/// thread; 0 elsewhere.
pub fn waited_for_cpu() -> Duration {
    let waited = fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|stat| stat.split(' ').nth(1)?.parse().ok())
        .unwrap_or(0);
    Duration::from_nanos(waited)
}

/// A share of the timed run above which a run counts as disturbed.
pub const DISTURBED: f64 = 0.05;
