//! A copy of the working tree in which one plant after another grows, with a build folder of its own: what a plant does not
//! touch is not built again.

use super::patch::Patch;
use crate::workspace::{cargo, root};
use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A run that takes longer is ended, if the simulator does not see by itself that it does not come to rest.
const LONGEST: Duration = Duration::from_secs(600);

/// The files that the build needs, as they were when the task began: who edits them meanwhile changes nothing.
pub(crate) struct Snapshot(Vec<(PathBuf, Vec<u8>)>);

impl Snapshot {
    pub(crate) fn take() -> Result<Self> {
        let mut git = Command::new("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "Cargo.toml", "Cargo.lock"]);
        let listed = git.args(["crates", "xtask"]).current_dir(root()).output().context("git does not run")?;
        ensure!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
        let names = String::from_utf8(listed.stdout)?;
        let names = names.split('\0').filter(|name| !name.is_empty());
        // A file that was removed and not yet committed is listed too.
        let files = names.filter_map(|name| Some((name.into(), std::fs::read(root().join(name)).ok()?)));
        Ok(Self(files.collect()))
    }
}

/// What a run of the simulator found.
pub(crate) struct Grown {
    pub(crate) catch: Option<Catch>,
    /// How many it took.
    pub(crate) schedules: u64,
    pub(crate) built: Duration,
    pub(crate) ran: Duration,
}

/// A violation.
pub(crate) struct Catch {
    /// The first rule that did not hold.
    pub(crate) invariant: String,
    /// `zombies seed 17`; empty for a run that had to be ended.
    pub(crate) schedule: String,
    /// As the simulator says it.
    pub(crate) text: String,
}

impl Catch {
    /// What caught it, and what its head expects where that is something else.
    pub(crate) fn beside(&self, plant: &Patch) -> String {
        let expected = plant.field("Invariant").unwrap_or_default();
        let Self { invariant, schedule, .. } = self;
        let other =
            if expected.contains(&**invariant) { String::new() } else { format!(" (its head says {expected})") };
        format!("{invariant}{other} in {schedule}")
    }
}

/// A copy and its build folder.
pub(crate) struct Bed {
    source: PathBuf,
    build: PathBuf,
}

impl Bed {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { source: folder.join("source"), build: folder.join("build") }
    }

    /// Builds the simulator with the plant in it.
    pub(crate) fn plant(&self, snapshot: &Snapshot, plant: Option<&Patch>) -> Result<Built> {
        self.clear(snapshot)?;
        if let Some(plant) = plant {
            self.apply(plant, &[])?;
        }
        let begun = Instant::now();
        self.build()?;
        let name = plant.map_or("nothing", |plant| &plant.name);
        let program = self.build.with_file_name(format!("simulate-{name}"));
        std::fs::rename(self.build.join("plants/simulate"), &program)
            .with_context(|| format!("{}", program.display()))?;
        Ok(Built { program, took: begun.elapsed() })
    }

    /// Makes the copy what the working tree is. Only what differs is written, so that only that is built again.
    fn clear(&self, snapshot: &Snapshot) -> Result<()> {
        for (name, content) in &snapshot.0 {
            let path = self.source.join(name);
            if std::fs::read(&path).ok().as_ref() != Some(content) {
                std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
                std::fs::write(&path, content).with_context(|| format!("{}", path.display()))?;
            }
        }
        Ok(())
    }

    /// Forgets what a run that was broken off may have left: the files that plants touch count as changed.
    pub(crate) fn turn_over(&self, plants: &[Patch]) -> Result<()> {
        let names = plants.iter().flat_map(|plant| plant.diff.lines()).filter_map(|line| line.strip_prefix("--- a/"));
        for path in names.map(|name| self.source.join(name)).filter(|path| path.exists()) {
            std::fs::remove_file(&path).with_context(|| format!("{}", path.display()))?;
        }
        Ok(())
    }

    /// With one line of context before and behind, wherever in the file that is now.
    fn apply(&self, plant: &Patch, more: &[&str]) -> Result<()> {
        let name = &plant.name;
        let mut git = Command::new("git");
        git.args(["apply", "--recount", "-C1", "--whitespace=nowarn"]).args(more).arg("-");
        // Not as a part of the repository that the copy lies in: then git would leave it alone.
        git.current_dir(&self.source).env("GIT_CEILING_DIRECTORIES", self.source.parent().unwrap_or(&self.source));
        git.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut running = git.spawn().context("git does not run")?;
        running.stdin.take().context("it was piped")?.write_all(plant.diff.as_bytes())?;
        let output = running.wait_with_output()?;
        if output.status.success() {
            return Ok(());
        }
        bail!(
            "plant {name} does not apply any more, for the code has moved. `cargo xtask plants --open {name}`, mend it in the copy that this names, then `cargo xtask plants --write {name}`.\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    }

    fn build(&self) -> Result<()> {
        let mut build =
            cargo(&["build", "--quiet", "--profile", "plants", "-p", "milena-testkit", "--bin", "simulate"]);
        let output = build.current_dir(&self.source).env("CARGO_TARGET_DIR", &self.build).output()?;
        ensure!(output.status.success(), "does not build: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Applies what applies of a plant, for people to do the rest.
    pub(crate) fn open(&self, snapshot: &Snapshot, plant: &Patch) -> Result<()> {
        self.clear(snapshot)?;
        if let Err(error) = self.apply(plant, &["--reject"]) {
            eprintln!("{error:#}");
        }
        println!("{}: what did not apply lies beside its file, with the ending .rej", self.source.display());
        Ok(())
    }

    /// Writes the plant from what this copy has that the working tree has not.
    pub(crate) fn write(&self, plant: &Patch) -> Result<()> {
        let mut diffs = String::new();
        for (name, content) in &Snapshot::take()?.0 {
            let path = self.source.join(name);
            if std::fs::read(&path)? == *content {
                continue;
            }
            let mut git = Command::new("git");
            git.args(["diff", "--no-index", "--no-color", "-U2"]).arg(root().join(name)).arg(&path);
            let diff = String::from_utf8(git.output()?.stdout)?;
            let hunks = diff.find("\n@@").map_or("", |at| diff.get(at + 1..).unwrap_or_default());
            diffs += &format!("diff --git a/{0} b/{0}\n--- a/{0}\n+++ b/{0}\n{hunks}", name.display());
        }
        ensure!(!diffs.is_empty(), "{} is what the working tree is", self.source.display());
        plant.write(&plant.head, &diffs)
    }
}

/// The simulator with a plant in it. Gone when it is dropped.
pub(crate) struct Built {
    program: PathBuf,
    took: Duration,
}

impl Built {
    /// Runs it until it finds something.
    pub(crate) fn run(&self, plant: Option<&Patch>, schedules: u64) -> Result<Grown> {
        let begun = Instant::now();
        let workloads = plant.map(Patch::workloads).unwrap_or_default();
        let (text, ended) = self.simulate(schedules, &workloads)?;
        let (catch, schedules) = read(&text, ended)?;
        Ok(Grown { catch, schedules, built: self.took, ran: begun.elapsed() })
    }

    /// What it said, and whether it had to be ended.
    fn simulate(&self, schedules: u64, workloads: &str) -> Result<(String, bool)> {
        let mut simulate = Command::new(&self.program);
        simulate.args(["--first", "--threads", "1", "--schedules", &schedules.to_string()]);
        if !workloads.is_empty() {
            simulate.args(["--workload", workloads]);
        }
        let mut running = simulate.stdout(Stdio::piped()).spawn().context("simulate does not run")?;
        let begun = Instant::now();
        let ended = loop {
            if running.try_wait()?.is_some() {
                break false;
            }
            if begun.elapsed() > LONGEST {
                running.kill()?;
                break true;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        running.wait()?;
        let mut text = String::new();
        running.stdout.take().context("it was piped")?.read_to_string(&mut text)?;
        Ok((text, ended))
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        // It is as large as all the rest; what stays behind when that fails does no harm.
        let _ = std::fs::remove_file(&self.program);
    }
}

/// Reads what the simulator printed: of a violation `WORKLOAD seed SEED: …` and lines with its rules, then the sums.
fn read(text: &str, ended: bool) -> Result<(Option<Catch>, u64)> {
    if ended {
        let text = format!("the simulator does not come to rest within {} s", LONGEST.as_secs());
        return Ok((Some(Catch { invariant: "hang".into(), schedule: String::new(), text }), 0));
    }
    let sums = text.lines().last().context("the simulator said nothing: it crashed")?;
    let schedules = sums.split(' ').next().and_then(|count| count.parse().ok());
    let schedules = schedules.with_context(|| format!("the simulator ended with: {sums}"))?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let Some(rule) = lines.next() else { return Ok((None, schedules)) };
    let schedule = text.split(':').next().unwrap_or_default().to_owned();
    let invariant = rule.split(':').next().unwrap_or_default().to_owned();
    Ok((Some(Catch { invariant, text: format!("{rule} in {schedule}"), schedule }), schedules))
}
