//! The formats' own ways to a binding: `registry.avro::<Order>()`.

#[cfg(feature = "avro")]
use super::Binding;
#[cfg(feature = "avro")]
use crate::avro::{Avro, AvroDerived, AvroRecord};
#[cfg(feature = "avro")]
use crate::registry::Registry;

#[cfg(feature = "avro")]
impl Registry {
    /// Values of a type that derives [`AvroRecord`]: by straight-line code where the registered schema has its layout.
    pub fn avro<T: AvroRecord + ?Sized>(&self) -> Binding<AvroDerived<T>, T> {
        self.serializer(Avro::derived())
    }
}
