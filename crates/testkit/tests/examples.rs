//! Every example runs, and its assertions hold.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn every_example_runs() {
    let names = names();
    assert_eq!(names.len(), 5, "{names:?}");
    let programs = built(&names);
    for name in names {
        // The development cluster ends with its input.
        let output = Command::new(programs.join(&name)).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The examples that are one file each. Those in folders are programs that something else runs.
fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(folder).expect("the examples are there").flatten();
    files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".rs")?.to_owned())).collect()
}

/// Where these examples are, up to date. With `--workspace`, as `cargo test --workspace` builds them: of this package
/// alone, the dependencies would have other features and be built once more.
fn built(names: &[String]) -> PathBuf {
    let examples = names.iter().flat_map(|name| ["--example", name]);
    let cargo = Command::new(env!("CARGO")).args(["build", "--quiet", "--workspace"]).args(examples).status();
    assert!(cargo.expect("cargo runs").success());
    let this = std::env::current_exe().expect("this test is a file");
    this.ancestors().nth(2).expect("it lies in target/PROFILE/deps").join("examples")
}
