//! One run of one client: `client NAME name=value…`. Its last line says what was measured.

use anyhow::{Context, Result};
use milena_bench::{clients, load};

fn main() -> Result<()> {
    let mut line = std::env::args().skip(1);
    let name = line.next().context("client NAME name=value…")?;
    load::measure(line, |arguments, tally| clients::open(&name, arguments, tally))
}
