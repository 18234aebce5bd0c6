//! Which of a subject's schemas records are written by.

use crate::guid::Guid;
use std::collections::BTreeMap;
use std::time::Duration;

/// How the schema is found, once, when a serializer is bound. In Java these are switches that can contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The value's own schema is registered under the subject, unless it is there already. Java's `auto.register.schemas`.
    Register {
        /// Whether the registry takes schemas for the same that mean the same (`normalize.schemas`).
        normalize: bool,
    },
    /// The value's own schema must be registered already.
    Lookup {
        /// Whether the registry takes schemas for the same that mean the same (`normalize.schemas`).
        normalize: bool,
    },
    /// The subject's latest schema (`use.latest.version`). It is asked for again behind the records' back, and the old one is
    /// kept as long as the registry cannot be asked, or as the new one cannot write the values.
    Latest {
        /// How long between two questions; `None`: it is asked for once (`latest.cache.ttl.sec`).
        ttl: Option<Duration>,
        /// Whether the latest must be able to read what the value's own schema writes (`latest.compatibility.strict`).
        strict: bool,
    },
    /// The schema of this id (`use.schema.id`).
    Id(u32),
    /// The schema of this GUID (`use.schema.guid`), Confluent 8.0 and newer.
    Guid(Guid),
    /// The subject's latest schema with these properties in its metadata (`use.latest.with.metadata`).
    Metadata(BTreeMap<String, String>),
}

impl Policy {
    /// [`Policy::Latest`] as it is without settings: asked for again every 60 seconds, strict.
    pub const LATEST: Self = Self::Latest { ttl: Some(Duration::from_secs(60)), strict: true };
}

impl Default for Policy {
    /// As Java's serializers: the schema is registered. A line in the log says so.
    fn default() -> Self {
        Self::Register { normalize: false }
    }
}
