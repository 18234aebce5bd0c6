//! The rivals of the benchmark, built one by one: one that cannot be is named with the reason, and the others go on.

use crate::jars::{KAFKA_VERSION, resolve};
use crate::workspace::{cargo, root};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// Rivals that can be asked for.
pub(super) const ALL: [&str; 6] = ["rdkafka", "franz-go", "java", "krafka", "rskafka", "kcat"];

/// What came of building them.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// Those that take part.
    pub(super) rivals: Vec<&'static str>,
    /// Those that do not: `NAME: REASON`.
    pub(super) missing: Vec<String>,
    /// For Java: our program and Kafka's jars.
    pub(super) class_path: String,
}

impl Built {
    fn note(&mut self, name: &'static str, outcome: Result<()>) {
        match outcome {
            Ok(()) => self.rivals.push(name),
            Err(error) => {
                eprintln!("{name} does not take part: {error:#}");
                self.missing.push(format!("{name}: {error:#}"));
            }
        }
    }
}

/// Builds what is ours, and as many of those asked for as can be. `target` is a folder of its own, so that this and the
/// workspace do not undo each other's builds.
pub(super) fn build(asked: &[&'static str], target: &Path) -> Result<Built> {
    let mut built = Built::default();
    let programs = target.join("release");
    let mut client = vec!["build", "--release", "--locked"];
    if asked.contains(&"rdkafka") {
        let with = [client.as_slice(), &["--features", "rdkafka"]].concat();
        let outcome = call(rust(&root().join("bench"), target, &with));
        if outcome.is_ok() {
            client = with;
            built.note("librdkafka", librdkafka(target));
        }
        built.note("rdkafka", outcome);
    }
    call(rust(&root().join("bench"), target, &client))?;
    for rival in asked {
        match *rival {
            "franz-go" => {
                let mut go = Command::new("go");
                go.args(["build", "-o"]).arg(programs.join("franzgo")).arg(".").current_dir(root().join("bench/go"));
                built.note(rival, call(go));
            }
            "java" => {
                let outcome = java(target).map(|class_path| built.class_path = class_path);
                built.note(rival, outcome);
            }
            "krafka" | "rskafka" => {
                let package = format!("bench-{rival}");
                let arguments = ["build", "--release", "--locked", "--package", &package];
                built.note(rival, call(rust(&root().join("bench/peers"), target, &arguments)));
            }
            "kcat" => {
                let mut kcat = Command::new("kcat");
                kcat.arg("-V");
                built.note(rival, call(kcat).context("kcat is a package of most distributions"));
            }
            _ => {}
        }
    }
    Ok(built)
}

fn rust(folder: &Path, target: &Path, arguments: &[&str]) -> Command {
    let mut cargo = cargo(arguments);
    cargo.current_dir(folder).env("CARGO_TARGET_DIR", target);
    cargo
}

/// A program in C around the library that the crate has built.
fn librdkafka(target: &Path) -> Result<()> {
    let library = newest(target, "rdkafka-sys-", "out/src/librdkafka.a")?;
    let zstd = newest(target, "zstd-sys-", "out/libzstd.a")?;
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-o"]).arg(target.join("release/librdkafka")).arg("-I").arg(library.with_file_name(""));
    cc.arg(root().join("bench/c/main.c")).args([&library, &zstd]).args(["-lz", "-lm", "-ldl", "-lpthread"]);
    call(cc)
}

/// The file of the latest build of a package's C code.
fn newest(target: &Path, package: &str, file: &str) -> Result<PathBuf> {
    let folders = std::fs::read_dir(target.join("release/build"))?.flatten();
    let built = folders.filter(|folder| folder.file_name().to_string_lossy().starts_with(package));
    let files = built.map(|folder| folder.path().join(file)).filter(|file| file.exists());
    let written = |file: &PathBuf| file.metadata().and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    files.max_by_key(written).with_context(|| format!("{package} has built no {file}"))
}

/// The class path of our program in Java and Kafka's jars.
fn java(target: &Path) -> Result<String> {
    let jars = resolve(KAFKA_VERSION, &[])?;
    let classes = target.join("java");
    let class_path = format!("{}:{}/*", classes.display(), jars.display());
    let mut javac = Command::new("javac");
    javac.args(["-cp", &class_path, "-d"]).arg(&classes).arg(root().join("bench/java/Bench.java"));
    call(javac)?;
    Ok(class_path)
}

/// Runs a compiler; what it says is shown when it fails, and its first error is the reason.
fn call(mut command: Command) -> Result<()> {
    let program = PathBuf::from(command.get_program());
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    eprintln!("{name} {}", command.get_args().map(|one| one.to_string_lossy()).collect::<Vec<_>>().join(" "));
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("there is no {name} here"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    eprint!("{text}");
    let first = text.lines().find(|line| line.contains("error")).or_else(|| text.lines().last()).unwrap_or_default();
    bail!("{name} fails: {}", first.trim())
}
