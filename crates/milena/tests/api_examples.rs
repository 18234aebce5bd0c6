//! Every example runs, against a cluster in memory.

use std::path::Path;
use std::process::Command;

#[test]
fn every_example_runs() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut run = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let Some("rs") = path.extension().and_then(|extension| extension.to_str()) else { continue };
        let name = path.file_stem().unwrap();
        let source = std::fs::read_to_string(&path).unwrap();
        assert!(source.lines().count() < 60, "{name:?} is to be read at a glance");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["run", "--quiet", "--package", "milena", "--example"]).arg(name).env_remove("MILENA_BOOTSTRAP");
        let output = cargo.output().unwrap();
        assert!(output.status.success(), "{name:?}: {}", String::from_utf8_lossy(&output.stderr));
        run += 1;
    }
    assert_eq!(run, 10);
}
