//! Whether a reader with one schema can read what a writer wrote by another, and every place where it cannot.
//!
//! The rules are those of "Schema Resolution" in the specification. A type may hold itself: two types are compatible unless
//! something shows that they are not, so the pairs that are shown not to be are collected until no more are found.

use super::AvroSchema;
use super::canonical::TYPES_DEEP;
use super::logical::Logical;
use super::name::Name;
use super::node::{Enum, Fixed, NodeId, Record, Type};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// One reason why a reader cannot read what a writer wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Where, in the reader's schema: `User.email[1]`.
    pub path: String,
    /// What kind of difference.
    pub mismatch: Mismatch,
    /// In words, with the names and types.
    pub reason: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the schema itself" } else { &self.path };
        write!(f, "{path}: {} ({})", self.reason, self.mismatch)
    }
}

/// Kinds of differences, in the words of Avro's `SchemaCompatibility` where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mismatch {
    /// The types are others, and none is promoted to the other.
    Type,
    /// The names are others, and no alias helps.
    Name,
    /// Fixed types of other sizes.
    FixedSize,
    /// The writer's enum has symbols that the reader has not, and the reader has no default.
    MissingEnumSymbols,
    /// The writer's union has a branch that the reader has not.
    MissingUnionBranch,
    /// The reader has a field without default that the writer does not write.
    ReaderFieldMissingDefaultValue,
    /// Decimals of other precision or scale.
    Decimal,
    /// Types nested deeper than we look.
    Depth,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "TYPE_MISMATCH",
            Self::Name => "NAME_MISMATCH",
            Self::FixedSize => "FIXED_SIZE_MISMATCH",
            Self::MissingEnumSymbols => "MISSING_ENUM_SYMBOLS",
            Self::MissingUnionBranch => "MISSING_UNION_BRANCH",
            Self::ReaderFieldMissingDefaultValue => "READER_FIELD_MISSING_DEFAULT_VALUE",
            Self::Decimal => "DECIMAL_MISMATCH",
            Self::Depth => "TOO_DEEP",
        })
    }
}

/// Why a reader with the schema `reader` cannot read what was written by `writer`. Nothing: it can read all of it.
pub fn differences(reader: &AvroSchema, writer: &AvroSchema) -> Vec<Difference> {
    let mut refused = HashSet::new();
    loop {
        let mut pass = Pass::new(reader, writer, &refused);
        pass.compare(reader.root(), writer.root());
        let Pass { found, new, .. } = pass;
        let before = refused.len();
        refused.extend(new.into_keys());
        if refused.len() == before {
            return found;
        }
    }
}

type Pair = (NodeId, NodeId);

/// One look at all pairs of types, with what is known so far.
struct Pass<'s> {
    reader: &'s AvroSchema,
    writer: &'s AvroSchema,
    /// Pairs known to be incompatible before this pass.
    refused: &'s HashSet<Pair>,
    /// Pairs that this pass has looked at, or is looking at.
    seen: HashSet<Pair>,
    /// Pairs that this pass found to be incompatible, with the first reason.
    new: HashMap<Pair, (Mismatch, String)>,
    path: Vec<String>,
    found: Vec<Difference>,
}

impl<'s> Pass<'s> {
    fn new(reader: &'s AvroSchema, writer: &'s AvroSchema, refused: &'s HashSet<Pair>) -> Self {
        Self { reader, writer, refused, seen: HashSet::new(), new: HashMap::new(), path: Vec::new(), found: Vec::new() }
    }

    /// Whether the reader's type can read the writer's; what keeps it from that is noted.
    fn compare(&mut self, reader: NodeId, writer: NodeId) -> bool {
        let pair = (reader, writer);
        if !self.seen.insert(pair) {
            return self.again(pair);
        }
        let found = self.found.len();
        let compatible = if self.path.len() > TYPES_DEEP {
            self.differ(Mismatch::Depth, format!("types nested more than {TYPES_DEEP} deep"))
        } else {
            self.resolve(reader, writer)
        };
        if !compatible && let Some(first) = self.found.get(found) {
            let here = first.path == self.path.concat();
            let reason = if here { first.reason.clone() } else { format!("{}: {}", first.path, first.reason) };
            self.new.insert(pair, (first.mismatch, reason));
        }
        compatible
    }

    /// A pair that was looked at before, or is being looked at further up: its reason is said at every place that has it.
    fn again(&mut self, pair: Pair) -> bool {
        if let Some((mismatch, reason)) = self.new.get(&pair).cloned() {
            return self.differ(mismatch, reason);
        }
        if self.refused.contains(&pair) {
            return self.differ(Mismatch::Type, "the same types as further up, for the reasons there".to_owned());
        }
        true
    }

    fn resolve(&mut self, reader: NodeId, writer: NodeId) -> bool {
        let (read, written) = (self.reader.node(reader), self.writer.node(writer));
        match (&read.kind, &written.kind) {
            (_, Type::Union(branches)) => self.every_branch(reader, branches),
            (Type::Union(branches), _) => self.any_branch(branches, writer),
            (Type::Array(read), Type::Array(written)) => self.inside(".items", *read, *written),
            (Type::Map(read), Type::Map(written)) => self.inside(".values", *read, *written),
            (Type::Record(read), Type::Record(written)) => self.records(read, written),
            (Type::Enum(read), Type::Enum(written)) => self.enums(read, written),
            (Type::Fixed(sized), Type::Fixed(written_sized)) => {
                self.fixed(sized, written_sized) && self.decimals(read.logical, written.logical)
            }
            (Type::Bytes, Type::Bytes) => self.decimals(read.logical, written.logical),
            (read, written) if promotes(written, read) => true,
            _ => {
                let (read, written) = (read.branch_name(), written.branch_name());
                self.differ(Mismatch::Type, format!("the reader has {read}, the writer {written}"))
            }
        }
    }

    /// What the writer may write must be readable, whichever branch it is of.
    fn every_branch(&mut self, reader: NodeId, branches: &[NodeId]) -> bool {
        let mut all = true;
        for branch in branches {
            let found = self.found.len();
            if !self.compare(reader, *branch) {
                all = false;
                self.found.truncate(found);
                let name = self.writer.node(*branch).branch_name();
                self.differ(Mismatch::MissingUnionBranch, format!("the reader cannot read the writer's branch {name}"));
            }
        }
        all
    }

    /// The first branch that can read it, reads it.
    fn any_branch(&mut self, branches: &[NodeId], writer: NodeId) -> bool {
        let found = self.found.len();
        for branch in branches {
            if self.compare(*branch, writer) {
                self.found.truncate(found);
                return true;
            }
        }
        let reasons: Vec<String> = self.found.drain(found..).map(|difference| difference.to_string()).collect();
        let name = self.writer.node(writer).branch_name();
        let near = reasons.iter().find(|reason| !reason.contains("TYPE_MISMATCH"));
        let near = near.map(|reason| format!(" ({reason})")).unwrap_or_default();
        self.differ(
            Mismatch::MissingUnionBranch,
            format!("no branch of the reader's union reads the writer's {name}{near}"),
        )
    }

    fn inside(&mut self, step: &str, reader: NodeId, writer: NodeId) -> bool {
        self.path.push(step.to_owned());
        let compatible = self.compare(reader, writer);
        self.path.pop();
        compatible
    }

    fn records(&mut self, reader: &Record, writer: &Record) -> bool {
        if !self.names(&reader.name, &reader.aliases, &writer.name) {
            return false;
        }
        self.enter(&reader.name);
        let mut compatible = true;
        for field in &reader.fields {
            let written = writer
                .fields
                .iter()
                .find(|written| written.name == field.name || field.aliases.contains(&written.name));
            self.path.push(format!(".{}", field.name));
            compatible &= match written {
                Some(written) => self.compare(field.node, written.node),
                None if field.has_default => true,
                None => self.differ(
                    Mismatch::ReaderFieldMissingDefaultValue,
                    "the writer does not write this field, and the reader has no default for it".to_owned(),
                ),
            };
            self.path.pop();
        }
        self.path.pop();
        compatible
    }

    fn enums(&mut self, reader: &Enum, writer: &Enum) -> bool {
        if !self.names(&reader.name, &reader.aliases, &writer.name) {
            return false;
        }
        if reader.default.is_some() {
            return true;
        }
        let missing: Vec<&str> =
            writer.symbols.iter().filter(|symbol| !reader.symbols.contains(symbol)).map(String::as_str).collect();
        if missing.is_empty() {
            return true;
        }
        let reason = format!("the reader's {} lacks the symbols {}", reader.name, missing.join(", "));
        self.differ(Mismatch::MissingEnumSymbols, reason)
    }

    fn fixed(&mut self, reader: &Fixed, writer: &Fixed) -> bool {
        if !self.names(&reader.name, &reader.aliases, &writer.name) {
            return false;
        }
        if reader.size == writer.size {
            return true;
        }
        let reason = format!("the reader's {} has {} bytes, the writer's {}", reader.name, reader.size, writer.size);
        self.differ(Mismatch::FixedSize, reason)
    }

    /// Simple names must be equal, or one of the reader's aliases the writer's full name.
    fn names(&mut self, reader: &Name, aliases: &[Name], writer: &Name) -> bool {
        if reader.simple() == writer.simple() || aliases.contains(writer) {
            return true;
        }
        self.differ(Mismatch::Name, format!("the reader has {reader}, the writer {writer}"))
    }

    fn decimals(&mut self, reader: Option<Logical>, writer: Option<Logical>) -> bool {
        match (reader, writer) {
            (Some(read @ Logical::Decimal { .. }), Some(written @ Logical::Decimal { .. })) if read != written => {
                self.differ(Mismatch::Decimal, format!("the reader has {read}, the writer {written}"))
            }
            _ => true,
        }
    }

    fn enter(&mut self, name: &Name) {
        let colon = if self.path.is_empty() { "" } else { ":" };
        self.path.push(format!("{colon}{}", name.simple()));
    }

    /// Notes a difference; always false, for "not compatible".
    fn differ(&mut self, mismatch: Mismatch, reason: String) -> bool {
        self.found.push(Difference { path: self.path.concat(), mismatch, reason });
        false
    }
}

/// Whether values of the type `from` are read as `to`: the same, or without loss as the specification sees it.
fn promotes(from: &Type, to: &Type) -> bool {
    matches!(
        (from, to),
        (Type::Null, Type::Null)
            | (Type::Boolean, Type::Boolean)
            | (Type::Int, Type::Int | Type::Long | Type::Float | Type::Double)
            | (Type::Long, Type::Long | Type::Float | Type::Double)
            | (Type::Float, Type::Float | Type::Double)
            | (Type::Double, Type::Double)
            | (Type::String | Type::Bytes, Type::String | Type::Bytes)
    )
}
