//! What must not compile does not, and for the reason that it should.
//!
//! Each file in `tests/compile_fail/` is a program whose last step is under
//! `#[cfg(feature = "forbidden")]`. Without the feature it has to compile, with it it has to fail
//! with the error codes that the file names in a line `// forbidden: E0499`, and no others.
//!
//! Not with trybuild: it compares the compiler's whole text, which changes from release to release,
//! and cannot show that a program without the offending step is right. Not with `compile_fail`
//! doctests either: on a stable compiler they pass for any error at all, a typing mistake included.

#![cfg(all(feature = "alloc", not(loom)))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The error codes of each case, from the lines of `cargo check --message-format=short`:
/// `cases/name.rs:10:5: error[E0499]: cannot borrow …`.
fn codes_by_case(report: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in report.lines() {
        let Some((place, message)) = line.split_once(": error") else {
            continue;
        };
        let Some((file, _)) = place.split_once(".rs:") else {
            continue;
        };
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let code = message
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map_or("no code", |(code, _)| code);
        codes
            .entry(name.to_owned())
            .or_default()
            .insert(code.to_owned());
    }
    codes
}

#[test]
#[cfg_attr(miri, ignore = "Miri starts no processes")]
fn reports_are_read_as_the_compiler_means_them() {
    let report = "\
cases/a.rs:3:1: error[E0499]: cannot borrow
cases/a.rs:4:1: warning: unused
cases\\b.rs:1:1: error: expected expression
cases/b.rs:2:2: error[E0308]: mismatched types
error: could not compile `cases` (bin \"a\") due to 1 previous error
";
    let codes = codes_by_case(report);
    assert_eq!(codes.len(), 2);
    assert_eq!(codes["a"], BTreeSet::from(["E0499".to_owned()]));
    assert_eq!(
        codes["b"],
        BTreeSet::from(["E0308".to_owned(), "no code".to_owned()])
    );
}

// INV-SW-1, INV-SW-2, INV-SEND-1, INV-VAR-1, INV-RES-1, INV-ALIAS-2, INV-INIT-2: see the files.
#[test]
#[cfg_attr(miri, ignore = "Miri starts no processes")]
fn forbidden_programs_do_not_compile() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail");
    let cases = project.join("cases");
    let _ = fs::remove_dir_all(&cases);
    fs::create_dir_all(&cases).unwrap();

    let mut manifest = format!(
        "[package]\nname = \"cases\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [workspace]\n[features]\nforbidden = []\n\
         [dependencies]\ncrosscore = {{ path = {:?} }}\n",
        package.to_str().unwrap()
    );
    let mut expected = BTreeMap::new();
    for entry in fs::read_dir(package.join("tests/compile_fail")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = fs::read_to_string(&path).unwrap();
        let codes: BTreeSet<String> = source
            .lines()
            .find_map(|line| line.strip_prefix("// forbidden: "))
            .unwrap_or_else(|| panic!("{name} does not say which errors it expects"))
            .split(", ")
            .map(str::to_owned)
            .collect();
        fs::write(cases.join(format!("{name}.rs")), &source).unwrap();
        manifest += &format!("[[bin]]\nname = {name:?}\npath = \"cases/{name}.rs\"\n");
        expected.insert(name, codes);
    }
    assert!(!expected.is_empty());
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    // The workspace's, so that no other versions of the dependencies are looked for.
    fs::copy(package.join("../../Cargo.lock"), project.join("Cargo.lock")).unwrap();

    let check = |features: &[&str]| {
        let output = Command::new(env!("CARGO"))
            // Without colours, which would stand between the words: CARGO_TERM_COLOR may ask for them.
            .args(["check", "--keep-going", "--offline", "--quiet", "--color=never"])
            .arg("--message-format=short")
            .args(features)
            .current_dir(&project)
            .env("CARGO_TARGET_DIR", project.join("target"))
            // Of this run's own: they would only build the dependencies once more.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };

    let (compiles, report) = check(&[]);
    assert!(compiles, "without the forbidden step:\n{report}");
    let (compiles, report) = check(&["--features", "forbidden"]);
    assert!(!compiles);
    let found = codes_by_case(&report);
    for (name, codes) in &expected {
        assert_eq!(found.get(name), Some(codes), "{name}:\n{report}");
    }
}
