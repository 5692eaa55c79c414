//! crosscore beside the other SPSC rings of the crate registry, in one run. See `options` for what it takes.

mod cases;
mod contender;
mod contenders;
mod cpus;
mod element;
mod failure;
mod machine;
mod measure;
mod options;
mod runner;
mod statistics;
mod table;
mod verdict;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use cpus::Cpus;
use options::{HELP, Options};
use runner::Settings;

/// Many short runs decide better than few long ones.
const SHORTENED: u64 = 2;

/// With --quick: enough to see that all works and roughly where it stands.
const QUICK_SHORTENED: u64 = 4;

fn bench(options: &Options, cases: &[cases::Case]) -> Result<(), Box<dyn Error>> {
    let cpus = Cpus::choose();
    let machine = machine::describe(cpus);
    let text = |key: &str| machine[key].as_str().unwrap_or("").to_owned();
    println!(
        "{}, {} CPUs, {} {}",
        text("cpu"),
        machine["cpus"],
        text("os"),
        text("arch")
    );
    match cpus.both() {
        Some([producer, consumer]) => println!("threads pinned to CPUs {producer} and {consumer}"),
        None => println!(
            "threads not pinned: fewer than two CPUs are allowed, or the system has no call for it"
        ),
    }
    let load = machine["loadAverageAtStart"][0].as_f64().unwrap_or(0.0);
    if load > 0.5 {
        println!("something else is running here (load average {load}): expect noise");
    }
    let settings = Settings {
        runs: options.runs.unwrap_or(if options.quick { 7 } else { 31 }),
        shortened: if options.quick {
            QUICK_SHORTENED
        } else {
            SHORTENED
        },
        cpus,
        systems: options.systems.clone(),
    };
    let started_at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let started = Instant::now();
    let mut rows = Vec::new();
    let mut aims = Vec::new();
    for case in cases {
        let found = runner::run(case, &settings);
        println!("{}", table::of_case(case, &found));
        aims.extend(verdict::judge(case, &found));
        rows.extend(found);
    }
    if !aims.is_empty() {
        println!("{}", table::of_aims(&aims));
    }
    if let Some(file) = &options.json {
        let result = json!({
            "machine": machine,
            "versions": machine::versions(),
            "method": {
                "runs": settings.runs,
                "quick": options.quick,
                "startedAtUnixSeconds": started_at,
                "seconds": started.elapsed().as_secs_f64(),
            },
            "rows": rows,
            "aims": aims,
        });
        if let Some(folder) = Path::new(file).parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, serde_json::to_string_pretty(&result)? + "\n")?;
        println!("\nfigures: {file}");
    }
    Ok(())
}

fn list(cases: &[cases::Case]) {
    for case in cases {
        let systems: Vec<_> = case.entries.iter().map(|entry| entry.system).collect();
        println!(
            "{:<16} {}\n{:17}{}",
            case.name,
            case.title,
            "",
            systems.join(" | ")
        );
    }
}

fn main() -> ExitCode {
    let asked = options::parse().and_then(|options| {
        let cases = options.choose(cases::all())?;
        Ok((options, cases))
    });
    let (options, cases) = match asked {
        Ok(asked) => asked,
        Err(wrong) => {
            eprintln!("{wrong}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    if options.help {
        print!("{HELP}");
    } else if options.list {
        list(&cases);
    } else if let Err(error) = bench(&options, &cases) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
