//! The aims against what was measured.
//!
//! Two threads on one machine have several speeds for the same code, by how their caches happen to lie, and a
//! median of few runs is now one, now the other. So a case is decided by many short runs: in each round every
//! contender runs once, in an order that rotates, and what counts is the median of the ratios within a round,
//! with its bounds of 95 %. Runs in which a thread had to wait for its CPU do not count.
//!
//! The best of eight is chosen in every third round and compared in the others: whoever is chosen because it had good
//! luck must not be measured by the same luck.
//!
//! Where the aim is between the bounds the verdict says so: it is not to be had from this machine.

use serde::Serialize;

use crate::cases::{Case, Kind, Shape};
use crate::runner::Row;
use crate::statistics::{median, paired, round3};

/// As a verdict of the Node bench (bench/harness/verdict.js).
#[derive(Debug, Serialize)]
pub struct Verdict {
    pub case: String,
    pub ours: &'static str,
    pub against: &'static str,
    /// In words.
    pub aim: &'static str,
    /// In words.
    pub seen: String,
    /// The opponent's time by ours, the median over the rounds: above one we are ahead.
    pub ratio: f64,
    /// The bounds of that median.
    pub bounds: [f64; 2],
    pub met: bool,
    /// The aim is between the bounds: another run may say otherwise.
    pub within_noise: bool,
}

/// Where the design allows, and so not an aim that can be missed.
const HOPED_FOR: f64 = 1.2;

pub fn judge(case: &Case, rows: &[Row]) -> Vec<Verdict> {
    let ours = || measured(rows, Kind::Ours).next();
    let verdict = |ours: &Row, against: &Row, aim, at_least: f64| {
        ours.median?;
        let compares = |round: &usize| against.kind != Kind::Peer || !chooses(*round);
        let ratios: Vec<f64> = (0..ours.runs.len())
            .filter(compares)
            .filter(|&round| ours.was_calm(round) && against.was_calm(round))
            .map(|round| against.runs[round] / ours.runs[round])
            .collect();
        if ratios.is_empty() {
            return None;
        }
        let seen = paired(ratios);
        Some(Verdict {
            case: case.name.clone(),
            ours: ours.system,
            against: against.system,
            aim,
            seen: format!(
                "{} × ({} to {})",
                round3(seen.median),
                round3(seen.low),
                round3(seen.high)
            ),
            ratio: seen.median,
            bounds: [seen.low, seen.high],
            met: seen.median >= at_least,
            within_noise: (seen.low..seen.high).contains(&at_least),
        })
    };
    let against_peers = || {
        let mut found = verdict(
            ours()?,
            best_peer(rows)?,
            "no slower (1.2 × hoped for)",
            1.0,
        )?;
        if found.ratio >= HOPED_FOR {
            found.aim = "1.2 × as fast";
        }
        Some(found)
    };
    let waited = || {
        let waited = measured(rows, Kind::OursWaited).next()?;
        verdict(waited, ours()?, "at most 1.02 × its time", 1.0 / 1.02)
    };
    // In nanoseconds, since there is nobody to compare with.
    let poll = || {
        let seen = ours()?.median?;
        (case.name == "poll-same").then(|| Verdict {
            case: case.name.clone(),
            ours: "crosscore",
            against: "10 ns",
            aim: "less than 10 ns",
            seen: format!("{} ns", round3(seen)),
            ratio: 10.0 / seen,
            bounds: [10.0 / seen; 2],
            met: seen < 10.0,
            within_noise: false,
        })
    };
    let limit = || {
        let limit = measured(rows, Kind::Limit).next()?;
        verdict(ours()?, limit, "at most 1.1 × its time", 1.0 / 1.1)
    };
    let found = match case.shape {
        Shape::One | Shape::Batch | Shape::Alone | Shape::Bursts | Shape::ManyRings => {
            vec![against_peers(), waited()]
        }
        Shape::Poll => vec![poll()],
        Shape::Bulk => vec![limit(), against_peers()],
        Shape::RoundTrip => vec![limit(), against_peers(), waited()],
    };
    found.into_iter().flatten().collect()
}

fn measured(rows: &[Row], kind: Kind) -> impl Iterator<Item = &Row> {
    rows.iter()
        .filter(move |row| row.kind == kind && row.median.is_some())
}

/// Whether this round chooses the best peer; the others compare.
fn chooses(round: usize) -> bool {
    round.is_multiple_of(3)
}

pub fn best_peer(rows: &[Row]) -> Option<&Row> {
    let choosing = |row: &Row| {
        let rounds = (0..row.runs.len()).filter(|&round| chooses(round));
        let calm: Vec<f64> = rounds
            .filter(|&round| row.was_calm(round))
            .map(|round| row.runs[round])
            .collect();
        if calm.is_empty() {
            f64::INFINITY
        } else {
            median(&calm)
        }
    };
    measured(rows, Kind::Peer).min_by(|a, b| choosing(a).total_cmp(&choosing(b)))
}
