//! The serializers that Java ships, for the values that they are for: byte for byte what the classes of
//! `org.apache.kafka.common.serialization` write, so that their deserializers read it.
//!
//! | serializer | values | bytes |
//! |---|---|---|
//! | [`StringSerializer`], [`EncodedStringSerializer`] | `str`, `String`, … | the text in UTF-8, or in another [`Encoding`] |
//! | [`ByteArraySerializer`], [`ByteBufferSerializer`], [`BytesSerializer`] | `[u8]`, `Vec<u8>`, `str`, … | as they are |
//! | [`ShortSerializer`], [`IntegerSerializer`], [`LongSerializer`] | `i16`, `i32`, `i64` | 2, 4, 8 bytes, big-endian |
//! | [`FloatSerializer`], [`DoubleSerializer`] | `f32`, `f64` | 4, 8 bytes, IEEE 754, big-endian |
//! | [`BooleanSerializer`] | `bool` | one byte, 0 or 1 |
//! | [`UUIDSerializer`] | `[u8; 16]`, `str`, `String` | the 36 characters of its text form |
//! | [`VoidSerializer`] | anything | null |
//! | [`ListSerializer`] | `[T]`, `Vec<T>` | as Java's, in either of its layouts |
//!
//! A null (`None`, or no key or value given) is null in all of them: no serializer runs for it.
//!
//! # Your own
//! A type that implements [`Serializer`](crate::Serializer) serves a [`Topic`](crate::Topic) as it is. To be
//! [bound](crate::Topic::bind) beside one that asks a registry, it says that it need not be: it is
//! [`Plain`](crate::serializer::Plain).
//! ```no_run
//! use milena::serializer::{Datum, Plain, SerializedHeaders};
//! use milena::serializers::StringSerializer;
//! use milena::{Producer, SerializeError, Serializer, TopicRecord};
//!
//! struct Order {
//!     id: u64,
//!     cents: u32,
//! }
//!
//! /// `id,cents`
//! #[derive(Clone)]
//! struct OrderSerializer;
//!
//! impl Serializer<Order> for OrderSerializer {
//!     fn serialize(&self, order: &Order, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
//!         if order.cents == 0 {
//!             return Err(SerializeError::new("an order of nothing").in_field("cents"));
//!         }
//!         out.extend_from_slice(format!("{},{}", order.id, order.cents).as_bytes());
//!         Ok(Datum::Bytes)
//!     }
//! }
//!
//! impl Plain for OrderSerializer {}
//!
//! # async fn example(producer: Producer) -> Result<(), Box<dyn std::error::Error>> {
//! let orders = producer.topic("orders").key(StringSerializer).value(OrderSerializer).bind().await?;
//! orders.send(TopicRecord::new().key("42").value(&Order { id: 42, cents: 999 })).await?;
//! # Ok(())
//! # }
//! ```

mod bytes;
mod encoding;
mod list;
mod number;
mod string;
mod uuid;
mod void;

// Java has a class for each of its types of bytes.
pub use bytes::{
    ByteArraySerializer, ByteArraySerializer as ByteBufferSerializer, ByteArraySerializer as BytesSerializer,
};
pub use encoding::{Encoding, UnknownEncoding};
pub use list::{Layout, ListElement, ListSerializer, Nullable};
pub use number::{
    BooleanSerializer, DoubleSerializer, FloatSerializer, IntegerSerializer, LongSerializer, ShortSerializer,
};
pub use string::{EncodedStringSerializer, StringSerializer};
pub use uuid::UUIDSerializer;
pub use void::VoidSerializer;
