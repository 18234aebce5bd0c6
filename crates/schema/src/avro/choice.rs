//! Which branch of a union a value is of: a table from what was found to how well it fits each type.

use super::AvroSchema;
use super::at::{Fault, exact_float, in_units, uuid};
use super::logical::Logical;
use super::node::{Node, NodeId, Type};

/// A value, as far as the choice of a branch goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'v> {
    Null,
    Boolean,
    /// `narrow`: of a type of at most 32 bits.
    Integer {
        value: i64,
        narrow: bool,
    },
    /// Too large for 64 bits.
    Huge,
    Float,
    Double(f64),
    Text(&'v str),
    /// A variant of a Rust enum that holds nothing.
    Symbol(&'v str),
    /// So many.
    Bytes(usize),
    /// So many elements, where that is known.
    Sequence(Option<usize>),
    Map,
    /// A struct of this name.
    Struct(&'v str),
}

/// How well a value fits a type, 0 for not at all. Of equals the union's order decides.
type Rank = u8;

const EXACT: Rank = 9;
const WIDER: Rank = 8;
/// A record that the value's own name does not name: only if it is the only one.
const ANY_RECORD: Rank = 7;
const OTHER: Rank = 5;
const LEAST: Rank = 3;

/// The branch for a value, and its index.
#[inline]
pub(super) fn branch(schema: &AvroSchema, branches: &[NodeId], found: &Found<'_>) -> Result<(usize, NodeId), Fault> {
    // Almost all unions are "null, or this".
    if let [first, second] = branches {
        let null_first = matches!(schema.node(*first).kind, Type::Null);
        let null_second = matches!(schema.node(*second).kind, Type::Null);
        match (null_first, null_second, found) {
            (true, _, Found::Null) => return Ok((0, *first)),
            (_, true, Found::Null) => return Ok((1, *second)),
            (true, false, _) => return Ok((1, *second)),
            (false, true, _) => return Ok((0, *first)),
            _ => {}
        }
    }
    best(schema, branches, found)
}

fn best(schema: &AvroSchema, branches: &[NodeId], found: &Found<'_>) -> Result<(usize, NodeId), Fault> {
    let mut best = None;
    let mut best_rank = 0;
    let mut equals = 0;
    for (index, id) in branches.iter().enumerate() {
        let rank = rank(found, schema.node(*id));
        if rank > best_rank {
            (best, best_rank, equals) = (Some((index, *id)), rank, 1);
        } else if rank == best_rank {
            equals += 1;
        }
    }
    match best {
        Some(_) if best_rank == ANY_RECORD && equals > 1 => Err(ambiguous(schema, branches, found)),
        Some(best) => Ok(best),
        None => Err(Fault::new(format!("expected {}, found {}", names(schema, branches), described(found)))),
    }
}

/// The table.
fn rank(found: &Found<'_>, node: &Node) -> Rank {
    match (found, &node.kind) {
        (Found::Null, Type::Null) | (Found::Boolean, Type::Boolean) => EXACT,
        (Found::Integer { narrow, .. }, Type::Long) => {
            if *narrow {
                WIDER
            } else {
                EXACT
            }
        }
        (Found::Integer { value, narrow }, Type::Int) if i32::try_from(*value).is_ok() => {
            if *narrow {
                EXACT
            } else {
                WIDER
            }
        }
        (Found::Integer { value, .. }, Type::Double) if value.unsigned_abs() <= 1 << 53 => OTHER,
        (Found::Integer { value, .. }, Type::Float) if value.unsigned_abs() <= 1 << 24 => LEAST,
        (Found::Integer { .. } | Found::Huge, _) if is_decimal(node) => LEAST,
        (Found::Float, Type::Float) | (Found::Double(_), Type::Double) => EXACT,
        (Found::Float, Type::Double) => WIDER,
        (Found::Double(value), Type::Float) if exact_float(*value).is_some() => WIDER,
        (Found::Text(_), Type::String) => EXACT,
        (Found::Text(text) | Found::Symbol(text), Type::Enum(symbols)) if symbols.symbols.iter().any(|s| s == text) => {
            if matches!(found, Found::Symbol(_)) {
                EXACT
            } else {
                WIDER
            }
        }
        (Found::Text(text), _) if says(node, text) => OTHER,
        (Found::Symbol(_), Type::String) => WIDER,
        (Found::Symbol(name), Type::Null) if name.eq_ignore_ascii_case("null") => EXACT,
        (Found::Bytes(_), Type::Bytes) => EXACT,
        (Found::Bytes(len), Type::Fixed(fixed)) if fixed.size == *len => WIDER,
        (Found::Sequence(_), Type::Array(_)) => EXACT,
        (Found::Sequence(_), Type::Bytes) => LEAST,
        (Found::Sequence(Some(len)), Type::Fixed(fixed)) if fixed.size == *len => OTHER,
        (Found::Sequence(Some(3)), Type::Fixed(_)) if node.logical == Some(Logical::Duration) => OTHER,
        (Found::Map, Type::Map(_)) => EXACT,
        (Found::Map, Type::Record(_)) => ANY_RECORD,
        (Found::Struct(name), Type::Record(record)) => {
            if [record.name.simple(), record.name.full()].contains(name) {
                EXACT
            } else {
                ANY_RECORD
            }
        }
        (Found::Struct("SystemTime"), Type::Long) if matches!(node.logical, Some(Logical::Timestamp(_))) => EXACT,
        (Found::Struct(_), Type::Fixed(_)) if node.logical == Some(Logical::Duration) => LEAST,
        (Found::Struct(_), Type::Map(_)) => OTHER,
        _ => 0,
    }
}

fn is_decimal(node: &Node) -> bool {
    matches!(node.logical, Some(Logical::Decimal { .. }))
}

/// Whether a text is one of the logical type's values.
fn says(node: &Node, text: &str) -> bool {
    match node.logical {
        Some(Logical::Decimal { precision, scale }) => super::decimal::from_text(text, precision, scale).is_ok(),
        Some(Logical::Uuid) => uuid(text).is_some(),
        Some(logical) => in_units(logical, text).is_some(),
        None => false,
    }
}

/// The branch that the variant of a Rust enum is named after: by full name, simple name, or Avro's name of the type in
/// whatever case, so that `Int` is `int`.
pub(super) fn by_name(schema: &AvroSchema, branches: &[NodeId], name: &str) -> Option<(usize, NodeId)> {
    let find = |fits: &dyn Fn(&Node) -> bool| {
        let index = branches.iter().position(|id| fits(schema.node(*id)))?;
        Some((index, *branches.get(index)?))
    };
    find(&|node| node.branch_name() == name)
        .or_else(|| find(&|node| node.name().is_some_and(|own| own.simple() == name)))
        .or_else(|| find(&|node| node.name().is_none() && node.kind_name().eq_ignore_ascii_case(name)))
}

/// All branches, for errors.
pub(super) fn names(schema: &AvroSchema, branches: &[NodeId]) -> String {
    let names: Vec<&str> = branches.iter().map(|id| schema.node(*id).branch_name()).collect();
    format!("one of {}", names.join(", "))
}

#[cold]
fn ambiguous(schema: &AvroSchema, branches: &[NodeId], found: &Found<'_>) -> Fault {
    Fault::new(format!(
        "{} may be several of {}: its name must be that of the record",
        described(found),
        names(schema, branches)
    ))
}

fn described(found: &Found<'_>) -> String {
    match found {
        Found::Null => "null".to_owned(),
        Found::Boolean => "a boolean".to_owned(),
        Found::Integer { value, .. } => value.to_string(),
        Found::Huge => "an integer of more than 64 bits".to_owned(),
        Found::Float => "a float".to_owned(),
        Found::Double(value) => value.to_string(),
        Found::Text(text) => format!("{:?}", text.get(..64).unwrap_or(text)),
        Found::Symbol(name) => format!("the symbol {name}"),
        Found::Bytes(len) => format!("{len} bytes"),
        Found::Sequence(_) => "a sequence".to_owned(),
        Found::Map => "a map".to_owned(),
        Found::Struct(name) => format!("the struct {name}"),
    }
}
