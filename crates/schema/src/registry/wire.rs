//! The JSON of the REST interface: written exactly, read leniently, since registries differ in what they leave out.

use super::error::{RegistryError, RegistryErrorKind};
use crate::guid::Guid;
use crate::schema::{Metadata, Reference, RuleSet, Schema, SchemaType};
use serde::{Deserialize, Serialize};

/// A schema as it is registered or looked up.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SchemaBody<'a> {
    schema: &'a str,
    /// Absent means Avro: the oldest registries know nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_type: Option<SchemaType>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<ReferenceBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_set: Option<&'a RuleSet>,
}

/// A reference: all three are needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReferenceBody {
    pub(crate) name: String,
    pub(crate) subject: String,
    pub(crate) version: u32,
}

/// A schema as it is answered; what is there depends on the call, the registry and its version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Entity {
    pub(crate) subject: Option<String>,
    pub(crate) id: Option<u32>,
    pub(crate) version: Option<u32>,
    pub(crate) guid: Option<String>,
    pub(crate) schema_type: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) references: Option<Vec<ReferenceBody>>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) rule_set: Option<RuleSet>,
}

impl Entity {
    /// The schema itself, its references without their texts; `None` if the answer has none.
    pub(crate) fn schema(&self) -> Result<Option<Schema>, RegistryError> {
        let Some(text) = &self.schema else { return Ok(None) };
        let references = self.references.iter().flatten().map(|body| Reference {
            name: body.name.clone(),
            subject: body.subject.clone(),
            version: Some(body.version),
            schema: None,
        });
        Ok(Some(Schema {
            schema_type: self.schema_type()?,
            text: text.as_str().into(),
            references: references.collect(),
            metadata: self.metadata.clone(),
            rule_set: self.rule_set.clone(),
        }))
    }

    fn schema_type(&self) -> Result<SchemaType, RegistryError> {
        match self.schema_type.as_deref() {
            None | Some("AVRO") => Ok(SchemaType::Avro),
            Some("PROTOBUF") => Ok(SchemaType::Protobuf),
            Some("JSON") => Ok(SchemaType::Json),
            Some(other) => {
                let text = format!("the schema is of type {other:?}, which is not known here");
                Err(RegistryError::new(RegistryErrorKind::Usage, text))
            }
        }
    }

    pub(crate) fn guid(&self) -> Option<Guid> {
        self.guid.as_ref().and_then(|text| text.parse().ok())
    }
}

/// The body of a question about this schema, whose references have their versions.
pub(crate) fn body(schema: &Schema) -> Result<String, RegistryError> {
    let references = schema.references.iter().map(|reference| match reference.version {
        Some(version) => {
            Ok(ReferenceBody { name: reference.name.clone(), subject: reference.subject.clone(), version })
        }
        None => Err(RegistryError::new(
            RegistryErrorKind::Usage,
            format!("the reference {:?} to subject {:?} has no version", reference.name, reference.subject),
        )),
    });
    let body = SchemaBody {
        schema: &schema.text,
        schema_type: (schema.schema_type != SchemaType::Avro).then_some(schema.schema_type),
        references: references.collect::<Result<_, _>>()?,
        metadata: schema.metadata.as_ref(),
        rule_set: schema.rule_set.as_ref(),
    };
    serde_json::to_string(&body).map_err(|error| RegistryError::new(RegistryErrorKind::Usage, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn avro_is_meant_where_no_type_stands_and_empty_lists_are_left_out() {
        assert_eq!(body(&Schema::new(SchemaType::Avro, "\"string\"")).unwrap(), r#"{"schema":"\"string\""}"#);
        let mut json = Schema::new(SchemaType::Json, "{}");
        let reference = Reference { name: "a".into(), subject: "b".into(), version: Some(3), schema: None };
        json.references.push(reference);
        let expected = r#"{"schema":"{}","schemaType":"JSON","references":[{"name":"a","subject":"b","version":3}]}"#;
        assert_eq!(body(&json).unwrap(), expected);
        json.references[0].version = None;
        assert!(body(&json).unwrap_err().to_string().contains("has no version"));
    }

    #[test]
    fn answers_are_read_whatever_else_they_hold() {
        let entity: Entity = serde_json::from_str(r#"{"id":7,"maxId":9,"schema":"{}","ts":1}"#).unwrap();
        assert_eq!(entity.schema().unwrap().unwrap().schema_type, SchemaType::Avro);
        let entity: Entity = serde_json::from_str(r#"{"schemaType":"XSD","schema":"<>","references":null}"#).unwrap();
        assert!(entity.schema().unwrap_err().to_string().contains("XSD"));
    }
}
