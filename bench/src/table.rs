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
