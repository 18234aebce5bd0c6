//! Why a value could not be serialized, and where in it.

use std::fmt::{self, Write};

/// A value that does not become bytes: what is wrong, and the path to it.
///
/// The path grows from the inside out, as an error goes up through the fields that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerializeError {
    /// From the inside out.
    path: Vec<Step>,
    reason: String,
}

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

impl SerializeError {
    /// What is wrong: `"expected a string, found 7"`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { path: Vec::new(), reason: reason.into() }
    }

    /// The same, seen from the value that has it in this field, or under this key.
    #[must_use]
    pub fn in_field(mut self, name: impl Into<String>) -> Self {
        self.path.push(Step::Field(name.into()));
        self
    }

    /// The same, seen from the sequence that has it at this index, from 0.
    #[must_use]
    pub fn at_index(mut self, index: usize) -> Self {
        self.path.push(Step::Index(index));
        self
    }

    /// What is wrong, without where.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Where it is, from the outside in: `order.tags[3]`. Empty: the value itself.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.path.iter().rev() {
            // Writing to a String does not fail.
            let _ = match step {
                Step::Field(name) if path.is_empty() => write!(path, "{name}"),
                Step::Field(name) => write!(path, ".{name}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
        }
        path
    }
}

impl fmt::Display for SerializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.reason) } else { write!(f, "{}: {}", self.path(), self.reason) }
    }
}

impl std::error::Error for SerializeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_said_from_the_outside_in() {
        let error = SerializeError::new("expected a string, found 7").at_index(3).in_field("tags").in_field("order");
        assert_eq!(error.to_string(), "order.tags[3]: expected a string, found 7");
        assert_eq!(SerializeError::new("null").to_string(), "null");
    }
}
