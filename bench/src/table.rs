//! The figures as Markdown.

use crate::contestants::{FRANZ, FRANZ_POOL, IDEAL, OURS, OURS_LINES};
use crate::figures::Figures;
use crate::results::{Outcome, Results};
use crate::scenario::{ALL, Figure, Place, Scenario};
use crate::targets::TARGETS;
use std::fmt::Write;

/// Where the results keep rivals that could not be built.
pub const UNBUILT: &str = "unbuilt";

/// All that was measured so far: what was wanted, and a table for each scenario.
pub fn document(preface: &str, results: &Results) -> String {
    let mut out = format!("{}\n\n## What is wanted\n\n", preface.trim_end());
    let _ = writeln!(out, "| scenario | wanted | measured | |\n|---|---|--:|---|");
    for target in &TARGETS {
        let Some(verdict) = target.judge(results) else { continue };
        let met = if verdict.met { "met" } else { "**missed**" };
        let _ = writeln!(out, "| {} | {} | {} | {met} |", target.scenario, target.wanted, verdict.measured);
    }
    out.push('\n');
    for row in results.of(UNBUILT) {
        if let Outcome::Failed(why) = &row.outcome {
            let _ = writeln!(out, "{} is in no table: {why}\n", row.name);
        }
    }
    out.push_str("## A cheap broker\n\n");
    let mut real = false;
    for scenario in ALL.iter().filter(|scenario| results.of(scenario.id).next().is_some()) {
        if scenario.place == Place::Real && !real {
            real = true;
            out.push_str(include_str!("table/real.md"));
        }
        out += &section(scenario, results);
    }
    out.trim_end().to_owned() + "\n"
}

/// A cell without a number. A column that has no other is left out.
const NONE: &str = "–";
const MIB: f64 = 1024.0 * 1024.0;

/// A column: its head, and its cell for a row.
struct Column<'a> {
    head: &'static str,
    cell: Box<dyn Fn(&Figures) -> String + 'a>,
}

fn column<'a>(head: &'static str, cell: impl Fn(&Figures) -> String + 'a) -> Column<'a> {
    Column { head, cell: Box::new(cell) }
}

/// One scenario's section: a row for each contestant, the best first, those that failed last.
pub fn section(scenario: &Scenario, results: &Results) -> String {
    let compared = |figures: &Figures| compared(scenario.figure, figures);
    let mut measured = Vec::new();
    let mut failed = Vec::new();
    for row in results.of(scenario.id) {
        match &row.outcome {
            Outcome::Measured(figures) => measured.push((row.name.as_str(), *figures)),
            Outcome::Failed(why) => failed.push((row.name.as_str(), why.as_str())),
        }
    }
    measured.sort_by(|(_, one), (_, other)| compared(one).total_cmp(&compared(other)));
    if matches!(scenario.figure, Figure::Rate | Figure::Bandwidth | Figure::Lines) {
        measured.reverse();
    }
    let mut columns = columns(scenario, &measured);
    columns.retain(|column| measured.iter().any(|(_, figures)| (column.cell)(figures) != NONE));
    let mut out = format!("### {}: {}\n\n| client |", scenario.id, scenario.about);
    for column in &columns {
        let _ = write!(out, " {} |", column.head);
    }
    let _ = writeln!(out, "\n|---|{}", "--:|".repeat(columns.len()));
    for (name, figures) in &measured {
        let _ = write!(out, "| {name} |");
        for column in &columns {
            let _ = write!(out, " {} |", (column.cell)(figures));
        }
        out.push('\n');
    }
    out.push('\n');
    for (name, why) in failed {
        let _ = writeln!(out, "- {name} is not in the table: {why}");
    }
    for target in TARGETS.iter().filter(|target| target.scenario == scenario.id) {
        if let Some(verdict) = target.judge(results) {
            let met = if verdict.met { "met" } else { "missed" };
            let _ = writeln!(out, "- {}: {}, {met}", target.wanted, verdict.measured);
        }
    }
    out.trim_end().to_owned() + "\n\n"
}

/// What the scenario is about. Smaller is better, but for rates.
fn compared(figure: Figure, figures: &Figures) -> f64 {
    match figure {
        Figure::CpuPerRecord => figures.cpu_ns,
        Figure::Latency => figures.p99_us,
        Figure::Memory if figures.heap_mib.is_nan() => figures.resident_mib,
        Figure::Memory => figures.heap_mib,
        Figure::Allocations => figures.allocations,
        Figure::Rate | Figure::Bandwidth | Figure::Lines => figures.rate,
    }
}

fn columns<'a>(scenario: &Scenario, rows: &'a [(&'a str, Figures)]) -> Vec<Column<'a>> {
    let (figure, value) = (scenario.figure, scenario.value() as f64);
    let resident = || column("RSS MiB", |row| plain(row.resident_mib, 0));
    match figure {
        Figure::Memory => {
            let heap = column("heap MiB", |row| plain(row.heap_mib, 1));
            return vec![
                heap,
                ratio("to ours", rows, &[OURS], |row| row.heap_mib),
                column("records taken", |row| plain(row.sent, 0)),
                column("heap bytes / record", |row| plain(row.heap_mib * MIB / row.sent, 1)),
                resident(),
            ];
        }
        Figure::Allocations => {
            let each = column("requests / record", |row| plain(row.allocations, 4));
            return vec![each, column("heap MiB", |row| plain(row.heap_mib, 1))];
        }
        Figure::Lines => {
            return vec![
                column("lines / s", |row| plain(row.rate, 0)),
                ratio("to ours", rows, &[OURS_LINES], |row| row.rate),
                column("CPU ns / line", |row| plain(row.cpu_ns, 0)),
                column("peak RSS MiB", |row| plain(row.resident_mib, 0)),
                column("broker's core", |row| percent(row.broker_load)),
            ];
        }
        _ => {}
    }
    let mut columns = vec![
        column("CPU ns / record", |row| plain(row.cpu_ns, 0)),
        ratio("to ours", rows, &[OURS], |row| row.cpu_ns),
        ratio("to ideal", rows, &[IDEAL], |row| row.cpu_ns),
        ratio("to franz-go", rows, &[FRANZ_POOL, FRANZ], |row| row.cpu_ns),
        column("records / s", |row| plain(row.rate, 0)),
    ];
    if figure == Figure::Bandwidth {
        columns.push(column("MB/s", move |row| plain(row.rate * value / 1e6, 1)));
    }
    if figure == Figure::Latency {
        columns.push(column("p50 µs", |row| plain(row.p50_us, 0)));
        columns.push(column("p99 µs", |row| plain(row.p99_us, 0)));
        columns.push(column("handed over late, p99 µs", |row| plain(row.late_us, 0)));
    }
    columns.push(resident());
    if scenario.place != Place::Real {
        columns.push(column("broker's core", |row| percent(row.broker_load)));
    }
    columns
}

/// Beside the smallest of these rows.
fn ratio<'a>(
    head: &'static str,
    rows: &'a [(&'a str, Figures)],
    to: &[&str],
    figure: impl Fn(&Figures) -> f64 + 'a,
) -> Column<'a> {
    let base = rows.iter().filter(|(name, _)| to.contains(name)).map(|(_, row)| figure(row)).fold(f64::NAN, f64::min);
    column(head, move |row| plain(figure(row) / base, 2))
}

fn plain(number: f64, digits: usize) -> String {
    if number.is_nan() { NONE.to_owned() } else { format!("{number:.digits$}") }
}

fn percent(share: f64) -> String {
    if share.is_nan() { NONE.to_owned() } else { format!("{:.0} %", 100.0 * share) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Row;

    fn results(scenario: &str, rows: Vec<(&str, Outcome)>) -> Results {
        let path = std::env::temp_dir().join(format!("milena-bench-table-{}-{scenario}", std::process::id()));
        let mut results = Results::open(&path).expect("none yet");
        let row = |(name, outcome): (&str, Outcome)| Row { scenario: scenario.into(), name: name.into(), outcome };
        results.replace(scenario, rows.into_iter().map(row).collect()).expect("written");
        std::fs::remove_file(path).expect("the file goes");
        results
    }

    fn measured(cpu_ns: f64, rate: f64, resident_mib: f64) -> Outcome {
        Outcome::Measured(Figures { cpu_ns, rate, resident_mib, broker_load: 0.1, ..Figures::NONE })
    }

    #[test]
    fn a_table_has_the_best_first_ratios_who_failed_and_what_was_wanted() {
        let rows = vec![
            (FRANZ, measured(300.0, 3e6, 70.0)),
            (OURS, measured(150.0, 6e6, 10.0)),
            (IDEAL, measured(50.0, 8e6, 5.0)),
            ("krafka", Outcome::Failed("it does not end".into())),
        ];
        let section = section(&ALL[0], &results("S1", rows));
        let lines: Vec<_> = section.lines().skip(4).collect();
        assert_eq!(
            lines,
            [
                "| ideal | 50 | 0.33 | 1.00 | 0.17 | 8000000 | 5 | 10 % |",
                "| milena send_with | 150 | 1.00 | 3.00 | 0.50 | 6000000 | 10 | 10 % |",
                "| franz-go | 300 | 2.00 | 6.00 | 1.00 | 3000000 | 70 | 10 % |",
                "",
                "- krafka is not in the table: it does not end",
                "- at least 40 % of ideal: 33 %, missed",
                "",
            ]
        );
    }

    #[test]
    fn every_table_has_as_many_columns_in_each_row() {
        for scenario in ALL {
            let section = section(&scenario, &results(scenario.id, vec![(OURS, measured(150.0, 6e6, 10.0))]));
            let columns: Vec<_> =
                section.lines().filter(|line| line.starts_with('|')).map(|line| line.matches('|').count()).collect();
            assert!(columns.len() == 3 && columns.iter().all(|count| *count == columns[0]), "{section}");
        }
    }

    #[test]
    fn who_could_not_be_built_is_named_with_the_reason() {
        let document = document("# Benchmarks", &results(UNBUILT, vec![("java", Outcome::Failed("no javac".into()))]));
        assert!(document.contains("java is in no table: no javac"), "{document}");
    }

    #[test]
    fn real_brokers_have_a_part_of_their_own() {
        let document = document("# Benchmarks", &results("R1", vec![(OURS, measured(150.0, 6e6, 10.0))]));
        assert!(document.contains("## Real Kafka"), "{document}");
    }
}
