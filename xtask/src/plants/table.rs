//! What was found, written down: in each plant's head, and in docs/plants.md.

use super::Found;
use super::bed::Grown;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// Writes the seeds into the heads, and the table.
pub(crate) fn record(root: &Path, found: &[Found<'_>]) -> Result<()> {
    let today = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().context("date does not run")?;
    let today = String::from_utf8_lossy(&today.stdout).trim().to_owned();
    let mut rows = String::new();
    for Found { plant, grown } in found {
        let (Some(plant), Ok(Grown { catch: Some(catch), schedules, .. })) = (plant, grown) else { continue };
        let took = format!("{schedules} ({}), {today}", catch.schedule);
        let lines = plant.head.lines().map(|line| match line.starts_with("Schedules: ") {
            true => format!("Schedules: {took}\n"),
            false => format!("{line}\n"),
        });
        let head: String = lines.collect();
        let stated = head.contains("\nSchedules: ");
        let head = if stated { head } else { format!("{}\nSchedules: {took}\n\n", head.trim_end()) };
        plant.write(&head, &plant.diff)?;
        let field = |name| plant.field(name).unwrap_or_default().replace('|', "\\|");
        rows += &format!(
            "| [{}](../crates/testkit/plants/{}.patch) | {} | {}: {} | {} | {schedules} | {} |\n",
            plant.name,
            plant.name,
            plant.title(),
            field("Client"),
            field("Bug"),
            catch.invariant,
            catch.schedule
        );
    }
    let text = include_str!("preface.md").replace("{date}", &today).replace("{rows}", &rows);
    std::fs::write(root.join("docs/plants.md"), text).context("docs/plants.md")
}
