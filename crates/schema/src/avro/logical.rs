//! Logical types: what a value means beyond its bytes. One that is not valid where it stands is ignored, as the
//! specification says.

use super::json_text::Json;
use super::node::Type;
use std::fmt;

/// A logical type that is valid on its underlying type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logical {
    /// On bytes or fixed: `unscaled × 10^-scale`.
    Decimal {
        /// Digits at most.
        precision: u32,
        /// Of them behind the point.
        scale: u32,
    },
    /// On string, or on a fixed of 16 bytes.
    Uuid,
    /// Int: days since 1970.
    Date,
    /// Int: since midnight.
    TimeMillis,
    /// Long: since midnight.
    TimeMicros,
    /// Long: since 1970, UTC, in this unit.
    Timestamp(Unit),
    /// Long: since 1970 in whatever zone, in this unit.
    LocalTimestamp(Unit),
    /// A fixed of 12 bytes: months, days, milliseconds, each a little-endian `u32`.
    Duration,
}

/// What a timestamp counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    pub(crate) fn per_second(self) -> u32 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => 1_000_000_000,
        }
    }
}

impl Logical {
    /// What `json` says about a type, if it is valid there.
    pub(super) fn of(kind: &Type, json: &Json) -> Option<Self> {
        match (json.get("logicalType")?.as_str()?, kind) {
            ("decimal", Type::Bytes) => decimal(json, u32::MAX),
            ("decimal", Type::Fixed(fixed)) => decimal(json, digits_in(fixed.size)),
            ("uuid", Type::String) => Some(Self::Uuid),
            ("uuid", Type::Fixed(fixed)) if fixed.size == 16 => Some(Self::Uuid),
            ("date", Type::Int) => Some(Self::Date),
            ("time-millis", Type::Int) => Some(Self::TimeMillis),
            ("time-micros", Type::Long) => Some(Self::TimeMicros),
            ("timestamp-millis", Type::Long) => Some(Self::Timestamp(Unit::Millis)),
            ("timestamp-micros", Type::Long) => Some(Self::Timestamp(Unit::Micros)),
            ("timestamp-nanos", Type::Long) => Some(Self::Timestamp(Unit::Nanos)),
            ("local-timestamp-millis", Type::Long) => Some(Self::LocalTimestamp(Unit::Millis)),
            ("local-timestamp-micros", Type::Long) => Some(Self::LocalTimestamp(Unit::Micros)),
            ("local-timestamp-nanos", Type::Long) => Some(Self::LocalTimestamp(Unit::Nanos)),
            ("duration", Type::Fixed(fixed)) if fixed.size == 12 => Some(Self::Duration),
            _ => None,
        }
    }
}

fn decimal(json: &Json, digits_max: u32) -> Option<Logical> {
    let precision = u32::try_from(json.get("precision")?.as_i64()?).ok()?;
    let scale = match json.get("scale") {
        Some(scale) => u32::try_from(scale.as_i64()?).ok()?,
        None => 0,
    };
    let valid = (1..=digits_max).contains(&precision) && scale <= precision;
    valid.then_some(Logical::Decimal { precision, scale })
}

/// Decimal digits that any two's complement number of `size` bytes can hold: ⌊log10(2^(8·size − 1) − 1)⌋.
fn digits_in(size: usize) -> u32 {
    let bits = u32::try_from(size.saturating_mul(8).saturating_sub(1)).unwrap_or(u32::MAX);
    // log10(2) = 0.30103, exact enough below 2^32 bits as a fraction of integers.
    u32::try_from(u64::from(bits) * 3_010_299_956 / 10_000_000_000).unwrap_or(u32::MAX)
}

impl fmt::Display for Logical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            Self::Uuid => f.write_str("uuid"),
            Self::Date => f.write_str("date"),
            Self::TimeMillis => f.write_str("time-millis"),
            Self::TimeMicros => f.write_str("time-micros"),
            Self::Timestamp(unit) => write!(f, "timestamp-{unit}"),
            Self::LocalTimestamp(unit) => write!(f, "local-timestamp-{unit}"),
            Self::Duration => f.write_str("duration"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Millis => "millis",
            Self::Micros => "micros",
            Self::Nanos => "nanos",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_holds_so_many_digits() {
        for (size, digits) in [(0, 0), (1, 2), (2, 4), (4, 9), (8, 18), (12, 28), (16, 38)] {
            assert_eq!(digits_in(size), digits, "{size} bytes");
        }
    }
}
