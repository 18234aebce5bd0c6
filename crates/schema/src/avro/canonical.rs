//! The Parsing Canonical Form of a schema, and its fingerprint.

use super::node::{Node, NodeId, Nodes, Type};
use std::collections::HashSet;
use std::fmt::Write;

/// Types in types that a schema may have, through its references too. Every walk over a schema is at most so deep.
pub(super) const TYPES_DEEP: usize = 256;

/// The CRC of no bytes, and the polynomial: Avro's `EMPTY`.
const EMPTY: u64 = 0xc15d_213a_a4d7_a795;

static TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut value = i as u64;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ (EMPTY & (value & 1).wrapping_neg());
            bit += 1;
        }
        #[expect(clippy::indexing_slicing, reason = "the loop ends at the array's length")]
        {
            table[i] = value;
        }
        i += 1;
    }
    table
}

/// CRC-64-AVRO (Rabin) of a text: of a canonical form, the schema's fingerprint.
pub const fn fingerprint(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut value = EMPTY;
    let mut i = 0;
    while i < bytes.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "a byte is an index of 256 entries, and the loop ends at the length"
        )]
        {
            value = (value >> 8) ^ TABLE[((value ^ bytes[i] as u64) & 0xff) as usize];
        }
        i += 1;
    }
    value
}

/// What the single-object encoding puts before a datum: `C3 01` and the fingerprint, little-endian.
pub const fn single_object_prefix(fingerprint: u64) -> [u8; 10] {
    let [a, b, c, d, e, f, g, h] = fingerprint.to_le_bytes();
    [0xc3, 0x01, a, b, c, d, e, f, g, h]
}

/// The canonical form of a schema, with all that it refers to written out where it is first used.
pub(super) fn form(nodes: &Nodes, root: NodeId) -> Result<String, String> {
    let mut form = Form { nodes, text: String::new(), defined: HashSet::new() };
    form.write(root, 0)?;
    Ok(form.text)
}

struct Form<'n> {
    nodes: &'n Nodes,
    text: String,
    /// Names that are written out already.
    defined: HashSet<&'n str>,
}

impl<'n> Form<'n> {
    fn write(&mut self, id: NodeId, depth: usize) -> Result<(), String> {
        if depth > TYPES_DEEP {
            return Err(format!("types nested more than {TYPES_DEEP} deep"));
        }
        let node = self.nodes.get(id);
        if let Some(name) = node.name() {
            let first = self.defined.insert(name.full());
            if !first {
                self.push(format_args!("\"{name}\""));
                return Ok(());
            }
        }
        match &node.kind {
            Type::Array(items) => self.wrap("{\"type\":\"array\",\"items\":", *items, depth),
            Type::Map(values) => self.wrap("{\"type\":\"map\",\"values\":", *values, depth),
            Type::Union(branches) => self.union(branches, depth),
            Type::Record(_) | Type::Enum(_) | Type::Fixed(_) => self.named(node, depth),
            _ => {
                self.push(format_args!("\"{}\"", node.kind_name()));
                Ok(())
            }
        }
    }

    fn wrap(&mut self, before: &str, inner: NodeId, depth: usize) -> Result<(), String> {
        self.text.push_str(before);
        self.write(inner, depth + 1)?;
        self.text.push('}');
        Ok(())
    }

    fn union(&mut self, branches: &[NodeId], depth: usize) -> Result<(), String> {
        for (index, branch) in branches.iter().enumerate() {
            self.text.push(if index == 0 { '[' } else { ',' });
            self.write(*branch, depth + 1)?;
        }
        self.text.push(']');
        Ok(())
    }

    fn named(&mut self, node: &'n Node, depth: usize) -> Result<(), String> {
        self.push(format_args!("{{\"name\":\"{}\",\"type\":\"{}\"", node.branch_name(), node.kind_name()));
        match &node.kind {
            Type::Record(record) => {
                self.text.push_str(",\"fields\":[");
                for (index, field) in record.fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    self.push(format_args!("{comma}{{\"name\":\"{}\",\"type\":", field.name));
                    self.write(field.node, depth + 1)?;
                    self.text.push('}');
                }
                self.text.push(']');
            }
            Type::Enum(symbols) if symbols.symbols.is_empty() => self.text.push_str(",\"symbols\":[]"),
            Type::Enum(symbols) => self.push(format_args!(",\"symbols\":[\"{}\"]", symbols.symbols.join("\",\""))),
            Type::Fixed(fixed) => self.push(format_args!(",\"size\":{}", fixed.size)),
            _ => {}
        }
        self.text.push('}');
        Ok(())
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = self.text.write_fmt(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_of_the_specification() {
        assert_eq!(fingerprint("\"null\""), 0x63dd_24e7_cc25_8f8a);
        assert_eq!(fingerprint("\"string\"").to_le_bytes(), [0xc7, 0x03, 0x45, 0x63, 0x72, 0x48, 0x01, 0x8f]);
        assert_eq!(fingerprint("\"int\"").to_le_bytes(), [0x8f, 0x5c, 0x39, 0x3f, 0x1a, 0xd5, 0x75, 0x72]);
    }
}
