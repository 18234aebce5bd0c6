//! Which schema records are written by, as it stands on the command line.

use milena_schema::SchemaType;
use std::path::PathBuf;
use std::str::FromStr;

/// `avro:FILE`, `json:FILE`, `protobuf:FILE#MESSAGE`, `subject:NAME`, `id:N`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaChoice {
    pub(crate) place: Place,
    /// A Protobuf message's full name.
    pub(crate) message: Option<String>,
}

/// Where a schema is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file: it is registered, or looked up, as the settings say.
    File(SchemaType, PathBuf),
    /// The latest of a subject.
    Subject(String),
    /// In the registry, by its id.
    Id(u32),
}

impl FromStr for SchemaChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let forms = "write it as avro:FILE, json:FILE, protobuf:FILE#MESSAGE, subject:NAME or id:N";
        let (kind, rest) = text.split_once(':').ok_or(forms)?;
        // Only Protobuf has messages to choose among; a name without one may have a `#` of its own.
        let (rest, message) = match rest.rsplit_once('#') {
            Some((before, message)) if is_message(message) => (before, Some(message.to_owned())),
            _ => (rest, None),
        };
        if rest.is_empty() {
            return Err(forms.into());
        }
        let place = match kind {
            "avro" => Place::File(SchemaType::Avro, rest.into()),
            "json" => Place::File(SchemaType::Json, rest.into()),
            "protobuf" => Place::File(SchemaType::Protobuf, rest.into()),
            "subject" => Place::Subject(rest.into()),
            "id" => Place::Id(rest.parse().map_err(|_| format!("{rest:?} is no id of a schema: a whole number"))?),
            _ => return Err(forms.into()),
        };
        Ok(Self { place, message })
    }
}

fn is_message(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        let parse = |text: &str| text.parse::<SchemaChoice>();
        let file = |schema_type, path: &str| Place::File(schema_type, path.into());
        assert_eq!(parse("avro:a/b.avsc").unwrap().place, file(SchemaType::Avro, "a/b.avsc"));
        let protobuf = parse("protobuf:a.proto#com.example.User").unwrap();
        assert_eq!(protobuf.place, file(SchemaType::Protobuf, "a.proto"));
        assert_eq!(protobuf.message.as_deref(), Some("com.example.User"));
        assert_eq!(parse("subject::.dev:orders-value").unwrap().place, Place::Subject(":.dev:orders-value".into()));
        assert_eq!(parse("id:7").unwrap().place, Place::Id(7));
        for wrong in ["", "avro", "avro:", "xsd:a", "id:x", "id:-1", "a.avsc"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
