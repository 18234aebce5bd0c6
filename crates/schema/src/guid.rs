//! The schema's GUID: read, shown, and computed from a schema without asking anybody.

use crate::schema::{Metadata, Rule, RuleSet, Schema};
use md5::{Digest, Md5};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// 16 bytes, shown as RFC 4122 does: `89791762-2336-4186-9674-299b90a802e2`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid([u8; 16]);

/// A text that is no GUID.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a GUID, such as 89791762-2336-4186-9674-299b90a802e2")]
pub struct GuidError(String);

impl Guid {
    /// From its bytes, the most significant first.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, the most significant first.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// What Confluent's registry, 8.0 and newer, gives this schema: an MD5 over its text, references (which need their
    /// versions), metadata and rules.
    ///
    /// Right only if the text equals the one that the registry keeps: it may print Avro and Protobuf anew.
    pub fn of(schema: &Schema) -> Self {
        let mut hash = Md5::new();
        hash.update(schema.text.as_bytes());
        for reference in &schema.references {
            hash.update(&reference.name);
            hash.update(&reference.subject);
            hash.update(reference.version.unwrap_or(0).to_be_bytes());
        }
        if let Some(metadata) = &schema.metadata {
            hash.update([1]);
            hash_metadata(&mut hash, metadata);
        }
        if let Some(rules) = &schema.rule_set {
            hash.update([1]);
            hash_rules(&mut hash, rules);
        }
        Self(hash.finalize().into())
    }
}

fn hash_metadata(hash: &mut Md5, metadata: &Metadata) {
    for (path, tags) in &metadata.tags {
        hash.update(path);
        hash_sorted(hash, tags);
    }
    for (name, value) in &metadata.properties {
        hash.update(name);
        hash.update(value);
    }
    hash_sorted(hash, &metadata.sensitive);
}

fn hash_rules(hash: &mut Md5, rules: &RuleSet) {
    let all = rules.migration_rules.iter().chain(&rules.domain_rules).chain(&rules.encoding_rules);
    all.for_each(|rule| hash_rule(hash, rule));
    hash_optional(hash, rules.enable_at.as_ref());
}

fn hash_rule(hash: &mut Md5, rule: &Rule) {
    hash.update(&rule.name);
    for text in [&rule.doc, &rule.kind, &rule.mode, &rule.rule_type] {
        hash_optional(hash, text.as_ref());
    }
    hash_sorted(hash, rule.tags.as_deref().unwrap_or_default());
    for (name, value) in rule.params.iter().flatten() {
        hash.update(name);
        hash.update(value);
    }
    for text in [&rule.expr, &rule.on_success, &rule.on_failure] {
        hash_optional(hash, text.as_ref());
    }
    if rule.disabled {
        hash.update([1]);
    }
}

fn hash_optional(hash: &mut Md5, text: Option<&String>) {
    if let Some(text) = text {
        hash.update(text);
    }
}

fn hash_sorted(hash: &mut Md5, texts: &[String]) {
    let mut texts: Vec<_> = texts.iter().collect();
    texts.sort_unstable();
    texts.iter().for_each(|text| hash.update(text));
}

impl FromStr for Guid {
    type Err = GuidError;

    fn from_str(text: &str) -> Result<Self, GuidError> {
        let refused = || GuidError(text.chars().take(60).collect());
        let dashes = text.len() == 36 && [8, 13, 18, 23].iter().all(|&at| text.as_bytes().get(at) == Some(&b'-'));
        let digits: String = text.chars().filter(|&c| c != '-').collect();
        let number = u128::from_str_radix(&digits, 16).map_err(|_| refused())?;
        if dashes && digits.len() == 32 && !digits.starts_with('+') {
            Ok(Self(number.to_be_bytes()))
        } else {
            Err(refused())
        }
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Reference, SchemaType};

    const S: &str = r#"{"type":"record","name":"User","namespace":"com.example","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"email","type":["null","string"],"default":null}]}"#;

    #[test]
    fn the_guid_of_a_schema_is_known_without_a_registry() {
        let schema = Schema::new(SchemaType::Avro, S);
        assert_eq!(Guid::of(&schema).to_string(), "60432243-38c8-7527-bfbf-e7cfb81d8315");
        // Subject, id and type are no part of it; a reference's version is.
        assert_eq!(Guid::of(&Schema::new(SchemaType::Json, S)), Guid::of(&schema));
        let with = |version| {
            let reference = Reference { name: "a".into(), subject: "b".into(), version: Some(version), schema: None };
            Guid::of(&Schema { references: vec![reference], ..schema.clone() })
        };
        assert_ne!(with(1), with(2));
    }

    #[test]
    fn a_guid_is_read_as_it_is_shown() {
        let text = "89791762-2336-4186-9674-299b90a802e2";
        assert_eq!(text.parse::<Guid>().unwrap().to_string(), text);
        for wrong in [
            "",
            "89791762233641869674299b90a802e2",
            "89791762-2336-4186-9674-299b90a802e",
            "g9791762-2336-4186-9674-299b90a802e2",
            "+9791762-2336-4186-9674-299b90a802e2",
        ] {
            assert!(wrong.parse::<Guid>().is_err(), "{wrong}");
        }
    }
}
