//! What is wrong with a configuration: nothing was started.

use std::fmt;

/// One or more settings that cannot be used, all that were found. Printed one a line:
/// `acks = "2": must be one of all, -1, 0, 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Never empty.
    mistakes: Vec<Mistake>,
}

/// One setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The knob's name, as the user wrote it.
    pub knob: String,
    /// What it was set to; `None` when it was not set, or when the value is secret.
    pub value: Option<String>,
    /// Why that cannot be, and what can.
    pub reason: String,
}

impl ConfigError {
    /// One mistake in the value of one knob.
    pub(crate) fn new(knob: impl Into<String>, value: Option<String>, reason: impl Into<String>) -> Self {
        Self { mistakes: vec![Mistake { knob: knob.into(), value, reason: reason.into() }] }
    }

    /// All mistakes as one error; `None` when there are none.
    pub(crate) fn all(mistakes: Vec<Mistake>) -> Option<Self> {
        (!mistakes.is_empty()).then_some(Self { mistakes })
    }

    /// What is wrong, in the order in which it was found.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    pub(crate) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.mistakes.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} = {value:?}: {}", self.knob, self.reason),
            None => write!(f, "{}: {}", self.knob, self.reason),
        }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_mistakes_print_one_a_line() {
        let mut mistakes = ConfigError::new("acks", Some("2".into()), "must be one of all, -1, 0, 1").into_mistakes();
        mistakes.extend(ConfigError::new("bootstrap.servers", None, "must be set").into_mistakes());
        let error = ConfigError::all(mistakes).unwrap();
        assert_eq!(error.to_string(), "acks = \"2\": must be one of all, -1, 0, 1\nbootstrap.servers: must be set");
    }

    #[test]
    fn no_mistake_is_no_error() {
        assert_eq!(ConfigError::all(Vec::new()), None);
    }
}
