//! A place in a schema that a value is written at: what each kind of value becomes there.

use super::binary::{put_boolean, put_bytes, put_double, put_float, put_len, put_long};
use super::choice::{self, Found};
use super::logical::Logical;
use super::node::{Node, NodeId, Type};
use super::{AvroSchema, decimal, time};
use milena::SerializeError;
use std::fmt;

/// A type of the schema, and where its value goes.
#[derive(Debug)]
pub(super) struct At<'s, 'o> {
    pub(super) schema: &'s AvroSchema,
    pub(super) node: &'s Node,
    pub(super) out: &'o mut Vec<u8>,
}

/// A [`SerializeError`] on its way up: one word wide, since every value returns it.
#[derive(Debug)]
pub(super) struct Fault(Box<SerializeError>);

impl Fault {
    #[cold]
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(Box::new(SerializeError::new(reason)))
    }

    #[cold]
    pub(super) fn in_field(mut self, name: &str) -> Self {
        *self.0 = self.0.in_field(name);
        self
    }

    #[cold]
    pub(super) fn at_index(mut self, index: usize) -> Self {
        *self.0 = self.0.at_index(index);
        self
    }
}

impl From<Fault> for SerializeError {
    fn from(fault: Fault) -> Self {
        *fault.0
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fault {}

/// Integers up to here are all exact as an `f64`, and as an `f32`.
const DOUBLE_EXACT: u64 = 1 << 53;
const FLOAT_EXACT: u64 = 1 << 24;

/// What a value is at its own type comes first, and inlined; unions and all else are behind a call, `…_elsewhere`.
impl<'s, 'o> At<'s, 'o> {
    /// The schema's whole value.
    pub(super) fn root(schema: &'s AvroSchema, out: &'o mut Vec<u8>) -> Self {
        Self { schema, node: schema.node(schema.root()), out }
    }

    /// Another place, whose value comes next.
    pub(super) fn to(self, id: NodeId) -> Self {
        Self { node: self.schema.node(id), ..self }
    }

    /// In a union, the branch for a value, its index written; elsewhere, here.
    #[inline]
    pub(super) fn branch(self, found: &Found<'_>) -> Result<Self, Fault> {
        let Type::Union(branches) = &self.node.kind else { return Ok(self) };
        let (index, id) = choice::branch(self.schema, branches, found)?;
        put_len(self.out, index);
        Ok(self.to(id))
    }

    pub(super) fn null(self) -> Result<(), Fault> {
        let here = self.branch(&Found::Null)?;
        match here.node.kind {
            Type::Null => Ok(()),
            _ => Err(here.mismatch("null")),
        }
    }

    #[inline]
    pub(super) fn boolean(self, value: bool) -> Result<(), Fault> {
        if let Type::Boolean = self.node.kind {
            put_boolean(self.out, value);
            return Ok(());
        }
        self.boolean_elsewhere(value)
    }

    fn boolean_elsewhere(self, value: bool) -> Result<(), Fault> {
        let here = self.branch(&Found::Boolean)?;
        match here.node.kind {
            Type::Boolean => put_boolean(here.out, value),
            _ => return Err(here.mismatch(value)),
        }
        Ok(())
    }

    /// An integer; `narrow`: of at most 32 bits, which prefers an int in a union.
    #[inline]
    pub(super) fn integer(self, value: i64, narrow: bool) -> Result<(), Fault> {
        match self.node.kind {
            Type::Long => put_long(self.out, value),
            Type::Int if i32::try_from(value).is_ok() => put_long(self.out, value),
            _ => return self.integer_elsewhere(value, narrow),
        }
        Ok(())
    }

    fn integer_elsewhere(self, value: i64, narrow: bool) -> Result<(), Fault> {
        let here = self.branch(&Found::Integer { value, narrow })?;
        match &here.node.kind {
            Type::Long => put_long(here.out, value),
            Type::Int if i32::try_from(value).is_ok() => put_long(here.out, value),
            Type::Int => return Err(Fault::new(format!("{value} does not fit an int of 32 bits"))),
            Type::Double if value.unsigned_abs() <= DOUBLE_EXACT => put_double(here.out, value as f64),
            Type::Float if value.unsigned_abs() <= FLOAT_EXACT => put_float(here.out, value as f32),
            Type::Double | Type::Float => return Err(here.inexact(value)),
            Type::Bytes | Type::Fixed(_) => return here.large_integer(i128::from(value)),
            _ => return Err(here.mismatch(value)),
        }
        Ok(())
    }

    /// An integer that may be too large for a long: then only a decimal takes it.
    pub(super) fn large_integer(self, value: i128) -> Result<(), Fault> {
        match (i64::try_from(value), self.node.logical) {
            (_, Some(Logical::Decimal { precision, scale })) => {
                let unscaled = decimal::from_integer(value, precision, scale).map_err(Fault::new)?;
                self.unscaled(&unscaled)
            }
            (Ok(value), _) if !matches!(self.node.kind, Type::Bytes | Type::Fixed(_)) => self.integer(value, false),
            (Ok(_), _) => Err(self.mismatch(value)),
            (Err(_), _) => match &self.node.kind {
                Type::Union(_) => self.branch(&Found::Huge)?.large_integer(value),
                Type::Long => Err(Fault::new(format!("{value} does not fit a long of 64 bits"))),
                Type::Int => Err(Fault::new(format!("{value} does not fit an int of 32 bits"))),
                Type::Float | Type::Double => Err(self.inexact(value)),
                _ => Err(self.mismatch(value)),
            },
        }
    }

    #[inline]
    pub(super) fn double(self, value: f64) -> Result<(), Fault> {
        if let Type::Double = self.node.kind {
            put_double(self.out, value);
            return Ok(());
        }
        self.double_elsewhere(value)
    }

    fn double_elsewhere(self, value: f64) -> Result<(), Fault> {
        let here = self.branch(&Found::Double(value))?;
        match here.node.kind {
            Type::Double => put_double(here.out, value),
            Type::Float => match exact_float(value) {
                Some(float) => put_float(here.out, float),
                None => return Err(here.inexact(value)),
            },
            _ => return Err(here.mismatch(value)),
        }
        Ok(())
    }

    #[inline]
    pub(super) fn float(self, value: f32) -> Result<(), Fault> {
        if let Type::Float = self.node.kind {
            put_float(self.out, value);
            return Ok(());
        }
        self.float_elsewhere(value)
    }

    fn float_elsewhere(self, value: f32) -> Result<(), Fault> {
        let here = self.branch(&Found::Float)?;
        match here.node.kind {
            Type::Float => put_float(here.out, value),
            Type::Double => put_double(here.out, f64::from(value)),
            _ => return Err(here.mismatch(value)),
        }
        Ok(())
    }

    /// Text; also what a logical type is written as in text, and an enum's symbol.
    #[inline]
    pub(super) fn text(self, value: &str) -> Result<(), Fault> {
        if let Type::String = self.node.kind {
            put_bytes(self.out, value.as_bytes());
            return Ok(());
        }
        self.text_elsewhere(value)
    }

    fn text_elsewhere(self, value: &str) -> Result<(), Fault> {
        let here = self.branch(&Found::Text(value))?;
        match &here.node.kind {
            Type::String => put_bytes(here.out, value.as_bytes()),
            Type::Enum(_) => return here.symbol(value, None),
            _ => return here.logical_text(value),
        }
        Ok(())
    }

    fn logical_text(self, value: &str) -> Result<(), Fault> {
        let Some(logical) = self.node.logical else { return Err(self.mismatch(format_args!("{value:?}"))) };
        if let Logical::Decimal { precision, scale } = logical {
            let unscaled = decimal::from_text(value, precision, scale).map_err(Fault::new)?;
            return self.unscaled(&unscaled);
        }
        if let (Logical::Uuid, Some(bytes)) = (logical, uuid(value)) {
            self.out.extend_from_slice(&bytes);
            return Ok(());
        }
        match in_units(logical, value) {
            Some(count) => put_long(self.out, count),
            None => return Err(Fault::new(format!("{value:?} is no {logical}{}", example(logical)))),
        }
        Ok(())
    }

    /// A decimal's two's complement.
    pub(super) fn unscaled(self, bytes: &[u8]) -> Result<(), Fault> {
        match &self.node.kind {
            Type::Fixed(fixed) => decimal::put_fixed(self.out, bytes, fixed.size).map_err(Fault::new),
            _ => {
                put_bytes(self.out, bytes);
                Ok(())
            }
        }
    }

    pub(super) fn bytes(self, value: &[u8]) -> Result<(), Fault> {
        let here = self.branch(&Found::Bytes(value.len()))?;
        match &here.node.kind {
            Type::Bytes => put_bytes(here.out, value),
            Type::Fixed(fixed) if fixed.size == value.len() => here.out.extend_from_slice(value),
            Type::Fixed(_) if matches!(here.node.logical, Some(Logical::Decimal { .. })) => {
                return here.unscaled(value);
            }
            Type::Fixed(fixed) => return Err(wrong_size(value.len(), fixed.size)),
            _ => return Err(here.mismatch(format_args!("{} bytes", value.len()))),
        }
        Ok(())
    }

    /// A symbol of an enum, tried first at the index that it has in the value's own type.
    pub(super) fn symbol(self, name: &str, likely: Option<u32>) -> Result<(), Fault> {
        let here = self.branch(&Found::Symbol(name))?;
        let symbols = match &here.node.kind {
            Type::Enum(symbols) => &symbols.symbols,
            Type::String => {
                put_bytes(here.out, name.as_bytes());
                return Ok(());
            }
            Type::Null if name.eq_ignore_ascii_case("null") => return Ok(()),
            _ => return Err(here.mismatch(format_args!("the symbol {name}"))),
        };
        let likely = likely.map(|index| index as usize).filter(|index| symbols.get(*index).is_some_and(|s| s == name));
        let Some(index) = likely.or_else(|| symbols.iter().position(|symbol| symbol == name)) else {
            let (name_of, all) = (here.node.branch_name(), symbols.join(", "));
            return Err(Fault::new(format!("{name:?} is no symbol of the enum {name_of}: {all}")));
        };
        put_len(here.out, index);
        Ok(())
    }

    #[cold]
    pub(super) fn mismatch(&self, found: impl fmt::Display) -> Fault {
        let logical = self.node.logical.map(|logical| format!(" ({logical})")).unwrap_or_default();
        let expected = match &self.node.kind {
            Type::Union(branches) => choice::names(self.schema, branches),
            _ => format!("{}{logical}", self.described()),
        };
        Fault::new(format!("expected {expected}, found {found}"))
    }

    fn described(&self) -> String {
        match self.node.name() {
            Some(name) => format!("the {} {name}", self.node.kind_name()),
            None => self.node.kind_name().to_owned(),
        }
    }

    #[cold]
    fn inexact(&self, value: impl fmt::Display) -> Fault {
        Fault::new(format!("{value} is not exact as a {}", self.node.kind_name()))
    }
}

#[cold]
pub(super) fn wrong_size(found: usize, size: usize) -> Fault {
    Fault::new(format!("expected a fixed of {size} bytes, found {found}"))
}

/// The same number in 32 bits, if there is one.
pub(super) fn exact_float(value: f64) -> Option<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "what it loses is looked for")]
    let float = value as f32;
    (f64::from(float).to_bits() == value.to_bits() || value.is_nan()).then_some(float)
}

/// What a date or time in text counts.
pub(super) fn in_units(logical: Logical, text: &str) -> Option<i64> {
    match logical {
        Logical::Date => time::date(text).map(i64::from),
        Logical::TimeMillis => time::time_of_day(text).map(|nanos| nanos / 1_000_000),
        Logical::TimeMicros => time::time_of_day(text).map(|nanos| nanos / 1_000),
        Logical::Timestamp(unit) => time::timestamp(text, unit),
        Logical::LocalTimestamp(unit) => time::local_timestamp(text, unit),
        Logical::Decimal { .. } | Logical::Uuid | Logical::Duration => None,
    }
}

fn example(logical: Logical) -> &'static str {
    match logical {
        Logical::Date => " such as 2024-02-29",
        Logical::TimeMillis | Logical::TimeMicros => " such as 12:34:56.789",
        Logical::Timestamp(_) => " such as 2024-02-29T12:34:56.789Z",
        Logical::LocalTimestamp(_) => " such as 2024-02-29T12:34:56.789, without an offset",
        Logical::Duration => ": give months, days and milliseconds",
        Logical::Decimal { .. } | Logical::Uuid => "",
    }
}

/// The 16 bytes of a UUID's text, with its hyphens or without.
pub(super) fn uuid(text: &str) -> Option<[u8; 16]> {
    let hyphens = text.len() == 36;
    let placed = text.bytes().enumerate().all(|(i, byte)| (byte == b'-') == (hyphens && matches!(i, 8 | 13 | 18 | 23)));
    let mut digits = text.bytes().filter(|byte| *byte != b'-').map(|byte| char::from(byte).to_digit(16));
    if !placed || !(hyphens || text.len() == 32) {
        return None;
    }
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}
