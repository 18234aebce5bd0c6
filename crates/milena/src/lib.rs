//! Under construction.

mod config_error;
pub mod knobs;
pub mod properties;
mod serializer_names;

pub use config_error::{ConfigError, Mistake};
pub use serializer_names::SerializerName;
