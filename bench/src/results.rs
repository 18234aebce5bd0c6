//! All that was measured so far, on disk too: a run that is interrupted keeps what it has.

use crate::figures::Figures;
use anyhow::{Context, Result};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What became of a contestant in a scenario.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The medians of its rounds.
    Measured(Figures),
    /// It did not build, did not run, or did not do what it was to do.
    Failed(String),
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The scenario's id.
    pub scenario: String,
    /// The contestant's name.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// Every row, in the order in which they were measured.
#[derive(Debug, Default)]
pub struct Results {
    path: PathBuf,
    rows: Vec<Row>,
}

impl Results {
    /// Those of the file at `path`, or none when it is not there.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        let text = if path.exists() { std::fs::read_to_string(path)? } else { String::new() };
        let row = |line: &str| {
            let mut fields = line.splitn(4, '\t');
            let mut field = || fields.next().unwrap_or_default().to_owned();
            let (scenario, name, kind, rest) = (field(), field(), field(), field());
            let outcome = match kind.as_str() {
                "failed" => Outcome::Failed(rest),
                _ => Outcome::Measured(Figures::from_line(&rest)),
            };
            Row { scenario, name, outcome }
        };
        Ok(Self { path: path.to_path_buf(), rows: text.lines().map(row).collect() })
    }

    /// The scenario's rows take the place of those that it had.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn replace(&mut self, scenario: &str, rows: Vec<Row>) -> Result<()> {
        self.rows.retain(|row| row.scenario != scenario);
        self.rows.extend(rows);
        let mut text = String::new();
        for Row { scenario, name, outcome } in &self.rows {
            let _ = match outcome {
                Outcome::Measured(figures) => writeln!(text, "{scenario}\t{name}\tmeasured\t{}", figures.to_line()),
                Outcome::Failed(why) => writeln!(text, "{scenario}\t{name}\tfailed\t{}", one_line(why)),
            };
        }
        std::fs::write(&self.path, text).with_context(|| format!("writing {}", self.path.display()))
    }

    /// The rows of a scenario.
    pub fn of<'a>(&'a self, scenario: &'a str) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |row| row.scenario == scenario)
    }

    /// The figures of a contestant in a scenario.
    pub fn figures(&self, scenario: &str, name: &str) -> Option<&Figures> {
        self.rows.iter().find_map(|row| match &row.outcome {
            Outcome::Measured(figures) if row.scenario == scenario && row.name == name => Some(figures),
            _ => None,
        })
    }
}

/// Without what would end a line of the file, or a cell of a table.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_there_again_and_a_scenario_is_replaced_whole() {
        let path = std::env::temp_dir().join(format!("milena-bench-results-{}", std::process::id()));
        let row = |scenario: &str, name: &str, outcome| Row { scenario: scenario.into(), name: name.into(), outcome };
        let measured = |cpu_ns| Outcome::Measured(Figures { cpu_ns, ..Figures::NONE });
        let mut results = Results::open(&path).expect("none yet");
        results.replace("S1", vec![row("S1", "a", measured(1.0)), row("S1", "b", measured(2.0))]).expect("written");
        results.replace("S2", vec![row("S2", "a", Outcome::Failed("no\ncompiler | here".into()))]).expect("written");
        results.replace("S1", vec![row("S1", "a", measured(3.0))]).expect("written");
        let read = Results::open(&path).expect("readable");
        assert_eq!(read.of("S1").count(), 1);
        assert_eq!(read.figures("S1", "a").map(|figures| figures.cpu_ns), Some(3.0));
        let failed = read.of("S2").next().map(|row| row.outcome.clone());
        assert_eq!(failed, Some(Outcome::Failed("no compiler / here".into())));
        std::fs::remove_file(path).expect("the file goes");
    }
}
