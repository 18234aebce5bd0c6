//! JSON Schema: what `serde` writes, checked by the schema.
//!
//! # Example
//!
//! ```
//! use milena_schema::json::Json;
//! use milena_schema::{Schema, SchemaType};
//! # #[derive(serde::Serialize)]
//! # struct Order { id: u64 }
//! let text = r#"{"title": "Order", "type": "object", "properties": {"id": {"type": "integer"}}}"#;
//! let orders = Json::<Order>::new(Schema::new(SchemaType::Json, text))?;
//! # Ok::<(), milena_schema::json::JsonError>(())
//! ```

mod error;
mod path;
mod references;
mod validation;

pub use error::JsonError;

use crate::format::{Encode, Format};
use crate::schema::{Resolved, Schema};
use milena::SerializeError;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;
use validation::Validation;

/// Writes values of type `T` as compact JSON, and checks each by the schema.
///
/// Text that is JSON already is a `T` too: `serde_json::value::RawValue` is written as it is, each digit of its numbers, after
/// the same check.
///
/// A number that JSON does not have (NaN, an infinity) becomes `null`, which the check refuses unless the schema allows it.
#[derive(Debug, Clone)]
pub struct Json<T: ?Sized> {
    schema: Option<Schema>,
    validates: bool,
    values: PhantomData<fn(&T)>,
}

impl<T: Serialize + ?Sized> Json<T> {
    /// Values of this schema, which is registered, or looked up, as it is. What its `$ref`s name is in its references: nothing
    /// is ever fetched.
    ///
    /// Without `$schema` it is draft 7, as for Confluent's serializers.
    ///
    /// # Errors
    /// When it is not JSON, or not a JSON Schema, or a reference with a text is missing.
    pub fn new(schema: Schema) -> Result<Self, JsonError> {
        Validation::by(&schema)?;
        Ok(Self { schema: Some(schema), ..Self::registered() })
    }

    /// Values of a schema that the registry has: the latest of the subject, or one by its id.
    pub fn registered() -> Self {
        Self { schema: None, validates: true, values: PhantomData }
    }

    /// Values are not checked: what they cost less is in the benchmark. (Java's `json.fail.invalid.schema=false`, its default.)
    #[must_use]
    pub fn without_validation(mut self) -> Self {
        self.validates = false;
        self
    }
}

impl<T: Serialize + ?Sized> Format<T> for Json<T> {
    type Encoder = JsonEncoder;
    type Error = JsonError;

    fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    /// The `title`, as in Java.
    fn record_name(&self, registered: Option<&Schema>) -> Option<String> {
        let schema: Value = serde_json::from_str(&self.schema().or(registered)?.text).ok()?;
        Some(schema.get("title")?.as_str()?.to_owned())
    }

    fn compile(&self, registered: &Resolved) -> Result<JsonEncoder, JsonError> {
        let validation = self.validates.then(|| Validation::by(&registered.schema)).transpose()?;
        Ok(JsonEncoder { validation })
    }
}

/// Writes compact JSON.
pub struct JsonEncoder {
    validation: Option<Validation>,
}

impl<T: Serialize + ?Sized> Encode<T> for JsonEncoder {
    fn encode(&self, value: &T, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        let begin = out.len();
        serde_json::to_writer(&mut *out, value).map_err(|error| SerializeError::new(error.to_string()))?;
        match &self.validation {
            // What is checked is what was written: f32 0.1 is "0.1" there, and 0.10000000149011612 on the way through f64.
            Some(validation) => validation.check(out.get(begin..).unwrap_or_default()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for JsonEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonEncoder").field("validates", &self.validation.is_some()).finish()
    }
}
