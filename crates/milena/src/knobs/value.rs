//! A setting's value, and Java's rules for reading one from text (ConfigDef).

use milena_core::config::Acks;
use milena_wire::compression::Codec;
use std::fmt;
use std::time::Duration;

/// A setting's value as it was given: text from a file or a command line, or typed by a setter. Text is read by the knob's
/// [`Kind`]; typed values are checked against it, so both go one way.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A boolean.
    Flag(bool),
    /// A short, an int or a long.
    Integer(i64),
    /// A double.
    Decimal(f64),
    /// A length of time, for a knob in milliseconds. Parts of a millisecond count.
    Duration(Duration),
    /// Text, trimmed; also a list, a class, a password.
    Text(String),
}

/// The Java type that a knob's text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `true` or `false`, in any case.
    Boolean,
    /// A whole number of 16 bits.
    Short,
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    /// A decimal number.
    Double,
    /// Text.
    String,
    /// Words with commas between them.
    List,
    /// A Java class, by name.
    Class,
    /// Text that is never printed.
    Password,
}

impl Kind {
    /// Java's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Short => "short",
            Self::Int => "int",
            Self::Long => "long",
            Self::Double => "double",
            Self::String => "string",
            Self::List => "list",
            Self::Class => "class",
            Self::Password => "password",
        }
    }

    /// Reads `given`, or says why it is not of this kind.
    pub(super) fn read(self, given: Value) -> Result<Value, String> {
        match given {
            Value::Text(text) => self.parse(text.trim()),
            Value::Flag(_) if self == Self::Boolean => Ok(given),
            Value::Decimal(_) if self == Self::Double => Ok(given),
            Value::Integer(number) => self.fits(number).map(|()| given),
            Value::Duration(duration) => {
                let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
                self.fits(millis).map(|()| given)
            }
            Value::Flag(_) | Value::Decimal(_) => Err(format!("must be of type {}", self.name())),
        }
    }

    fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Boolean if text.eq_ignore_ascii_case("true") => Ok(Value::Flag(true)),
            Self::Boolean if text.eq_ignore_ascii_case("false") => Ok(Value::Flag(false)),
            Self::Boolean => Err("must be true or false".into()),
            Self::Short | Self::Int | Self::Long => {
                let number = text.parse::<i64>().map_err(|_| self.not_a_number())?;
                self.fits(number).map(|()| Value::Integer(number))
            }
            Self::Double => match text.parse::<f64>() {
                Ok(number) => Ok(Value::Decimal(number)),
                Err(_) => Err("must be a number".into()),
            },
            Self::List => Self::list(text),
            Self::String | Self::Class | Self::Password => Ok(Value::Text(text.into())),
        }
    }

    /// Words are trimmed, a word given twice counts once, and none may be empty (KIP-1161).
    fn list(text: &str) -> Result<Value, String> {
        let mut words: Vec<&str> = Vec::new();
        if text.is_empty() {
            return Ok(Value::Text(String::new()));
        }
        for word in text.split(',').map(str::trim) {
            if word.is_empty() {
                return Err("must not hold an empty word between its commas".into());
            }
            if !words.contains(&word) {
                words.push(word);
            }
        }
        Ok(Value::Text(words.join(",")))
    }

    fn fits(self, number: i64) -> Result<(), String> {
        let fits = match self {
            Self::Short => i16::try_from(number).is_ok(),
            Self::Int => i32::try_from(number).is_ok(),
            Self::Long => true,
            _ => return Err(format!("must be of type {}", self.name())),
        };
        if fits { Ok(()) } else { Err(self.not_a_number()) }
    }

    fn not_a_number(self) -> String {
        let bits = match self {
            Self::Short => 16,
            Self::Int => 32,
            _ => 64,
        };
        format!("must be a whole number of at most {bits} bits ({})", self.name())
    }
}

/// As a properties file would have it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Decimal(number) => number.fmt(f),
            Self::Duration(duration) => write!(f, "{duration:?}"),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Duration> for Value {
    fn from(duration: Duration) -> Self {
        Self::Duration(duration)
    }
}

impl From<Acks> for Value {
    fn from(acks: Acks) -> Self {
        super::delivery::acks_name(acks).into()
    }
}

impl From<Codec> for Value {
    fn from(codec: Codec) -> Self {
        super::compression::codec_name(codec).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_java_reads_it() {
        let read = |kind: Kind, text: &str| kind.read(text.into());
        assert_eq!(read(Kind::Boolean, " TRUE "), Ok(Value::Flag(true)));
        assert_eq!(read(Kind::Boolean, "yes"), Err("must be true or false".into()));
        assert_eq!(read(Kind::Int, "\t-7 "), Ok(Value::Integer(-7)));
        assert_eq!(read(Kind::Int, "+7"), Ok(Value::Integer(7)));
        assert_eq!(read(Kind::Int, "2147483648"), Err("must be a whole number of at most 32 bits (int)".into()));
        assert_eq!(read(Kind::Short, "32768"), Err("must be a whole number of at most 16 bits (short)".into()));
        assert_eq!(read(Kind::Long, "9223372036854775807"), Ok(Value::Integer(i64::MAX)));
        assert!(read(Kind::Long, "9223372036854775808").is_err());
        assert!(read(Kind::Long, "1.5").is_err());
        assert_eq!(read(Kind::Double, "0.05"), Ok(Value::Decimal(0.05)));
        assert_eq!(read(Kind::List, " a , b,a "), Ok(Value::Text("a,b".into())));
        assert_eq!(read(Kind::List, "  "), Ok(Value::Text(String::new())));
        assert!(read(Kind::List, "a,,b").is_err());
    }

    #[test]
    fn typed_values_meet_the_same_limits() {
        assert!(Kind::Int.read(3_000_000_000_i64.into()).is_err());
        assert!(Kind::Int.read(Duration::from_secs(3_000_000).into()).is_err());
        assert!(Kind::Boolean.read(1.into()).is_err());
        assert!(Kind::Int.read(true.into()).is_err());
        assert_eq!(Kind::Long.read(Duration::MAX.into()), Ok(Value::Duration(Duration::MAX)));
    }
}
