//! The figures as Markdown.

use crate::rounds::Figures;
use crate::scenario::{Figure, Scenario};
use std::fmt::Write;

/// The client that ratios are to.
const OURS: &str = "milena send_with";
/// No client at all.
const IDEAL: &str = "ideal";

/// One scenario's section: a row for each contestant, the best first.
pub fn section(scenario: &Scenario, rows: &[(String, Figures)]) -> String {
    let figure = scenario.figure;
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by(|(_, one), (_, other)| one.compared(figure).total_cmp(&other.compared(figure)));
    if matches!(figure, Figure::Rate | Figure::Bandwidth) {
        rows.reverse();
    }
    if figure == Figure::Memory {
        return memory(scenario, &rows);
    }
    let of = |name: &str| rows.iter().find(|(row, _)| row == name).map(|(_, figures)| figures.cpu_ns);
    let (ours, ideal) = (of(OURS), of(IDEAL));
    let mut out = format!("### {}: {}\n\n", scenario.id, scenario.about);
    let latency = if figure == Figure::Latency { " p50 µs | p99 µs |" } else { "" };
    let bandwidth = if figure == Figure::Bandwidth { " MB/s |" } else { "" };
    let _ = writeln!(
        out,
        "| client | CPU ns / record | to ours | to ideal | records / s |{bandwidth}{latency} RSS MiB | broker's core |"
    );
    let columns = 7 + latency.matches('|').count() + bandwidth.matches('|').count();
    let _ = writeln!(out, "|---|{}", "--:|".repeat(columns - 1));
    for (name, row) in rows {
        let ratio = |base: Option<f64>| base.map_or_else(|| "–".to_owned(), |base| format!("{:.2}", row.cpu_ns / base));
        let _ = write!(out, "| {name} | {:.0} | {} | {} | {:.0} |", row.cpu_ns, ratio(ours), ratio(ideal), row.rate);
        if figure == Figure::Bandwidth {
            let _ = write!(out, " {:.1} |", row.rate * scenario.value() as f64 / 1e6);
        }
        if figure == Figure::Latency {
            let _ = write!(out, " {:.0} | {:.0} |", row.p50_us, row.p99_us);
        }
        let _ = writeln!(out, " {:.0} | {:.0} % |", row.resident_mib, 100.0 * row.broker_load);
    }
    out.push('\n');
    out
}

/// Where nothing is acknowledged, memory is all there is to tell.
fn memory(scenario: &Scenario, rows: &[&(String, Figures)]) -> String {
    let mut out = format!("### {}: {}\n\n| client | RSS MiB |\n|---|--:|\n", scenario.id, scenario.about);
    for (name, row) in rows {
        let _ = writeln!(out, "| {name} | {:.0} |", row.resident_mib);
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::ALL;

    fn row(name: &str, cpu_ns: f64, rate: f64, resident_mib: f64) -> (String, Figures) {
        (name.to_owned(), Figures { cpu_ns, rate, resident_mib, p50_us: 80.0, p99_us: 120.0, broker_load: 0.1 })
    }

    #[test]
    fn a_table_has_the_best_first_and_ratios_to_ours_and_to_ideal() {
        let rows = [row("other", 300.0, 3e6, 70.0), row(OURS, 150.0, 6e6, 10.0), row(IDEAL, 50.0, 8e6, 5.0)];
        let section = section(&ALL[0], &rows);
        let lines: Vec<_> = section.lines().skip(4).collect();
        assert_eq!(
            lines,
            [
                "| ideal | 50 | 0.33 | 1.00 | 8000000 | 5 | 10 % |",
                "| milena send_with | 150 | 1.00 | 3.00 | 6000000 | 10 | 10 % |",
                "| other | 300 | 2.00 | 6.00 | 3000000 | 70 | 10 % |",
            ]
        );
    }

    #[test]
    fn every_table_has_as_many_columns_in_each_row() {
        for scenario in ALL {
            let section = section(&scenario, &[row(OURS, 150.0, 6e6, 10.0)]);
            let columns: Vec<_> =
                section.lines().skip(2).filter(|line| !line.is_empty()).map(|line| line.matches('|').count()).collect();
            assert!(columns.len() == 3 && columns.iter().all(|count| *count == columns[0]), "{section}");
        }
    }
}
