//! Whether a type's straight-line encoder writes what a registered schema says, or at least its values can be written by it.

use super::AvroSchema;
use super::logical::Logical;
use super::node::{NodeId, Record, Type};
use super::shape::{FieldShape, LogicalShape, Shape, primitive};

/// How a type and a registered schema go together.
#[derive(Debug)]
pub(super) enum Fit {
    /// Byte for byte: the same types in the same order under the same names.
    Equal,
    /// Values can be written by the schema, one field at a time.
    ByName,
    /// They cannot; each reason with its path.
    Not(Vec<String>),
}

pub(super) fn fit(schema: &AvroSchema, shape: &Shape) -> Fit {
    let mut equal = Walk { schema, open: Vec::new(), path: Vec::new(), reasons: Vec::new() };
    if equal.equal(schema.root(), shape) {
        return Fit::Equal;
    }
    let mut walk = Walk { schema, open: Vec::new(), path: Vec::new(), reasons: Vec::new() };
    walk.fits(schema.root(), shape);
    if walk.reasons.is_empty() { Fit::ByName } else { Fit::Not(walk.reasons) }
}

struct Walk<'s> {
    schema: &'s AvroSchema,
    /// Records of the type that we are inside of, with what each is in the schema.
    open: Vec<(&'static str, NodeId)>,
    path: Vec<String>,
    reasons: Vec<String>,
}

impl Walk<'_> {
    fn equal(&mut self, id: NodeId, shape: &Shape) -> bool {
        let node = self.schema.node(id);
        match (shape, &node.kind) {
            (Shape::Logical(logical, on), _) => meaning(logical, node.logical) && self.equal(id, on),
            (Shape::Null, Type::Null)
            | (Shape::Boolean, Type::Boolean)
            | (Shape::Int, Type::Int)
            | (Shape::Long, Type::Long)
            | (Shape::Float, Type::Float)
            | (Shape::Double, Type::Double)
            | (Shape::Bytes, Type::Bytes)
            | (Shape::String, Type::String) => true,
            (Shape::Array(shape), Type::Array(inner)) | (Shape::Map(shape), Type::Map(inner)) => {
                self.equal(*inner, shape)
            }
            (Shape::Union(shapes), Type::Union(branches)) => {
                shapes.len() == branches.len()
                    && shapes.iter().zip(branches).all(|(shape, branch)| self.equal(*branch, shape))
            }
            (Shape::Fixed { size, logical, .. }, Type::Fixed(fixed)) => {
                *size == fixed.size && logical.as_ref().is_none_or(|logical| meaning(logical, node.logical))
            }
            (Shape::Enum { symbols, .. }, Type::Enum(own)) => own.symbols.iter().eq(symbols.iter()),
            (Shape::Named(name), _) => self.open.contains(&(name.simple, id)),
            (Shape::Record { name, fields, .. }, Type::Record(record)) => {
                self.open.push((name.simple, id));
                let same = record.fields.len() == fields.len()
                    && record
                        .fields
                        .iter()
                        .zip(*fields)
                        .all(|(field, own)| field.name == own.name && self.equal(field.node, &own.shape));
                self.open.pop();
                same
            }
            _ => false,
        }
    }

    fn fits(&mut self, id: NodeId, shape: &Shape) {
        let node = self.schema.node(id);
        match (shape, &node.kind) {
            (Shape::Union(shapes), _) => shapes.iter().for_each(|shape| self.branch(id, shape)),
            (_, Type::Union(_)) => self.branch(id, shape),
            (Shape::Logical(logical, on), _) => {
                if meaning(logical, node.logical) {
                    self.fits(id, on);
                } else {
                    self.refuse(id, logical.name);
                }
            }
            (Shape::Array(shape), Type::Array(inner)) => self.inside(".items", *inner, shape),
            (Shape::Map(shape), Type::Map(inner)) => self.inside(".values", *inner, shape),
            (Shape::Record { name, fields, .. }, Type::Record(record)) => {
                self.open.push((name.simple, id));
                self.record(record, fields);
                self.open.pop();
            }
            // Further up it is already held against the schema, where that says the same again.
            (Shape::Named(name), Type::Record(_)) if self.open.iter().any(|(open, _)| *open == name.simple) => {}
            (Shape::Enum { symbols, .. }, Type::Enum(own)) => {
                for symbol in symbols.iter().filter(|symbol| !own.symbols.iter().any(|own| own == *symbol)) {
                    self.say(format!("the schema's enum {} lacks the symbol {symbol}", own.name));
                }
            }
            (Shape::Fixed { size, .. }, Type::Fixed(fixed)) if *size == fixed.size => {}
            (own, kind) if widens(own, kind) => {}
            _ => self.refuse(id, primitive(shape)),
        }
    }

    fn inside(&mut self, step: &str, id: NodeId, shape: &Shape) {
        self.path.push(step.to_owned());
        self.fits(id, shape);
        self.path.pop();
    }

    /// A union, or none: some branch must take it.
    fn branch(&mut self, id: NodeId, shape: &Shape) {
        let Type::Union(branches) = &self.schema.node(id).kind else {
            // A value that may be null, where the schema has no null: each record will show.
            if !matches!(shape, Shape::Null) {
                self.fits(id, shape);
            }
            return;
        };
        let before = self.reasons.len();
        for branch in branches {
            self.fits(*branch, shape);
            if self.reasons.len() == before {
                return;
            }
            self.reasons.truncate(before);
        }
        self.refuse(id, primitive(shape));
    }

    fn record(&mut self, record: &Record, fields: &[FieldShape]) {
        for field in &record.fields {
            self.path.push(format!(".{}", field.name));
            match fields.iter().find(|own| own.name == field.name) {
                Some(own) => self.fits(field.node, &own.shape),
                None if self.nullable(field.node) => {}
                None => self.say("the schema has this field, the type has not".to_owned()),
            }
            self.path.pop();
        }
        for own in fields.iter().filter(|own| !record.fields.iter().any(|field| field.name == own.name)) {
            self.path.push(format!(".{}", own.name));
            self.say(format!("the type has this field, the schema's record {} has not", record.name));
            self.path.pop();
        }
    }

    fn nullable(&self, id: NodeId) -> bool {
        match &self.schema.node(id).kind {
            Type::Null => true,
            Type::Union(branches) => branches.iter().any(|branch| matches!(self.schema.node(*branch).kind, Type::Null)),
            _ => false,
        }
    }

    fn refuse(&mut self, id: NodeId, own: &str) {
        let node = self.schema.node(id);
        let logical = node.logical.map(|logical| format!(" ({logical})")).unwrap_or_default();
        self.say(format!("the schema has {}{logical}, the type {own}", node.branch_name()));
    }

    fn say(&mut self, reason: String) {
        let path = self.path.concat();
        let path = path.strip_prefix('.').unwrap_or(&path);
        self.reasons.push(if path.is_empty() { reason } else { format!("{path}: {reason}") });
    }
}

/// Whether a number means the same, or one side does not say what it means.
fn meaning(own: &LogicalShape, registered: Option<Logical>) -> bool {
    let Some(registered) = registered else { return true };
    match registered {
        Logical::Decimal { precision, scale } => {
            own.name == "decimal" && own.precision == precision && own.scale == scale
        }
        other => other.to_string() == own.name,
    }
}

/// What serde's path takes: by range, value for value.
fn widens(own: &Shape, kind: &Type) -> bool {
    matches!(
        (own, kind),
        (Shape::Null, Type::Null)
            | (Shape::Boolean, Type::Boolean)
            | (Shape::Int | Shape::Long, Type::Int | Type::Long | Type::Float | Type::Double)
            | (Shape::Float | Shape::Double, Type::Float | Type::Double)
            | (Shape::Bytes, Type::Bytes | Type::Fixed(_))
            | (Shape::Fixed { .. }, Type::Bytes)
            | (Shape::String, Type::String | Type::Enum(_))
            | (Shape::Enum { .. }, Type::String)
            | (Shape::Record { .. }, Type::Map(_))
    )
}
