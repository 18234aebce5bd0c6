//! Settings as the user gave them, before it is known whether they fit together.

use super::checked::Checked;
use super::field::Settings;
use super::{Kind, Knob, Support, Value, all, cross_checks, find, nearest};
use crate::config_error::{ConfigError, Mistake};
use std::collections::BTreeMap;

/// Settings as the user gave them. Which ones were given matters: `acks=1` alone turns idempotence off, `acks=1` beside
/// `enable.idempotence=true` is an error.
///
/// Text and typed values go the same way: both are read by the knob's row of the [table](super::GROUPS).
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// By the name as given: several names may belong to one knob whose name ends with `*`.
    given: BTreeMap<String, Value>,
    /// What [`keep`](Self::keep) could not take.
    mistakes: Vec<Mistake>,
}

impl Draft {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one knob; a later value replaces an earlier one.
    ///
    /// # Errors
    /// [`ConfigError`] when there is no such knob, when it is not supported, or when the value is not allowed. The draft is
    /// then as it was.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<(), ConfigError> {
        let value = accept(name, value.into())?;
        self.mistakes.retain(|mistake| mistake.knob != name);
        self.given.insert(name.into(), value);
        Ok(())
    }

    /// As [`set`](Self::set), keeping an error until [`build`](Self::build): for setters that return the builder, and for
    /// files, whose mistakes are better reported all at once.
    pub fn keep(&mut self, name: &str, value: impl Into<Value>) {
        if let Err(error) = self.set(name, value) {
            self.mistakes.retain(|mistake| mistake.knob != name);
            self.mistakes.extend(error.into_mistakes());
        }
    }

    /// Whether the user set this knob.
    pub fn is_set(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// Checks that the settings fit together.
    ///
    /// # Errors
    /// [`ConfigError`] with every mistake in single settings; if there are none, with every mistake between settings.
    pub fn build(self) -> Result<Checked, ConfigError> {
        let mut mistakes = self.mistakes;
        let mut settings = Settings::default();
        for (knob, field) in all().filter_map(|knob| Some((knob, knob.field()?))) {
            let Some(value) = self.given.get(knob.name) else { continue };
            if let Err(reason) = field.write(&mut settings, value) {
                mistakes.push(Mistake { knob: knob.name.into(), value: knob.printed(value), reason });
            }
        }
        let mut warnings: Vec<String> = self.given.keys().filter_map(|name| no_effect(name)).collect();
        if mistakes.is_empty() {
            let is_set = |name: &str| self.given.contains_key(name);
            cross_checks::check(&mut settings, &is_set, &mut mistakes, &mut warnings);
        }
        match ConfigError::all(mistakes) {
            Some(error) => Err(error),
            None => Ok(Checked::new(settings, warnings)),
        }
    }
}

fn accept(name: &str, given: Value) -> Result<Value, ConfigError> {
    let Some(knob) = find(name) else { return Err(ConfigError::new(name, None, unknown(name))) };
    let printed = knob.printed(&given);
    let refuse = |reason: String| ConfigError::new(name, printed.clone(), reason);
    if let Support::Removed(instead) = knob.support {
        return Err(refuse(instead.into()));
    }
    let value = knob.read(given).map_err(refuse)?;
    match knob.support {
        // The text is understood now, so that the mistake is found where it was made.
        Support::Full(ref field) => field.write(&mut Settings::default(), &value).map_err(refuse)?,
        Support::DefaultOnly(why) => {
            let default = knob.default.map(|default| knob.read(default.into()));
            if default != Some(Ok(value.clone())) {
                return Err(refuse(why.into()));
            }
        }
        Support::NoEffect(_) | Support::Removed(_) => {}
    }
    Ok(value)
}

fn unknown(name: &str) -> String {
    match nearest(name) {
        Some(near) => format!("no such setting; did you mean {near}?"),
        None => "no such setting; `milena config list` prints them all".into(),
    }
}

fn no_effect(name: &str) -> Option<String> {
    match find(name)?.support {
        Support::NoEffect(why) => Some(format!("{name} has no effect here: {why}")),
        _ => None,
    }
}

impl Knob {
    fn field(&'static self) -> Option<&'static super::Field> {
        match &self.support {
            Support::Full(field) => Some(field),
            _ => None,
        }
    }

    /// The value as an error may print it; never a password's.
    fn printed(&self, value: &Value) -> Option<String> {
        (self.kind != Kind::Password).then(|| value.to_string())
    }
}
