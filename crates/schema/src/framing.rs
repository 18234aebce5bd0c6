//! Where a record says which schema it was written by: in front of the payload, or in a header.

#[cfg(test)]
mod vectors;

#[cfg(feature = "avro")]
use crate::avro::AvroSchema;
use crate::guid::Guid;
#[cfg(feature = "protobuf")]
use crate::protobuf::Outline;
use crate::schema::{Resolved, Schema, SchemaType};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use milena::SerializeError;
use milena::serializer::{SerializedHeaders, Side};
use std::borrow::Cow;
use std::io::Write as _;
use std::sync::Arc;
use thiserror::Error;

/// How records name their schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// `00`, the id in 4 bytes: what every consumer of a Confluent registry reads. Java's `PrefixSchemaIdSerializer`.
    #[default]
    Prefix,
    /// The GUID in the header `__value_schema_id` or `__key_schema_id`; the payload stays bare. Java's
    /// `HeaderSchemaIdSerializer`, Confluent 8.0 and newer.
    Header,
    /// As Apicurio's own serializers write, for consumers that use them.
    Apicurio(Apicurio),
    /// As the serializers of AWS Glue write: `03`, a byte for the compression, the UUID of the schema's version; for Protobuf,
    /// behind them, the message's place among all of the file, sorted by name.
    Glue {
        /// The schema's version in Glue: this registry does not know it.
        version: Guid,
        /// Whether the payload is compressed by zlib. Costs an allocation a record.
        zlib: bool,
    },
    /// Avro's single-object encoding: `c3 01` and the schema's fingerprint. Needs the feature `avro`.
    SingleObject,
    /// Nothing: consumers know the schema from elsewhere.
    Bare,
}

/// The choices of Apicurio's serializers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Apicurio {
    /// `00`, the id in 4 bytes (`Default4ByteIdHandler`), and for Protobuf the message's name (`send-type-ref`).
    FourBytes,
    /// The same with the id in 8 bytes (`Legacy8ByteIdHandler`).
    EightBytes,
    /// As [`FourBytes`](Self::FourBytes), for Protobuf with message indexes in their long form
    /// (`send-type-ref=false, send-indexes=true`).
    FourBytesIndexes,
    /// The id in the header `apicurio.value.contentId` or `apicurio.key.contentId` (`headers.enabled`). Not for Protobuf.
    Headers,
}

/// A framing cannot be used with what was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct FramingError(Cow<'static, str>);

/// What stands before and beside every payload of one schema: made once, at binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Before the payload, the format's prelude included.
    prefix: Box<[u8]>,
    headers: Box<[FrameHeader]>,
    /// From which byte on what is written is compressed.
    zlib: Option<usize>,
}

/// Name and value.
type FrameHeader = (&'static str, Arc<[u8]>);

impl Framing {
    /// Whether records need the schema's GUID.
    pub(crate) fn needs_guid(&self) -> bool {
        matches!(self, Self::Header)
    }

    /// The frame for records of this schema. `prelude` is the format's ([`Encode::prelude`](crate::Encode::prelude));
    /// `record_name` the full name of the message, where there is one.
    ///
    /// # Errors
    /// When the registry did not give what the framing needs, or the framing does not have this schema's type.
    pub fn frame(
        &self,
        resolved: &Resolved,
        side: Side,
        prelude: &[u8],
        record_name: Option<&str>,
    ) -> Result<Frame, FramingError> {
        let schema_type = resolved.schema.schema_type;
        match self {
            Self::Prefix => Ok(Frame::prefixed(&[&[0], &id(resolved)?.to_be_bytes(), prelude])),
            Self::Header => {
                let guid = resolved.guid.ok_or_else(|| FramingError(NO_GUID.into()))?;
                Ok(Frame::in_header(header_name(side), [&[1], &guid[..], prelude].concat()))
            }
            Self::Apicurio(choice) => choice.frame(resolved, side, prelude, record_name),
            Self::Glue { version, zlib } => {
                let compression = if *zlib { 5 } else { 0 };
                let begin = &[&[3, compression], &version.as_bytes()[..]].concat()[..];
                let index = glue_index(&resolved.schema, record_name)?;
                let frame = Frame::prefixed(&[begin, &index]);
                // The index is compressed with the message.
                let zlib = zlib.then_some(begin.len());
                Ok(Frame { zlib, ..frame })
            }
            Self::SingleObject if schema_type != SchemaType::Avro => refuse("single-object encoding is Avro's alone"),
            Self::SingleObject => {
                let fingerprint = fingerprint(&resolved.schema)?;
                Ok(Frame::prefixed(&[&[0xc3, 1], &fingerprint.to_le_bytes()]))
            }
            // Who reads it has been told of the message too.
            Self::Bare => Ok(Frame::prefixed(&[])),
        }
    }
}

impl Apicurio {
    fn frame(
        self,
        resolved: &Resolved,
        side: Side,
        prelude: &[u8],
        record_name: Option<&str>,
    ) -> Result<Frame, FramingError> {
        let is_protobuf = resolved.schema.schema_type == SchemaType::Protobuf;
        let id = id(resolved)?;
        let (four, eight) = (id.to_be_bytes(), u64::from(id).to_be_bytes());
        match self {
            Self::Headers if is_protobuf => refuse("Apicurio's headers for Protobuf are not supported"),
            Self::Headers => {
                let (id_name, encoding_name) = match side {
                    Side::Key => ("apicurio.key.contentId", "apicurio.key.encoding"),
                    Side::Value => ("apicurio.value.contentId", "apicurio.value.encoding"),
                };
                let mut headers = vec![(id_name, Arc::from(eight))];
                if resolved.schema.schema_type == SchemaType::Avro {
                    headers.push((encoding_name, Arc::from(*b"BINARY")));
                }
                Ok(Frame { headers: headers.into(), ..Frame::prefixed(&[]) })
            }
            Self::FourBytesIndexes if is_protobuf => {
                // Its writer never uses the short form.
                let indexes: &[u8] = if prelude == [0] { &[2, 0] } else { prelude };
                Ok(Frame::prefixed(&[&[0], &four, indexes]))
            }
            Self::EightBytes => Ok(Frame::prefixed(&[&[0], &eight, &type_ref(is_protobuf, record_name)?])),
            Self::FourBytes | Self::FourBytesIndexes => {
                Ok(Frame::prefixed(&[&[0], &four, &type_ref(is_protobuf, record_name)?]))
            }
        }
    }
}

impl Frame {
    fn prefixed(parts: &[&[u8]]) -> Self {
        Self { prefix: parts.concat().into(), headers: [].into(), zlib: None }
    }

    fn in_header(name: &'static str, value: Vec<u8>) -> Self {
        Self { prefix: [].into(), headers: [(name, value.into())].into(), zlib: None }
    }

    /// Bytes that it adds before a payload.
    pub fn prefix_len(&self) -> usize {
        self.prefix.len()
    }

    /// What goes before the payload, behind what `out` holds. The headers too: a header that is already the last of its name
    /// is not added again. Returns where it began, for [`end`](Self::end).
    pub fn begin(&self, out: &mut Vec<u8>, headers: &mut SerializedHeaders) -> usize {
        let begun = out.len();
        out.extend_from_slice(&self.prefix);
        for (name, value) in &self.headers {
            let last = headers.iter().filter(|(other, _)| other == name).last();
            if last.is_none_or(|(_, last)| last != Some(&**value)) {
                headers.push(*name, Some(Arc::clone(value)));
            }
        }
        begun
    }

    /// What happens to the payload, when it is complete. What `out` held before the frame stays as it is.
    ///
    /// # Errors
    /// When it cannot be compressed.
    pub fn end(&self, begun: usize, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        let Some(begin) = self.zlib else { return Ok(()) };
        let payload = out.split_off(begun + begin);
        let mut zlib = ZlibEncoder::new(std::mem::take(out), Compression::default());
        let written = zlib.write_all(&payload).and_then(|()| zlib.finish());
        *out = written.map_err(|error| SerializeError::new(format!("zlib: {error}")))?;
        Ok(())
    }
}

const NO_GUID: &str = "the header needs the schema's GUID, and the registry gives none (Confluent's does from 8.0 on)";

fn id(resolved: &Resolved) -> Result<u32, FramingError> {
    resolved.id.ok_or_else(|| FramingError("the prefix needs the schema's id, and the registry gives none".into()))
}

fn header_name(side: Side) -> &'static str {
    match side {
        Side::Key => "__key_schema_id",
        Side::Value => "__value_schema_id",
    }
}

/// Apicurio's `Ref { string name = 1 }` with its length before it, for Protobuf; nothing for the others.
fn type_ref(is_protobuf: bool, record_name: Option<&str>) -> Result<Vec<u8>, FramingError> {
    if !is_protobuf {
        return Ok(Vec::new());
    }
    let full = record_name.ok_or_else(|| FramingError("Apicurio's prefix needs the message's name".into()))?;
    let simple = full.rsplit('.').next().unwrap_or(full);
    let mut name = vec![0x0a];
    put_varint(&mut name, simple.len());
    name.extend_from_slice(simple.as_bytes());
    let mut delimited = Vec::new();
    put_varint(&mut delimited, name.len());
    delimited.extend_from_slice(&name);
    Ok(delimited)
}

/// Which of its schema's messages a Protobuf record holds, as Glue's serializers say it; nothing for the others.
fn glue_index(schema: &Schema, record_name: Option<&str>) -> Result<Vec<u8>, FramingError> {
    if schema.schema_type != SchemaType::Protobuf {
        return Ok(Vec::new());
    }
    let name = record_name.ok_or_else(|| FramingError("Glue's prefix needs the message's name".into()))?;
    let mut index = Vec::new();
    put_varint(&mut index, glue_position(schema, name)?);
    Ok(index)
}

#[cfg(feature = "protobuf")]
fn glue_position(schema: &Schema, name: &str) -> Result<usize, FramingError> {
    let position = Outline::of(schema).and_then(|outline| outline.glue_index(name));
    position.map(|position| position as usize).map_err(|error| FramingError(error.to_string().into()))
}

#[cfg(not(feature = "protobuf"))]
fn glue_position(_: &Schema, _: &str) -> Result<usize, FramingError> {
    refuse("Glue's index of a Protobuf message needs the feature `protobuf`")
}

fn put_varint(out: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        out.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

#[cfg(feature = "avro")]
fn fingerprint(schema: &Schema) -> Result<u64, FramingError> {
    match AvroSchema::parse(schema) {
        Ok(schema) => Ok(schema.fingerprint()),
        Err(error) => Err(FramingError(error.to_string().into())),
    }
}

#[cfg(not(feature = "avro"))]
fn fingerprint(_: &Schema) -> Result<u64, FramingError> {
    refuse("single-object encoding needs the feature `avro`")
}

fn refuse<T>(reason: &'static str) -> Result<T, FramingError> {
    Err(FramingError(reason.into()))
}
