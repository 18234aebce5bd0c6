//! Numbers as people read them.

/// With a comma every three digits.
pub(crate) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// A number of things a second, without a part of one.
pub(crate) fn rate(per_second: f64) -> String {
    grouped(&format!("{per_second:.0}"))
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// In the largest unit that leaves something before the point, powers of ten as disks and networks count.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut scaled = number as f64 / 1000.0;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while scaled >= 999.95 {
        scaled /= 1000.0;
        unit = units.next();
    }
    format!("{scaled:.1} {}", unit.unwrap_or(&"EB"))
}

/// `1 record`, `2 records`.
pub(crate) fn records(number: u64) -> String {
    format!("{} record{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0, 999, 1000, 999_949, 999_950, 1_500_000_000, u64::MAX].map(bytes),
            ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "1.5 GB", "18.4 EB"]
        );
        assert_eq!([0.0, 0.4, 1234.5].map(rate), ["0", "0", "1,234"]);
        assert_eq!([1, 2].map(records), ["1 record", "2 records"]);
    }
}
