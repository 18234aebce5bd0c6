//! The Python program that reads.

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

/// What `read.py` reads in each case, in order. A case is what its line says, but for the record.
pub(crate) fn read(cases: Vec<(Value, Vec<u8>)>) -> Vec<Value> {
    let python =
        std::env::var("MILENA_TEST_PYTHON").expect("run by `cargo xtask prove records`, which makes the Python");
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/read.py");
    let piped = Stdio::piped;
    let mut child = Command::new(python).arg(program).stdin(piped()).stdout(piped()).spawn().unwrap();
    let count = cases.len();
    let mut stdin = child.stdin.take().unwrap();
    for (mut case, record) in cases {
        case["record"] = record.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
        writeln!(stdin, "{case}").unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "read.py failed: see above");
    let read: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read.len(), count);
    read
}
