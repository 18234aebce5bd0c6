//! The encodings of text that every Java has.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// How text becomes bytes: the charsets that `java.nio.charset.StandardCharsets` has, by Java's names.
///
/// # Example
/// ```
/// use milena::serializers::Encoding;
///
/// assert_eq!("UTF-16LE".parse(), Ok(Encoding::Utf16Le));
/// assert_eq!("latin1".parse(), Ok(Encoding::Iso8859_1));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `UTF-8`.
    #[default]
    Utf8,
    /// `UTF-16`: big-endian behind a byte order mark, which an empty text does not have.
    Utf16,
    /// `UTF-16BE`: big-endian, no byte order mark.
    Utf16Be,
    /// `UTF-16LE`: little-endian, no byte order mark.
    Utf16Le,
    /// `ISO-8859-1`: a byte a character; what it does not have becomes `?`, as in Java.
    Iso8859_1,
    /// `US-ASCII`: a byte a character; what it does not have becomes `?`, as in Java.
    UsAscii,
}

/// Not the name of an [`Encoding`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no such encoding here: {0:?}; known: UTF-8, UTF-16, UTF-16BE, UTF-16LE, ISO-8859-1, US-ASCII")]
pub struct UnknownEncoding(pub String);

impl Encoding {
    const ALL: [Self; 6] = [Self::Utf8, Self::Utf16, Self::Utf16Be, Self::Utf16Le, Self::Iso8859_1, Self::UsAscii];

    /// Appends the text to `out`.
    pub fn encode(self, text: &str, out: &mut Vec<u8>) {
        match self {
            Self::Utf8 => out.extend_from_slice(text.as_bytes()),
            Self::Utf16 => {
                if !text.is_empty() {
                    out.extend_from_slice(&[0xfe, 0xff]);
                }
                out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
            }
            Self::Utf16Be => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Self::Utf16Le => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Self::Iso8859_1 => out.extend(text.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?'))),
            Self::UsAscii => {
                let byte = |letter| u8::try_from(letter).ok().filter(u8::is_ascii).unwrap_or(b'?');
                out.extend(text.chars().map(byte));
            }
        }
    }

    /// Java's canonical name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Utf16Be => "UTF-16BE",
            Self::Utf16Le => "UTF-16LE",
            Self::Iso8859_1 => "ISO-8859-1",
            Self::UsAscii => "US-ASCII",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// By Java's canonical name, or an alias that people use; case does not matter.
impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let upper = name.to_ascii_uppercase();
        let canonical = match upper.as_str() {
            "UTF8" => "UTF-8",
            "LATIN1" | "ISO8859_1" => "ISO-8859-1",
            "ASCII" => "US-ASCII",
            other => other,
        };
        let found = Self::ALL.into_iter().find(|encoding| encoding.name() == canonical);
        found.ok_or_else(|| UnknownEncoding(name.into()))
    }
}
