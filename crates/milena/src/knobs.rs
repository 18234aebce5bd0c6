//! The one table of knobs: every name that a Java producer's file may hold, what it means here, and its documentation.
//!
//! The properties parser, the builder's setters, `milena config explain` and CONFIGURATION.md are made from it; nothing
//! else declares a knob. To add one: a row in the file of its group, and a field of
//! [`Config`](milena_core::Config).

mod batching;
mod bootstrap;
mod checked;
mod cluster;
mod compression;
mod connections;
mod cross_checks;
mod delivery;
mod draft;
mod field;
mod metadata;
mod partitioning;
mod records;
mod unsupported;
mod valid;
mod value;

pub use crate::serializer_names::SerializerName;
pub use checked::Checked;
pub use draft::Draft;
pub use valid::Valid;
pub use value::{Kind, Value};

pub use field::{Field, Settings};

use std::fmt;

/// One setting, by the name that a Java producer's file has for it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Knob {
    /// Its name. Ends with `*` when it stands for every name that begins so.
    pub name: &'static str,
    /// The Java type that its text is read as.
    pub kind: Kind,
    /// What holds when it is not set, as text; `None` when it has no default.
    pub default: Option<&'static str>,
    /// The values that are allowed.
    pub valid: Valid,
    /// What its number counts.
    pub unit: Unit,
    /// What it does, and what a higher or a lower value trades.
    pub doc: &'static str,
    /// Where it departs from Java's producer; empty when it does not.
    pub differs: &'static str,
    /// Since which release of Kafka, and by which proposal.
    pub since: &'static str,
    /// The builder's method for it; `None` when there is none.
    pub setter: Option<&'static str>,
    /// What setting it does here.
    pub support: Support,
}

/// What setting a knob does.
#[derive(Debug)]
#[non_exhaustive]
pub enum Support {
    /// What its documentation says.
    Full(Field),
    /// Nothing, and a warning says so. The text tells why.
    NoEffect(&'static str),
    /// Java's default asks for nothing and is accepted; any other value is an error, because leaving it out would change
    /// what the user asked for. The text tells what to do.
    DefaultOnly(&'static str),
    /// An error. The text names what to use today.
    Removed(&'static str),
}

/// What a knob's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Nothing: a word, a switch, a name.
    None,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Milliseconds,
    /// Things that the name says.
    Count,
}

/// Knobs that belong together, in the order in which they are documented.
#[derive(Debug)]
#[non_exhaustive]
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// What the knobs have in common, in a sentence or two.
    pub doc: &'static str,
    /// The knobs.
    pub knobs: &'static [Knob],
}

/// The table.
pub static GROUPS: &[&Group] = &[
    &cluster::GROUP,
    &records::GROUP,
    &batching::GROUP,
    &compression::GROUP,
    &partitioning::GROUP,
    &delivery::GROUP,
    &metadata::GROUP,
    &connections::GROUP,
    &unsupported::NO_EFFECT,
    &unsupported::SECURITY,
    &unsupported::NOT_YET,
    &unsupported::REMOVED,
];

/// Every knob of the table.
pub fn all() -> impl Iterator<Item = &'static Knob> {
    GROUPS.iter().flat_map(|group| group.knobs)
}

/// The knob of this name.
pub fn find(name: &str) -> Option<&'static Knob> {
    all().find(|knob| match knob.name.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == knob.name,
    })
}

/// The name that a user who wrote `name` most likely meant, unless nothing is near.
pub fn nearest(name: &str) -> Option<&'static str> {
    let distance = |knob: &Knob| strsim::damerau_levenshtein(&name.to_ascii_lowercase(), knob.name);
    all()
        .filter(|knob| !matches!(knob.support, Support::Removed(_)))
        .map(|knob| (distance(knob), knob.name))
        .min()
        .filter(|(distance, near)| distance * 3 <= near.len())
        .map(|(_, near)| near)
}

impl Knob {
    /// The value that `given` stands for, or why it cannot be.
    fn read(&self, given: Value) -> Result<Value, String> {
        if matches!(given, Value::Duration(_)) && self.unit != Unit::Milliseconds {
            return Err("is not a length of time".into());
        }
        self.valid.check(self.kind.read(given)?)
    }

    /// Whether it does what its documentation says.
    pub fn is_supported(&self) -> bool {
        matches!(self.support, Support::Full(_))
    }

    /// A knob that has no place in the configuration: its row says only what Java's says, and why.
    const fn foreign(
        name: &'static str,
        kind: Kind,
        default: Option<&'static str>,
        valid: Valid,
        support: Support,
    ) -> Self {
        Self { name, kind, default, valid, unit: Unit::None, doc: "", differs: "", since: "", setter: None, support }
    }
}

/// What `milena config explain` prints.
impl fmt::Display for Knob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.name, self.kind.name())?;
        match &self.support {
            Support::Full(_) => {}
            Support::NoEffect(why) => return write!(f, "  Accepted, without effect: {why}."),
            Support::DefaultOnly(why) => {
                let default = self.default.map_or_else(String::new, |default| format!(" but its default {default:?}"));
                return write!(f, "  Refused{default}: {why}.");
            }
            Support::Removed(instead) => return write!(f, "  Refused: {instead}."),
        }
        writeln!(f, "  default: {}", self.default.unwrap_or("none"))?;
        writeln!(f, "  valid: {}{}", self.valid, self.unit)?;
        if let Some(setter) = self.setter {
            writeln!(f, "  setter: Builder::{setter}")?;
        }
        write!(f, "  since: {}\n\n  {}", self.since, self.doc)?;
        if !self.differs.is_empty() {
            write!(f, "\n\n  Unlike Java: {}", self.differs)?;
        }
        Ok(())
    }
}

/// As it stands behind a number or a range; empty for [`Unit::None`] and [`Unit::Count`].
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None | Self::Count => "",
            Self::Bytes => " bytes",
            Self::Milliseconds => " ms",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_the_table_once() {
        let mut names: Vec<&str> = all().map(|knob| knob.name).collect();
        let rows = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), rows);
    }

    #[test]
    fn every_default_is_a_value_that_its_knob_allows() {
        for knob in all() {
            let Some(default) = knob.default else { continue };
            assert!(knob.read(default.into()).is_ok(), "{}", knob.name);
        }
    }

    #[test]
    fn every_supported_knob_is_documented() {
        for knob in all().filter(|knob| knob.is_supported()) {
            assert!(knob.doc.len() > 40 && knob.doc.ends_with('.'), "{}", knob.name);
            assert!(!knob.since.is_empty(), "{}", knob.name);
        }
    }

    #[test]
    fn a_name_with_a_slip_finds_its_neighbour() {
        assert_eq!(nearest("bootstrap.server"), Some("bootstrap.servers"));
        assert_eq!(nearest("Linger.MS"), Some("linger.ms"));
        assert_eq!(nearest("auto.register.schemas"), None);
    }

    #[test]
    fn a_prefix_stands_for_what_begins_so() {
        assert_eq!(find("metrics.context.team").map(|knob| knob.name), Some("metrics.context.*"));
        assert!(find("metrics.contest").is_none());
    }
}
