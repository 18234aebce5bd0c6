//! `cargo xtask bench`: builds the benchmark and the rivals asked for, runs them in turn, and writes docs/benchmarks.md.

mod real;
mod rivals;

use crate::jars::KAFKA_VERSION;
use crate::workspace::{cargo, root, target};
use anyhow::{Context, Result, ensure};
use rivals::Built;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `cargo xtask bench`
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rivals to measure beside milena: `all`, `none`, or names by commas: rdkafka (needs a C compiler), franz-go (needs
    /// Go), java (needs a JDK and Maven), krafka and rskafka, kcat (must be installed). One that cannot be built or does
    /// not run is named in the tables, with the reason
    #[arg(long, default_value = "none", value_delimiter = ',')]
    rivals: Vec<String>,
    /// Scenarios by commas, such as S1,S8; all of them unless given
    #[arg(long, value_delimiter = ',')]
    scenarios: Vec<String>,
    /// Rounds, of whose figures the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Also the second table, R1 to R3: three real brokers, and Java's own perf tool beside (needs Java and Maven)
    #[arg(long)]
    real: bool,
    /// Keep what earlier runs have measured: only what is missing is measured, or what --scenarios names
    #[arg(long)]
    resume: bool,
    /// A twentieth of the records, to see that everything runs: its figures are good for nothing else
    #[arg(long)]
    short: bool,
    /// Build, say how long the run takes, and measure nothing
    #[arg(long)]
    estimate: bool,
    /// Where to write the tables, instead of docs/benchmarks.md
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let asked = asked(&args.rivals)?;
    let build = target().join("bench");
    let built = rivals::build(&asked, &build)?;
    ensure!(cargo(&["build", "--release", "--package", "milena-cli"]).status()?.success(), "milena does not build");
    let (preface, results) = (build.join("preface.md"), build.join("results.tsv"));
    if !args.estimate {
        std::fs::write(&preface, self::preface(args))?;
        if !args.resume && results.exists() {
            std::fs::remove_file(&results)?;
        }
    }
    let out = args.out.clone().unwrap_or_else(|| root().join("docs/benchmarks.md"));
    let bench = || {
        let mut bench = bench(args, &built, &build);
        bench.arg("--preface").arg(&preface).arg("--results").arg(&results).arg("--out").arg(&out);
        bench
    };
    let (on_real, on_cheap): (Vec<_>, Vec<_>) = args.scenarios.iter().cloned().partition(|id| id.starts_with('R'));
    if args.scenarios.is_empty() || !on_cheap.is_empty() {
        call(&mut scenarios(bench(), &on_cheap))?;
    }
    if args.real || !on_real.is_empty() {
        let cluster = (!args.estimate).then(real::start).transpose()?;
        let servers = cluster.as_ref().map_or_else(|| "none yet".to_owned(), |cluster| cluster.bootstrap());
        call(scenarios(bench(), &on_real).args(["--real", &servers]))?;
    }
    Ok(())
}

fn asked(names: &[String]) -> Result<Vec<&'static str>> {
    match names {
        [all] if all == "all" => Ok(rivals::ALL.to_vec()),
        [none] if none == "none" => Ok(Vec::new()),
        names => {
            let known = |name: &String| rivals::ALL.into_iter().find(|rival| rival == name);
            names
                .iter()
                .map(|name| known(name).with_context(|| format!("--rivals: {name:?} is not one of {:?}", rivals::ALL)))
                .collect()
        }
    }
}

/// The program that measures.
fn bench(args: &Args, built: &Built, build: &Path) -> Command {
    let programs = build.join("release");
    let mut bench = Command::new(programs.join("bench"));
    bench.arg("--programs").arg(&programs).arg("--milena").arg(target().join("release/milena"));
    bench.args(["--rounds", &args.rounds.to_string(), "--class-path", &built.class_path]);
    if !built.rivals.is_empty() {
        bench.args(["--rivals", &built.rivals.join(",")]);
    }
    for missing in &built.missing {
        bench.args(["--missing", missing]);
    }
    for (given, option) in [(args.estimate, "--estimate"), (args.resume, "--resume"), (args.short, "--short")] {
        if given {
            bench.arg(option);
        }
    }
    bench
}

fn scenarios(mut bench: Command, ids: &[String]) -> Command {
    if !ids.is_empty() {
        bench.args(["--scenarios", &ids.join(",")]);
    }
    bench
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
    for (given, option) in [(args.real, " --real"), (args.resume, " --resume"), (args.short, " --short")] {
        if given {
            command += option;
        }
    }
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        text.lines().find(|line| !line.is_empty()).unwrap_or("not installed").to_owned()
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
        .replace("{java}", &java_version())
        .replace("{kcat}", &kcat_version())
        .replace("{kafka}", KAFKA_VERSION)
        .replace("{commit}", &said("git", &["-C", &root().display().to_string(), "rev-parse", "--short", "HEAD"]))
}

/// `java -version` speaks to stderr.
fn java_version() -> String {
    let said = Command::new("java").arg("-version").output().map(|output| output.stderr).unwrap_or_default();
    String::from_utf8_lossy(&said).lines().next().unwrap_or("no Java").to_owned()
}

/// `Version 1.7.1 (JSON, …, librdkafka 2.0.2 …)` among what `kcat -V` says.
fn kcat_version() -> String {
    let said = Command::new("kcat").arg("-V").output().map(|output| [output.stdout, output.stderr].concat());
    let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
    let version = said.lines().find_map(|line| line.strip_prefix("Version "));
    let library = version.and_then(|version| version.split(", ").find(|part| part.starts_with("librdkafka")));
    let word = |text: Option<&str>, at| text.and_then(|text| text.split(' ').nth(at)).unwrap_or("?").to_owned();
    format!("kcat {} on librdkafka {}", word(version, 0), word(library, 1))
}
