//! Kafka's message specifications as they are written: JSON with `//` comments, one message a file.

use anyhow::{Context, bail};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::Path;

/// A request or a response. An attribute that is not listed here is refused: it could mean something.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MessageSpec {
    pub(super) api_key: i16,
    pub(super) name: String,
    pub(super) valid_versions: Range,
    pub(super) flexible_versions: Range,
    #[serde(default)]
    pub(super) latest_version_unstable: bool,
    pub(super) fields: Vec<FieldSpec>,
    #[serde(default)]
    pub(super) common_structs: Vec<StructSpec>,
    #[serde(rename = "type")]
    _direction: IgnoredAny,
    #[serde(rename = "listeners")]
    _listeners: Option<IgnoredAny>,
}

/// A structure that a message names in several places.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StructSpec {
    pub(super) name: String,
    pub(super) fields: Vec<FieldSpec>,
    #[serde(rename = "versions")]
    _versions: IgnoredAny,
}

/// A field; of a structure or an array of structures also what that holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FieldSpec {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) versions: Range,
    #[serde(default)]
    pub(super) nullable_versions: Range,
    #[serde(default)]
    pub(super) tagged_versions: Range,
    pub(super) tag: Option<u32>,
    #[serde(default)]
    pub(super) ignorable: bool,
    pub(super) default: Option<serde_json::Value>,
    #[serde(default)]
    pub(super) fields: Vec<Self>,
    #[serde(rename = "about")]
    _about: Option<IgnoredAny>,
    #[serde(rename = "entityType")]
    _entity_type: Option<IgnoredAny>,
    #[serde(rename = "mapKey")]
    _map_key: Option<IgnoredAny>,
    #[serde(rename = "zeroCopy")]
    _zero_copy: Option<IgnoredAny>,
}

/// Versions, both ends included; empty when `max` is below `min`. Written `3`, `0-4`, `9+` or `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Range {
    pub(super) min: i16,
    pub(super) max: i16,
}

impl Range {
    pub(super) const NONE: Self = Self { min: 0, max: -1 };

    pub(super) fn is_empty(self) -> bool {
        self.max < self.min
    }

    pub(super) fn contains(self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }

    /// The versions in both; [`NONE`](Self::NONE) when there are none.
    pub(super) fn and(self, other: Self) -> Self {
        let both = Self { min: self.min.max(other.min), max: self.max.min(other.max) };
        if both.is_empty() { Self::NONE } else { both }
    }

    /// The smallest range with the versions of both.
    pub(super) fn hull(self, other: Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            _ => Self { min: self.min.min(other.min), max: self.max.max(other.max) },
        }
    }

    pub(super) fn covers(self, other: Self) -> bool {
        self.and(other) == other
    }
}

impl Default for Range {
    fn default() -> Self {
        Self::NONE
    }
}

impl TryFrom<String> for Range {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(match (text.as_str(), text.strip_suffix('+'), text.split_once('-')) {
            ("none", ..) => Self::NONE,
            (_, Some(min), _) => Self { min: min.parse()?, max: i16::MAX },
            (_, _, Some((min, max))) => Self { min: min.parse()?, max: max.parse()? },
            (one, ..) => Self { min: one.parse()?, max: one.parse()? },
        })
    }
}

/// Reads the specification of `message` from the folder of all.
pub(super) fn read(folder: &Path, message: &str) -> anyhow::Result<MessageSpec> {
    let path = folder.join(format!("{message}.json"));
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let spec: MessageSpec = serde_json::from_str(&without_comments(&text))
        .with_context(|| format!("{} is not understood", path.display()))?;
    if spec.name != message {
        bail!("{} describes {}", path.display(), spec.name);
    }
    Ok(spec)
}

/// Takes away `//` to the end of the line, except inside strings (addresses of web pages).
fn without_comments(text: &str) -> String {
    text.lines().map(|line| &line[..end_of_json(line)]).collect::<Vec<_>>().join("\n")
}

fn end_of_json(line: &str) -> usize {
    let mut in_string = false;
    let bytes = line.as_bytes();
    for (at, pair) in bytes.windows(2).enumerate() {
        match pair {
            [b'"', _] if at == 0 || bytes.get(at - 1) != Some(&b'\\') => in_string = !in_string,
            b"//" if !in_string => return at,
            _ => {}
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        Range::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn the_four_ways_to_write_a_range() {
        assert_eq!(range("3"), Range { min: 3, max: 3 });
        assert_eq!(range("0-4"), Range { min: 0, max: 4 });
        assert_eq!(range("9+"), Range { min: 9, max: i16::MAX });
        assert!(range("none").is_empty());
        assert!(Range::try_from("all".to_owned()).is_err());
    }

    #[test]
    fn ranges_meet_and_join() {
        assert_eq!(range("0-4").and(range("3+")), range("3-4"));
        assert_eq!(range("0-4").and(range("5+")), Range::NONE);
        assert_eq!(range("0-3").hull(range("4-5")), range("0-5"));
        assert_eq!(Range::NONE.hull(range("4-5")), range("4-5"));
        assert!(range("0+").covers(range("4-5")) && !range("5+").covers(range("4-5")));
    }

    #[test]
    fn comments_go_and_addresses_stay() {
        let text = "// licence\n{ \"about\": \"see https://kafka.apache.org\", // why\n  \"fields\": [] }";
        assert_eq!(without_comments(text), "\n{ \"about\": \"see https://kafka.apache.org\", \n  \"fields\": [] }");
    }
}
