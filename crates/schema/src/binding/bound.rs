//! A serializer that knows its schema.

use super::error::BindingError;
use crate::format::Encode;
use crate::framing::{Frame, Framing};
use crate::schema::Resolved;
use arc_swap::ArcSwap;
use milena::SerializeError;
use milena::serializer::{Datum, SerializedHeaders, Serializer, Side};
use std::fmt;
use std::sync::Arc;

/// Writes values by the schema that was found when it was bound. Cheap to clone.
///
/// # Cost
/// Besides the encoding: one copy of the prefix. With [`Policy::Latest`](crate::Policy::Latest) an atomic load more; a newer
/// schema is swapped in between two records.
pub struct Bound<E> {
    pub(super) current: Arc<Current<E>>,
}

/// What records are written by just now.
pub(super) enum Current<E> {
    /// For ever.
    Fixed(Prepared<E>),
    /// Until a newer one is found.
    Latest(ArcSwap<Prepared<E>>),
}

/// An encoder with its frame.
pub(super) struct Prepared<E> {
    encoder: E,
    frame: Frame,
    pub(super) resolved: Arc<Resolved>,
}

impl<E> Bound<E> {
    pub(super) fn fixed(prepared: Prepared<E>) -> Self {
        Self { current: Arc::new(Current::Fixed(prepared)) }
    }

    /// The schema that records are written by just now, and its place.
    pub fn resolved(&self) -> Arc<Resolved> {
        match &*self.current {
            Current::Fixed(prepared) => Arc::clone(&prepared.resolved),
            Current::Latest(latest) => Arc::clone(&latest.load().resolved),
        }
    }
}

impl<E> Prepared<E> {
    pub(super) fn new<T: ?Sized>(
        encoder: E,
        framing: &Framing,
        side: Side,
        record_name: Option<&str>,
        resolved: Arc<Resolved>,
    ) -> Result<Self, BindingError>
    where
        E: Encode<T>,
    {
        let frame = framing.frame(&resolved, side, encoder.prelude(), record_name)?;
        Ok(Self { encoder, frame, resolved })
    }

    fn write<T: ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError>
    where
        E: Encode<T>,
    {
        let begun = self.frame.begin(out, headers);
        self.encoder.encode(value, out)?;
        self.frame.end(begun, out)?;
        Ok(Datum::Bytes)
    }

    fn size_hint<T: ?Sized>(&self, value: &T) -> usize
    where
        E: Encode<T>,
    {
        match self.encoder.size_hint(value) {
            0 => 0,
            payload => self.frame.prefix_len() + payload,
        }
    }
}

impl<T: ?Sized, E: Encode<T>> Serializer<T> for Bound<E> {
    fn serialize(
        &self,
        value: &T,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        match &*self.current {
            Current::Fixed(prepared) => prepared.write(value, out, headers),
            Current::Latest(latest) => latest.load().write(value, out, headers),
        }
    }

    fn size_hint(&self, value: &T) -> usize {
        match &*self.current {
            Current::Fixed(prepared) => prepared.size_hint(value),
            Current::Latest(latest) => latest.load().size_hint(value),
        }
    }
}

impl<E> Clone for Bound<E> {
    fn clone(&self) -> Self {
        Self { current: Arc::clone(&self.current) }
    }
}

impl<E> fmt::Debug for Bound<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resolved = self.resolved();
        f.debug_struct("Bound")
            .field("subject", &resolved.subject)
            .field("version", &resolved.version)
            .field("id", &resolved.id)
            .finish_non_exhaustive()
    }
}
