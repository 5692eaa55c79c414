//! The aims against what was measured.

use serde::Serialize;

use crate::cases::{Case, Kind, Shape};
use crate::runner::Row;
use crate::statistics::round3;

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
    /// The opponent's median by ours: above one we are ahead.
    pub ratio: f64,
    pub met: bool,
}

/// Where the design allows, and so not an aim that can be missed.
const HOPED_FOR: f64 = 1.2;

pub fn judge(case: &Case, rows: &[Row]) -> Vec<Verdict> {
    let ours = || measured(rows, Kind::Ours).next();
    let verdict = |ours: &Row, against: &Row, aim, at_least: f64| {
        let ratio = against.median? / ours.median?;
        Some(Verdict {
            case: case.name.clone(),
            ours: ours.system,
            against: against.system,
            aim,
            seen: format!("{} ×", round3(ratio)),
            ratio,
            met: ratio >= at_least,
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
    let limit = || {
        let limit = measured(rows, Kind::Limit).next()?;
        verdict(ours()?, limit, "at most 1.1 × its time", 1.0 / 1.1)
    };
    let found = match case.shape {
        Shape::One | Shape::Batch | Shape::Alone => vec![against_peers(), waited()],
        Shape::Bulk => vec![limit(), against_peers()],
        Shape::RoundTrip => vec![limit(), against_peers(), waited()],
    };
    found.into_iter().flatten().collect()
}

fn measured(rows: &[Row], kind: Kind) -> impl Iterator<Item = &Row> {
    rows.iter()
        .filter(move |row| row.kind == kind && row.median.is_some())
}

pub fn best_peer(rows: &[Row]) -> Option<&Row> {
    measured(rows, Kind::Peer).min_by(|a, b| {
        let median = |row: &Row| row.median.unwrap_or(f64::INFINITY);
        median(a).total_cmp(&median(b))
    })
}
