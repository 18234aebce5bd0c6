//! Every example runs, against a cluster in memory.

use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn every_example_runs() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let programs = built();
    let mut run = 0;
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        let Some("rs") = path.extension().and_then(|extension| extension.to_str()) else { continue };
        let name = path.file_stem().unwrap();
        let source = std::fs::read_to_string(&path).unwrap();
        assert!(source.lines().count() < 60, "{name:?} is to be read at a glance");
        let output = Command::new(programs.join(name)).env_remove("MILENA_BOOTSTRAP").output().unwrap();
        assert!(output.status.success(), "{name:?}: {}", String::from_utf8_lossy(&output.stderr));
        run += 1;
    }
    assert_eq!(run, 11);
}

/// Where the examples are, up to date. Of the whole workspace, as `cargo test --workspace` builds them: of this package
/// alone, the dependencies would have other features and be built once more.
fn built() -> PathBuf {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--examples"])
        .status()
        .expect("cargo runs");
    assert!(status.success());
    let this = std::env::current_exe().expect("this test is a file");
    this.ancestors().nth(2).expect("it lies in target/PROFILE/deps").join("examples")
}
