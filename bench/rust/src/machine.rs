//! What a reader needs to judge the figures; no host name, no paths.

use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::cpus::Cpus;

fn first_line(file: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

fn of_cpuinfo(key: &str) -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The fields of the Node bench (bench/harness/machine.js).
pub fn describe(cpus: Cpus) -> Value {
    let kernel = first_line("/proc/sys/kernel/osrelease").unwrap_or_default();
    let loads = first_line("/proc/loadavg").unwrap_or_default();
    let loads: Vec<f64> = loads.split(' ').take(3).flat_map(str::parse).collect();
    json!({
        "cpu": of_cpuinfo("model name").unwrap_or_else(|| "unknown".into()),
        "cpus": thread::available_parallelism().map_or(1, usize::from),
        "arch": std::env::consts::ARCH,
        "os": format!("{} {kernel}", std::env::consts::OS).trim(),
        "virtual": of_cpuinfo("flags").map(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
        "governor": first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "pinned": cpus.both().is_some(),
        "pinnedTo": cpus.both(),
        "loadAverageAtStart": loads,
    })
}

/// The lock file has them, and is compiled in: they are those that were built.
pub fn versions() -> Value {
    const PEERS: [&str; 8] = [
        "crossbeam-queue",
        "gil",
        "heapless",
        "nexus-queue",
        "quickring",
        "ringbuf",
        "rtrb",
        "yring",
    ];
    let lock = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let (_, after) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(after.split_once('"')?.0)
    };
    let mut versions: serde_json::Map<String, Value> = (PEERS.iter().chain(&["crosscore"]))
        .map(|name| ((*name).to_owned(), version(name).into()))
        .collect();
    versions.insert("rustc".into(), option_env!("CROSSCORE_BENCH_RUSTC").into());
    Value::Object(versions)
}
