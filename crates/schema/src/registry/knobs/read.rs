//! Values of settings from their text: what Java's serializers take, and a sentence for what they do not.

use crate::framing::Framing;
use crate::registry::secret::Secret;
use crate::subject::{Fallback, SubjectStrategy};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) fn list(text: &str) -> Vec<Secret> {
    text.split(',').map(str::trim).filter(|url| !url.is_empty()).map(Secret::from).collect()
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("{text:?} is not true or false")),
    }
}

pub(super) fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is not a whole number in its range"))
}

pub(super) fn millis(text: &str) -> Result<Duration, String> {
    number(text).map(Duration::from_millis)
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    number(text).map(Duration::from_secs)
}

pub(super) fn choice<T: Copy>(text: &str, names: &[(&str, T)], otherwise: &str) -> Result<T, String> {
    let found = names.iter().find(|(name, _)| text.eq_ignore_ascii_case(name));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
        let otherwise = if otherwise.is_empty() { String::new() } else { format!("; {otherwise}") };
        format!("{text:?} is not one of {}{otherwise}", names.join(", "))
    })
}

/// Java's class, with or without its package.
pub(super) fn simple(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

pub(super) fn strategy(text: &str) -> Result<SubjectStrategy, String> {
    match simple(text) {
        "TopicNameStrategy" => Ok(SubjectStrategy::TopicName),
        "RecordNameStrategy" => Ok(SubjectStrategy::RecordName),
        "TopicRecordNameStrategy" => Ok(SubjectStrategy::TopicRecordName),
        // What goes with it has names of its own.
        "AssociatedNameStrategy" => Ok(SubjectStrategy::Associated { fallback: Fallback::TopicName, cluster: None }),
        _ => Err(format!("{text:?} is no strategy that is known here")),
    }
}

pub(super) fn framing(text: &str) -> Result<Framing, String> {
    match simple(text) {
        "PrefixSchemaIdSerializer" => Ok(Framing::Prefix),
        "HeaderSchemaIdSerializer" => Ok(Framing::Header),
        _ => Err(format!("{text:?} is no serializer of ids that is known here")),
    }
}

pub(super) fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let pairs = text.split(',').map(|pair| {
        let pair = pair.trim().trim_matches('\'');
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("{pair:?} is not key=value"))?;
        Ok((key.trim().to_owned(), value.trim().to_owned()))
    });
    pairs.collect()
}
