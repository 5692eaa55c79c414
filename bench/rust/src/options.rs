//! The command line.

use lexopt::prelude::*;

use crate::cases::Case;

pub const HELP: &str = "\
Usage: npm run bench:rust [-- OPTIONS]

Measures crosscore against the other SPSC rings of the crate registry: two pinned threads, contenders in rotated order,
every element checked.

  --quick           7 runs of a quarter of the work
  --runs N          runs of each contender (default 31, with --quick 7)
  --case NAME       only this case, or all whose names begin with NAME- (one, batch32, bulk, alone, rings, poll); may be repeated
  --system NAME     only this system; may be repeated
  --json FILE       write the figures to FILE as JSON
  --list            list cases and systems
  --help            this

Exit code: 0 when all was measured, aims met or not; 1 when a contender failed (a lost, repeated, reordered or torn
element, a crash, a deadlock); 2 for a wrong option.
";

#[derive(Debug, Default)]
pub struct Options {
    pub quick: bool,
    pub runs: Option<usize>,
    pub cases: Vec<String>,
    pub systems: Vec<String>,
    pub json: Option<String>,
    pub list: bool,
    pub help: bool,
}

pub fn parse() -> Result<Options, lexopt::Error> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => options.quick = true,
            Long("runs") => {
                let runs = parser.value()?.parse()?;
                if !(1..=1000).contains(&runs) {
                    return Err(
                        format!("--runs takes a whole number from 1 to 1000, not {runs}").into(),
                    );
                }
                options.runs = Some(runs);
            }
            Long("case") => options.cases.push(parser.value()?.string()?),
            Long("system") => options.systems.push(parser.value()?.string()?),
            Long("json") => options.json = Some(parser.value()?.string()?),
            Long("list") => options.list = true,
            Long("help") | Short('h') => options.help = true,
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(options)
}

impl Options {
    /// Keeps the cases that were asked for.
    pub fn choose(&self, cases: Vec<Case>) -> Result<Vec<Case>, lexopt::Error> {
        let is = |case: &Case, name: &str| {
            case.name == name || case.name.starts_with(&format!("{name}-"))
        };
        for name in &self.cases {
            if !cases.iter().any(|case| is(case, name)) {
                return Err(format!("no case \"{name}\": see --list").into());
            }
        }
        for name in &self.systems {
            let known = cases.iter().flat_map(|case| &case.entries);
            if !known.into_iter().any(|entry| entry.system == name) {
                return Err(format!("no system \"{name}\": see --list").into());
            }
        }
        let chosen =
            |case: &Case| self.cases.is_empty() || self.cases.iter().any(|name| is(case, name));
        Ok(cases.into_iter().filter(chosen).collect())
    }
}
