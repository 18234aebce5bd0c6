//! Where a knob's value lives: a projection into the settings, which both writes and reads it.

use super::compression::{GZIP_LEVEL, LZ4_LEVEL, ZSTD_LEVEL};
use super::value::Value;
use crate::serializer_names::SerializerName;
use milena_core::Config;
use milena_wire::compression::Codec;
use std::fmt;
use std::time::Duration;

/// What the table's knobs write: the machines' configuration and what belongs to the crate around them.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) config: Config,
    pub(super) key_serializer: SerializerName,
    pub(super) value_serializer: SerializerName,
    /// `client.dns.lookup` is not its default.
    pub(super) dns_lookup_canonical: bool,
    pub(super) codec: Codec,
    pub(super) gzip_level: i32,
    pub(super) lz4_level: i32,
    pub(super) zstd_level: i32,
}

impl Default for Settings {
    /// The table's defaults, which a test compares with this.
    fn default() -> Self {
        Self {
            config: Config::default(),
            key_serializer: SerializerName::ByteArray,
            value_serializer: SerializerName::ByteArray,
            dns_lookup_canonical: false,
            codec: Codec::None,
            gzip_level: GZIP_LEVEL,
            lz4_level: LZ4_LEVEL,
            zstd_level: ZSTD_LEVEL,
        }
    }
}

/// Where a knob's value lives, by the type that it has there.
#[non_exhaustive]
pub enum Field {
    /// A switch.
    Flag(fn(&mut Settings) -> &mut bool),
    /// A count or a size.
    Size(fn(&mut Settings) -> &mut usize),
    /// A size; a negative number stands for none.
    OptionalSize(fn(&mut Settings) -> &mut Option<usize>),
    /// A count.
    Count(fn(&mut Settings) -> &mut u32),
    /// A number that may be negative.
    Level(fn(&mut Settings) -> &mut i32),
    /// A length of time.
    Duration(fn(&mut Settings) -> &mut Duration),
    /// A length of time; a negative number stands for none.
    OptionalDuration(fn(&mut Settings) -> &mut Option<Duration>),
    /// Text with a meaning of its own.
    Text {
        /// Reads the text, or says why it cannot.
        write: fn(&mut Settings, &str) -> Result<(), String>,
        /// The text of what is held.
        read: fn(&Settings) -> String,
    },
}

impl Field {
    /// Writes a value of the knob's kind.
    pub(super) fn write(&self, settings: &mut Settings, value: &Value) -> Result<(), String> {
        match (self, value) {
            (Self::Flag(field), Value::Flag(flag)) => *field(settings) = *flag,
            (Self::Size(field), Value::Integer(number)) => *field(settings) = size(*number),
            (Self::OptionalSize(field), Value::Integer(number)) => {
                *field(settings) = (*number >= 0).then(|| size(*number));
            }
            (Self::Count(field), Value::Integer(number)) => {
                *field(settings) = u32::try_from(*number).map_err(|_| WRONG_KIND)?;
            }
            (Self::Level(field), Value::Integer(number)) => {
                *field(settings) = i32::try_from(*number).map_err(|_| WRONG_KIND)?;
            }
            (Self::Duration(field), value) => *field(settings) = duration(value).ok_or(WRONG_KIND)?,
            (Self::OptionalDuration(field), value) => *field(settings) = duration(value),
            (Self::Text { write, .. }, Value::Text(text)) => write(settings, text)?,
            _ => return Err(WRONG_KIND.into()),
        }
        Ok(())
    }

    /// The text of what `settings` hold, as a properties file would have it.
    pub(super) fn read(&self, settings: &mut Settings) -> String {
        match self {
            Self::Flag(field) => field(settings).to_string(),
            Self::Size(field) => field(settings).to_string(),
            Self::OptionalSize(field) => field(settings).map_or_else(|| "-1".into(), |size| size.to_string()),
            Self::Count(field) => field(settings).to_string(),
            Self::Level(field) => field(settings).to_string(),
            Self::Duration(field) => millis(*field(settings)),
            Self::OptionalDuration(field) => field(settings).map_or_else(|| "-1".into(), millis),
            Self::Text { read, .. } => read(settings),
        }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Field")
    }
}

/// Said only if a row's field does not fit its kind and range, which a test rules out.
const WRONG_KIND: &str = "is of a type that this knob cannot hold";

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(if number < 0 { 0 } else { usize::MAX })
}

fn duration(value: &Value) -> Option<Duration> {
    match value {
        Value::Integer(number) => u64::try_from(*number).ok().map(Duration::from_millis),
        Value::Duration(duration) => Some(*duration),
        _ => None,
    }
}

/// Milliseconds, with as many digits behind the point as there is something to say.
fn millis(duration: Duration) -> String {
    let (whole, rest) = (duration.as_millis(), duration.subsec_nanos() % 1_000_000);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:06}").trim_end_matches('0').into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_millisecond_is_printed() {
        assert_eq!(millis(Duration::from_micros(1500)), "1.5");
        assert_eq!(millis(Duration::from_millis(20)), "20");
        assert_eq!(millis(Duration::from_nanos(1)), "0.000001");
    }
}
