//! One run of one client: `client NAME name=value…`. Its last line says what was measured.

use anyhow::{Context, Result};
use milena_bench::arguments::Arguments;
use milena_bench::load::{Load, run};
use milena_bench::{clients, tally::Tally};
use std::sync::Arc;

fn main() -> Result<()> {
    let mut line = std::env::args().skip(1);
    let name = line.next().context("client NAME name=value…")?;
    let arguments = Arguments::from_line(line)?;
    let load = Load::read(&arguments)?;
    let tally = Arc::new(Tally::default());
    let mut client = clients::open(&name, &arguments, &tally)?;
    let report = run(&arguments, &load, &mut *client, &tally)?;
    println!("{report}");
    Ok(())
}
