//! `cargo xtask golden batches`: record batches that Java wrote, for us to read; and ours, for Java to read.

use crate::{kafka, workspace};
use anyhow::{Context, Result, ensure};
use milena_wire::buf::Reader;
use milena_wire::compression::{Codec, Compression, Compressor};
use milena_wire::record_batch::{BatchHeader, RecordBatch};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What each batch holds, a JSON line each, as Java reads it.
const INDEX: &str = "index.jsonl";

pub(super) fn golden_batches(check: bool) -> Result<()> {
    let golden = workspace::root().join("crates/wire/tests/golden/batches");
    let written = if check { workspace::target().join("golden-batches/java") } else { golden.clone() };
    java("write", std::slice::from_ref(&written))?;
    let batches = index(&written)?;
    if check {
        compare(&golden, &written, &batches)?;
    }
    let ours = write_ours(&written, &batches)?;
    let read = java("read", &ours)?;
    ensure!(read.lines().count() == batches.len(), "Java reads {} of our batches", read.lines().count());
    for (read, batch) in read.lines().zip(&batches) {
        ensure!(
            content(serde_json::from_str(read)?) == content(batch.clone()),
            "Java reads our {} as {read}",
            file(batch)?
        );
    }
    println!("{} batches of Java's in {}; Java reads as many of ours", batches.len(), golden.display());
    Ok(())
}

/// Runs the tool of that name, which prints what it read.
fn java(verb: &str, arguments: &[PathBuf]) -> Result<String> {
    let output = kafka::java_program("RecordBatches")?.arg(verb).args(arguments).output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "RecordBatches.java {verb} failed: {}\n{complaint}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

fn index(folder: &Path) -> Result<Vec<Value>> {
    let lines = fs::read_to_string(folder.join(INDEX))?;
    lines.lines().map(|line| serde_json::from_str(line).context("a line of the index")).collect()
}

fn file(batch: &Value) -> Result<&str> {
    batch.get("file").and_then(Value::as_str).context("a batch without a file in the index")
}

/// Fails at the first file that Java would write in another way today.
fn compare(golden: &Path, written: &Path, batches: &[Value]) -> Result<()> {
    for name in batches.iter().map(file).chain([Ok(INDEX)]) {
        let name = name?;
        ensure!(
            fs::read(golden.join(name)).ok() == fs::read(written.join(name)).ok(),
            "{} is not what Java writes: `cargo xtask golden batches`",
            golden.join(name).display()
        );
    }
    Ok(())
}

/// The same batches by our own codecs, checksum and header, from the records of Java's that are not compressed.
fn write_ours(javas: &Path, batches: &[Value]) -> Result<Vec<PathBuf>> {
    let folder = workspace::target().join("golden-batches/ours");
    fs::create_dir_all(&folder)?;
    let mut compressor = Compressor::default();
    let mut files = Vec::new();
    for batch in batches {
        let name = file(batch)?;
        let (shape, codec) =
            name.trim_end_matches(".bin").rsplit_once('-').context("a file that is not named SHAPE-CODEC.bin")?;
        let codec: Codec = codec.parse()?;
        let plain = fs::read(javas.join(format!("{shape}-none.bin")))?;
        let plain = RecordBatch::decode(&mut Reader::new(&plain))?;
        let mut body = Vec::new();
        compressor.compress(Compression { codec, level: None }, plain.body, &mut body)?;
        let header = BatchHeader { codec, ..plain.header }.encode(&body);
        let path = folder.join(name);
        fs::write(&path, [&header[..], &body].concat())?;
        files.push(path);
    }
    Ok(files)
}

/// What must be equal: all but what depends on how well a codec's library compresses.
fn content(mut batch: Value) -> Value {
    if let Some(fields) = batch.as_object_mut() {
        for field in ["file", "bytes", "bytesAreCanonical", "sizeInBytes", "crc"] {
            fields.remove(field);
        }
    }
    batch
}
