//! What a Rust type is in Avro, as a constant: the schema's text and fingerprint are computed from it by the compiler.

use super::canonical;

/// A type's schema.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// null
    Null,
    /// boolean
    Boolean,
    /// int
    Int,
    /// long
    Long,
    /// float
    Float,
    /// double
    Double,
    /// bytes
    Bytes,
    /// string
    String,
    /// array
    Array(&'static Self),
    /// map
    Map(&'static Self),
    /// union
    Union(&'static [Self]),
    /// fixed
    Fixed {
        /// Its name.
        name: TypeName,
        /// Bytes.
        size: usize,
        /// Its logical type, if it has one.
        logical: Option<LogicalShape>,
    },
    /// enum
    Enum {
        /// Its name.
        name: TypeName,
        /// What it is for, escaped as in JSON.
        doc: Option<&'static str>,
        /// In order.
        symbols: &'static [&'static str],
    },
    /// record
    Record {
        /// Its name.
        name: TypeName,
        /// What it is for, escaped as in JSON.
        doc: Option<&'static str>,
        /// In order.
        fields: &'static [FieldShape],
    },
    /// A record that is being described further up.
    Named(TypeName),
    /// A logical type on one without a name.
    Logical(LogicalShape, &'static Self),
}

/// A name as it is declared.
#[derive(Debug, Clone, Copy)]
pub struct TypeName {
    /// Without dots.
    pub simple: &'static str,
    /// `None`: that of whatever it stands in.
    pub namespace: Option<&'static str>,
}

/// A record's field.
#[derive(Debug, Clone, Copy)]
pub struct FieldShape {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub shape: Shape,
    /// What it is for, escaped as in JSON.
    pub doc: Option<&'static str>,
    /// JSON, for readers.
    pub default: Option<&'static str>,
}

/// A logical type, by its name in schemas.
#[derive(Debug, Clone, Copy)]
pub struct LogicalShape {
    /// `timestamp-millis`, for example.
    pub name: &'static str,
    /// Of a decimal.
    pub precision: u32,
    /// Of a decimal.
    pub scale: u32,
}

impl LogicalShape {
    /// A logical type without parameters.
    pub const fn new(name: &'static str) -> Self {
        Self { name, precision: 0, scale: 0 }
    }
}

/// Bytes that the schema's text takes.
pub const fn schema_len(shape: &Shape) -> usize {
    let mut text = Text::<0>::new(false);
    text.shape(shape, "");
    text.len
}

/// The schema's text; `N` is [`schema_len`].
pub const fn schema_text<const N: usize>(shape: &Shape) -> [u8; N] {
    let mut text = Text::<N>::new(false);
    text.shape(shape, "");
    text.bytes
}

/// The text that [`schema_text`] made.
pub const fn as_str(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("made of strings"),
    }
}

/// Bytes that the canonical form takes.
pub const fn canonical_len(shape: &Shape) -> usize {
    let mut text = Text::<0>::new(true);
    text.shape(shape, "");
    text.len
}

/// The fingerprint of the canonical form; `N` is [`canonical_len`].
pub const fn fingerprint<const N: usize>(shape: &Shape) -> u64 {
    let mut text = Text::<N>::new(true);
    text.shape(shape, "");
    match std::str::from_utf8(&text.bytes) {
        Ok(text) => canonical::fingerprint(text),
        Err(_) => panic!("made of strings"),
    }
}

/// Types with names in one derived schema.
const NAMES_MAX: usize = 128;

/// Text that is written at compile time; what goes beyond its end is only counted.
pub(super) struct Text<const N: usize> {
    pub(super) bytes: [u8; N],
    pub(super) len: usize,
    canonical: bool,
    /// Simple name and namespace of what is written out already.
    names: [(&'static str, &'static str); NAMES_MAX],
    names_len: usize,
}

#[expect(
    clippy::indexing_slicing,
    reason = "constants have no iterators; every index is below a length that is asked before"
)]
impl<const N: usize> Text<N> {
    pub(super) const fn new(canonical: bool) -> Self {
        Self { bytes: [0; N], len: 0, canonical, names: [("", ""); NAMES_MAX], names_len: 0 }
    }

    pub(super) const fn push(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            if self.len < N {
                self.bytes[self.len] = bytes[i];
            }
            self.len += 1;
            i += 1;
        }
    }

    pub(super) const fn number(&mut self, number: usize) {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        if number >= 10 {
            self.number(number / 10);
        }
        self.push(DIGITS[number % 10]);
    }

    const fn shape(&mut self, shape: &Shape, namespace: &'static str) {
        match shape {
            Shape::Array(items) => self.wrap("{\"type\":\"array\",\"items\":", items, namespace),
            Shape::Map(values) => self.wrap("{\"type\":\"map\",\"values\":", values, namespace),
            Shape::Union(branches) => self.union(branches, namespace),
            Shape::Logical(logical, on) => self.logical(logical, on, namespace),
            Shape::Named(name) => {
                // A text is made of a whole schema; its length is asked of parts too.
                assert!(
                    N == 0 || self.knows(name, namespace),
                    "a type with an outer one has a schema only within that one: #[avro(inner)]"
                );
                self.reference(name, namespace);
            }
            Shape::Fixed { name, size, logical } => {
                if self.open(name, "fixed", namespace) {
                    self.push(",\"size\":");
                    self.number(*size);
                    if let Some(logical) = logical {
                        self.logical_name(logical);
                    }
                    self.push("}");
                }
            }
            Shape::Enum { name, doc, symbols } => {
                if self.open(name, "enum", namespace) {
                    self.doc(doc);
                    self.symbols(symbols);
                }
            }
            Shape::Record { name, doc, fields } => {
                if self.open(name, "record", namespace) {
                    self.doc(doc);
                    self.fields(fields, resolved(name, namespace));
                }
            }
            _ => {
                self.push("\"");
                self.push(primitive(shape));
                self.push("\"");
            }
        }
    }

    const fn wrap(&mut self, before: &str, inner: &Shape, namespace: &'static str) {
        self.push(before);
        self.shape(inner, namespace);
        self.push("}");
    }

    const fn union(&mut self, branches: &[Shape], namespace: &'static str) {
        let mut i = 0;
        while i < branches.len() {
            self.push(if i == 0 { "[" } else { "," });
            self.shape(&branches[i], namespace);
            i += 1;
        }
        self.push("]");
    }

    const fn logical(&mut self, logical: &LogicalShape, on: &Shape, namespace: &'static str) {
        if self.canonical {
            return self.shape(on, namespace);
        }
        self.push("{\"type\":");
        self.shape(on, namespace);
        self.logical_name(logical);
        self.push("}");
    }

    const fn logical_name(&mut self, logical: &LogicalShape) {
        if self.canonical {
            return;
        }
        self.push(",\"logicalType\":\"");
        self.push(logical.name);
        self.push("\"");
        if logical.precision > 0 {
            self.push(",\"precision\":");
            self.number(logical.precision as usize);
            self.push(",\"scale\":");
            self.number(logical.scale as usize);
        }
    }

    const fn fields(&mut self, fields: &[FieldShape], namespace: &'static str) {
        self.push(",\"fields\":[");
        let mut i = 0;
        while i < fields.len() {
            let field = &fields[i];
            self.push(if i == 0 { "{\"name\":\"" } else { ",{\"name\":\"" });
            self.push(field.name);
            self.push("\",\"type\":");
            self.shape(&field.shape, namespace);
            self.doc(&field.doc);
            if let (Some(default), false) = (field.default, self.canonical) {
                self.push(",\"default\":");
                self.push(default);
            }
            self.push("}");
            i += 1;
        }
        self.push("]}");
    }

    const fn symbols(&mut self, symbols: &[&str]) {
        self.push(",\"symbols\":[");
        let mut i = 0;
        while i < symbols.len() {
            self.push(if i == 0 { "\"" } else { ",\"" });
            self.push(symbols[i]);
            self.push("\"");
            i += 1;
        }
        self.push("]}");
    }

    const fn doc(&mut self, doc: &Option<&str>) {
        if let (Some(doc), false) = (doc, self.canonical) {
            self.push(",\"doc\":\"");
            self.push(doc);
            self.push("\"");
        }
    }

    /// Begins a type that has a name; where it is defined already, its name is all of it, and the answer is false.
    const fn open(&mut self, name: &TypeName, kind: &str, namespace: &'static str) -> bool {
        if self.knows(name, namespace) {
            self.reference(name, namespace);
            return false;
        }
        let full = (name.simple, resolved(name, namespace));
        assert!(self.names_len < NAMES_MAX, "a derived schema has at most 128 types with names");
        self.names[self.names_len] = full;
        self.names_len += 1;
        if self.canonical {
            self.push("{\"name\":\"");
            self.full(full);
            self.push("\",\"type\":\"");
            self.push(kind);
            self.push("\"");
        } else {
            self.push("{\"type\":\"");
            self.push(kind);
            self.push("\",\"name\":\"");
            self.push(name.simple);
            self.push("\"");
            if let (Some(own), false) = (name.namespace, equal(full.1, namespace)) {
                self.push(",\"namespace\":\"");
                self.push(own);
                self.push("\"");
            }
        }
        true
    }

    const fn knows(&self, name: &TypeName, namespace: &'static str) -> bool {
        let full = (name.simple, resolved(name, namespace));
        let mut i = 0;
        while i < self.names_len {
            if equal(self.names[i].0, full.0) && equal(self.names[i].1, full.1) {
                return true;
            }
            i += 1;
        }
        false
    }

    const fn reference(&mut self, name: &TypeName, namespace: &'static str) {
        let full = (name.simple, resolved(name, namespace));
        self.push("\"");
        if equal(full.1, namespace) && !self.canonical {
            self.push(full.0);
        } else {
            self.full(full);
        }
        self.push("\"");
    }

    const fn full(&mut self, (simple, namespace): (&str, &str)) {
        if !namespace.is_empty() {
            self.push(namespace);
            self.push(".");
        }
        self.push(simple);
    }
}

const fn resolved(name: &TypeName, namespace: &'static str) -> &'static str {
    match name.namespace {
        Some(own) => own,
        None => namespace,
    }
}

/// What Avro calls the type.
pub(super) const fn primitive(shape: &Shape) -> &'static str {
    match shape {
        Shape::Null => "null",
        Shape::Boolean => "boolean",
        Shape::Int => "int",
        Shape::Long => "long",
        Shape::Float => "float",
        Shape::Double => "double",
        Shape::Bytes => "bytes",
        Shape::String => "string",
        Shape::Array(_) => "array",
        Shape::Map(_) => "map",
        Shape::Union(_) => "union",
        Shape::Fixed { .. } => "fixed",
        Shape::Enum { .. } => "enum",
        Shape::Record { .. } | Shape::Named(_) => "record",
        Shape::Logical(logical, _) => logical.name,
    }
}

#[expect(clippy::indexing_slicing, reason = "constants have no iterators; both lengths are equal")]
pub(super) const fn equal(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut i = 0;
    while i < left.len() {
        if left[i] != right[i] {
            return false;
        }
        i += 1;
    }
    true
}
