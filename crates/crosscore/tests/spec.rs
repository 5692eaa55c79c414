//! SPEC.md, the sources and the tests speak of the same invariants. That each is cited and held by a
//! test is the matter of the matrix (`spec/matrix.rs`).

#![cfg(not(loom))]

#[path = "spec/matrix.rs"]
mod matrix;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One line of Rust, taken apart.
#[derive(Debug, Default, PartialEq)]
struct Line {
    /// Without comments, and with empty strings.
    code: String,
    comment: String,
    /// The contents of its strings.
    strings: String,
}

impl Line {
    fn is_only_comment(&self) -> bool {
        self.code.trim().is_empty() && !self.comment.is_empty()
    }
}

/// Takes Rust apart: comments, strings and the rest. It knows no more of the language than that.
fn lines(source: &str) -> Vec<Line> {
    #[derive(Clone, Copy, PartialEq)]
    enum In {
        Code,
        LineComment,
        BlockComment(u32),
        /// A string, and the number of `#` that end it where it is raw.
        Text(Option<usize>),
    }
    let mut lines = vec![Line::default()];
    let mut state = In::Code;
    let chars: Vec<char> = source.chars().collect();
    let starts = |at: usize, what: &str| {
        what.chars()
            .enumerate()
            .all(|(i, c)| chars.get(at + i) == Some(&c))
    };
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let line = lines.last_mut().unwrap();
        let mut taken = 1;
        match state {
            _ if c == '\n' => {
                if state == In::LineComment {
                    state = In::Code;
                }
                lines.push(Line::default());
            }
            In::LineComment => line.comment.push(c),
            In::BlockComment(depth) => {
                if starts(at, "*/") {
                    taken = 2;
                    state = if depth == 1 {
                        In::Code
                    } else {
                        In::BlockComment(depth - 1)
                    };
                } else if starts(at, "/*") {
                    taken = 2;
                    state = In::BlockComment(depth + 1);
                } else {
                    line.comment.push(c);
                }
            }
            In::Text(None) if c == '\\' => {
                // A line that goes on is still a line.
                taken = if chars.get(at + 1) == Some(&'\n') {
                    1
                } else {
                    2
                };
            }
            In::Text(hashes) => {
                if c == '"' && starts(at + 1, &"#".repeat(hashes.unwrap_or(0))) {
                    taken = 1 + hashes.unwrap_or(0);
                    state = In::Code;
                    line.code.push('"');
                } else {
                    line.strings.push(c);
                }
            }
            In::Code if starts(at, "//") => {
                state = In::LineComment;
                line.comment.push_str("//");
                taken = 2;
            }
            In::Code if starts(at, "/*") => {
                state = In::BlockComment(1);
                line.comment.push_str("/*");
                taken = 2;
            }
            In::Code if c == '"' => {
                let before = line.code.trim_end_matches('#');
                let hashes = line.code.len() - before.len();
                let raw = before.ends_with('r');
                state = In::Text(raw.then_some(hashes));
                line.code.push('"');
            }
            // A character, not a lifetime: 'x' or an escape.
            In::Code if c == '\'' && chars.get(at + 1) == Some(&'\\') => {
                taken = 3;
                while chars.get(at + taken).is_some_and(|&c| c != '\'') {
                    taken += 1;
                }
                taken += 1;
            }
            In::Code if c == '\'' && chars.get(at + 2) == Some(&'\'') => taken = 3,
            In::Code => line.code.push(c),
        }
        at += taken;
    }
    lines
}

/// The ids in a text: `INV-`, capitals, `-`, digits.
fn ids(text: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for (at, _) in text.match_indices("INV-") {
        let rest = &text[at + 4..];
        let name: String = rest.chars().take_while(char::is_ascii_uppercase).collect();
        let number: String = rest[name.len()..]
            .strip_prefix('-')
            .unwrap_or("")
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        if !name.is_empty() && !number.is_empty() {
            ids.insert(format!("INV-{name}-{number}"));
        }
    }
    ids
}

/// The ids that SPEC.md defines: items of a list that begin with the id in bold.
fn defined(spec: &str) -> Result<BTreeSet<String>, String> {
    let mut defined = BTreeSet::new();
    for line in spec.lines() {
        let Some(rest) = line.strip_prefix("- **INV-") else {
            continue;
        };
        let (id, _) = rest.split_once("**").ok_or("an id without its end")?;
        let id = format!("INV-{id}");
        if ids(&id).first() != Some(&id) {
            return Err(format!("{id} is no id"));
        }
        if !defined.insert(id.clone()) {
            return Err(format!("{id} is defined twice"));
        }
    }
    Ok(defined)
}

/// Where the tests of a source file begin, as an index into its lines.
fn tests_begin(lines: &[Line]) -> usize {
    lines
        .iter()
        .position(|line| {
            line.code.starts_with("#[cfg(test)]") || line.code.starts_with("#[cfg(all(test")
        })
        .unwrap_or(lines.len())
}

/// The ids that tests say they hold: in comments that are no SAFETY comments, and in messages.
fn held(lines: &[Line]) -> BTreeSet<String> {
    let mut held = BTreeSet::new();
    let mut block = String::new();
    for line in lines {
        if line.is_only_comment() {
            block.push_str(&line.comment);
            continue;
        }
        if !block.contains("SAFETY:") {
            held.extend(ids(&block));
        }
        block.clear();
        held.extend(ids(&line.strings));
    }
    held
}

/// The numbers of the lines that are `unsafe` without a SAFETY comment that cites an invariant.
fn unjustified(lines: &[Line]) -> Vec<usize> {
    let is_site = |line: &Line| {
        line.code.match_indices("unsafe").any(|(at, word)| {
            let begins_a_word =
                !line.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let rest = line.code[at + word.len()..].trim_start();
            begins_a_word && (rest.is_empty() || rest.starts_with('{') || rest.starts_with("impl"))
        })
    };
    let is_justified = |site: usize| {
        let mut above = site;
        // Up to the beginning of the statement.
        while above > 0 && !lines[above - 1].is_only_comment() {
            let code = lines[above - 1].code.trim();
            let is_attribute = code.starts_with("#[");
            if !is_attribute && (code.is_empty() || code.ends_with([';', '{', '}'])) {
                return false;
            }
            above -= 1;
        }
        let mut comment = String::new();
        while above > 0 && lines[above - 1].is_only_comment() {
            comment.insert_str(0, &lines[above - 1].comment);
            above -= 1;
        }
        comment
            .split_once("SAFETY:")
            .is_some_and(|(_, reason)| !ids(reason).is_empty())
    };
    (0..lines.len())
        .filter(|&n| is_site(&lines[n]) && !is_justified(n))
        .map(|n| n + 1)
        .collect()
}

/// The numbers of the lines, tests excepted, that choose a memory ordering or take an atomic from
/// somewhere else than the seam.
fn orderings(lines: &[Line]) -> Vec<usize> {
    let words = ["Ordering::", "Relaxed", "AcqRel", "SeqCst", "sync::atomic"];
    (0..tests_begin(lines))
        .filter(|&n| {
            let code = &lines[n].code;
            words.iter().any(|word| code.contains(word))
                || fences(code).any(|ordering| !is_site(ordering))
        })
        .map(|n| n + 1)
        .collect()
}

/// What the fences of a line are given. A function of ours whose name ends like that takes nothing.
fn fences(code: &str) -> impl Iterator<Item = &str> {
    code.match_indices("fence(")
        .map(|(at, word)| code[at + word.len()..].split(')').next().unwrap_or(""))
        .filter(move |ordering| !ordering.is_empty() || code.trim_end().ends_with("fence("))
}

/// Whether it is the name of one of the sites of `ordering.rs`.
fn is_site(ordering: &str) -> bool {
    !ordering.is_empty() && ordering.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// The numbers of the lines, tests excepted, that execute a fence.
fn lines_with_fences(lines: &[Line]) -> Vec<usize> {
    (0..tests_begin(lines))
        .filter(|&n| fences(&lines[n].code).next().is_some())
        .map(|n| n + 1)
        .collect()
}

/// The one place that needs a total order (INV-PARK-1), and so a fence.
const FENCES: &str = "park/barrier.rs";

/// Files that need an atomic which is no part of the protocol. On macOS mirrored memory takes a name
/// that is new in the process, and numbers them.
const ATOMICS_OF_THEIR_OWN: [&str; 1] = ["alloc/mirrored/macos.rs"];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<(PathBuf, Vec<Line>)> {
    let files = rust_files(&package().join("src"));
    assert!(
        files.len() > 10,
        "the sources are somewhere else: {files:?}"
    );
    files
        .into_iter()
        .map(|file| {
            let source = fs::read_to_string(&file).unwrap();
            (file, lines(&source))
        })
        .collect()
}

fn spec() -> BTreeSet<String> {
    let defined = defined(&fs::read_to_string(package().join("SPEC.md")).unwrap()).unwrap();
    assert!(defined.len() > 10, "{defined:?}");
    defined
}

/// Whether a file speaks of ids that do not exist, to show that they are found out: this one does.
fn speaks_of_specs(file: &Path) -> bool {
    file.ends_with("tests/spec.rs") || file.ends_with("tests/spec/matrix.rs")
}

/// The sources of the addon.
fn addon() -> Vec<(PathBuf, Vec<Line>)> {
    let files = rust_files(&package().join("../crosscore-node/src"));
    assert!(files.len() > 10, "the addon is somewhere else: {files:?}");
    files
        .into_iter()
        .map(|file| {
            let source = fs::read_to_string(&file).unwrap();
            (file, lines(&source))
        })
        .collect()
}

#[test]
fn every_id_that_is_cited_is_defined() {
    let spec = spec();
    let mut files = rust_files(&package().join("tests"));
    files.retain(|file| !speaks_of_specs(file));
    files.extend(rust_files(&package().join("src")));
    // The other layers are the matrix's; these are none.
    for folder in ["crates/crosscore-probes", "fuzz/targets"] {
        files.extend(rust_files(&package().join("../..").join(folder)));
    }
    for file in files {
        for id in ids(&fs::read_to_string(&file).unwrap()) {
            assert!(
                spec.contains(&id),
                "{}: {id} is not in SPEC.md",
                file.display()
            );
        }
    }
}

#[test]
fn every_unsafe_block_cites_an_invariant() {
    for (file, lines) in sources().into_iter().chain(addon()) {
        let unjustified = unjustified(&lines);
        assert!(
            unjustified.is_empty(),
            "{}: lines {unjustified:?}",
            file.display()
        );
    }
}

#[test]
fn orderings_are_chosen_in_one_place() {
    let src = package().join("src");
    for (file, lines) in sources() {
        if file == src.join("ordering.rs") || file.starts_with(src.join("sync")) {
            continue;
        }
        let orderings = orderings(&lines);
        if ATOMICS_OF_THEIR_OWN.iter().any(|own| file == src.join(own)) {
            assert!(
                !orderings.is_empty(),
                "{} needs no exception any more",
                file.display()
            );
            continue;
        }
        assert!(
            orderings.is_empty(),
            "{}: lines {orderings:?}",
            file.display()
        );
    }
}

#[test]
fn fences_are_for_the_parked_handshake_only() {
    let src = package().join("src");
    for (file, lines) in sources() {
        if file.starts_with(src.join("sync")) {
            continue;
        }
        let fences = lines_with_fences(&lines);
        assert_eq!(
            fences.is_empty(),
            file != src.join(FENCES),
            "{}: lines {fences:?}",
            file.display()
        );
    }
}

mod the_checks_can_fail {
    use super::*;

    #[test]
    fn comments_and_strings_are_told_apart() {
        let source =
            "let a = \"// no\"; // yes\nlet b = '\"'; /* c\nd */ let e: &'a str = r#\"f\"\"#;\n";
        let lines = lines(source);
        assert_eq!(lines[0].code, "let a = \"\"; ");
        assert_eq!(
            (lines[0].comment.as_str(), lines[0].strings.as_str()),
            ("// yes", "// no")
        );
        assert_eq!(
            (lines[1].code.as_str(), lines[1].comment.as_str()),
            ("let b = ; ", "/* c")
        );
        assert_eq!(lines[2].comment, "d ");
        assert_eq!(lines[2].code, " let e: &'a str = r#\"\";");
        assert_eq!(lines[2].strings, "f\"");
    }

    #[test]
    fn strings_over_several_lines_keep_the_count() {
        let lines = lines("f(\"a\\\n  b\\\"\n\");\nunsafe {}\n");
        assert_eq!(lines.len(), 5);
        assert_eq!(unjustified(&lines), [4]);
    }

    #[test]
    fn ids_are_whole() {
        let text = "INV-A-1, `INV-BC-23`: INV-ALIAS-… INV-x-1 INV- INV-D";
        assert!(ids(text).iter().eq(["INV-A-1", "INV-BC-23"]));
    }

    #[test]
    fn definitions_are_items_and_unique() {
        let spec = "# INV-A-1\n- **INV-A-2** text with INV-A-3\nINV-A-4\n";
        assert!(defined(spec).unwrap().iter().eq(["INV-A-2"]));
        assert!(defined("- **INV-A-2** a\n- **INV-A-2** b\n").is_err());
        assert!(defined("- **INV-A** a\n").is_err());
        assert!(defined("- **INV-A-1 a\n").is_err());
    }

    #[test]
    fn unsafe_without_a_reason_is_found() {
        for (source, expected) in [
            ("unsafe { f() };\n", vec![1]),
            ("// SAFETY: INV-A-1\nunsafe { f() };\n", vec![]),
            ("// SAFETY: trust me\nunsafe { f() };\n", vec![2]),
            (
                "// INV-A-1, but it does not say what for\nunsafe { f() };\n",
                vec![2],
            ),
            ("// SAFETY: INV-A-1\ng();\nunsafe { f() };\n", vec![3]),
            ("// SAFETY: INV-A-1\n\nunsafe { f() };\n", vec![3]),
            (
                "// SAFETY: INV-A-1\n#[inline]\nunsafe impl Send for T {}\n",
                vec![],
            ),
            ("unsafe impl Send for T {}\n", vec![1]),
            (
                "// SAFETY: INV-A-1\nlet a = b\n    .c()\n    .d(|| unsafe { e });\n",
                vec![],
            ),
            ("let a = b\n    .d(|| unsafe { e });\n", vec![2]),
            ("let s = \"unsafe {\"; // unsafe {\n", vec![]),
            ("/// unsafe { f() };\nfn not_unsafe() {}\n", vec![]),
            // A function that is unsafe to call says so in its documentation, not in a comment.
            ("unsafe fn f() {}\n", vec![]),
        ] {
            assert_eq!(unjustified(&lines(source)), expected, "{source}");
        }
    }

    #[test]
    fn orderings_outside_the_seam_are_found() {
        let source = "use std::sync::atomic::AtomicU8;\na.load(Ordering::Acquire);\n// Ordering::Relaxed\n\
                      let relaxed = Relaxed;\n#[cfg(test)]\nmod tests { b.load(SeqCst) }\n";
        assert_eq!(orderings(&lines(source)), [1, 2, 4]);
    }

    #[test]
    fn fences_are_found_and_take_a_site() {
        let source = "fence(A_SITE);\nlet o = a;\nfence(o);\ncompiler_fence(A_SITE);\nfence(\nA_SITE);\n\
                      publisher_fence();\nfn publisher_fence() {\n";
        assert_eq!(orderings(&lines(source)), [3, 5]);
        assert_eq!(lines_with_fences(&lines(source)), [1, 3, 4, 5]);
    }

    #[test]
    fn a_safety_comment_is_no_test() {
        let source =
            "// SAFETY: INV-A-1\nunsafe { f() };\n// INV-A-2\nfn g() { assert!(a, \"INV-A-3\") }\n";
        assert!(held(&lines(source)).iter().eq(["INV-A-2", "INV-A-3"]));
    }
}
