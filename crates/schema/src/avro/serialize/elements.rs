//! Sequences and tuples: arrays, and bytes that come one by one.

use super::super::AvroSchema;
use super::super::at::{At, Fault, wrong_size};
use super::super::binary::{Block, put_long, read_long};
use super::super::logical::Logical;
use super::super::node::{Fixed, Node, Type};
use serde::ser::{Serialize, SerializeSeq, SerializeTuple, SerializeTupleStruct, SerializeTupleVariant};

/// What a single byte is written by, to be read back.
static NUMBER: Node = Node { kind: Type::Long, logical: None };

/// A sequence that is being written.
#[derive(Debug)]
pub(in super::super) struct Elements<'s, 'o> {
    schema: &'s AvroSchema,
    out: &'o mut Vec<u8>,
    kind: Kind<'s>,
}

#[derive(Debug)]
enum Kind<'s> {
    Array {
        items: &'s Node,
        block: Block,
    },
    /// Byte by byte, as serde writes a `Vec<u8>`. The length goes before them at the end.
    Bytes {
        start: usize,
    },
    Fixed {
        fixed: &'s Fixed,
        start: usize,
    },
    /// Months, days and milliseconds.
    Duration {
        start: usize,
    },
}

impl<'s, 'o> Elements<'s, 'o> {
    #[inline]
    pub(in super::super) fn open(at: At<'s, 'o>, len: Option<usize>) -> Result<Self, Fault> {
        let start = at.out.len();
        let kind = match &at.node.kind {
            Type::Array(items) => Kind::Array { items: at.schema.node(*items), block: Block::open(at.out, len) },
            Type::Bytes => Kind::Bytes { start },
            Type::Fixed(_) if at.node.logical == Some(Logical::Duration) && len == Some(3) => Kind::Duration { start },
            Type::Fixed(fixed) => Kind::Fixed { fixed, start },
            _ => return Err(at.mismatch("a sequence")),
        };
        Ok(Self { schema: at.schema, out: at.out, kind })
    }

    #[inline]
    pub(in super::super) fn put<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Array { items, block } => {
                let at = At { schema: self.schema, node: items, out: self.out };
                let index = block.count;
                block.count += 1;
                value.serialize(at).map_err(|fault| fault.at_index(index))
            }
            Kind::Bytes { start } | Kind::Fixed { start, .. } => {
                let index = self.out.len() - *start;
                let byte = number(self.schema, self.out, value).and_then(|number| {
                    u8::try_from(number).map_err(|_| Fault::new(format!("expected a byte, found {number}")))
                });
                self.out.push(byte.map_err(|fault| fault.at_index(index))?);
                Ok(())
            }
            Kind::Duration { start } => {
                let index = (self.out.len() - *start) / 4;
                let part = part(self.schema, self.out, value).map_err(|fault| fault.at_index(index))?;
                self.out.extend_from_slice(&part);
                Ok(())
            }
        }
    }

    #[inline]
    pub(in super::super) fn finish(self) -> Result<(), Fault> {
        match self.kind {
            Kind::Array { block, .. } => block.close(self.out),
            Kind::Bytes { start } => {
                let mut len = Vec::new();
                put_long(&mut len, i64::try_from(self.out.len() - start).unwrap_or(i64::MAX));
                self.out.splice(start..start, len);
            }
            Kind::Fixed { fixed, start } if self.out.len() - start != fixed.size => {
                return Err(wrong_size(self.out.len() - start, fixed.size));
            }
            Kind::Duration { start } if self.out.len() - start != 12 => {
                return Err(Fault::new("a duration is months, days and milliseconds"));
            }
            Kind::Fixed { .. } | Kind::Duration { .. } => {}
        }
        Ok(())
    }
}

/// A value that must be a number: written as a long, read back, and taken away again.
pub(super) fn number<T: ?Sized + Serialize>(schema: &AvroSchema, out: &mut Vec<u8>, value: &T) -> Result<i64, Fault> {
    let start = out.len();
    let written = value.serialize(At { schema, node: &NUMBER, out });
    let number = out.get(start..).and_then(read_long).map(|(number, _)| number);
    out.truncate(start);
    written?;
    number.ok_or_else(|| Fault::new("expected a number"))
}

/// A part of a duration.
pub(super) fn part<T: ?Sized + Serialize>(schema: &AvroSchema, out: &mut Vec<u8>, value: &T) -> Result<[u8; 4], Fault> {
    let number = number(schema, out, value)?;
    let part =
        u32::try_from(number).map_err(|_| Fault::new(format!("{number} does not fit an unsigned int of 32 bits")))?;
    Ok(part.to_le_bytes())
}

impl SerializeSeq for Elements<'_, '_> {
    type Ok = ();
    type Error = Fault;

    #[inline]
    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Fault> {
        self.put(value)
    }

    #[inline]
    fn end(self) -> Result<(), Fault> {
        self.finish()
    }
}

impl SerializeTuple for Elements<'_, '_> {
    type Ok = ();
    type Error = Fault;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Fault> {
        self.put(value)
    }

    #[inline]
    fn end(self) -> Result<(), Fault> {
        self.finish()
    }
}

impl SerializeTupleStruct for Elements<'_, '_> {
    type Ok = ();
    type Error = Fault;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Fault> {
        self.put(value)
    }

    #[inline]
    fn end(self) -> Result<(), Fault> {
        self.finish()
    }
}

impl SerializeTupleVariant for Elements<'_, '_> {
    type Ok = ();
    type Error = Fault;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Fault> {
        self.put(value)
    }

    #[inline]
    fn end(self) -> Result<(), Fault> {
        self.finish()
    }
}
