//! Messages as JSON, in the form that Kafka's own converters read: what golden bytes are made from.

use super::model::{Api, DefaultValue, Field, Struct, Type};
use serde_json::{Map, Value, json};

/// A message in one version.
pub(crate) struct Sample {
    /// `request` or `response`.
    pub(crate) direction: &'static str,
    pub(crate) version: i16,
    pub(crate) json: Value,
}

/// How a sample is filled.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// Every field with a value of its own, two elements an array, tagged fields set.
    Full,
    /// Null where it is allowed, the lowest numbers, one element an array.
    Sparse,
    /// Defaults, empty arrays.
    Empty,
}

/// Every version of both messages in every shape.
pub(super) fn samples(api: &Api) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (direction, structs) in ["request", "response"].into_iter().zip(&api.messages) {
        for version in api.versions.min..=api.versions.max {
            for shape in [Shape::Full, Shape::Sparse, Shape::Empty] {
                let mut filling = Filling { structs, version, shape, count: 0 };
                let json = filling.structure(structs.first());
                samples.push(Sample { direction, version, json });
            }
        }
    }
    samples
}

/// Fills one message.
struct Filling<'a> {
    structs: &'a [Struct],
    version: i16,
    shape: Shape,
    /// Values given so far: no two fields of a full message hold the same.
    count: u32,
}

impl Filling<'_> {
    fn structure(&mut self, structure: Option<&Struct>) -> Value {
        let mut object = Map::new();
        for field in structure.map_or(&[][..], |structure| &structure.fields) {
            let left_out = field.tag.is_some() && self.shape != Shape::Full;
            if field.versions.contains(self.version) && !left_out {
                object.insert(camel_case(&field.name), self.field(field));
            }
        }
        Value::Object(object)
    }

    fn field(&mut self, field: &Field) -> Value {
        let nullable = field.nullable.contains(self.version);
        let null = match self.shape {
            Shape::Full => false,
            Shape::Sparse => true,
            Shape::Empty => field.default == DefaultValue::Null,
        };
        if nullable && null { Value::Null } else { self.value(&field.kind, &field.default) }
    }

    fn value(&mut self, kind: &Type, default: &DefaultValue) -> Value {
        self.count += 1;
        match kind {
            Type::Bool => json!((*default == DefaultValue::True) != (self.shape == Shape::Full)),
            Type::Number(name) => self.number(name, default),
            Type::ErrorCode | Type::ApiKey => self.number("i16", default),
            Type::Uuid => json!(base64(u128::from(self.at(Shape::Full, self.count)) << 64 | 0xfbff)),
            Type::String => json!(self.string()),
            Type::Bytes => json!(if self.shape == Shape::Empty { "" } else { "AP/+fw==" }),
            Type::Struct(name) => {
                let structs = self.structs;
                self.structure(structs.iter().find(|each| each.name == *name))
            }
            Type::Array(element) => {
                let length = match self.shape {
                    Shape::Full => 2,
                    Shape::Sparse => 1,
                    Shape::Empty => 0,
                };
                (0..length).map(|_| self.value(element, &DefaultValue::Zero)).collect()
            }
        }
    }

    /// `value` in that shape only, else 0.
    fn at(&self, shape: Shape, value: u32) -> u32 {
        if self.shape == shape { value } else { 0 }
    }

    fn number(&self, name: &str, default: &DefaultValue) -> Value {
        let (lowest, scale) = match name {
            "i8" => (i64::from(i8::MIN), 1),
            "i16" => (i64::from(i16::MIN), 0x81),
            "i32" => (i64::from(i32::MIN), 0x10203),
            "i64" => (i64::MIN, 0x102_0304_0506),
            "u16" => (0xffff, 0x101),
            _ => (0, 1),
        };
        match self.shape {
            Shape::Full => json!(i64::from(self.count) % 127 * scale),
            Shape::Sparse => json!(lowest),
            Shape::Empty => match default {
                DefaultValue::Number(number) => match number.as_str() {
                    "i32::MAX" => json!(i32::MAX),
                    "i32::MIN" => json!(i32::MIN),
                    "i64::MAX" => json!(i64::MAX),
                    number => json!(number.parse::<i64>().unwrap_or_default()),
                },
                _ => json!(0),
            },
        }
    }

    /// Every seventh is longer than 127 bytes, so that its length takes two bytes as a varint.
    fn string(&self) -> String {
        match self.shape {
            Shape::Full if self.count.is_multiple_of(7) => format!("{}-{}", "ü".repeat(70), self.count),
            Shape::Full => format!("text-{}", self.count),
            Shape::Sparse | Shape::Empty => String::new(),
        }
    }
}

/// `TimeoutMs` becomes `timeoutMs`.
fn camel_case(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

/// The web-safe alphabet without padding, as Kafka prints its UUIDs.
fn base64(value: u128) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // 128 bits are 21 letters and two bits, which the last letter carries on top.
    let letter = |bits: u128| ALPHABET.get((bits & 63) as usize).map_or('A', |letter| char::from(*letter));
    (0..21).map(|at| letter(value >> (122 - 6 * at))).chain([letter(value << 4)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_written_as_kafka_prints_them() {
        assert_eq!(base64(0), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(base64(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f), "AAECAwQFBgcICQoLDA0ODw");
        assert_eq!(base64(u128::MAX), "_____________________w");
    }
}
