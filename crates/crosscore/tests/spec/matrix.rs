//! The matrix of SPEC.md (invariant, where it is relied on, what test holds it, what asserts it)
//! against the sources of all three layers, both ways.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{ids, lines, package, rust_files, tests_begin};

/// Files, each with what is named in it.
type Named = BTreeMap<String, Vec<String>>;

#[derive(Debug, Default, PartialEq)]
struct Row {
    files: BTreeSet<String>,
    tests: Named,
    assertions: Named,
    /// Why there is no assertion.
    reason: Option<String>,
}

/// What stands between backticks in a cell.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn is_path(token: &str) -> bool {
    [".rs", ".ts", ".js"].iter().any(|end| token.ends_with(end)) && !token.contains(' ')
}

/// `file`: `name`, `name`; `file`: `name`
fn named(cell: &str) -> Result<Named, String> {
    let mut named = Named::new();
    let mut file = None;
    for token in quoted(cell) {
        if is_path(token) {
            file = Some(token);
            named.entry(token.to_owned()).or_default();
        } else {
            let file = file.ok_or_else(|| format!("{token} is in no file"))?;
            named.get_mut(file).unwrap().push(token.to_owned());
        }
    }
    match named.iter().find(|(_, names)| names.is_empty()) {
        Some((file, _)) => Err(format!("nothing is named in {file}")),
        None => Ok(named),
    }
}

/// The rows of the matrix in a text, which is its last section.
fn rows(spec: &str) -> Result<BTreeMap<String, Row>, String> {
    let (_, matrix) = spec.split_once("\n## Matrix\n").ok_or("no matrix")?;
    let mut rows = BTreeMap::new();
    for line in matrix.lines().filter(|line| line.starts_with("| INV-")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, files, tests, assertions] = cells[..] else {
            return Err(format!("{} cells: {line}", cells.len()));
        };
        let row = Row {
            files: quoted(files).map(str::to_owned).collect(),
            tests: named(tests).map_err(|error| format!("{id}: {error}"))?,
            reason: assertions
                .strip_prefix('—')
                .map(|reason| reason.trim().to_owned()),
            assertions: if assertions.starts_with('—') {
                Named::new()
            } else {
                named(assertions).map_err(|error| format!("{id}: {error}"))?
            },
        };
        if rows.insert(id.to_owned(), row).is_some() {
            return Err(format!("{id} has two rows"));
        }
    }
    Ok(rows)
}

/// Whether a Rust test of that name is in the source: a function under `#[test]`, or one that the
/// macro of `tests/model.rs` makes.
fn has_rust_test(source: &str, name: &str) -> bool {
    let lines = lines(source);
    let function = format!("fn {name}()");
    let made = format!("{name}: ");
    lines.iter().enumerate().any(|(n, line)| {
        let code = line.code.trim_start();
        let attributes = lines[..n]
            .iter()
            .rev()
            .take_while(|line| line.code.trim_start().starts_with('#'));
        (code.starts_with(&function)
            && attributes
                .into_iter()
                .any(|line| line.code.contains("#[test]")))
            || (code.starts_with(&made) && code.ends_with(';'))
    })
}

/// Whether a JavaScript test of that title is in the source.
fn has_javascript_test(source: &str, title: &str) -> bool {
    ['\'', '`'].iter().any(|quote| {
        ["test(", "test.serial(", "onBothMemories("]
            .iter()
            .any(|call| source.contains(&format!("{call}{quote}{title}{quote}")))
    })
}

/// Whether that text is in a debug assertion of the source.
fn is_asserted(source: &str, what: &str) -> bool {
    source.match_indices("debug_assert").any(|(at, _)| {
        let mut depth = 0;
        let end = source[at..].find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ')' && depth == 0
        });
        source[at..][..end.unwrap_or(0)].contains(what)
    })
}

/// The places that the matrix speaks of.
struct Tree {
    /// Path in the matrix, source.
    files: BTreeMap<String, String>,
}

impl Tree {
    fn read() -> Self {
        let root = package().join("../..");
        let mut files = BTreeMap::new();
        let mut add = |base: &Path, paths: Vec<PathBuf>| {
            for path in paths {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap();
                let source = fs::read_to_string(&path).unwrap();
                assert!(files.insert(name.replace('\\', "/"), source).is_none());
            }
        };
        add(package(), rust_files(&package().join("src")));
        let mut tests = rust_files(&package().join("tests"));
        // These speak of ids that do not exist, to show that they are found out.
        tests.retain(|file| !super::speaks_of_specs(file));
        // The programs that must not compile are cases of one test.
        let (cases, tests): (Vec<_>, Vec<_>) = tests.into_iter().partition(|file| {
            file.parent()
                .is_some_and(|folder| folder.ends_with("compile_fail"))
        });
        assert!(!cases.is_empty(), "the cases are somewhere else");
        add(package(), tests);
        add(
            &root.join("crates"),
            rust_files(&root.join("crates/crosscore-node/src")),
        );
        for folder in ["lib", "__test__"] {
            let mut paths: Vec<_> = fs::read_dir(root.join(folder))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            paths.retain(|path| {
                let name = path.file_name().unwrap().to_str().unwrap();
                // In lib/ the sources, not what is emitted beside them.
                name.ends_with(if folder == "lib" { ".ts" } else { ".js" })
                    && !name.ends_with(".d.ts")
            });
            paths.sort();
            assert!(paths.len() > 10, "{folder} is somewhere else");
            add(&root, paths);
        }
        add(&root, vec![root.join("index.ts")]);
        let cases = cases.iter().map(|file| fs::read_to_string(file).unwrap());
        files
            .get_mut("tests/compile_fail.rs")
            .unwrap()
            .extend(cases);
        Self { files }
    }

    fn is_test(file: &str) -> bool {
        file.starts_with("tests/") || file.starts_with("__test__/")
    }

    /// The ids that a file relies on: in its comments, tests excepted.
    fn relied_on(file: &str, source: &str) -> BTreeSet<String> {
        if Self::is_test(file) {
            return BTreeSet::new();
        }
        if file.ends_with(".ts") {
            return ids(source);
        }
        let lines = lines(source);
        lines[..tests_begin(&lines)]
            .iter()
            .flat_map(|line| ids(&line.comment))
            .collect()
    }

    /// The ids that tests in a file hold.
    fn held(file: &str, source: &str) -> BTreeSet<String> {
        if file.starts_with("__test__/") {
            return ids(source);
        }
        let lines = lines(source);
        let from = if Self::is_test(file) {
            0
        } else {
            tests_begin(&lines)
        };
        super::held(&lines[from..])
    }
}

/// What is wrong with a matrix, a line each. `defined` are the ids that have a definition.
fn faults(defined: &BTreeSet<String>, rows: &BTreeMap<String, Row>, tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for id in defined.iter().filter(|id| !rows.contains_key(*id)) {
        faults.push(format!("{id} has no row"));
    }
    for id in rows.keys().filter(|id| !defined.contains(*id)) {
        faults.push(format!("{id} has a row and no definition"));
    }
    for (file, source) in &tree.files {
        for id in ids(source).difference(defined) {
            faults.push(format!("{file} cites {id}, which is not defined"));
        }
        for id in Tree::relied_on(file, source) {
            if rows.get(&id).is_some_and(|row| !row.files.contains(file)) {
                faults.push(format!("{id}: `{file}` relies on it and is not in its row"));
            }
        }
        for id in Tree::held(file, source) {
            if rows
                .get(&id)
                .is_some_and(|row| !row.tests.contains_key(file))
            {
                faults.push(format!(
                    "{id}: no test of `{file}`, which holds it, is in its row"
                ));
            }
        }
    }
    for (id, row) in rows {
        if row.files.is_empty() {
            faults.push(format!("{id}: nobody relies on it"));
        }
        if row.tests.is_empty() {
            faults.push(format!("{id}: no test"));
        }
        match (&row.reason, row.assertions.is_empty()) {
            (Some(reason), _) if reason.is_empty() => {
                faults.push(format!("{id}: a dash without a reason"));
            }
            (None, true) => faults.push(format!("{id}: neither an assertion nor a reason")),
            _ => (),
        }
        for file in &row.files {
            match tree.files.get(file) {
                None => faults.push(format!("{id}: there is no {file}")),
                Some(source) if !Tree::relied_on(file, source).contains(id) => {
                    faults.push(format!("{id}: {file} does not cite it"));
                }
                _ => (),
            }
        }
        for (file, names) in &row.tests {
            let Some(source) = tree.files.get(file) else {
                faults.push(format!("{id}: there is no {file}"));
                continue;
            };
            if !Tree::held(file, source).contains(id) {
                faults.push(format!("{id}: no test of {file} names it"));
            }
            let exists = if file.ends_with(".rs") {
                has_rust_test
            } else {
                has_javascript_test
            };
            for name in names.iter().filter(|name| !exists(source, name)) {
                faults.push(format!("{id}: {file} has no test {name:?}"));
            }
        }
        for (file, assertions) in &row.assertions {
            let source = tree.files.get(file).map_or("", String::as_str);
            for what in assertions.iter().filter(|what| !is_asserted(source, what)) {
                faults.push(format!("{id}: {file} does not debug_assert {what:?}"));
            }
        }
    }
    faults
}

#[test]
fn the_matrix_and_the_sources_agree() {
    let text = fs::read_to_string(package().join("SPEC.md")).unwrap();
    let faults = faults(&super::spec(), &rows(&text).unwrap(), &Tree::read());
    assert!(faults.is_empty(), "SPEC.md:\n{}", faults.join("\n"));
}

mod the_check_can_fail {
    use super::*;

    const SPEC: &str = "\n## Matrix\n\
        | invariant | relied on in | held by | asserted |\n| --- | --- | --- | --- |\n\
        | INV-A-1 | `src/a.rs`, `lib/b.ts` | `tests/c.rs`: `it_holds`; `__test__/d.spec.js`: `it ${holds}` | `src/a.rs`: `x < y` |\n\
        | INV-B-1 | `src/a.rs` | `src/a.rs`: `inside` | — nothing to see |\n";

    fn tree() -> Tree {
        let files = [
            (
                "src/a.rs",
                "// INV-A-1, INV-B-1\nfn f() {\n    debug_assert!(x < y);\n}\n\
                 #[cfg(test)]\nmod tests {\n    // INV-B-1\n    #[test]\n    fn inside() {}\n}\n",
            ),
            ("lib/b.ts", "/** INV-A-1 */\n"),
            (
                "tests/c.rs",
                "// INV-A-1\n#[test]\n#[cfg(unix)]\nfn it_holds() {}\n",
            ),
            (
                "__test__/d.spec.js",
                "// INV-A-1\ntest.serial(`it ${holds}`, (t) => {})\n",
            ),
        ];
        Tree {
            files: files
                .map(|(file, source)| (file.to_owned(), source.to_owned()))
                .into(),
        }
    }

    fn check(spec: &str, tree: &Tree) -> Vec<String> {
        let defined = ["INV-A-1", "INV-B-1"].map(str::to_owned).into();
        faults(&defined, &rows(spec).unwrap(), tree)
    }

    #[test]
    fn what_agrees_has_no_faults() {
        assert_eq!(check(SPEC, &tree()), Vec::<String>::new());
    }

    #[test]
    fn each_change_of_the_matrix_is_found() {
        for (from, to, expected) in [
            (
                "`src/a.rs`, `lib/b.ts`",
                "`src/a.rs`",
                "lib/b.ts` relies on it",
            ),
            (
                "`src/a.rs`, `lib/b.ts`",
                "`src/a.rs`, `lib/b.ts`, `lib/c.ts`",
                "there is no lib/c.ts",
            ),
            (
                "`src/a.rs`, `lib/b.ts`",
                "`src/a.rs`, `lib/b.ts`, `tests/c.rs`",
                "tests/c.rs does not cite it",
            ),
            ("`it_holds`", "`it_hold`", "no test \"it_hold\""),
            ("`it ${holds}`", "`it`", "no test \"it\""),
            (
                "; `__test__/d.spec.js`: `it ${holds}`",
                "",
                "no test of `__test__/d.spec.js`",
            ),
            ("`x < y`", "`x < z`", "does not debug_assert \"x < z\""),
            ("— nothing to see", "—", "a dash without a reason"),
            ("— nothing to see", "", "neither an assertion nor a reason"),
            ("`src/a.rs`: `inside`", "", "INV-B-1: no test"),
            (
                "| INV-B-1 | `src/a.rs`",
                "| INV-C-1 | `src/a.rs`",
                "INV-B-1 has no row",
            ),
            (
                "| INV-B-1 | `src/a.rs`",
                "| INV-C-1 | `src/a.rs`",
                "INV-C-1 has a row and no definition",
            ),
        ] {
            assert!(SPEC.contains(from), "{from}");
            let faults = check(&SPEC.replacen(from, to, 1), &tree());
            let found = faults.iter().any(|fault| fault.contains(expected));
            assert!(found, "{from} -> {to}: {faults:?}");
        }
    }

    #[test]
    fn each_change_of_a_source_is_found() {
        for (file, from, to, expected) in [
            (
                "lib/b.ts",
                "INV-A-1",
                "nothing",
                "lib/b.ts does not cite it",
            ),
            (
                "lib/b.ts",
                "INV-A-1",
                "INV-A-1, INV-B-1",
                "`lib/b.ts` relies on it",
            ),
            (
                "lib/b.ts",
                "INV-A-1",
                "INV-A-1, INV-Z-9",
                "INV-Z-9, which is not defined",
            ),
            (
                "tests/c.rs",
                "INV-A-1",
                "nothing",
                "no test of tests/c.rs names it",
            ),
            ("tests/c.rs", "#[test]\n", "", "no test \"it_holds\""),
            ("tests/c.rs", "fn it", "fn that_it", "no test \"it_holds\""),
            (
                "tests/c.rs",
                "INV-A-1",
                "INV-A-1, INV-B-1",
                "no test of `tests/c.rs`",
            ),
            (
                "__test__/d.spec.js",
                "test.serial(",
                "describe(",
                "no test \"it ${holds}\"",
            ),
            (
                "src/a.rs",
                "debug_assert!(x < y)",
                "assert!(x < y)",
                "does not debug_assert",
            ),
            (
                "src/a.rs",
                "    // INV-B-1\n",
                "",
                "no test of src/a.rs names it",
            ),
        ] {
            let mut tree = tree();
            let source = tree.files.get_mut(file).unwrap();
            assert!(source.contains(from), "{file}: {from}");
            *source = source.replacen(from, to, 1);
            let faults = check(SPEC, &tree);
            let found = faults.iter().any(|fault| fault.contains(expected));
            assert!(found, "{file}: {from} -> {to}: {faults:?}");
        }
    }

    #[test]
    fn rows_that_cannot_be_read_are_errors() {
        assert!(rows("| INV-A-1 | | | |").is_err());
        assert!(rows(&format!("{SPEC}| INV-C-1 | `a.rs` | `b` |\n")).is_err());
        assert!(rows(&format!("{SPEC}| INV-C-1 | `a.rs` | `test` | — no |\n")).is_err());
        assert!(rows(&format!("{SPEC}| INV-C-1 | `a.rs` | `b.rs`: | — no |\n")).is_err());
        assert!(rows(&format!("{SPEC}{}", SPEC.lines().last().unwrap())).is_err());
    }
}
