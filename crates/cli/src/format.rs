//! What a line of input means: the record in it, as the bytes that go to Kafka, or why there is none.

use crate::json;
use crate::lines::Lines;
use crate::schema::records::SchemaWriter;
use crate::serializer;
use milena::knobs::SerializerName;
use milena::serializer::SerializedHeaders;
use std::borrow::Cow;
use std::sync::Arc;
use thiserror::Error;

/// How lines are read. The same format reads a line again when its record failed and goes to the dead letters.
#[derive(Debug)]
pub(crate) struct Format {
    /// How a line is divided.
    pub(crate) shape: Shape,
    /// How keys become bytes.
    pub(crate) key: Writer,
    /// How values do.
    pub(crate) value: Writer,
}

/// What makes bytes of a key or a value.
#[derive(Debug)]
pub(crate) enum Writer {
    /// `key.serializer`, `value.serializer`.
    Plain(SerializerName),
    /// `--key-schema`, `--value-schema`.
    Schema(Box<SchemaWriter>),
}

/// How a line is divided into the parts of a record.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Plain text, with or without a key.
    Lines(Box<Lines>),
    /// A JSON object a line.
    Json,
}

/// A key or a value as the input gives it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Datum<'a> {
    /// Null: not the same as empty.
    Null,
    /// Text for the serializer.
    Text(Cow<'a, [u8]>),
    /// Bytes that are serialized already.
    Bytes(Vec<u8>),
}

/// The parts of a record as the input gives them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) key: Datum<'a>,
    pub(crate) value: Datum<'a>,
    pub(crate) headers: Vec<OwnedHeader>,
    /// Milliseconds since 1970, not negative.
    pub(crate) timestamp: Option<i64>,
    /// Not negative.
    pub(crate) partition: Option<i32>,
}

/// A header, unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnedHeader {
    pub(crate) name: String,
    pub(crate) value: Option<Vec<u8>>,
}

/// A record, without its topic, as the bytes that Kafka keeps.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parsed<'a> {
    pub(crate) key: Option<Cow<'a, [u8]>>,
    pub(crate) value: Option<Cow<'a, [u8]>>,
    pub(crate) headers: Vec<OwnedHeader>,
    pub(crate) timestamp: Option<i64>,
    pub(crate) partition: Option<i32>,
}

impl Parsed<'_> {
    /// Bytes of key, value and headers.
    pub(crate) fn size(&self) -> usize {
        let len = |bytes: &Option<Cow<'_, [u8]>>| bytes.as_ref().map_or(0, |bytes| bytes.len());
        let headers = self.headers.iter().map(|header| header.name.len() + header.value.as_ref().map_or(0, Vec::len));
        len(&self.key) + len(&self.value) + headers.sum::<usize>()
    }
}

impl Format {
    /// Reads one line, without its line feed. `Ok(None)`: the line holds nothing and is not a record.
    pub(crate) fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Parsed<'a>>, BadLine> {
        let row = match &self.shape {
            Shape::Lines(lines) => lines.parse(line)?,
            Shape::Json => json::parse(line, self.key.is_schema(), self.value.is_schema())?,
        };
        let Some(Row { key, value, mut headers, timestamp, partition }) = row else { return Ok(None) };
        let mut added = SerializedHeaders::default();
        let key = self.key.write("key", key, &mut added)?;
        let value = self.value.write("value", value, &mut added)?;
        headers
            .extend(added.iter().map(|(name, value)| OwnedHeader { name: name.into(), value: value.map(Into::into) }));
        Ok(Some(Parsed { key, value, headers, timestamp, partition }))
    }
}

impl Writer {
    /// Whether it takes JSON text.
    pub(crate) fn is_schema(&self) -> bool {
        matches!(self, Self::Schema(_))
    }

    /// Whether it leaves text as it is.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Plain(name) if serializer::is_text(*name))
    }

    fn write<'a>(
        &self,
        part: &'static str,
        datum: Datum<'a>,
        headers: &mut SerializedHeaders,
    ) -> Result<Option<Cow<'a, [u8]>>, BadLine> {
        match (self, datum) {
            (Self::Plain(name), datum) => serialize(part, *name, datum),
            (Self::Schema(schema), Datum::Text(text)) => match schema.write(&text, headers) {
                Ok(bytes) => Ok(bytes.map(Cow::Owned)),
                Err(error) => Err(BadLine::Schema { part, error }),
            },
            (Self::Schema(_), Datum::Null) => Ok(None),
            (Self::Schema(_), Datum::Bytes(bytes)) => Ok(Some(Cow::Owned(bytes))),
        }
    }
}

fn serialize<'a>(
    part: &'static str,
    serializer: SerializerName,
    datum: Datum<'a>,
) -> Result<Option<Cow<'a, [u8]>>, BadLine> {
    match datum {
        Datum::Null => Ok(None),
        Datum::Bytes(bytes) => Ok(Some(Cow::Owned(bytes))),
        Datum::Text(text) => {
            serializer::serialize(serializer, text).map_err(|text| BadLine::Serializer { part, serializer, text })
        }
    }
}

/// Why a line is not a record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum BadLine {
    /// Not one JSON object, or one with wrong fields.
    #[error("{message} (column {column})")]
    Json { message: String, column: usize },
    /// Right JSON, wrong meaning.
    #[error("{0}")]
    Meaning(Cow<'static, str>),
    /// `--key-separator` is given and the line does not have it.
    #[error("no key separator {0:?} in the line")]
    NoSeparator(String),
    /// The text is not of the serializer's type.
    #[error("{part} {text:?} is not {} that {part}.serializer = {} takes", serializer::takes(*serializer), serializer.simple_name())]
    Serializer { part: &'static str, serializer: SerializerName, text: String },
    /// The JSON does not fit its schema.
    #[error("{part}: {error}")]
    Schema { part: &'static str, error: String },
    /// Longer than the limit, so not read to its end.
    #[error("line of {len} bytes is longer than --max-line-bytes = {limit}")]
    TooLong { len: u64, limit: usize },
    /// A dead letter that holds a bad line: it was no record before and is none now.
    #[error("a dead letter of a line that could not be read{}: correct it and write it as a record", cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default())]
    Rejected { cause: Option<Arc<str>> },
}
