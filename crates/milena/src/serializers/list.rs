//! Lists, in the two layouts of Java's `ListSerializer`.
//!
//! ```text
//!  fixed:    00 │ i32 nulls │ their indexes, i32 each │ i32 entries │ entries that are not null, one after another
//!  variable: 01 │ i32 entries │ i32 length, −1 for null │ entry │ …
//! ```

use super::{
    BooleanSerializer, ByteArraySerializer, DoubleSerializer, EncodedStringSerializer, FloatSerializer,
    IntegerSerializer, LongSerializer, ShortSerializer, StringSerializer, UUIDSerializer, VoidSerializer,
};
use crate::serialize_error::SerializeError;
use crate::serializer::{Datum, Plain, SerializedHeaders, Serializer};

/// A list, of what the inner serializer writes: `[T]` or `Vec<T>`. Entries that may be null are `Option<T>` and want
/// [`Nullable`].
///
/// Headers of the inner serializer are added once an entry.
///
/// # Example
/// ```
/// use milena::Serializer;
/// use milena::serializers::{IntegerSerializer, ListSerializer, Nullable};
///
/// let mut out = Vec::new();
/// ListSerializer(IntegerSerializer).serialize(&[1, 2][..], &mut out, &mut Default::default())?;
/// ListSerializer(Nullable(IntegerSerializer)).serialize(&[Some(1), None][..], &mut out, &mut Default::default())?;
/// # Ok::<(), milena::SerializeError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ListSerializer<S>(pub S);

impl<S: Plain> Plain for ListSerializer<S> {}

/// How a list is laid out: by the class of its inner serializer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// All entries are equally long: `ShortSerializer`, `IntegerSerializer`, `LongSerializer`, `FloatSerializer`,
    /// `DoubleSerializer`, `UUIDSerializer`, as in Java.
    Fixed,
    /// Each entry has its length: all others.
    Variable,
}

/// A serializer that lists can hold the entries of.
///
/// One of your own needs no more than `impl ListElement for OrderSerializer {}`: Java lays out lists of other serializers
/// than its own with the length of each entry.
pub trait ListElement {
    /// How a list of its entries is laid out.
    const LAYOUT: Layout = Layout::Variable;
}

/// For entries that may be null: writes `Option<T>`, of which `None` is null, where `S` writes `T`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Nullable<S>(pub S);

impl<S: Plain> Plain for Nullable<S> {}

impl<T, S: Serializer<T>> Serializer<Option<T>> for Nullable<S> {
    fn serialize(
        &self,
        value: &Option<T>,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        value.as_ref().map_or(Ok(Datum::Null), |value| self.0.serialize(value, out, headers))
    }

    fn in_place<'v>(&self, value: &'v Option<T>) -> Option<&'v [u8]> {
        value.as_ref().and_then(|value| self.0.in_place(value))
    }

    fn size_hint(&self, value: &Option<T>) -> usize {
        value.as_ref().map_or(0, |value| self.0.size_hint(value))
    }
}

impl ListElement for ShortSerializer {
    const LAYOUT: Layout = Layout::Fixed;
}

impl ListElement for IntegerSerializer {
    const LAYOUT: Layout = Layout::Fixed;
}

impl ListElement for LongSerializer {
    const LAYOUT: Layout = Layout::Fixed;
}

impl ListElement for FloatSerializer {
    const LAYOUT: Layout = Layout::Fixed;
}

impl ListElement for DoubleSerializer {
    const LAYOUT: Layout = Layout::Fixed;
}

impl ListElement for UUIDSerializer {
    const LAYOUT: Layout = Layout::Fixed;
}

impl ListElement for BooleanSerializer {}

impl ListElement for ByteArraySerializer {}

impl ListElement for StringSerializer {}

impl ListElement for EncodedStringSerializer {}

impl ListElement for VoidSerializer {}

impl<S> ListElement for ListSerializer<S> {}

impl<S: ListElement> ListElement for Nullable<S> {
    const LAYOUT: Layout = S::LAYOUT;
}

impl<T, S: Serializer<T> + ListElement> Serializer<[T]> for ListSerializer<S> {
    fn serialize(
        &self,
        entries: &[T],
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        match S::LAYOUT {
            Layout::Fixed => self.fixed(entries, out, headers)?,
            Layout::Variable => self.variable(entries, out, headers)?,
        }
        Ok(Datum::Bytes)
    }

    fn size_hint(&self, entries: &[T]) -> usize {
        9 + entries.iter().map(|entry| 4 + self.0.size_hint(entry)).sum::<usize>()
    }
}

impl<T, S: Serializer<T> + ListElement> Serializer<Vec<T>> for ListSerializer<S> {
    fn serialize(
        &self,
        entries: &Vec<T>,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        self.serialize(entries.as_slice(), out, headers)
    }

    fn size_hint(&self, entries: &Vec<T>) -> usize {
        self.size_hint(entries.as_slice())
    }
}

impl<S> ListSerializer<S> {
    fn fixed<T>(&self, entries: &[T], out: &mut Vec<u8>, headers: &mut SerializedHeaders) -> Result<(), SerializeError>
    where
        S: Serializer<T>,
    {
        out.push(0);
        out.extend_from_slice(&0i32.to_be_bytes());
        let place = out.len();
        out.extend_from_slice(&int(entries.len())?.to_be_bytes());
        let mut nulls = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            if self.entry(at, entry, out, headers)? == Datum::Null {
                nulls.push(int(at)?);
            }
        }
        // Which entries are null is known only now, and stands before them.
        let count = int(nulls.len())?.to_be_bytes();
        out.get_mut(place - count.len()..place).into_iter().for_each(|place| place.copy_from_slice(&count));
        out.splice(place..place, nulls.into_iter().flat_map(i32::to_be_bytes));
        Ok(())
    }

    fn variable<T>(
        &self,
        entries: &[T],
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<(), SerializeError>
    where
        S: Serializer<T>,
    {
        out.push(1);
        out.extend_from_slice(&int(entries.len())?.to_be_bytes());
        for (at, entry) in entries.iter().enumerate() {
            let place = out.len();
            out.extend_from_slice(&NULL.to_be_bytes());
            let start = out.len();
            if self.entry(at, entry, out, headers)? == Datum::Bytes {
                let len = int(out.len().saturating_sub(start))?.to_be_bytes();
                out.get_mut(place..start).into_iter().for_each(|place| place.copy_from_slice(&len));
            }
        }
        Ok(())
    }

    /// Appends one entry; nothing if it is null.
    fn entry<T>(
        &self,
        at: usize,
        entry: &T,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError>
    where
        S: Serializer<T>,
    {
        let start = out.len();
        let datum = self.0.serialize(entry, out, headers).map_err(|error| error.at_index(at))?;
        if datum == Datum::Null {
            out.truncate(start);
        }
        Ok(datum)
    }
}

/// The length of an entry that is null.
const NULL: i32 = -1;

fn int(count: usize) -> Result<i32, SerializeError> {
    i32::try_from(count).map_err(|_| SerializeError::new("longer than 2^31 - 1"))
}
