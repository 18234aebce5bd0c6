//! Plain lines: a value, or a key and a value with a separator between them.

use crate::format::{BadLine, Datum, Row};
use memchr::memmem::Finder;
use std::borrow::Cow;

/// How a plain line is divided.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Stands between key and value, at its first place in the line. `None`: the whole line is the value.
    pub(crate) key_separator: Option<Finder<'static>>,
    /// A key or a value that is exactly this is null.
    pub(crate) null_marker: Option<Vec<u8>>,
    /// A carriage return before the line feed belongs to the line's end.
    pub(crate) crlf: bool,
    /// An empty line is no record; otherwise it is one with an empty value.
    pub(crate) skip_empty: bool,
}

impl Lines {
    /// Divides one line. `Ok(None)`: an empty line that is to be skipped.
    pub(crate) fn parse<'a>(&self, mut line: &'a [u8]) -> Result<Option<Row<'a>>, BadLine> {
        if self.crlf {
            line = line.strip_suffix(b"\r").unwrap_or(line);
        }
        if self.skip_empty && line.is_empty() {
            return Ok(None);
        }
        let (key, value) = match &self.key_separator {
            None => (Datum::Null, self.datum(line)),
            Some(separator) => {
                let Some(at) = separator.find(line) else {
                    return Err(BadLine::NoSeparator(String::from_utf8_lossy(separator.needle()).into_owned()));
                };
                (self.datum(&line[..at]), self.datum(&line[at + separator.needle().len()..]))
            }
        };
        Ok(Some(Row { key, value, headers: Vec::new(), timestamp: None, partition: None }))
    }

    fn datum<'a>(&self, text: &'a [u8]) -> Datum<'a> {
        if self.null_marker.as_deref() == Some(text) { Datum::Null } else { Datum::Text(Cow::Borrowed(text)) }
    }
}

/// Reads a separator or a marker as people type it: `\t`, `\n`, `\r`, `\0`, `\\` and `\xHH` stand for bytes.
pub(crate) fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (escaped, after) = escape(rest).ok_or_else(|| {
            format!("{text:?} has a backslash that means nothing: \\t \\n \\r \\0 \\\\ and \\xHH are known")
        })?;
        bytes.push(escaped);
        rest = after;
    }
    if bytes.is_empty() { Err("must not be empty".into()) } else { Ok(bytes) }
}

/// The byte that an escape stands for, and what follows it.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&letter, rest) = text.split_first()?;
    let byte = match letter {
        b't' => b'\t',
        b'n' => b'\n',
        b'r' => b'\r',
        b'0' => 0,
        b'\\' => b'\\',
        b'x' => {
            let (digits, rest) = rest.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok()?;
            return Some((u8::from_str_radix(digits, 16).ok()?, rest));
        }
        _ => return None,
    };
    Some((byte, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed() -> Lines {
        Lines {
            key_separator: Some(Finder::new(b":").into_owned()),
            null_marker: Some(b"NULL".to_vec()),
            ..Lines::default()
        }
    }

    fn text(text: &str) -> Datum<'_> {
        Datum::Text(Cow::Borrowed(text.as_bytes()))
    }

    #[test]
    fn the_first_separator_divides_key_and_value() {
        let row = keyed().parse(b"k1:a:b").unwrap().unwrap();
        assert_eq!((row.key, row.value), (text("k1"), text("a:b")));
    }

    #[test]
    fn empty_and_null_are_different() {
        let row = keyed().parse(b":").unwrap().unwrap();
        assert_eq!((row.key, row.value), (text(""), text("")));
        let row = keyed().parse(b"NULL:NULL").unwrap().unwrap();
        assert_eq!((row.key, row.value), (Datum::Null, Datum::Null));
    }

    #[test]
    fn a_line_without_the_separator_is_refused_rather_than_sent_without_a_key() {
        assert_eq!(keyed().parse(b"no key here"), Err(BadLine::NoSeparator(":".into())));
    }

    #[test]
    fn an_empty_line_is_a_record_unless_told_otherwise() {
        let row = Lines::default().parse(b"").unwrap().unwrap();
        assert_eq!((row.key, row.value), (Datum::Null, text("")));
        assert_eq!(Lines { skip_empty: true, ..Lines::default() }.parse(b""), Ok(None));
    }

    #[test]
    fn a_carriage_return_is_content_unless_told_otherwise() {
        assert_eq!(Lines::default().parse(b"a\r").unwrap().unwrap().value, text("a\r"));
        let crlf = Lines { crlf: true, ..Lines::default() };
        assert_eq!(crlf.parse(b"a\r").unwrap().unwrap().value, text("a"));
    }

    #[test]
    fn separators_are_typed_with_escapes() {
        assert_eq!(unescape(r"\t").unwrap(), b"\t");
        assert_eq!(unescape(r"a\x1f\\\0").unwrap(), b"a\x1f\\\0");
        for wrong in ["", r"\", r"\q", r"\x1", r"\xzz"] {
            assert!(unescape(wrong).is_err(), "{wrong:?}");
        }
    }
}
