//! Runs a case: contenders in an order that rotates from run to run.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::cases::{Case, Kind, Shape};
use crate::contender::BLOCK;
use crate::cpus::{Cpus, DISTURBED};
use crate::failure;
use crate::measure::Job;
use crate::statistics::{PERCENTILES, median, percentile};

/// As a row of the Node bench (bench/harness/runner.js).
#[derive(Debug, Serialize)]
pub struct Row {
    pub case: String,
    pub system: &'static str,
    pub unit: &'static str,
    pub median: Option<f64>,
    pub best: Option<f64>,
    pub runs: Vec<f64>,
    pub note: String,
    pub status: &'static str,
    /// Share of each run in which a thread was ready and had no CPU.
    pub waited: Vec<f64>,
    pub work: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub latency: Vec<Latency>,
    #[serde(skip)]
    pub kind: Kind,
}

/// Median over the runs, point by point.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    pub percent: f64,
    pub ns: f64,
}

impl Row {
    /// Whether no thread had to wait for its CPU in this round.
    pub fn was_calm(&self, round: usize) -> bool {
        self.waited[round] <= DISTURBED
    }

    pub fn latency_at(&self, percent: f64) -> Option<f64> {
        self.latency
            .iter()
            .find(|point| point.percent == percent)
            .map(|point| point.ns)
    }
}

pub struct Settings {
    pub runs: usize,
    /// The full work is divided by this.
    pub shortened: u64,
    pub cpus: Cpus,
    /// Empty: all.
    pub systems: Vec<String>,
}

pub fn run(case: &Case, settings: &Settings) -> Vec<Row> {
    let chosen: Vec<_> = case
        .entries
        .iter()
        .filter(|entry| {
            settings.systems.is_empty() || settings.systems.iter().any(|name| name == entry.system)
        })
        .collect();
    let job = Job {
        capacity: case.capacity,
        work: (case.work / settings.shortened).next_multiple_of(BLOCK as u64),
        warm_up: warm_up(case),
        cpus: settings.cpus,
    };
    let mut rows: Vec<Row> = chosen
        .iter()
        .map(|entry| Row {
            case: case.name.clone(),
            system: entry.system,
            unit: match case.shape {
                Shape::RoundTrip => "ns/round trip",
                Shape::Poll => "ns/poll",
                _ => "ns/element",
            },
            median: None,
            best: None,
            runs: Vec::new(),
            note: match entry.measure {
                Ok(_) => entry.note.clone(),
                Err(reason) => reason.to_owned(),
            },
            status: match entry.measure {
                Ok(_) => "measured",
                Err(_) => "not applicable",
            },
            waited: Vec::new(),
            work: job.work,
            latency: Vec::new(),
            kind: entry.kind,
        })
        .collect();
    let mut distributions: Vec<Vec<Vec<f64>>> = vec![Vec::new(); rows.len()];
    let mut free = vec![false; rows.len()];
    for run in 0..settings.runs {
        for place in 0..chosen.len() {
            // Every contender takes every place in turn: none is always the one that finds the
            // machine warm, or always follows the heaviest.
            let index = (place + run) % chosen.len();
            let Ok(measure) = chosen[index].measure else {
                continue;
            };
            let row = &mut rows[index];
            failure::under_way(format!("{}  {}", case.name, row.system));
            progress(&format!(
                "{}  run {}/{}  {}",
                case.name,
                run + 1,
                settings.runs,
                row.system
            ));
            let sample = measure(&job);
            row.waited.push((sample.waited * 1e4).round() / 1e4);
            free[index] |= !sample.pinned;
            if sample.round_trips.is_empty() {
                row.runs.push(sample.ns);
            } else {
                row.runs.push(percentile(&sample.round_trips, 50.0));
                let points = PERCENTILES.map(|percent| percentile(&sample.round_trips, percent));
                distributions[index].push(points.into());
            }
        }
    }
    progress("");
    for ((row, distributions), free) in rows.iter_mut().zip(distributions).zip(free) {
        if row.runs.is_empty() {
            continue;
        }
        let calm: Vec<f64> = (0..row.runs.len())
            .filter(|&round| row.was_calm(round))
            .map(|round| row.runs[round])
            .collect();
        row.median = Some(median(if calm.is_empty() { &row.runs } else { &calm }));
        row.best = row.runs.iter().copied().reduce(f64::min);
        let runs = row.runs.len();
        let disturbed = runs - calm.len();
        if disturbed > 0 {
            add_note(
                row,
                &format!("{disturbed} of {runs} runs disturbed by others on the CPU"),
            );
        }
        if free && settings.cpus.both().is_some() {
            add_note(row, "not pinned in at least one run");
        }
        if !distributions.is_empty() {
            row.latency = (PERCENTILES.iter().enumerate())
                .map(|(point, &percent)| {
                    let over_runs: Vec<f64> = distributions.iter().map(|run| run[point]).collect();
                    let ns = median(&over_runs);
                    Latency { percent, ns }
                })
                .collect();
        }
    }
    rows
}

/// The same at every scale: what has to be touched does not shrink with --quick.
fn warm_up(case: &Case) -> u64 {
    let work = (2 * case.capacity as u64).max(case.work / 20);
    work.next_multiple_of(BLOCK as u64)
}

fn add_note(row: &mut Row, text: &str) {
    if !row.note.is_empty() {
        row.note.push_str("; ");
    }
    row.note.push_str(text);
}

/// One line that overwrites itself; nothing where the output is not a terminal.
fn progress(text: &str) {
    let mut out = io::stderr();
    if out.is_terminal() {
        let _ = write!(out, "\r\x1b[2K{text}");
        let _ = out.flush();
    }
}
