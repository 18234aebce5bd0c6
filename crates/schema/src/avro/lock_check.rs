//! Holds a type against the schema that a lock file has for its subject, while it is compiled.

use super::shape::{FieldShape, LogicalShape, Shape, Text, equal, primitive};

/// Characters of a message; the compiler shows one line.
const MESSAGE_MAX: usize = 400;

/// Fields within fields that a message names.
const PATH_MAX: usize = 32;

/// Ends the compilation if `own` would not be written as `locked` says.
///
/// # Panics
/// At compile time, with the path to the difference, the locked type and the type's own.
pub const fn assert_locked(own: &Shape, locked: &Shape, subject: &str) {
    let mut check = Check { text: Text::new(false), path: [""; PATH_MAX], depth: 0 };
    if check.same(own, locked) {
        return;
    }
    check.text.push(" (the lock file's schema of ");
    check.text.push(subject);
    check.text.push(")");
    let len = if check.text.len < MESSAGE_MAX { check.text.len } else { MESSAGE_MAX };
    let (message, _) = check.text.bytes.split_at(len);
    match std::str::from_utf8(message) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("the type differs from the locked schema"),
    }
}

struct Check {
    text: Text<MESSAGE_MAX>,
    path: [&'static str; PATH_MAX],
    depth: usize,
}

#[expect(
    clippy::indexing_slicing,
    reason = "constants have no iterators; every index is below a length that is asked before"
)]
impl Check {
    const fn same(&mut self, own: &Shape, locked: &Shape) -> bool {
        match (own, locked) {
            (Shape::Logical(left, own), Shape::Logical(right, locked)) => {
                if same_logical(left, right) {
                    self.same(own, locked)
                } else {
                    self.differ(left.name, right.name)
                }
            }
            // A number is a number: what it means is known to one side only.
            (Shape::Logical(_, own), locked) => self.same(own, locked),
            (own, Shape::Logical(_, locked)) => self.same(own, locked),
            (Shape::Array(own), Shape::Array(locked)) | (Shape::Map(own), Shape::Map(locked)) => self.same(own, locked),
            (Shape::Union(own), Shape::Union(locked)) => self.unions(own, locked),
            (Shape::Fixed { size: left, .. }, Shape::Fixed { size: right, .. }) => {
                if *left == *right {
                    true
                } else {
                    self.differ("a fixed of another size", "fixed")
                }
            }
            (Shape::Enum { symbols: own, .. }, Shape::Enum { symbols: locked, .. }) => self.symbols(own, locked),
            (Shape::Record { fields: own, .. }, Shape::Record { fields: locked, .. }) => self.fields(own, locked),
            (Shape::Named(left), Shape::Named(right)) => {
                if equal(left.simple, right.simple) {
                    true
                } else {
                    self.differ(left.simple, right.simple)
                }
            }
            // One side describes a type again that the other refers to.
            (Shape::Record { name: left, .. }, Shape::Named(right))
            | (Shape::Named(left), Shape::Record { name: right, .. }) => {
                if equal(left.simple, right.simple) {
                    true
                } else {
                    self.differ(left.simple, right.simple)
                }
            }
            (Shape::Enum { name: left, .. } | Shape::Fixed { name: left, .. }, Shape::Named(right)) => {
                if equal(left.simple, right.simple) { true } else { self.differ(left.simple, right.simple) }
            }
            (own, locked) => {
                let (own, locked) = (primitive(own), primitive(locked));
                if equal(own, locked) { true } else { self.differ(own, locked) }
            }
        }
    }

    const fn unions(&mut self, own: &[Shape], locked: &[Shape]) -> bool {
        if own.len() != locked.len() {
            return self.differ("a union of other branches", "union");
        }
        let mut i = 0;
        while i < own.len() {
            if !self.same(&own[i], &locked[i]) {
                return false;
            }
            i += 1;
        }
        true
    }

    const fn symbols(&mut self, own: &[&str], locked: &[&str]) -> bool {
        let mut i = 0;
        while i < own.len() || i < locked.len() {
            let left = if i < own.len() { own[i] } else { "nothing more" };
            let right = if i < locked.len() { locked[i] } else { "nothing more" };
            if !equal(left, right) {
                return self.differ(left, right);
            }
            i += 1;
        }
        true
    }

    const fn fields(&mut self, own: &[FieldShape], locked: &[FieldShape]) -> bool {
        let mut i = 0;
        while i < own.len() || i < locked.len() {
            let left = if i < own.len() { own[i].name } else { "no further field" };
            let right = if i < locked.len() { locked[i].name } else { "no further field" };
            if !equal(left, right) {
                return self.differ(left, right);
            }
            if self.depth < PATH_MAX {
                self.path[self.depth] = left;
            }
            self.depth += 1;
            if !self.same(&own[i].shape, &locked[i].shape) {
                return false;
            }
            self.depth -= 1;
            i += 1;
        }
        true
    }

    /// Writes what differs; always false.
    const fn differ(&mut self, own: &str, locked: &str) -> bool {
        let mut i = 0;
        while i < self.depth && i < PATH_MAX {
            if i > 0 {
                self.text.push(".");
            }
            self.text.push(self.path[i]);
            i += 1;
        }
        if self.depth > 0 {
            self.text.push(": ");
        }
        self.text.push("the locked schema has ");
        self.text.push(locked);
        self.text.push(", the type ");
        self.text.push(own);
        false
    }
}

const fn same_logical(left: &LogicalShape, right: &LogicalShape) -> bool {
    equal(left.name, right.name) && left.precision == right.precision && left.scale == right.scale
}
