//! What derived code is made of. [`AvroValue`] and [`Shaped`] are also for types of one's own that are to be fields.

pub use super::lock_check::assert_locked;
pub use super::shape::{
    FieldShape, LogicalShape, Shape, TypeName, as_str, canonical_len, fingerprint, schema_len, schema_text,
};
pub use super::value::{
    AvroRecord, AvroValue, BySerde, Date, Decimal, Fixed, FixedType, LocalTimestampMicros, LocalTimestampMillis,
    LocalTimestampNanos, Outer, Plain, Shaped, TimeMicros, TimeMillis, TimestampMicros, TimestampMillis,
    TimestampNanos, Uuid,
};
pub use milena::SerializeError;
pub use serde;

use super::binary::put_long;
use super::shape::primitive;

/// Appends the index of a symbol or of a branch.
#[inline]
pub fn put_index(out: &mut Vec<u8>, index: u32) {
    put_long(out, i64::from(index));
}

/// How a union names a branch of this shape.
pub const fn branch_name(shape: &Shape) -> &'static str {
    match shape {
        Shape::Fixed { name, .. } | Shape::Enum { name, .. } | Shape::Record { name, .. } | Shape::Named(name) => {
            name.simple
        }
        Shape::Logical(_, on) => branch_name(on),
        _ => primitive(shape),
    }
}
