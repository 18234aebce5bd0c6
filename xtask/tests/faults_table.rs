//! docs/faults.md names what exists: tests, workloads, faults, proofs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A row: its number, and its last cell.
fn rows() -> Vec<(String, String)> {
    let table = read(&docs().join("faults.md"));
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| # ")).map(cells);
    rows.map(|mut cells| (cells.remove(0), cells.pop().unwrap_or_default())).collect()
}

/// Names and files of ``[`name`](file)``.
fn links(cell: &str) -> Vec<(&str, &str)> {
    let link = |part| -> Option<(&str, &str)> {
        str::split_once(part, "`](").and_then(|(name, rest)| Some((name, rest.split_once(')')?.0)))
    };
    cell.split("[`").skip(1).map(|part| link(part).unwrap_or_else(|| panic!("no link: {part}"))).collect()
}

/// Whether `name` is a test that runs.
fn is_test(source: &str, name: &str) -> bool {
    let Some((before, _)) = source.split_once(&format!("fn {name}(")) else { return false };
    let above = before.rsplit_once('\n').map_or("", |(above, _)| above);
    let attributes: Vec<&str> = above.lines().rev().take_while(|line| !line.trim().is_empty()).collect();
    let marked = attributes.iter().any(|line| line.contains("#[test]") || line.contains("#[tokio::test"));
    marked && !attributes.iter().any(|line| line.contains("#[ignore"))
}

fn exists(name: &str, file: &str) -> bool {
    let text = read(&docs().join(file));
    match file {
        file if file.ends_with(".md") => text.contains(&format!("`cargo xtask {name}`")),
        file if file.ends_with("workload.rs") => text.contains(&format!("\"{name}\"")),
        file if file.ends_with("faults.rs") && file.contains("simulation") => {
            text.contains(&format!("\n    {name},\n"))
        }
        file if file.ends_with("network.rs") => text.contains(&format!("pub(crate) {name}: f64")),
        _ => is_test(&text, name),
    }
}

#[test]
fn every_row_is_there() {
    let found: BTreeSet<String> = rows().into_iter().map(|(number, _)| number).collect();
    let expected = (1..=71).map(|row| row.to_string()).chain((1..=20).map(|defect| format!("D{defect}")));
    let missing: Vec<String> = expected.filter(|number| !found.contains(number)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_row_names_what_exists_or_says_why_there_is_nothing() {
    let mut wrong = Vec::new();
    for (number, cell) in rows() {
        let links = links(&cell);
        if links.is_empty() && !cell.starts_with("Not ") {
            wrong.push(format!("{number}: nothing is named"));
        }
        let gone = links.into_iter().filter(|(name, file)| !exists(name, file));
        wrong.extend(gone.map(|(name, file)| format!("{number}: no {name} in {file}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// So that `grep -rw D7 crates` finds it.
#[test]
fn the_tests_of_a_defect_carry_its_number() {
    for (number, cell) in rows().into_iter().filter(|(number, _)| number.starts_with('D')) {
        for (name, file) in links(&cell) {
            let source = read(&docs().join(file));
            let before = source.split_once(&format!("fn {name}(")).map(|(before, _)| before).unwrap_or_default();
            let above: Vec<&str> = before.lines().rev().take(6).collect();
            let words = |line: &&str| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == number);
            assert!(above.iter().any(words), "{number}: {name} in {file} does not say so");
        }
    }
}
