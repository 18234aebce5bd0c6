//! What is sent: the flights of the United States in the first half of 2001, as lines of key, tab, value.

use super::java::output;
use super::python;
use crate::workspace::target;
use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const PACKAGE: &str = "vega-datasets@3.2.1";
const PARQUET: &str = "package/data/flights-3m.parquet";

/// All there are.
const FLIGHTS: u64 = 3_000_000;

/// A file with the first `records` flights, oldest first; the key is the airport. Fetched once, kept below `target/`.
pub(crate) fn flights(records: u64) -> Result<PathBuf> {
    ensure!((1..=FLIGHTS).contains(&records), "there are {FLIGHTS} flights, so {records} cannot be sent");
    let folder = target().join("proofs");
    fs::create_dir_all(&folder)?;
    let all = folder.join("flights.tsv");
    if !all.exists() {
        fetch(&all)?;
    }
    let cut = folder.join(format!("flights-{records}.tsv"));
    if !cut.exists() {
        let partial = cut.with_extension("partial");
        let mut lines = BufReader::new(File::open(&all)?);
        let mut first = BufWriter::new(File::create(&partial)?);
        let mut line = Vec::new();
        for _ in 0..records {
            line.clear();
            lines.read_until(b'\n', &mut line)?;
            first.write_all(&line)?;
        }
        first.flush()?;
        fs::rename(&partial, &cut)?;
    }
    Ok(cut)
}

fn fetch(all: &PathBuf) -> Result<()> {
    let folder = target().join("proofs");
    eprintln!("fetching the flights from the npm package {PACKAGE}");
    let archive = output(Command::new("npm").args(["pack", "--silent", PACKAGE]).current_dir(&folder))
        .context("the flights come by npm; install it with: apt-get install -y npm")?;
    output(Command::new("tar").args(["xzf", archive.trim(), PARQUET]).current_dir(&folder))?;
    let partial = all.with_extension("partial");
    let mut convert = python::program("flights.py")?;
    convert.arg(folder.join(PARQUET)).stdout(File::create(&partial)?).stdin(Stdio::null());
    let status = convert.status()?;
    ensure!(status.success(), "flights.py failed");
    fs::rename(&partial, all)?;
    Ok(())
}
