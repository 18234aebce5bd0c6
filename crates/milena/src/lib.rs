//! Under construction.

mod config_error;
pub mod knobs;
mod serializer_names;

pub use config_error::{ConfigError, Mistake};
pub use serializer_names::SerializerName;
