//! What one reads while it runs.

use crate::cases::{Case, Shape};
use crate::runner::Row;
use crate::statistics::round3;
use crate::verdict::{Verdict, best_peer};

/// Sets columns below each other. First line: headings; columns that hold figures are set to the right.
fn columns(lines: &[Vec<String>]) -> String {
    let count = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let to_the_right = |column: usize| {
        column > 0
            && lines[1..].iter().all(|line| {
                let cell = &line[column];
                cell.is_empty() || cell == "-" || cell.starts_with(|c: char| c.is_ascii_digit())
            })
    };
    let layout: Vec<_> = (0..count)
        .map(|column| (width(column), to_the_right(column)))
        .collect();
    let set = |line: &Vec<String>| {
        let cells = line.iter().zip(&layout).map(|(cell, &(width, right))| {
            let gap = " ".repeat(width - cell.chars().count());
            if right {
                format!("{gap}{cell}")
            } else {
                format!("{cell}{gap}")
            }
        });
        format!("  {}", cells.collect::<Vec<_>>().join("  "))
            .trim_end()
            .to_owned()
    };
    lines.iter().map(set).collect::<Vec<_>>().join("\n")
}

fn figure(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| round3(value).to_string())
}

pub fn of_case(case: &Case, rows: &[Row]) -> String {
    let round_trip = case.shape == Shape::RoundTrip;
    let best = best_peer(rows).and_then(|row| row.median);
    let mut heading = vec![
        "system".to_owned(),
        if round_trip { "p50 ns" } else { "median ns" }.to_owned(),
        "best".to_owned(),
    ];
    if round_trip {
        heading.extend(["p99".to_owned(), "p99.9".to_owned()]);
    }
    if case.shape == Shape::Bulk {
        heading.push("GB/s".to_owned());
    }
    heading.extend(["of the best peer's speed".to_owned(), String::new()]);
    let mut lines = vec![heading];
    for row in rows {
        let mut line = vec![row.system.to_owned(), figure(row.median), figure(row.best)];
        if round_trip {
            line.extend([99.0, 99.9].map(|percent| figure(row.latency_at(percent))));
        }
        if case.shape == Shape::Bulk {
            line.push(figure(row.median.map(|ns| case.element_bytes as f64 / ns)));
        }
        let ratio = best.zip(row.median).map(|(best, median)| best / median);
        line.push(ratio.map_or(String::new(), |ratio| format!("{} ×", round3(ratio))));
        line.push(if row.median.is_some() {
            row.note.clone()
        } else {
            format!("{}: {}", row.status.to_uppercase(), row.note)
        });
        lines.push(line);
    }
    format!("\n{}: {}\n{}", case.name, case.title, columns(&lines))
}

pub fn of_aims(verdicts: &[Verdict]) -> String {
    let headings = ["case", "ours", "against", "aim", "seen", ""].map(str::to_owned);
    let mut lines = vec![headings.to_vec()];
    for verdict in verdicts {
        lines.push(vec![
            verdict.case.clone(),
            verdict.ours.to_owned(),
            verdict.against.to_owned(),
            verdict.aim.to_owned(),
            verdict.seen.clone(),
            match (verdict.within_noise, verdict.met) {
                (true, _) => "within the noise",
                (false, true) => "met",
                (false, false) => "not met",
            }
            .to_owned(),
        ]);
    }
    format!(
        "\naims (their time by ours, median of the rounds and its bounds of 95 %)\n{}",
        columns(&lines)
    )
}
