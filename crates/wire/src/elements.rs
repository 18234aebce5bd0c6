//! An array that stays in the frame: checked once when it is met, read element by element when it is needed.

use crate::buf::{DecodeError, Reader};
use std::fmt;
use std::marker::PhantomData;

/// What an array can hold without being copied out of its frame.
pub trait Element<'a>: Sized {
    /// Reads one, as `version` of its message lays it out.
    ///
    /// # Errors
    /// Any [`DecodeError`]: the bytes are a peer's.
    fn decode(reader: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError>;
}

/// An array in a peer's frame, every element of which was read once and is well formed.
///
/// # Cost
/// Holds nothing but a reference, however many elements there are: an array of structures as vectors takes up to 35 times
/// the bytes that a hostile peer sends for it. Each pass reads the elements anew.
pub struct Elements<'a, T> {
    /// Begins with the first element.
    reader: Reader<'a>,
    count: usize,
    version: i16,
    element: PhantomData<T>,
}

impl<'a, T: Element<'a>> Elements<'a, T> {
    /// Reads the count and every element, and leaves the reader behind them.
    ///
    /// # Errors
    /// Any [`DecodeError`], null for the array among them.
    pub fn decode(reader: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError> {
        let count = reader.array_length(flexible)?;
        let elements = Self { reader: *reader, count, version, element: PhantomData };
        for _ in 0..count {
            T::decode(reader, version)?;
        }
        Ok(elements)
    }

    /// The elements, in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let Self { mut reader, count, version, .. } = *self;
        // None is lost: each was read before.
        (0..count).map_while(move |_| T::decode(&mut reader, version).ok())
    }
}

impl<T> Elements<'_, T> {
    /// No elements.
    pub fn empty() -> Self {
        Self { reader: Reader::new(&[]), count: 0, version: 0, element: PhantomData }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl<T> Clone for Elements<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Elements<'_, T> {}

impl<T> Default for Elements<'_, T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<'a, T: Element<'a> + fmt::Debug> fmt::Debug for Elements<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Element<'a> + PartialEq> PartialEq for Elements<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Element<'a> + Eq> Eq for Elements<'a, T> {}

/// An array of numbers: replicas, of which a producer wants none.
impl Element<'_> for i32 {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        reader.i32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buf::Writer;

    #[test]
    fn elements_are_checked_when_met_and_can_be_read_again() {
        let mut writer = Writer::new();
        let number = |writer: &mut Writer, value: &i32| {
            writer.i32(*value);
            Ok(())
        };
        writer.array_of(&[7, 8, 9], true, number).unwrap();
        let whole = writer.into_bytes();
        let mut reader = Reader::new(&whole);
        let numbers = Elements::<i32>::decode(&mut reader, true, 0).unwrap();
        assert_eq!(reader.finish(), Ok(()));
        for _ in 0..2 {
            assert_eq!(numbers.iter().collect::<Vec<_>>(), [7, 8, 9]);
        }
        let cut = Elements::<i32>::decode(&mut Reader::new(&whole[..whole.len() - 1]), true, 0);
        assert_eq!(cut.err(), Some(DecodeError::Truncated { needed: 4, left: 3 }));
        assert!(Elements::<i32>::empty().is_empty());
    }
}
