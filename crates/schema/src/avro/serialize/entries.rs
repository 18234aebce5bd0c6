//! Maps, and records that come as maps: a flattened struct does.

use super::super::AvroSchema;
use super::super::at::{At, Fault};
use super::super::binary::{Block, read_long};
use super::super::node::{Node, Type};
use super::fields::RecordFields;
use serde::ser::{Serialize, SerializeMap};

/// What a key is written by.
static KEY: Node = Node { kind: Type::String, logical: None };

/// A map that is being written.
#[derive(Debug)]
pub(in super::super) struct Entries<'s, 'o> {
    schema: &'s AvroSchema,
    out: &'o mut Vec<u8>,
    kind: Kind<'s>,
}

#[derive(Debug)]
enum Kind<'s> {
    Map {
        values: &'s Node,
        block: Block,
        /// Where the last key begins in `out`.
        key: usize,
    },
    Record {
        fields: RecordFields<'s>,
        /// The field that the last key names.
        field: usize,
    },
}

impl<'s, 'o> Entries<'s, 'o> {
    pub(in super::super) fn open(at: At<'s, 'o>, len: Option<usize>) -> Result<Self, Fault> {
        let kind = match &at.node.kind {
            Type::Map(values) => {
                let block = Block::open(at.out, len);
                Kind::Map { values: at.schema.node(*values), block, key: at.out.len() }
            }
            Type::Record(record) => Kind::Record { fields: RecordFields::open(record), field: 0 },
            _ => return Err(at.mismatch("a map")),
        };
        Ok(Self { schema: at.schema, out: at.out, kind })
    }

    pub(in super::super) fn put_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Fault> {
        let start = self.out.len();
        let written = key.serialize(At { schema: self.schema, node: &KEY, out: self.out });
        written.map_err(|fault| Fault::new(format!("the key of a map: {fault}")))?;
        match &mut self.kind {
            Kind::Map { key, .. } => *key = start,
            Kind::Record { fields, field } => {
                let name = key_at(self.out, start).to_owned();
                self.out.truncate(start);
                *field = fields.find(&name)?;
            }
        }
        Ok(())
    }

    pub(in super::super) fn put_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Map { values, block, key } => {
                block.count += 1;
                let written = value.serialize(At { schema: self.schema, node: values, out: self.out });
                written.map_err(|fault| fault.in_field(key_at(self.out, *key)))
            }
            Kind::Record { fields, field } => fields.put(*field, value, self.schema, self.out),
        }
    }

    pub(in super::super) fn finish(self) -> Result<(), Fault> {
        match self.kind {
            Kind::Map { block, .. } => block.close(self.out),
            Kind::Record { fields, .. } => fields.close(self.schema, self.out)?,
        }
        Ok(())
    }
}

/// The key that was written there.
fn key_at(out: &[u8], start: usize) -> &str {
    let written = out.get(start..).unwrap_or(&[]);
    let key = read_long(written).and_then(|(len, at)| written.get(at..)?.get(..usize::try_from(len).ok()?));
    key.and_then(|key| std::str::from_utf8(key).ok()).unwrap_or("")
}

impl SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = Fault;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Fault> {
        self.put_key(key)
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Fault> {
        self.put_value(value)
    }

    fn end(self) -> Result<(), Fault> {
        self.finish()
    }
}
