//! `cargo xtask bench`: builds the benchmark and the rivals asked for, runs them in turn, and writes docs/benchmarks.md.

use crate::jars::{KAFKA_VERSION, resolve};
use crate::workspace::{root, target};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Rivals that can be asked for.
const RIVALS: [&str; 3] = ["rdkafka", "franz-go", "java"];

/// `cargo xtask bench`
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rivals to measure beside milena: `all`, `none`, or names by commas: rdkafka (needs a C compiler), franz-go (needs
    /// Go), java (needs a JDK and Maven)
    #[arg(long, default_value = "none", value_delimiter = ',')]
    rivals: Vec<String>,
    /// Scenarios by commas, such as S1,S8; all of them unless given
    #[arg(long, value_delimiter = ',')]
    scenarios: Vec<String>,
    /// Rounds, of whose figures the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let rivals = rivals(&args.rivals)?;
    let build = target().join("bench");
    let programs = build.join("release");
    cargo(&build, rivals.contains(&"rdkafka"))?;
    if rivals.contains(&"franz-go") {
        let go = root().join("bench/go");
        call(Command::new("go").args(["build", "-o"]).arg(programs.join("franzgo")).arg(".").current_dir(go))?;
    }
    let class_path = if rivals.contains(&"java") { java(&build)? } else { String::new() };
    let preface = build.join("preface.md");
    std::fs::write(&preface, self::preface(args))?;
    let mut bench = Command::new(programs.join("bench"));
    bench.arg("--programs").arg(&programs).arg("--preface").arg(&preface);
    bench.args(["--rounds", &args.rounds.to_string(), "--class-path", &class_path]);
    for (option, values) in [("--rivals", rivals.join(",")), ("--scenarios", args.scenarios.join(","))] {
        if !values.is_empty() {
            bench.args([option, &values]);
        }
    }
    call(bench.arg("--out").arg(root().join("docs/benchmarks.md")))
}

fn rivals(asked: &[String]) -> Result<Vec<&'static str>> {
    match asked {
        [all] if all == "all" => Ok(RIVALS.to_vec()),
        [none] if none == "none" => Ok(Vec::new()),
        names => {
            let known = |name: &String| RIVALS.into_iter().find(|rival| rival == name);
            names
                .iter()
                .map(|name| known(name).with_context(|| format!("--rivals: {name:?} is not one of {RIVALS:?}")))
                .collect()
        }
    }
}

/// In a target folder of its own, so that it and the workspace do not undo each other's builds.
fn cargo(build: &Path, rdkafka: bool) -> Result<()> {
    let mut cargo = crate::workspace::cargo(&["build", "--release", "--locked"]);
    cargo.current_dir(root().join("bench")).env("CARGO_TARGET_DIR", build);
    if rdkafka {
        cargo.args(["--features", "rdkafka"]);
    }
    call(&mut cargo)
}

/// The class path of our program in Java and Kafka's client.
fn java(build: &Path) -> Result<String> {
    let jars = resolve(KAFKA_VERSION, &[])?;
    let classes = build.join("java");
    let class_path = format!("{}:{}/*", classes.display(), jars.display());
    let source = root().join("bench/java/Bench.java");
    call(Command::new("javac").args(["-cp", &class_path, "-d"]).arg(&classes).arg(source))?;
    Ok(class_path)
}

fn call(command: &mut Command) -> Result<()> {
    let program = PathBuf::from(command.get_program());
    let status = command.status().with_context(|| format!("{} does not run", program.display()))?;
    ensure!(status.success(), "{} failed: {status}", program.display());
    Ok(())
}

/// What stands above the tables: how they came about, and on what.
fn preface(args: &Args) -> String {
    let mut command = format!("cargo xtask bench --rivals {} --rounds {}", args.rivals.join(","), args.rounds);
    if !args.scenarios.is_empty() {
        command += &format!(" --scenarios {}", args.scenarios.join(","));
    }
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        text.lines().next().unwrap_or("not installed").to_owned()
    };
    let cpu_info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu_info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    include_str!("bench/preface.md")
        .replace("{command}", &command)
        .replace("{date}", &said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]))
        .replace("{cpu}", model.trim_start_matches([' ', '\t', ':']))
        .replace("{cores}", &std::thread::available_parallelism().map_or(0, usize::from).to_string())
        .replace("{load}", load.split(' ').next().unwrap_or("unknown"))
        .replace("{kernel}", &said("uname", &["-sr"]))
        .replace("{rustc}", &said("rustc", &["--version"]))
        .replace("{go}", &said("go", &["version"]))
        .replace("{kafka}", KAFKA_VERSION)
        .replace("{commit}", &said("git", &["-C", &root().display().to_string(), "rev-parse", "--short", "HEAD"]))
}
