//! Derives straight-line Avro encoders for `milena-schema`.

mod attributes;
mod lock;
mod record;
mod symbols;
mod union;

use proc_macro::TokenStream;
use syn::{Data, DeriveInput, Error, Fields, parse_macro_input};

/// Makes a struct an Avro record, an enum of bare variants an Avro enum, and an enum whose variants hold one value each a union.
///
/// The schema is a constant, `AvroRecord::SCHEMA`, and so is its fingerprint. Whether the straight-line code writes what the
/// schema says *as registered* is decided when a serializer is bound; if it does not, but the fields fit, they are written by
/// name.
///
/// On the type, in `#[avro(…)]`:
///
/// | | |
/// |---|---|
/// | `namespace = "com.example"` | of the name; without one, that of the record around it |
/// | `name = "Order"` | instead of Rust's |
/// | `doc = "…"` | into the schema; comments do not go there, since every change of the text is a new version |
/// | `rename_all = "camelCase"` | or `PascalCase`, `SCREAMING_SNAKE_CASE`: of fields or symbols |
/// | `lock = "schemas.lock", subject = "orders-value"` | the type must match the locked schema, or it does not compile; `version = 3` for another than the newest |
/// | `inner` | it is no `AvroRecord`: it has a schema only within a type that holds it, and is held by what it holds |
///
/// On a field:
///
/// | | |
/// |---|---|
/// | `rename = "orderId"` | instead of Rust's name |
/// | `doc = "…"` | into the schema |
/// | `default = "0"` | JSON, for readers; an `Option` has `null` without being told |
/// | `logical = "timestamp-millis"` | also `timestamp-micros`, `-nanos` and `local-…` (`i64`; `SystemTime` but for local), `date`, `time-millis` (`i32`), `time-micros` (`i64`), `uuid` (text or `[u8; 16]`), `decimal(10, 2)` (text, or the unscaled `i64`, `i128`, `[u8; N]`), `duration` (`[u8; 12]`) |
/// | `fixed = "Md5"` | the name of a `[u8; N]`; without one, the field's |
/// | `with = "path", via = "i64"` | what `path(&field)` returns is written |
/// | `outer` | the field's type holds this one and describes it: here stands its name. A type with such a field is `inner` |
/// | `skip` | is no field of the record |
#[proc_macro_derive(AvroRecord, attributes(avro))]
pub fn avro_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derived(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

fn derived(input: &DeriveInput) -> Result<proc_macro2::TokenStream, Error> {
    if let Some(parameter) = input.generics.type_params().next() {
        return Err(Error::new_spanned(parameter, "an Avro record has one schema: no type parameters"));
    }
    let container = attributes::Container::of(input)?;
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => record::derive(input, &container, fields),
            _ => Err(Error::new_spanned(input, "an Avro record's fields have names")),
        },
        Data::Enum(data) if data.variants.iter().all(|variant| variant.fields.is_empty()) => {
            symbols::derive(input, &container, data)
        }
        Data::Enum(data) => union::derive(input, &container, data),
        Data::Union(_) => Err(Error::new_spanned(input, "structs and enums only")),
    }
}
