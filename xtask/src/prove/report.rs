//! A table that is printed row by row, and the summary line under it.

use anyhow::{Result, ensure};
use std::fmt::Display;

/// One proof's rows: each holds or does not.
pub(crate) struct Report {
    proof: &'static str,
    rows: usize,
    failed: usize,
    /// Rows beside them.
    shown: usize,
}

impl Report {
    /// Prints the head of the table.
    pub(crate) fn begin(proof: &'static str, columns: &[&str]) -> Self {
        println!("| {} | verdict |", columns.join(" | "));
        println!("|{}", "---|".repeat(columns.len() + 1));
        Self { proof, rows: 0, failed: 0, shown: 0 }
    }

    /// Prints a row; an error is its verdict.
    pub(crate) fn row(&mut self, cells: &[&dyn Display], verdict: Result<()>) {
        self.rows += 1;
        let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
        match verdict {
            Ok(()) => println!("| {} | holds |", cells.join(" | ")),
            Err(error) => {
                self.failed += 1;
                println!("| {} | FAILS: {error:#} |", cells.join(" | "));
            }
        }
    }

    /// Prints a row that shows and promises nothing: a rival's.
    pub(crate) fn beside(&mut self, cells: &[&dyn Display]) {
        let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
        self.shown += 1;
        println!("| {} | – |", cells.join(" | "));
    }

    /// Prints the summary line; fails if a row did, or if there was none.
    pub(crate) fn end(self) -> Result<()> {
        let Self { proof, rows, failed, shown } = self;
        println!("\nprove {proof}: {} of {rows} hold", rows - failed);
        ensure!(rows + shown > 0 && failed == 0, "prove {proof}: {failed} of {rows} do not hold");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_that_fails_fails_the_proof() {
        let mut report = Report::begin("test", &["case"]);
        report.row(&[&"a"], Ok(()));
        report.row(&[&"b"], Err(anyhow::anyhow!("it differs")));
        assert_eq!(report.end().unwrap_err().to_string(), "prove test: 1 of 2 do not hold");
    }

    #[test]
    fn a_proof_without_rows_proves_nothing() {
        assert!(Report::begin("test", &["case"]).end().is_err());
    }
}
