//! The dead-letter file: what failed, one JSON object a line, in the form that `--input json` takes again.
//!
//! It is written by a thread of its own, so that a slow disk holds no acknowledgement back.

use crate::format::{Format, Parsed};
use crate::ledger::{Case, Failure, Ledger};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use milena::Written;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};

/// One dead letter. Key and value stand for null when they are absent, save that an absent value would be an error.
#[derive(Serialize)]
struct Letter<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<HeaderLetter<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_line: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_line_base64: Option<String>,
    error: &'a str,
    written: &'static str,
    source: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum HeaderLetter<'a> {
    Pair(&'a str, Option<&'a str>),
    Bytes { name: &'a str, value_base64: String },
}

/// Opens the file to append to it, before anything is sent: what it holds already is someone's records.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// Writes every case until no more can come, and gives its bytes back to the ledger. Gives how many letters were lost, and
/// to what, if the file could not take them; the run goes on all the same.
pub(crate) fn write_all(
    file: File,
    cases: &Receiver<Case>,
    format: &Format,
    inputs: &[Arc<str>],
    ledger: &Ledger,
) -> Result<(), (u64, io::Error)> {
    let mut file = BufWriter::new(file);
    let mut lost: Option<(u64, io::Error)> = None;
    let mut unsure = 0;
    loop {
        let case = match cases.try_recv() {
            Ok(case) => Some(case),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                // A moment of rest: what is written should be in the file, not in this process.
                note(&mut lost, &mut unsure, 0, file.flush());
                cases.recv().ok()
            }
        };
        let Some(case) = case else { break };
        let count = case.failures.len() as u64;
        let written = if lost.is_some() { Ok(()) } else { write_case(&mut file, &case, format, inputs) };
        note(&mut lost, &mut unsure, count, written);
        ledger.release(case.source.len());
    }
    let end = file.flush().and_then(|()| sync(file.get_ref()));
    note(&mut lost, &mut unsure, 0, end);
    lost.map_or(Ok(()), Err)
}

/// Counts letters as lost from the first error on: with them those that were written since the last flush.
fn note(lost: &mut Option<(u64, io::Error)>, unsure: &mut u64, count: u64, result: io::Result<()>) {
    match (lost.as_mut(), result) {
        (Some((lost, _)), _) => *lost += count,
        (None, Err(error)) => *lost = Some((*unsure + count, error)),
        (None, Ok(())) if count == 0 => *unsure = 0,
        (None, Ok(())) => *unsure += count,
    }
}

/// Pipes and terminals have nothing to sync.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

fn write_case(file: &mut impl Write, case: &Case, format: &Format, inputs: &[Arc<str>]) -> io::Result<()> {
    let mut failures: Vec<_> = case.failures.iter().collect();
    failures.sort_by_key(|failure| failure.index);
    let mut lines = case.source.split(|byte| *byte == b'\n').enumerate();
    for failure in failures {
        let line = lines.find(|(index, _)| *index == failure.index).map_or(&[][..], |(_, line)| line);
        let name = inputs.get(case.place.file).map_or("?", |name| name);
        let source = format!("{name}:{}", case.place.line + failure.index as u64);
        write_letter(file, line, failure, source, format)?;
    }
    Ok(())
}

fn write_letter(
    file: &mut impl Write,
    line: &[u8],
    failure: &Failure,
    source: String,
    format: &Format,
) -> io::Result<()> {
    let written = match failure.written {
        Written::No => "no",
        Written::Maybe => "maybe",
    };
    let parsed = if failure.is_record { format.parse(line).ok().flatten() } else { None };
    let mut letter = Letter {
        key: None,
        key_base64: None,
        value: None,
        value_base64: None,
        headers: Vec::new(),
        timestamp: None,
        partition: None,
        rejected_line: None,
        rejected_line_base64: None,
        error: &failure.error,
        written,
        source,
    };
    match &parsed {
        Some(parsed) => fill(&mut letter, parsed, format),
        None => (letter.rejected_line, letter.rejected_line_base64) = text_or_base64(line, true),
    }
    serde_json::to_writer(&mut *file, &letter)?;
    file.write_all(b"\n")
}

fn fill<'a>(letter: &mut Letter<'a>, parsed: &'a Parsed<'_>, format: &Format) {
    if let Some(key) = &parsed.key {
        (letter.key, letter.key_base64) = text_or_base64(key, format.key.is_text());
    }
    match &parsed.value {
        None => letter.value = Some(None),
        Some(value) => {
            let (text, base64) = text_or_base64(value, format.value.is_text());
            (letter.value, letter.value_base64) = (text.map(Some), base64);
        }
    }
    let header = |name: &'a str, value: Option<&'a [u8]>| match value.map(|value| text_or_base64(value, true)) {
        None => HeaderLetter::Pair(name, None),
        Some((_, Some(value_base64))) => HeaderLetter::Bytes { name, value_base64 },
        Some((text, None)) => HeaderLetter::Pair(name, text),
    };
    letter.headers = parsed.headers.iter().map(|each| header(&each.name, each.value.as_deref())).collect();
    (letter.timestamp, letter.partition) = (parsed.timestamp, parsed.partition);
}

/// UTF-8 as text; other bytes, and what a serializer made, as base64, which passes every serializer unchanged.
fn text_or_base64(bytes: &[u8], is_text: bool) -> (Option<&str>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text => (Some(text), None),
        _ => (None, Some(BASE64_STANDARD.encode(bytes))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Shape, Writer};
    use crate::lines::Lines;
    use memchr::memmem::Finder;
    use milena::knobs::SerializerName;

    fn failure(is_record: bool) -> Failure {
        Failure { index: 0, error: "timed \"out\"".into(), written: Written::Maybe, is_record }
    }

    fn plain(name: SerializerName) -> Writer {
        Writer::Plain(name)
    }

    fn json() -> Format {
        Format { shape: Shape::Json, key: plain(SerializerName::String), value: plain(SerializerName::String) }
    }

    fn letter(format: &Format, line: &[u8], is_record: bool) -> String {
        let mut letter = Vec::new();
        write_letter(&mut letter, line, &failure(is_record), "a.txt:7".into(), format).unwrap();
        String::from_utf8(letter).unwrap()
    }

    /// What failed, sent again, is the same record, byte for byte.
    fn assert_same_again(format: &Format, line: &[u8]) {
        let letter = letter(format, line, true);
        let again = json().parse(letter.trim_end().as_bytes());
        assert_eq!(again.unwrap(), format.parse(line).unwrap(), "{letter}");
    }

    #[test]
    fn a_dead_letter_of_json_is_the_same_record_again() {
        let lines = [
            r#"{"value": null}"#,
            r#"{"key": "", "value": ""}"#,
            r#"{"key": {"b":1,  "a":2}, "value": [1, 2.50]}"#,
            r#"{"key_base64": "/w==", "value_base64": "AAEC/w==", "timestamp": 5, "partition": 3}"#,
            r#"{"value": "\u0000\n\\", "headers": [["b","1"],["a",null],["b",""],{"name":"d","value_base64":"/w=="}]}"#,
        ];
        for line in lines {
            assert_same_again(&json(), line.as_bytes());
        }
    }

    #[test]
    fn a_dead_letter_of_a_line_is_the_same_record_again() {
        let shape = || {
            Shape::Lines(Box::new(Lines {
                key_separator: Some(Finder::new(b"\t").into_owned()),
                null_marker: Some(b"-".to_vec()),
                crlf: true,
                ..Lines::default()
            }))
        };
        let text = Format { shape: shape(), key: plain(SerializerName::String), value: plain(SerializerName::String) };
        for line in [&b"k\tv\r"[..], b"-\t-", b"\t", b"\xff\t\xfe"] {
            assert_same_again(&text, line);
        }
        // 65 is four bytes that are also valid text: they must not go through a serializer twice.
        let typed =
            Format { shape: shape(), key: plain(SerializerName::Integer), value: plain(SerializerName::Double) };
        assert_same_again(&typed, b"65\t1.5");
    }

    #[test]
    fn a_bad_line_is_kept_as_it_was_and_stays_bad() {
        let kept = letter(&json(), b"{oops \xff", false);
        assert!(kept.contains("rejected_line_base64"), "{kept}");
        let kept = letter(&json(), b"{oops", false);
        assert!(kept.starts_with(r#"{"rejected_line":"{oops","error":"timed \"out\"","written":"maybe""#), "{kept}");
        assert!(json().parse(kept.trim_end().as_bytes()).is_err());
    }
}
