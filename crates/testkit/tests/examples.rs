//! Every example runs, and its assertions hold.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn every_example_runs() {
    let programs = built();
    let mut run = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        // Those in folders are programs that something else runs.
        let Some("rs") = path.extension().and_then(|extension| extension.to_str()) else { continue };
        let name = path.file_stem().unwrap();
        // The development cluster ends with its input.
        let output = Command::new(programs.join(name)).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{name:?}: {}", String::from_utf8_lossy(&output.stderr));
        run += 1;
    }
    assert_eq!(run, 5);
}

/// Where the examples are, up to date. Of the whole workspace, as `cargo test --workspace` builds them: of this package
/// alone, the dependencies would have other features and be built once more.
fn built() -> PathBuf {
    let cargo = Command::new(env!("CARGO")).args(["build", "--quiet", "--workspace", "--examples"]).status();
    assert!(cargo.expect("cargo runs").success());
    let this = std::env::current_exe().expect("this test is a file");
    this.ancestors().nth(2).expect("it lies in target/PROFILE/deps").join("examples")
}
