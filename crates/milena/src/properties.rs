//! Reads Java properties files exactly as `java.util.Properties` does: continued lines, escapes, both comment signs.

use std::borrow::Cow;
use thiserror::Error;

/// Why a properties file could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct PropertiesError {
    /// Where, from 1: the line on which the setting begins.
    pub line: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

/// The settings of a file, in its order; a name may come twice, and then the later one holds.
///
/// The bytes are UTF-8, or else ISO-8859-1, which is all that Java reads here.
///
/// # Errors
/// [`PropertiesError`] at a `\u` without its four hexadecimal digits, or which is half a character.
///
/// # Example
/// ```
/// let file = "# where\nbootstrap.servers = kafka-1:9092,\\\n    kafka-2:9092\nlinger.ms: 20";
/// let settings = milena::properties::parse(file)?;
/// assert_eq!(settings[0], ("bootstrap.servers".into(), "kafka-1:9092,kafka-2:9092".into()));
/// assert_eq!(settings[1], ("linger.ms".into(), "20".into()));
/// # Ok::<(), milena::properties::PropertiesError>(())
/// ```
pub fn parse(file: impl AsRef<[u8]>) -> Result<Vec<(String, String)>, PropertiesError> {
    let text = decode(file.as_ref());
    let mut settings = Vec::new();
    for (line, content) in logical_lines(&text) {
        let (name, value) = split(&content);
        let unescape = |text: &str| unescape(text).map_err(|reason| PropertiesError { line, reason });
        settings.push((unescape(name)?, unescape(value)?));
    }
    Ok(settings)
}

fn decode(file: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(file) {
        Ok(text) => text.into(),
        Err(_) => file.iter().map(|&byte| char::from(byte)).collect::<String>().into(),
    }
}

/// Lines with their continuations joined, without blanks and comments. A line that ends in an odd number of backslashes goes
/// on in the next; a comment never does.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open = None;
    let text = text.replace("\r\n", "\n");
    for (at, natural) in text.split(['\n', '\r']).enumerate() {
        let natural = natural.trim_start_matches(is_white);
        let nothing_yet = open.as_ref().is_none_or(|(_, line): &(usize, String)| line.is_empty());
        if nothing_yet && natural.starts_with(['#', '!']) {
            open = None;
            continue;
        }
        let (number, mut line) = open.take().unwrap_or_else(|| (at + 1, String::new()));
        let backslashes = natural.len() - natural.trim_end_matches('\\').len();
        let goes_on = backslashes % 2 == 1;
        line.push_str(if goes_on { natural.strip_suffix('\\').unwrap_or(natural) } else { natural });
        if goes_on {
            open = Some((number, line));
        } else if !line.is_empty() {
            lines.push((number, line));
        }
    }
    // A file may end in a continuation: what was written so far holds.
    lines.extend(open.filter(|(_, line)| !line.is_empty()));
    lines
}

/// At the first `=`, `:` or white space that is not escaped. White space around one `=` or `:` belongs to neither side.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|letter| {
        let ends = !escaped && (letter == '=' || letter == ':' || is_white(letter));
        escaped = !escaped && letter == '\\';
        ends
    });
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches(is_white);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (name, value.trim_start_matches(is_white))
}

fn is_white(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\x0c')
}

/// Java's characters are UTF-16: one beyond U+FFFF is escaped as two.
fn unescape(text: &str) -> Result<String, &'static str> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let plain = match (letter, if letter == '\\' { letters.next() } else { None }) {
            ('\\', Some('t')) => '\t',
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('f')) => '\x0c',
            ('\\', Some('u')) => {
                units.push(hexadecimal(&mut letters).ok_or("\\u needs four hexadecimal digits")?);
                continue;
            }
            ('\\', Some(other)) => other,
            (other, _) => other,
        };
        units.extend_from_slice(plain.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16(&units).map_err(|_| "\\u holds half a character: a surrogate without its other half")
}

fn hexadecimal(letters: &mut std::str::Chars<'_>) -> Option<u16> {
    (0..4).try_fold(0, |unit, _| {
        let digit = letters.next()?.to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file, and what `java.util.Properties` of Java 17 reads from it.
    const JAVA: &[(&str, &[(&str, &str)])] = &[
        ("", &[]),
        ("#\n#", &[]),
        ("a", &[("a", "")]),
        ("a=", &[("a", "")]),
        ("=b", &[("", "b")]),
        ("a b", &[("a", "b")]),
        ("a:b", &[("a", "b")]),
        ("a==b", &[("a", "=b")]),
        ("a =:b", &[("a", ":b")]),
        ("a = b ", &[("a", "b ")]),
        ("a  =  b  = c", &[("a", "b  = c")]),
        ("\ta\t=\tb", &[("a", "b")]),
        ("\x0c a\x0cb", &[("a", "b")]),
        ("a=\u{a0}b", &[("a", "\u{a0}b")]),
        ("a=b#c", &[("a", "b#c")]),
        ("  # c\n! c\na=b", &[("a", "b")]),
        ("# c:\\users\na=b", &[("a", "b")]),
        ("# c\\\na=b", &[("a", "b")]),
        ("a=b\\\n   c", &[("a", "bc")]),
        ("a=b \\\r\n c", &[("a", "b c")]),
        ("a=b\\\n# c", &[("a", "b# c")]),
        (" \\\n#a=b", &[]),
        ("a=b\\\n\nc=d", &[("a", "b"), ("c", "d")]),
        ("a=b\\\\\nc=d", &[("a", "b\\"), ("c", "d")]),
        ("a=b\\", &[("a", "b")]),
        ("a=b\\\n", &[("a", "b")]),
        ("a\\\n=b", &[("a", "b")]),
        ("\\\na=b", &[("a", "b")]),
        ("a\\ b=c", &[("a b", "c")]),
        ("a\\=b=c", &[("a=b", "c")]),
        ("a\\:b:c", &[("a:b", "c")]),
        ("a=\\t\\n\\r\\f\\q\\\\", &[("a", "\t\n\r\x0cq\\")]),
        ("a=\\u00e9\\ud83d\\ude00\\U0041", &[("a", "é😀U0041")]),
        ("\\u0061=b", &[("a", "b")]),
        ("a\r=b", &[("a", ""), ("", "b")]),
        ("a=1\rb=2\r\nc=3\n\n\nd=4", &[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]),
    ];

    #[test]
    fn a_file_is_read_as_java_reads_it() {
        for (file, settings) in JAVA {
            let settings: Vec<_> = settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            assert_eq!(parse(file), Ok(settings), "{file:?}");
        }
    }

    #[test]
    fn an_error_names_the_line_on_which_its_setting_begins() {
        for (file, line) in [("a=\\u12", 1), ("\n#\na=\\u12G4", 3), ("a=1\nb=2\\\n\\u0", 2), ("a=\\ud83d", 1)] {
            assert_eq!(parse(file).map_err(|error| error.line), Err(line), "{file:?}");
        }
    }

    #[test]
    fn utf_8_and_latin_1_are_told_apart() {
        assert_eq!(parse("a=é"), Ok(vec![("a".into(), "é".into())]));
        assert_eq!(parse(b"a=\xe9"), Ok(vec![("a".into(), "é".into())]));
    }
}
