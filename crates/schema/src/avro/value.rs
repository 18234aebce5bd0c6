//! What a type must do to be a field of a derived record: say its shape, and write itself by it.
//!
//! The marker `M` is the logical type that the field declares: an `i64` is a long, or a timestamp in some unit.

use super::binary::{put_boolean, put_bytes, put_double, put_float, put_len, put_long};
use super::shape::{LogicalShape, Shape, TypeName};
use super::{decimal, logical::Unit, time};
use milena::SerializeError;
use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A type with an Avro schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no Avro type here",
    note = "derive AvroRecord for a type of your own; name a logical type that it takes; or write what a function makes of it: \
            #[avro(with = \"path\", via = \"i64\")]",
    note = "in a list, `u8` is a byte of `bytes`; a number of eight bits alone in an Option is an i16"
)]
pub trait Shaped<M = Plain> {
    /// The schema.
    const SHAPE: Shape;
}

/// A value that is written by the schema of its type, or by another that has a place for it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not written as Avro here")]
pub trait AvroValue<M = Plain>: Shaped<M> {
    /// Appends the value by [`Shaped::SHAPE`].
    ///
    /// # Errors
    /// When the value is none of its Avro type: a decimal with too many digits.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError>;

    /// Gives the value to serde, for a schema of another layout.
    ///
    /// # Errors
    /// The serializer's.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// A record or an enum whose schema the compiler has written: `#[derive(AvroRecord)]`.
pub trait AvroRecord: AvroValue {
    /// The schema's text: what is registered.
    const SCHEMA: &'static str;
    /// CRC-64-AVRO of its canonical form.
    const FINGERPRINT: u64;
}

/// A value on its way to serde.
#[derive(Debug)]
pub struct BySerde<'v, T: ?Sized, M = Plain>(&'v T, PhantomData<M>);

impl<'v, T: ?Sized, M> BySerde<'v, T, M> {
    /// The value, for a serializer.
    pub fn new(value: &'v T) -> Self {
        Self(value, PhantomData)
    }
}

impl<T: AvroValue<M> + ?Sized, M> Serialize for BySerde<'_, T, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// No logical type.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

/// A record that stands around: its name is enough.
#[derive(Debug, Clone, Copy)]
pub struct Outer;

/// `uuid`, on a string.
#[derive(Debug, Clone, Copy)]
pub struct Uuid;

/// `decimal`, on bytes.
#[derive(Debug, Clone, Copy)]
pub struct Decimal<const PRECISION: u32, const SCALE: u32>;

/// A fixed type of bytes.
#[derive(Debug, Clone, Copy)]
pub struct Fixed<F>(PhantomData<F>);

/// A fixed type's name.
pub trait FixedType {
    /// The name.
    const NAME: TypeName;
    /// Its logical type.
    const LOGICAL: Option<LogicalShape>;
}

macro_rules! plain {
    ($($type:ty: $shape:ident, |$value:ident, $out:ident| $put:expr, $method:ident;)*) => {$(
        impl Shaped for $type {
            const SHAPE: Shape = Shape::$shape;
        }
        impl AvroValue for $type {
            #[inline]
            fn encode(&self, $out: &mut Vec<u8>) -> Result<(), SerializeError> {
                let $value = self;
                $put;
                Ok(())
            }
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.$method(*self)
            }
        }
    )*};
}

plain! {
    bool: Boolean, |value, out| put_boolean(out, *value), serialize_bool;
    i8: Int, |value, out| put_long(out, i64::from(*value)), serialize_i8;
    i16: Int, |value, out| put_long(out, i64::from(*value)), serialize_i16;
    u16: Int, |value, out| put_long(out, i64::from(*value)), serialize_u16;
    i32: Int, |value, out| put_long(out, i64::from(*value)), serialize_i32;
    u32: Long, |value, out| put_long(out, i64::from(*value)), serialize_u32;
    i64: Long, |value, out| put_long(out, *value), serialize_i64;
    f32: Float, |value, out| put_float(out, *value), serialize_f32;
    f64: Double, |value, out| put_double(out, *value), serialize_f64;
}

impl Shaped for u64 {
    const SHAPE: Shape = Shape::Long;
}

impl AvroValue for u64 {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        let value = i64::try_from(*self);
        put_long(out, value.map_err(|_| SerializeError::new(format!("{self} does not fit a long of 64 bits")))?);
        Ok(())
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(*self)
    }
}

macro_rules! text_and_bytes {
    ($($type:ty, $marker:ty, $shape:expr, $as_bytes:ident, $method:ident;)*) => {$(
        impl Shaped<$marker> for $type {
            const SHAPE: Shape = $shape;
        }
        impl AvroValue<$marker> for $type {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
                put_bytes(out, self.$as_bytes());
                Ok(())
            }
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.$method(self)
            }
        }
    )*};
}

const UUID: Shape = Shape::Logical(LogicalShape::new("uuid"), &Shape::String);

text_and_bytes! {
    str, Plain, Shape::String, as_bytes, serialize_str;
    String, Plain, Shape::String, as_bytes, serialize_str;
    str, Uuid, UUID, as_bytes, serialize_str;
    String, Uuid, UUID, as_bytes, serialize_str;
    [u8], Plain, Shape::Bytes, as_ref, serialize_bytes;
    Vec<u8>, Plain, Shape::Bytes, as_slice, serialize_bytes;
}

impl<F: FixedType, const N: usize> Shaped<Fixed<F>> for [u8; N] {
    const SHAPE: Shape = Shape::Fixed { name: F::NAME, size: N, logical: F::LOGICAL };
}

impl<F: FixedType, const N: usize> AvroValue<Fixed<F>> for [u8; N] {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        out.extend_from_slice(self);
        Ok(())
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self)
    }
}

macro_rules! counted {
    ($($(#[$doc:meta])* $marker:ident, $type:ty, $shape:ident, $name:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $marker;
        impl Shaped<$marker> for $type {
            const SHAPE: Shape = Shape::Logical(LogicalShape::new($name), &Shape::$shape);
        }
        impl AvroValue<$marker> for $type {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
                put_long(out, i64::from(*self));
                Ok(())
            }
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(i64::from(*self))
            }
        }
    )*};
}

counted! {
    /// `date`
    Date, i32, Int, "date";
    /// `time-millis`
    TimeMillis, i32, Int, "time-millis";
    /// `time-micros`
    TimeMicros, i64, Long, "time-micros";
    /// `timestamp-millis`
    TimestampMillis, i64, Long, "timestamp-millis";
    /// `timestamp-micros`
    TimestampMicros, i64, Long, "timestamp-micros";
    /// `timestamp-nanos`
    TimestampNanos, i64, Long, "timestamp-nanos";
    /// `local-timestamp-millis`
    LocalTimestampMillis, i64, Long, "local-timestamp-millis";
    /// `local-timestamp-micros`
    LocalTimestampMicros, i64, Long, "local-timestamp-micros";
    /// `local-timestamp-nanos`
    LocalTimestampNanos, i64, Long, "local-timestamp-nanos";
}

macro_rules! system_time {
    ($($marker:ident: $unit:ident;)*) => {$(
        impl Shaped<$marker> for SystemTime {
            const SHAPE: Shape = <i64 as Shaped<$marker>>::SHAPE;
        }
        impl AvroValue<$marker> for SystemTime {
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
                put_long(out, since_1970(*self, Unit::$unit)?);
                Ok(())
            }
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(since_1970(*self, Unit::$unit).map_err(S::Error::custom)?)
            }
        }
    )*};
}

system_time! {
    TimestampMillis: Millis;
    TimestampMicros: Micros;
    TimestampNanos: Nanos;
}

fn since_1970(at: SystemTime, unit: Unit) -> Result<i64, SerializeError> {
    let (seconds, nanos) = match at.duration_since(UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).ok(), i64::from(after.subsec_nanos())),
        Err(before) => {
            let before = before.duration();
            (i64::try_from(before.as_secs()).ok().map(|seconds| -seconds), -i64::from(before.subsec_nanos()))
        }
    };
    let count = seconds.and_then(|seconds| time::count(seconds, nanos, unit));
    count.ok_or_else(|| SerializeError::new(format!("the time does not fit a timestamp-{unit}")))
}

macro_rules! decimals {
    ($($type:ty, |$value:ident, $precision:ident, $scale:ident| $unscaled:expr;)*) => {$(
        impl<const PRECISION: u32, const SCALE: u32> Shaped<Decimal<PRECISION, SCALE>> for $type {
            const SHAPE: Shape = decimal_shape::<PRECISION, SCALE>();
        }
        impl<const PRECISION: u32, const SCALE: u32> AvroValue<Decimal<PRECISION, SCALE>> for $type {
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
                let ($value, $precision, $scale) = (self, PRECISION, SCALE);
                let unscaled = $unscaled;
                put_bytes(out, &unscaled.map_err(SerializeError::new)?);
                Ok(())
            }
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let ($value, $precision, $scale) = (self, PRECISION, SCALE);
                let unscaled = $unscaled;
                serializer.serialize_bytes(&unscaled.map_err(S::Error::custom)?)
            }
        }
    )*};
}

const fn decimal_shape<const PRECISION: u32, const SCALE: u32>() -> Shape {
    Shape::Logical(LogicalShape { name: "decimal", precision: PRECISION, scale: SCALE }, &Shape::Bytes)
}

decimals! {
    // Integers are the unscaled value, as they come from a decimal's mantissa; text is the number itself.
    i64, |value, precision, _scale| decimal::from_integer(i128::from(*value), precision, 0);
    i128, |value, precision, _scale| decimal::from_integer(*value, precision, 0);
    str, |value, precision, scale| decimal::from_text(value, precision, scale);
    String, |value, precision, scale| decimal::from_text(value, precision, scale);
}

impl<M, T: Shaped<M>> Shaped<M> for Option<T> {
    const SHAPE: Shape = Shape::Union(&[Shape::Null, T::SHAPE]);
}

impl<M, T: AvroValue<M>> AvroValue<M> for Option<T> {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(2);
                value.encode(out)?;
            }
        }
        Ok(())
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            None => serializer.serialize_none(),
            Some(value) => serializer.serialize_some(&BySerde::<T, M>::new(value)),
        }
    }
}

macro_rules! sequences {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<M, T: Shaped<M>, $($generics)*> Shaped<M> for $type {
            const SHAPE: Shape = Shape::Array(&T::SHAPE);
        }
        impl<M, T: AvroValue<M>, $($generics)*> AvroValue<M> for $type {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
                if !self.is_empty() {
                    put_len(out, self.len());
                }
                for (index, value) in self.iter().enumerate() {
                    value.encode(out).map_err(|error| error.at_index(index))?;
                }
                out.push(0);
                Ok(())
            }
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.iter().map(BySerde::<T, M>::new))
            }
        }
    )*};
}

sequences! {
    [] [T];
    [] Vec<T>;
    [const N: usize] [T; N];
}

macro_rules! maps {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<M, K, T: Shaped<M>, $($generics)*> Shaped<M> for $type {
            const SHAPE: Shape = Shape::Map(&T::SHAPE);
        }
        impl<M, K: AsRef<str>, T: AvroValue<M>, $($generics)*> AvroValue<M> for $type {
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
                if !self.is_empty() {
                    put_len(out, self.len());
                }
                for (key, value) in self {
                    put_bytes(out, key.as_ref().as_bytes());
                    value.encode(out).map_err(|error| error.in_field(key.as_ref()))?;
                }
                out.push(0);
                Ok(())
            }
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(self.len()))?;
                for (key, value) in self {
                    map.serialize_entry(key.as_ref(), &BySerde::<T, M>::new(value))?;
                }
                map.end()
            }
        }
    )*};
}

maps! {
    [B] HashMap<K, T, B>;
    [] BTreeMap<K, T>;
}

macro_rules! pointers {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)* M, T: Shaped<M> + ?Sized> Shaped<M> for $type {
            const SHAPE: Shape = T::SHAPE;
        }
        impl<$($generics)* M, T: AvroValue<M> + ?Sized> AvroValue<M> for $type {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
                (**self).encode(out)
            }
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                AvroValue::<M>::serialize(&**self, serializer)
            }
        }
    )*};
}

pointers! {
    ['v,] &'v T;
    [] Box<T>;
    [] Arc<T>;
    [] Rc<T>;
}

impl<M, T: Shaped<M> + ToOwned + ?Sized> Shaped<M> for Cow<'_, T> {
    const SHAPE: Shape = T::SHAPE;
}

impl<M, T: AvroValue<M> + ToOwned + ?Sized> AvroValue<M> for Cow<'_, T> {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        (**self).encode(out)
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AvroValue::<M>::serialize(&**self, serializer)
    }
}
