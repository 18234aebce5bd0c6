//! Decimals: from text or an integer to the two's complement of `value × 10^scale`, big-endian, exactly or not at all.

/// Digits that an `i128` always holds.
const SMALL_DIGITS: usize = 38;

/// The unscaled value of a decimal written as text: `-12.5`, `1e3`.
pub(super) fn from_text(text: &str, precision: u32, scale: u32) -> Result<Vec<u8>, String> {
    let parsed = Parsed::of(text).ok_or_else(|| format!("{:?} is no decimal number", shortened(text)))?;
    let digits = parsed
        .scaled(scale)
        .ok_or_else(|| format!("{} has more than {scale} digits behind the point", shortened(text)))?;
    if digits.len() > precision as usize {
        return Err(format!("{} has more digits than decimal({precision}, {scale}) holds", shortened(text)));
    }
    Ok(if digits.len() <= SMALL_DIGITS { small(&digits, parsed.negative) } else { large(&digits, parsed.negative) })
}

/// The unscaled value of an integer.
pub(super) fn from_integer(value: i128, precision: u32, scale: u32) -> Result<Vec<u8>, String> {
    from_text(&value.to_string(), precision, scale)
}

/// To a fixed of `size` bytes, the sign in front.
pub(super) fn put_fixed(out: &mut Vec<u8>, unscaled: &[u8], size: usize) -> Result<(), String> {
    let Some(more) = size.checked_sub(unscaled.len()) else {
        return Err(format!("the decimal takes {} bytes, its fixed has {size}", unscaled.len()));
    };
    let sign = if unscaled.first().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    out.resize(out.len() + more, sign);
    out.extend_from_slice(unscaled);
    Ok(())
}

fn shortened(text: &str) -> &str {
    text.get(..64).unwrap_or(text)
}

struct Parsed<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
    exponent: i64,
}

impl<'t> Parsed<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (number, exponent) = match rest.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let some = !whole.is_empty() || !fraction.is_empty();
        (some && digits(whole) && digits(fraction)).then_some(Self { negative, whole, fraction, exponent })
    }

    /// The digits of the value times `10^scale`, without zeros in front; `None`: that is no integer.
    fn scaled(&self, scale: u32) -> Option<Vec<u8>> {
        let mut digits: Vec<u8> =
            self.whole.bytes().chain(self.fraction.bytes()).skip_while(|digit| *digit == b'0').collect();
        if digits.is_empty() {
            return Some(digits);
        }
        let behind = i64::try_from(self.fraction.len()).ok()?;
        let shift = i64::from(scale).checked_add(self.exponent)?.checked_sub(behind)?;
        if shift >= 0 {
            // An exponent may be as large as it likes; more digits than any precision are refused by their number.
            let zeros = usize::try_from(shift).ok()?.min(1 << 16);
            digits.resize(digits.len() + zeros, b'0');
            return Some(digits);
        }
        let cut = digits.len().checked_sub(usize::try_from(shift.unsigned_abs()).ok()?)?;
        let lost = digits.split_off(cut);
        lost.iter().all(|digit| *digit == b'0').then_some(digits)
    }
}

fn small(digits: &[u8], negative: bool) -> Vec<u8> {
    let magnitude = digits.iter().fold(0i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    let value = if negative { -magnitude } else { magnitude };
    shortest(&value.to_be_bytes())
}

fn large(digits: &[u8], negative: bool) -> Vec<u8> {
    // Little-endian; every digit multiplies all by ten, which is enough for numbers that somebody writes.
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits {
        let mut carry = u16::from(digit - b'0');
        for byte in &mut bytes {
            let [low, high] = (u16::from(*byte) * 10 + carry).to_le_bytes();
            *byte = low;
            carry = u16::from(high);
        }
        if carry > 0 {
            bytes.push(carry.to_le_bytes()[0]);
        }
    }
    bytes.push(0);
    if negative {
        let mut carry = true;
        for byte in &mut bytes {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    bytes.reverse();
    shortest(&bytes)
}

/// Without the bytes in front that only repeat the sign; at least one.
fn shortest(mut bytes: &[u8]) -> Vec<u8> {
    while let [first, rest @ ..] = bytes {
        let Some(next) = rest.first() else { break };
        let repeats = (*first == 0 && next & 0x80 == 0) || (*first == 0xff && next & 0x80 != 0);
        if !repeats {
            break;
        }
        bytes = rest;
    }
    bytes.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_their_unscaled_value() {
        for (text, scale, bytes) in [
            ("0", 2, &[0][..]),
            ("1.27", 2, &[0x7f]),
            ("1.28", 2, &[0x00, 0x80]),
            ("-1.28", 2, &[0x80]),
            ("-1.29", 2, &[0xff, 0x7f]),
            ("12.5", 2, &[0x04, 0xe2]),
            ("1e3", 0, &[0x03, 0xe8]),
            ("12.500", 1, &[0x7d]),
            ("-0", 0, &[0]),
            (".5", 1, &[5]),
        ] {
            assert_eq!(from_text(text, 10, scale).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn what_would_be_rounded_is_refused() {
        assert!(from_text("1.234", 10, 2).is_err());
        assert!(from_text("123", 2, 0).is_err());
        assert!(from_text("1e999999999999", 10, 2).is_err());
        for text in ["", "-", ".", "1,5", "NaN", "0x1", "1e", "١"] {
            assert!(from_text(text, 10, 2).is_err(), "{text}");
        }
    }

    #[test]
    fn large_and_small_agree() {
        for text in ["0", "7", "255", "256", "32767", "32768", "170141183460469231731687303715884105727"] {
            let digits = text.trim_start_matches('0').as_bytes();
            for negative in [false, true] {
                if digits.len() <= SMALL_DIGITS {
                    assert_eq!(large(digits, negative), small(digits, negative), "{text} {negative}");
                }
            }
        }
        let bytes = large(b"340282366920938463463374607431768211456", false);
        assert_eq!(bytes, [&[1][..], &[0; 16]].concat());
    }

    #[test]
    fn a_fixed_is_filled_with_the_sign() {
        let mut out = Vec::new();
        put_fixed(&mut out, &[0x80], 3).unwrap();
        assert_eq!(out, [0xff, 0xff, 0x80]);
        assert!(put_fixed(&mut out, &[1, 2], 1).is_err());
    }
}
