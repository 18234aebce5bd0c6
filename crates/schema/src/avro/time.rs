//! Dates and times from text, as RFC 3339 writes them, to what the logical types count.

use super::logical::Unit;

const NANOS: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// Days since 1970 of `2024-02-29`.
pub(super) fn date(text: &str) -> Option<i32> {
    let (days, rest) = days(text)?;
    if rest.is_empty() { i32::try_from(days).ok() } else { None }
}

/// Nanoseconds since midnight of `12:34:56.789`.
pub(super) fn time_of_day(text: &str) -> Option<i64> {
    let (nanos, rest) = clock(text)?;
    rest.is_empty().then_some(nanos)
}

/// `2024-02-29T12:34:56.789Z`, or with an offset, in units since 1970. What the unit cannot hold is cut off, towards the past.
pub(super) fn timestamp(text: &str, unit: Unit) -> Option<i64> {
    let (days, nanos, rest) = day_and_clock(text)?;
    count(days * DAY - offset(rest)?, nanos, unit)
}

/// As [`timestamp`], of a text that names no offset.
pub(super) fn local_timestamp(text: &str, unit: Unit) -> Option<i64> {
    let (days, nanos, rest) = day_and_clock(text)?;
    if rest.is_empty() { count(days * DAY, nanos, unit) } else { None }
}

/// Seconds and further nanoseconds since 1970, in units.
pub(super) fn count(seconds: i64, nanos: i64, unit: Unit) -> Option<i64> {
    let per_second = i64::from(unit.per_second());
    let all = i128::from(seconds) * i128::from(per_second) + i128::from(nanos.div_euclid(NANOS / per_second));
    i64::try_from(all).ok()
}

fn day_and_clock(text: &str) -> Option<(i64, i64, &str)> {
    let (days, rest) = days(text)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (nanos, rest) = clock(rest)?;
    Some((days, nanos, rest))
}

/// The days since 1970 that a text begins with, and what follows.
fn days(text: &str) -> Option<(i64, &str)> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (year, rest) = rest.split_once('-')?;
    if !(4..=6).contains(&year.len()) || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i64 = year.parse().ok()?;
    let year = if negative { -year } else { year };
    let (month, rest) = two(rest)?;
    let (day, rest) = two(rest.strip_prefix('-')?)?;
    ((1..=12).contains(&month) && (1..=month_days(year, month)).contains(&day)).then(|| (civil(year, month, day), rest))
}

fn month_days(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a day in the Gregorian calendar (Howard Hinnant, `days_from_civil`).
fn civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The nanoseconds since midnight that a text begins with, and what follows. A leap second is none here, as in Unix time.
fn clock(text: &str) -> Option<(i64, &str)> {
    let (hour, rest) = two(text)?;
    let (minute, rest) = two(rest.strip_prefix(':')?)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => two(rest)?,
        None => (0, rest),
    };
    let (nanos, rest) = match rest.strip_prefix('.') {
        Some(rest) => fraction(rest)?,
        None => (0, rest),
    };
    let valid = hour < 24 && minute < 60 && second < 60;
    valid.then_some((((hour * 60 + minute) * 60 + second) * NANOS + nanos, rest))
}

/// Digits behind the point, in nanoseconds; further ones are cut off.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    if digits.is_empty() {
        return None;
    }
    let nanos = (0..9)
        .fold(0, |nanos, place| nanos * 10 + digits.as_bytes().get(place).map_or(0, |digit| i64::from(digit - b'0')));
    Some((nanos, rest))
}

/// Seconds east of UTC: `Z`, `+01:00`, `-0330`; a space before it and seconds behind it, as the `time` crate writes them.
fn offset(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(' ');
    if matches!(text, "Z" | "z" | "UTC") {
        return Some(0);
    }
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = two(rest)?;
    let (minutes, rest) = if rest.is_empty() { (0, rest) } else { two(rest.strip_prefix(':').unwrap_or(rest))? };
    let (seconds, rest) = if rest.is_empty() { (0, rest) } else { two(rest.strip_prefix(':')?)? };
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * ((hours * 60 + minutes) * 60 + seconds))
}

/// A number of two digits, and what follows.
fn two(text: &str) -> Option<(i64, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { Some((digits.parse().ok()?, rest)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, days) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2024-02-29", Some(19_782)),
            ("2000-02-29", Some(11_016)),
            ("0001-01-01", Some(-719_162)),
            ("2023-02-29", None),
            ("1900-02-29", None),
            ("2024-13-01", None),
            ("2024-1-1", None),
            ("2024-01-01x", None),
            ("", None),
        ] {
            assert_eq!(date(text), days, "{text}");
        }
    }

    #[test]
    fn timestamps() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T00:00:00.9999Z", Some(999)),
            ("1969-12-31T23:59:59.9999Z", Some(-1)),
            ("2024-02-29T12:34:56.789+01:00", Some(1_709_206_496_789)),
            ("2024-02-29 11:34:56.789 +00:00:00", Some(1_709_206_496_789)),
            ("2024-02-29T12:34:56", None),
            ("2024-02-29T24:00:00Z", None),
            ("2024-02-29", None),
        ] {
            assert_eq!(timestamp(text, Unit::Millis), millis, "{text}");
        }
        assert_eq!(local_timestamp("1970-01-01T00:00:01.5", Unit::Nanos), Some(1_500_000_000));
        assert_eq!(local_timestamp("1970-01-01T00:00:01Z", Unit::Nanos), None);
        assert_eq!(timestamp("9999-01-01T00:00:00Z", Unit::Nanos), None, "does not fit a long");
    }

    #[test]
    fn times() {
        assert_eq!(time_of_day("12:34:56.789"), Some(45_296_789_000_000));
        assert_eq!(time_of_day("00:00"), Some(0));
        assert_eq!(time_of_day("25:00:00"), None);
    }
}
