//! Names of records, enums and fixed types: a simple name in a namespace.

use std::fmt;

/// A full name, `com.example.User`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    full: String,
    /// Where the simple name begins in it, in bytes.
    simple_at: usize,
}

impl Name {
    /// A name as a schema writes it: with dots it is full; without, it belongs to `namespace`, which may be empty.
    pub(super) fn new(name: &str, namespace: &str) -> Result<Self, String> {
        let full =
            if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") };
        // A leading dot, as Java writes what is in no namespace while the surrounding one has some.
        let full = full.strip_prefix('.').map(str::to_owned).unwrap_or(full);
        for part in full.split('.') {
            check_simple(part)?;
        }
        let simple_at = full.rfind('.').map_or(0, |dot| dot + 1);
        Ok(Self { full, simple_at })
    }

    pub(crate) fn full(&self) -> &str {
        &self.full
    }

    /// The part behind the last dot.
    pub(crate) fn simple(&self) -> &str {
        self.full.get(self.simple_at..).unwrap_or("")
    }

    /// All before the last dot; may be empty.
    pub(super) fn namespace(&self) -> &str {
        self.full.get(..self.simple_at.saturating_sub(1)).unwrap_or("")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

/// Letters, digits and `_`, not beginning with a digit: for fields and symbols too. The specification's letters are those of
/// ASCII; Java takes all, so registries have such schemas.
pub(super) fn check_simple(name: &str) -> Result<(), String> {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if starts && chars.all(|c| c.is_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(format!("{name:?} is no Avro name: letters, digits and _ only, and no digit in front"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_makes_a_name_full() {
        let name = Name::new("User", "com.example").unwrap();
        assert_eq!((name.full(), name.simple(), name.namespace()), ("com.example.User", "User", "com.example"));
        let name = Name::new("a.B", "com.example").unwrap();
        assert_eq!((name.full(), name.simple(), name.namespace()), ("a.B", "B", "a"));
        let name = Name::new("B", "").unwrap();
        assert_eq!((name.full(), name.simple(), name.namespace()), ("B", "B", ""));
    }

    #[test]
    fn names_are_checked() {
        for bad in ["", "1a", "a-b", "a..b", "a.", "€"] {
            assert!(Name::new(bad, "").is_err(), "{bad}");
        }
    }
}
