//! Which values a knob allows: checked, and said in words.

use super::value::Value;
use std::fmt;

/// The values that a knob allows, beyond being of its kind.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Valid {
    /// Any.
    Any,
    /// This number or more.
    AtLeast(i64),
    /// From the first number to the second, both allowed.
    Between(i64, i64),
    /// From the first number to the second, or the third, which stands for the codec's own default.
    BetweenOr(i64, i64, i64),
    /// As [`Between`](Self::Between), for doubles.
    Decimals(f64, f64),
    /// One of these words, exactly.
    OneOf(&'static [&'static str]),
    /// One of these words, in any case.
    OneOfAnyCase(&'static [&'static str]),
    /// Any text but the empty one.
    NonEmpty,
    /// A list; whether it may be empty.
    Words {
        /// Whether no word at all is allowed.
        empty: bool,
    },
}

impl Valid {
    /// The value in its one spelling, or why it is not allowed.
    pub(super) fn check(self, value: Value) -> Result<Value, String> {
        match self.spelled(value) {
            Some(value) => Ok(value),
            None => Err(format!("must be {self}")),
        }
    }

    fn spelled(self, value: Value) -> Option<Value> {
        let allowed = match (self, &value) {
            (Self::OneOfAnyCase(words), Value::Text(text)) => {
                let word = words.iter().find(|word| word.eq_ignore_ascii_case(text))?;
                return Some((*word).into());
            }
            (Self::OneOf(words), Value::Text(text)) => words.contains(&text.as_str()),
            (Self::NonEmpty | Self::Words { empty: false }, Value::Text(text)) => !text.is_empty(),
            (Self::Decimals(low, high), Value::Decimal(number)) => (low..=high).contains(number),
            (_, Value::Integer(number)) => self.holds(*number),
            (_, Value::Duration(duration)) => self.holds(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
            _ => true,
        };
        allowed.then_some(value)
    }

    fn holds(self, number: i64) -> bool {
        match self {
            Self::AtLeast(low) => number >= low,
            Self::Between(low, high) => (low..=high).contains(&number),
            Self::BetweenOr(low, high, or) => (low..=high).contains(&number) || number == or,
            _ => true,
        }
    }
}

/// As it fits behind "must be".
impl fmt::Display for Valid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::AtLeast(low) => write!(f, "{low} or more"),
            Self::Between(low, high) => write!(f, "{low} to {high}"),
            Self::BetweenOr(low, high, or) => write!(f, "{low} to {high}, or {or}"),
            Self::Decimals(low, high) => write!(f, "{low:?} to {high:?}"),
            Self::OneOf(words) => write!(f, "one of {}", words.join(", ")),
            Self::OneOfAnyCase(words) => write!(f, "one of {}, in any case", words.join(", ")),
            Self::NonEmpty => f.write_str("some text, not empty"),
            Self::Words { empty: false } => f.write_str("a list that is not empty"),
            Self::Words { empty: true } => f.write_str("a list, which may be empty"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn limits_are_allowed_and_the_next_is_not() {
        let valid = Valid::Between(1, 16);
        for (number, allowed) in [(0, false), (1, true), (16, true), (17, false)] {
            assert_eq!(valid.check(number.into()).is_ok(), allowed, "{number}");
        }
        assert_eq!(Valid::BetweenOr(1, 9, -1).check((-1).into()), Ok(Value::Integer(-1)));
        assert_eq!(Valid::BetweenOr(1, 9, -1).check(0.into()), Err("must be 1 to 9, or -1".into()));
        assert!(Valid::AtLeast(5000).check(Duration::from_millis(4999).into()).is_err());
        assert!(Valid::Decimals(0.5, 1.0).check(Value::Decimal(f64::NAN)).is_err());
    }

    #[test]
    fn words_are_exact_or_brought_to_one_spelling() {
        assert!(Valid::OneOf(&["all", "0"]).check("ALL".into()).is_err());
        assert_eq!(Valid::OneOfAnyCase(&["none"]).check("NONE".into()), Ok("none".into()));
    }
}
