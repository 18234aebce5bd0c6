//! `cargo xtask fuzz`: every target of `fuzz/`, one after another, for a while. By coverage, with libFuzzer on nightly Rust; or
//! by chance alone, on the Rust that there is.

use crate::workspace::{cargo, root, target};
use anyhow::{Context, Result, bail, ensure};
use std::process::{Command, Stdio};

/// Every target, in the order in which bytes meet them.
const TARGETS: &[&str] = &["frames", "responses", "answers", "batches", "decompress", "machines"];

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each target runs, seconds
    #[arg(long, default_value_t = 30, value_name = "N")]
    seconds: u32,
    /// Without libFuzzer and nightly Rust: a fixed number of inputs by chance, the same each time
    #[arg(long, conflicts_with = "seconds")]
    short: bool,
    /// Only these targets
    #[arg(value_name = "TARGET", value_parser = clap::builder::PossibleValuesParser::new(TARGETS))]
    targets: Vec<String>,
}

/// Runs each target. The first that fails ends it: what it was given lies in `fuzz/artifacts`, and is printed.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.short {
        return short(&args.targets);
    }
    require_cargo_fuzz()?;
    let asked = args.targets.iter().map(String::as_str);
    let targets: Vec<_> = if args.targets.is_empty() { TARGETS.to_vec() } else { asked.collect() };
    for target in targets {
        eprintln!("\n── {target}: {} s", args.seconds);
        let status = cargo_fuzz()
            .args([
                "run",
                "--features",
                "libfuzzer",
                target,
                "--",
                "-print_final_stats=1",
                "-len_control=0",
                "-max_len=4096",
            ])
            .arg(format!("-max_total_time={}", args.seconds))
            .status()
            .with_context(|| format!("{target} does not run"))?;
        ensure!(status.success(), "{target} failed; its input lies in fuzz/artifacts/{target}");
    }
    Ok(())
}

/// In a target folder of its own, so that it and the workspace do not undo each other's builds.
fn short(targets: &[String]) -> Result<()> {
    let mut short = cargo(&["run", "--quiet", "--locked", "--bin", "short", "--"]);
    short.args(targets).current_dir(root().join("fuzz")).env("CARGO_TARGET_DIR", target().join("fuzz"));
    let status = short.status().context("the short run does not run")?;
    ensure!(status.success(), "a target failed; by itself: cargo xtask fuzz --short, and what it printed");
    Ok(())
}

/// `cargo +nightly fuzz`, on this repository. By rustup's cargo, not by the one that runs this task.
fn cargo_fuzz() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["+nightly", "fuzz"]).current_dir(root()).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    cargo
}

fn require_cargo_fuzz() -> Result<()> {
    let version = cargo_fuzz().arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if version.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    bail!(
        "fuzzing needs nightly Rust and cargo-fuzz: `rustup toolchain install nightly`, then `cargo install cargo-fuzz`"
    )
}
