//! Under which subject a topic's schemas are registered.

use milena::serializer::Side;
use thiserror::Error;

/// How a topic, a side and a record's name become a subject.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubjectStrategy {
    /// `orders-value`, `orders-key`: one line of schemas a topic and side.
    #[default]
    TopicName,
    /// `com.example.Order`: one line of schemas a type, wherever it is sent.
    RecordName,
    /// `orders-com.example.Order`: one line of schemas a type and topic.
    TopicRecordName,
    /// What the registry says (Confluent 8.2 and newer; the default of Java's serializers from 8.3.0 on): one question a topic
    /// and side more.
    Associated {
        /// What counts when it says nothing.
        fallback: Fallback,
        /// The Kafka cluster's id, if the registry tells clusters apart (`subject.name.strategy.kafka.cluster.id`).
        cluster: Option<String>,
    },
}

/// What counts for a topic that the registry associates with no subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fallback {
    /// [`SubjectStrategy::TopicName`].
    #[default]
    TopicName,
    /// [`SubjectStrategy::RecordName`].
    RecordName,
    /// [`SubjectStrategy::TopicRecordName`].
    TopicRecordName,
    /// Nothing: not to be associated is an error.
    None,
}

/// There is no subject.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SubjectError {
    /// The strategy needs a name, and neither format nor schema has one.
    #[error("the {strategy} strategy needs the name of the record, and the schema has none (JSON Schema: its title)")]
    NoRecordName {
        /// Which.
        strategy: &'static str,
    },
    /// [`Fallback::None`].
    #[error("the registry associates no subject with the {side} of topic {topic:?}, and there is no fallback")]
    NotAssociated {
        /// The topic.
        topic: String,
        /// Key or value.
        side: Side,
    },
}

impl From<Fallback> for SubjectStrategy {
    fn from(fallback: Fallback) -> Self {
        match fallback {
            Fallback::TopicName | Fallback::None => Self::TopicName,
            Fallback::RecordName => Self::RecordName,
            Fallback::TopicRecordName => Self::TopicRecordName,
        }
    }
}

impl SubjectStrategy {
    /// The subject, from what is known here; the registry was asked for an association before.
    pub(crate) fn subject(&self, topic: &str, side: Side, record_name: Option<&str>) -> Result<String, SubjectError> {
        let named = |strategy| record_name.ok_or(SubjectError::NoRecordName { strategy });
        match self {
            Self::TopicName => Ok(format!("{topic}-{side}")),
            Self::RecordName => named("RecordName").map(str::to_owned),
            Self::TopicRecordName => named("TopicRecordName").map(|name| format!("{topic}-{name}")),
            Self::Associated { fallback: Fallback::None, .. } => {
                Err(SubjectError::NotAssociated { topic: topic.into(), side })
            }
            Self::Associated { fallback, .. } => Self::from(*fallback).subject(topic, side, record_name),
        }
    }
}

/// The subject within a context: `:.ctx:subject`. A context is written with or without its dot.
pub(crate) fn in_context(context: &str, subject: &str) -> String {
    if context.is_empty() || subject.starts_with(":.") {
        return subject.into();
    }
    format!(":.{}:{subject}", context.strip_prefix('.').unwrap_or(context))
}

/// The context that a subject names, if it names one.
pub(crate) fn context_of(subject: &str) -> Option<&str> {
    let (context, _) = subject.strip_prefix(":.")?.split_once(':')?;
    Some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_makes_its_subject() {
        let name = Some("com.example.Order");
        let subject = |strategy: SubjectStrategy, side, name| strategy.subject("orders", side, name);
        assert_eq!(subject(SubjectStrategy::TopicName, Side::Key, None).unwrap(), "orders-key");
        assert_eq!(subject(SubjectStrategy::RecordName, Side::Value, name).unwrap(), "com.example.Order");
        assert_eq!(subject(SubjectStrategy::TopicRecordName, Side::Value, name).unwrap(), "orders-com.example.Order");
        let error = subject(SubjectStrategy::RecordName, Side::Value, None).unwrap_err();
        assert!(error.to_string().contains("RecordName"));
    }

    #[test]
    fn an_association_falls_back_as_told() {
        let subject = |fallback| {
            SubjectStrategy::Associated { fallback, cluster: None }.subject("orders", Side::Value, Some("Order"))
        };
        assert_eq!(subject(Fallback::TopicName).unwrap(), "orders-value");
        assert_eq!(subject(Fallback::TopicRecordName).unwrap(), "orders-Order");
        assert!(matches!(subject(Fallback::None), Err(SubjectError::NotAssociated { .. })));
    }

    #[test]
    fn a_subject_names_its_context_once() {
        assert_eq!(in_context("dev", "a"), ":.dev:a");
        assert_eq!(in_context(".dev", "a"), ":.dev:a");
        assert_eq!(in_context("dev", ":.other:a"), ":.other:a");
        assert_eq!(in_context("", "a"), "a");
        assert_eq!(context_of(":.dev:a:b"), Some("dev"));
        assert_eq!(context_of("a"), None);
    }
}
