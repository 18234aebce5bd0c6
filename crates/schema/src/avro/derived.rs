//! Types that derive `AvroRecord`: straight-line code where the registered schema has their layout, by name where not.

use super::at::At;
use super::layout::{self, Fit};
use super::value::{AvroRecord, BySerde};
use super::{AvroError, AvroSchema, formats};
use crate::format::{Encode, Format};
use crate::schema::{Resolved, Schema, SchemaType};
use milena::SerializeError;
use serde::Serialize;
use std::fmt;
use std::marker::PhantomData;

/// [`Avro::derived`](super::Avro::derived).
pub struct AvroDerived<T: ?Sized> {
    schema: Schema,
    of: PhantomData<fn(&T)>,
}

impl<T: AvroRecord + ?Sized> AvroDerived<T> {
    pub(super) fn new() -> Self {
        Self { schema: Schema::new(SchemaType::Avro, T::SCHEMA), of: PhantomData }
    }
}

/// Writes values of a type that derives `AvroRecord`.
pub struct AvroDerivedEncoder<T: ?Sized> {
    way: Way,
    of: PhantomData<fn(&T)>,
}

#[derive(Debug, Clone)]
enum Way {
    /// The registered schema is proved to have the type's layout.
    Straight,
    /// It has another, in which the fields fit.
    ByName(AvroSchema),
}

impl<T: ?Sized> AvroDerivedEncoder<T> {
    /// Whether values are written by the derived code, and not field by field.
    pub fn is_straight(&self) -> bool {
        matches!(self.way, Way::Straight)
    }
}

impl<T: AvroRecord + ?Sized> Format<T> for AvroDerived<T> {
    type Encoder = AvroDerivedEncoder<T>;
    type Error = AvroError;

    fn schema(&self) -> Option<&Schema> {
        Some(&self.schema)
    }

    fn record_name(&self, _registered: Option<&Schema>) -> Option<String> {
        formats::record_name(&self.schema)
    }

    fn compile(&self, registered: &Resolved) -> Result<AvroDerivedEncoder<T>, AvroError> {
        let schema = formats::parse(registered)?;
        let way = match layout::fit(&schema, &T::SHAPE) {
            Fit::Equal => Way::Straight,
            Fit::ByName => Way::ByName(schema),
            Fit::Not(reasons) => return Err(AvroError::Layout(reasons)),
        };
        Ok(AvroDerivedEncoder { way, of: PhantomData })
    }
}

impl<T: AvroRecord + ?Sized> Encode<T> for AvroDerivedEncoder<T> {
    #[inline]
    fn encode(&self, value: &T, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        match &self.way {
            Way::Straight => value.encode(out),
            Way::ByName(schema) => Ok(BySerde::<T>::new(value).serialize(At::root(schema, out))?),
        }
    }
}

impl<T: ?Sized> Clone for AvroDerived<T> {
    fn clone(&self) -> Self {
        Self { schema: self.schema.clone(), of: PhantomData }
    }
}

impl<T: ?Sized> Clone for AvroDerivedEncoder<T> {
    fn clone(&self) -> Self {
        Self { way: self.way.clone(), of: PhantomData }
    }
}

impl<T: ?Sized> fmt::Debug for AvroDerived<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AvroDerived").field(&self.schema.text).finish()
    }
}

impl<T: ?Sized> fmt::Debug for AvroDerivedEncoder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AvroDerivedEncoder").field(&self.is_straight()).finish()
    }
}
