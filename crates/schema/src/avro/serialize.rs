//! Any `serde::Serialize` value, written by a schema.
//!
//! Friendly where nothing is lost: integers of any width where they fit, exact floats, `Some` without a union, decimals and
//! times from text, a nullable field that the struct does not have. Strict where something would be made up: a field that is
//! missing is not filled from the schema's default, and one that the schema does not have is refused.

mod elements;
mod entries;
mod fields;

use super::at::{At, Fault};
use super::binary::put_len;
use super::choice::{self, Found};
use super::node::Type;
use elements::Elements;
use entries::Entries;
use fields::Fields;
pub(super) use fields::put_missing;
use serde::ser::{Error, Serialize, Serializer};
use std::fmt::Display;

impl Error for Fault {
    fn custom<T: Display>(reason: T) -> Self {
        Self::new(reason.to_string())
    }
}

macro_rules! integers {
    ($($method:ident: $type:ty, $narrow:literal;)*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<(), Fault> {
            self.integer(i64::from(value), $narrow)
        }
    )*};
}

impl<'s, 'o> Serializer for At<'s, 'o> {
    type Ok = ();
    type Error = Fault;
    type SerializeSeq = Elements<'s, 'o>;
    type SerializeTuple = Elements<'s, 'o>;
    type SerializeTupleStruct = Elements<'s, 'o>;
    type SerializeTupleVariant = Elements<'s, 'o>;
    type SerializeMap = Entries<'s, 'o>;
    type SerializeStruct = Fields<'s, 'o>;
    type SerializeStructVariant = Fields<'s, 'o>;

    integers! {
        serialize_i8: i8, true;
        serialize_i16: i16, true;
        serialize_i32: i32, true;
        serialize_i64: i64, false;
        serialize_u8: u8, true;
        serialize_u16: u16, true;
        serialize_u32: u32, false;
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Fault> {
        self.boolean(value)
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), Fault> {
        match i64::try_from(value) {
            Ok(value) => self.integer(value, false),
            Err(_) => self.large_integer(i128::from(value)),
        }
    }

    fn serialize_i128(self, value: i128) -> Result<(), Fault> {
        self.large_integer(value)
    }

    fn serialize_u128(self, value: u128) -> Result<(), Fault> {
        match i128::try_from(value) {
            Ok(value) => self.large_integer(value),
            Err(_) if self.node.logical.is_some() => self.text(&value.to_string()),
            Err(_) => Err(self.mismatch(value)),
        }
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<(), Fault> {
        self.float(value)
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), Fault> {
        self.double(value)
    }

    fn serialize_char(self, value: char) -> Result<(), Fault> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), Fault> {
        self.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Fault> {
        self.bytes(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Fault> {
        self.null()
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Fault> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Fault> {
        self.null()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Fault> {
        self.null()
    }

    #[inline]
    fn serialize_unit_variant(self, _name: &'static str, index: u32, variant: &'static str) -> Result<(), Fault> {
        self.symbol(variant, Some(index))
    }

    #[inline]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _name: &'static str, value: &T) -> Result<(), Fault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Fault> {
        value.serialize(self.variant(variant)?)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Elements<'s, 'o>, Fault> {
        Elements::open(self.branch(&Found::Sequence(len))?, len)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Elements<'s, 'o>, Fault> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Elements<'s, 'o>, Fault> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Elements<'s, 'o>, Fault> {
        self.variant(variant)?.serialize_seq(Some(len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Entries<'s, 'o>, Fault> {
        Entries::open(self.branch(&Found::Map)?, len)
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Fields<'s, 'o>, Fault> {
        Fields::open(self.branch(&Found::Struct(name))?, name, len)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Fields<'s, 'o>, Fault> {
        Fields::open(self.variant(variant)?, variant, len)
    }
}

impl At<'_, '_> {
    /// The branch that a variant is named after. Outside a union there is nothing to choose.
    fn variant(self, name: &str) -> Result<Self, Fault> {
        let Type::Union(branches) = &self.node.kind else {
            let named = self.node.name().is_some_and(|own| own.simple() == name || own.full() == name);
            let named = named || self.node.kind_name().eq_ignore_ascii_case(name);
            return if named { Ok(self) } else { Err(self.mismatch(format_args!("the variant {name}"))) };
        };
        let Some((index, id)) = choice::by_name(self.schema, branches, name) else {
            let names = choice::names(self.schema, branches);
            return Err(Fault::new(format!("the variant {name} is named after no branch: {names}")));
        };
        put_len(self.out, index);
        Ok(self.to(id))
    }
}
