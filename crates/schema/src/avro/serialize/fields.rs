//! Structs: records whatever the order of the fields, and what else a struct may stand for.

use super::super::at::{At, Fault};
use super::super::binary::{Block, put_bytes, put_len, put_long};
use super::super::logical::{Logical, Unit};
use super::super::node::{Node, Record, Type};
use super::super::{AvroSchema, time};
use super::elements::{number, part};
use serde::ser::{Serialize, SerializeStruct, SerializeStructVariant};

/// A struct that is being written.
#[derive(Debug)]
pub(in super::super) struct Fields<'s, 'o> {
    schema: &'s AvroSchema,
    out: &'o mut Vec<u8>,
    kind: Kind<'s>,
}

#[derive(Debug)]
enum Kind<'s> {
    Record(RecordFields<'s>),
    Map {
        values: &'s Node,
        block: Block,
    },
    /// A `std::time::SystemTime`, as serde writes it.
    Time {
        unit: Unit,
        seconds: i64,
        nanos: i64,
    },
    /// Months, days, milliseconds.
    Duration([Option<[u8; 4]>; 3]),
}

impl<'s, 'o> Fields<'s, 'o> {
    #[inline]
    pub(in super::super) fn open(at: At<'s, 'o>, name: &str, len: usize) -> Result<Self, Fault> {
        let kind = match (&at.node.kind, at.node.logical) {
            (Type::Record(record), _) => Kind::Record(RecordFields::open(record)),
            (Type::Map(values), _) => {
                Kind::Map { values: at.schema.node(*values), block: Block::open(at.out, Some(len)) }
            }
            (_, Some(Logical::Timestamp(unit))) if name == "SystemTime" => Kind::Time { unit, seconds: 0, nanos: 0 },
            (_, Some(Logical::Duration)) => Kind::Duration([None; 3]),
            _ => return Err(at.mismatch(format_args!("the struct {name}"))),
        };
        Ok(Self { schema: at.schema, out: at.out, kind })
    }

    #[inline]
    fn put<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Record(fields) => {
                let field = fields.find(name)?;
                fields.put(field, value, self.schema, self.out)
            }
            Kind::Map { values, block } => {
                block.count += 1;
                put_bytes(self.out, name.as_bytes());
                let at = At { schema: self.schema, node: values, out: self.out };
                value.serialize(at).map_err(|fault| fault.in_field(name))
            }
            Kind::Time { seconds, nanos, .. } => {
                let number = number(self.schema, self.out, value).map_err(|fault| fault.in_field(name))?;
                *if name.starts_with("secs") { seconds } else { nanos } = number;
                Ok(())
            }
            Kind::Duration(parts) => {
                let Some(place) = ["months", "days", "millis"].iter().position(|part| name.starts_with(part)) else {
                    return Err(Fault::new(format!("a duration has months, days and millis, and no {name}")));
                };
                let bytes = part(self.schema, self.out, value).map_err(|fault| fault.in_field(name))?;
                if let Some(part) = parts.get_mut(place) {
                    *part = Some(bytes);
                }
                Ok(())
            }
        }
    }

    #[inline]
    fn finish(self) -> Result<(), Fault> {
        match self.kind {
            Kind::Record(fields) => fields.close(self.schema, self.out)?,
            Kind::Map { block, .. } => block.close(self.out),
            Kind::Time { unit, seconds, nanos } => {
                let count = time::count(seconds, nanos, unit);
                put_long(self.out, count.ok_or_else(|| Fault::new("the time does not fit a long"))?);
            }
            Kind::Duration(parts) => {
                for part in parts {
                    self.out
                        .extend_from_slice(&part.ok_or_else(|| Fault::new("a duration has months, days and millis"))?);
                }
            }
        }
        Ok(())
    }
}

/// The fields of a record, in whatever order they come. Those in the schema's order are written where they belong; from the
/// first that is not, all are written as they come, and sorted at the end.
#[derive(Debug)]
pub(super) struct RecordFields<'s> {
    record: &'s Record,
    /// All fields before this one are written, in order.
    next: usize,
    /// The field that is expected: the one after the last.
    likely: usize,
    /// Since one came out of order.
    shuffled: Option<Shuffled>,
}

#[derive(Debug)]
struct Shuffled {
    /// Where the fields that came in order end in `out`.
    ordered_end: usize,
    /// Of the fields from `next` on: where each is in `out`, if it came.
    places: Vec<Option<(usize, usize)>>,
}

impl<'s> RecordFields<'s> {
    #[inline]
    pub(super) fn open(record: &'s Record) -> Self {
        Self { record, next: 0, likely: 0, shuffled: None }
    }

    /// The index of the field of this name.
    #[inline]
    pub(super) fn find(&self, name: &str) -> Result<usize, Fault> {
        match self.record.fields.get(self.likely) {
            Some(field) if same(&field.name, name) => Ok(self.likely),
            _ => self.search(name),
        }
    }

    fn search(&self, name: &str) -> Result<usize, Fault> {
        self.record
            .fields
            .iter()
            .position(|field| same(&field.name, name))
            .ok_or_else(|| Fault::new(format!("the record {} has no such field", self.record.name)).in_field(name))
    }

    #[inline]
    pub(super) fn put<T: ?Sized + Serialize>(
        &mut self,
        index: usize,
        value: &T,
        schema: &AvroSchema,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let Some(field) = self.record.fields.get(index) else { return Ok(()) };
        let start = out.len();
        let written = value.serialize(At { schema, node: schema.node(field.node), out: &mut *out });
        if let Err(fault) = written {
            return Err(fault.in_field(&field.name));
        }
        self.likely = index + 1;
        if index == self.next && self.shuffled.is_none() {
            self.next += 1;
            return Ok(());
        }
        self.note(index, start, out.len())
    }

    /// A field that did not come in order.
    #[cold]
    fn note(&mut self, index: usize, start: usize, end: usize) -> Result<(), Fault> {
        let left = self.record.fields.len() - self.next;
        let shuffled = self.shuffled.get_or_insert_with(|| Shuffled { ordered_end: start, places: vec![None; left] });
        match index.checked_sub(self.next).and_then(|place| shuffled.places.get_mut(place)) {
            Some(place @ None) => *place = Some((start, end)),
            _ => {
                let name = self.record.fields.get(index).map_or("", |field| &field.name);
                return Err(Fault::new("the field is written twice").in_field(name));
            }
        }
        Ok(())
    }

    #[inline]
    pub(super) fn close(self, schema: &AvroSchema, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.next == self.record.fields.len() {
            return Ok(());
        }
        self.sort(schema, out)
    }

    /// What came in another order, and nulls for nullable fields that did not come at all.
    fn sort(self, schema: &AvroSchema, out: &mut Vec<u8>) -> Result<(), Fault> {
        let tail = out.len();
        let shuffled = self.shuffled.unwrap_or(Shuffled { ordered_end: tail, places: Vec::new() });
        for (index, field) in self.record.fields.iter().enumerate().skip(self.next) {
            match shuffled.places.get(index - self.next) {
                Some(Some((start, end))) => out.extend_from_within(*start..*end),
                _ => put_missing(schema, field.node, out).map_err(|fault| fault.in_field(&field.name))?,
            }
        }
        out.drain(shuffled.ordered_end..tail);
        Ok(())
    }
}

/// Whether two names are equal: without a call where they are as short as names are.
#[inline]
fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    match (left.first_chunk::<8>(), left.last_chunk::<8>()) {
        (Some(first), Some(last)) if left.len() <= 16 => {
            right.first_chunk() == Some(first) && right.last_chunk() == Some(last)
        }
        (Some(_), _) => left == right,
        (None, _) => match (left.first_chunk::<4>(), left.last_chunk::<4>()) {
            (Some(first), last) => right.first_chunk() == Some(first) && right.last_chunk() == last,
            (None, _) => left.iter().eq(right),
        },
    }
}

/// A field that the value does not have: null where the schema allows it, and never the schema's default, which is for readers.
pub(in super::super) fn put_missing(
    schema: &AvroSchema,
    id: super::super::node::NodeId,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    match &schema.node(id).kind {
        Type::Null => return Ok(()),
        Type::Union(branches) => {
            if let Some(null) = branches.iter().position(|branch| matches!(schema.node(*branch).kind, Type::Null)) {
                put_len(out, null);
                return Ok(());
            }
        }
        _ => {}
    }
    Err(Fault::new("the schema has this field, the value has not"))
}

impl SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = Fault;

    #[inline]
    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Fault> {
        self.put(name, value)
    }

    #[inline]
    fn end(self) -> Result<(), Fault> {
        self.finish()
    }
}

impl SerializeStructVariant for Fields<'_, '_> {
    type Ok = ();
    type Error = Fault;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Fault> {
        self.put(name, value)
    }

    fn end(self) -> Result<(), Fault> {
        self.finish()
    }
}
