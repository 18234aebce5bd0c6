//! Protobuf: messages of `prost`, and where in its schema a message is.
//!
//! A record of a registry says which message of the schema it holds by the message's indexes. They are counted against **the
//! schema as registered**: see [`Outline`].
//!
//! # Example
//!
//! ```
//! use milena_schema::protobuf::{ProtoText, Protobuf};
//! # #[derive(Clone, PartialEq, prost::Message)]
//! # struct Order { #[prost(int64, tag = "1")] id: i64 }
//! # impl prost::Name for Order {
//! #     const NAME: &'static str = "Order";
//! #     const PACKAGE: &'static str = "shop";
//! # }
//! let text = r#"syntax = "proto3"; package shop; message Order { int64 id = 1; }"#; // mostly include_str!
//! let orders = Protobuf::<Order>::new(ProtoText::new(text).schema()?)?;
//! # Ok::<(), milena_schema::protobuf::ProtobufError>(())
//! ```

mod descriptor;
#[cfg(feature = "protobuf-dynamic")]
mod dynamic;
mod error;
mod indexes;
mod known;
mod messages;
mod outline;
#[cfg(feature = "protobuf-dynamic")]
mod pool;
mod proto_text;
mod tokens;

#[cfg(feature = "protobuf-dynamic")]
pub use dynamic::{DynamicProtobuf, DynamicProtobufEncoder};
pub use error::ProtobufError;
pub use indexes::MessageIndexes;
pub use messages::{Protobuf, ProtobufEncoder};
pub use outline::{Import, Outline};
pub use proto_text::{ProtoText, ReferenceSubject};
