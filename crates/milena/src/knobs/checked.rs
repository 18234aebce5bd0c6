//! Settings that fit together.

use super::field::Settings;
use super::{Knob, Support, all};
use crate::serializer_names::SerializerName;
use milena_core::Config;

/// Settings that fit together: what a producer is made from.
#[derive(Debug, Clone)]
pub struct Checked {
    /// For the machines and the driver.
    pub config: Config,
    /// `key.serializer`.
    pub key_serializer: SerializerName,
    /// `value.serializer`.
    pub value_serializer: SerializerName,
    /// What the user should hear, one sentence each: settings without effect, and values that were adjusted.
    pub warnings: Vec<String>,
    settings: Settings,
}

impl Checked {
    pub(super) fn new(settings: Settings, warnings: Vec<String>) -> Self {
        Self {
            config: settings.config.clone(),
            key_serializer: settings.key_serializer,
            value_serializer: settings.value_serializer,
            warnings,
            settings,
        }
    }

    /// Every supported knob with the value that holds after the checks, as a properties file would have it.
    pub fn effective(&self) -> impl Iterator<Item = (&'static Knob, String)> {
        let mut settings = self.settings.clone();
        all().filter_map(move |knob| match &knob.support {
            Support::Full(field) => Some((knob, field.read(&mut settings))),
            _ => None,
        })
    }
}
