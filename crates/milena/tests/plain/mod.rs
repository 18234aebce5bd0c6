//! The values of `golden/serializers.txt`, each with the serializer that its class names.

use milena::Serializer;
use milena::serializers::{
    BooleanSerializer, ByteArraySerializer, ByteBufferSerializer, BytesSerializer, DoubleSerializer,
    EncodedStringSerializer, FloatSerializer, IntegerSerializer, ListElement, ListSerializer, LongSerializer, Nullable,
    ShortSerializer, StringSerializer, UUIDSerializer, VoidSerializer,
};

/// A line.
pub(crate) struct Row {
    pub(crate) class: &'static str,
    pub(crate) value: &'static str,
    /// What Java writes, in hexadecimal, or `null`.
    pub(crate) bytes: &'static str,
}

pub(crate) fn rows() -> impl Iterator<Item = Row> {
    let lines = include_str!("../golden/serializers.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut columns = line.split('\t');
        let mut column = || columns.next().expect("three columns");
        Row { class: column(), value: column(), bytes: column() }
    })
}

/// Does something with a value and its serializer.
pub(crate) trait Visit {
    fn visit<T: ?Sized>(&mut self, serializer: impl Serializer<T>, value: Option<&T>);
}

impl Row {
    /// The value that the row's text stands for.
    pub(crate) fn visit(&self, visit: &mut impl Visit) {
        let value = self.value;
        if let Some(inner) = self.class.strip_prefix("List/") {
            return list(inner, value, visit);
        }
        if let Some(encoding) = self.class.strip_prefix("String/") {
            let encoding = encoding.parse().expect("an encoding");
            return visit.visit(EncodedStringSerializer(encoding), null(value, text).as_ref());
        }
        match self.class {
            "String" => visit.visit(StringSerializer, null(value, text).as_ref()),
            "ByteArray" => visit.visit(ByteArraySerializer, null(value, hex).as_ref()),
            "ByteBuffer" => visit.visit(ByteBufferSerializer, null(value, hex).as_ref()),
            "Bytes" => visit.visit(BytesSerializer, null(value, hex).as_ref()),
            "Boolean" => visit.visit(BooleanSerializer, null(value, parsed::<bool>).as_ref()),
            "Short" => visit.visit(ShortSerializer, null(value, parsed::<i16>).as_ref()),
            "Integer" => visit.visit(IntegerSerializer, null(value, parsed::<i32>).as_ref()),
            "Long" => visit.visit(LongSerializer, null(value, parsed::<i64>).as_ref()),
            "Float" => visit.visit(FloatSerializer, null(value, float).as_ref()),
            "Double" => visit.visit(DoubleSerializer, null(value, double).as_ref()),
            "UUID" => visit.visit(UUIDSerializer, null(value, uuid).as_ref()),
            "Void" => visit.visit(VoidSerializer, null(value, text).as_ref()),
            other => panic!("no class {other}"),
        }
    }
}

fn list(inner: &str, value: &str, visit: &mut impl Visit) {
    if let Some(encoding) = inner.strip_prefix("String/") {
        let encoding = encoding.parse().expect("an encoding");
        return list_of(EncodedStringSerializer(encoding), value, text, visit);
    }
    match inner {
        "String" => list_of(StringSerializer, value, text, visit),
        "ByteArray" => list_of(ByteArraySerializer, value, hex, visit),
        "Boolean" => list_of(BooleanSerializer, value, parsed::<bool>, visit),
        "Short" => list_of(ShortSerializer, value, parsed::<i16>, visit),
        "Integer" => list_of(IntegerSerializer, value, parsed::<i32>, visit),
        "Long" => list_of(LongSerializer, value, parsed::<i64>, visit),
        "Float" => list_of(FloatSerializer, value, float, visit),
        "Double" => list_of(DoubleSerializer, value, double, visit),
        "UUID" => list_of(UUIDSerializer, value, uuid, visit),
        other => panic!("no class {other}"),
    }
}

fn list_of<T>(inner: impl Serializer<T> + ListElement, value: &str, read: fn(&str) -> T, visit: &mut impl Visit) {
    let entries = |value: &str| -> Vec<Option<T>> {
        let entries = value.split(',').filter(|_| !value.is_empty());
        entries.map(|entry| null(entry, read)).collect()
    };
    visit.visit(ListSerializer(Nullable(inner)), null(value, entries).as_ref());
}

fn null<T>(value: &str, read: impl Fn(&str) -> T) -> Option<T> {
    (value != "~").then(|| read(value))
}

fn parsed<T: std::str::FromStr>(value: &str) -> T {
    value.parse().unwrap_or_else(|_| panic!("{value:?} is none"))
}

fn float(value: &str) -> f32 {
    let bits = value.strip_prefix("bits:").map(|bits| u32::from_str_radix(bits, 16).expect("bits"));
    bits.map_or_else(|| parsed(value), f32::from_bits)
}

fn double(value: &str) -> f64 {
    let bits = value.strip_prefix("bits:").map(|bits| u64::from_str_radix(bits, 16).expect("bits"));
    bits.map_or_else(|| parsed(value), f64::from_bits)
}

fn uuid(value: &str) -> [u8; 16] {
    hex(&value.replace('-', "")).try_into().expect("16 bytes")
}

fn hex(value: &str) -> Vec<u8> {
    let digits = value.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).expect("ASCII"), 16).expect("hexadecimal")).collect()
}

/// With `\u` and four hexadecimal digits for what is not plain.
fn text(value: &str) -> String {
    let mut parts = value.split("\\u");
    let mut units: Vec<u16> = parts.next().into_iter().flat_map(str::encode_utf16).collect();
    for part in parts {
        let (unit, rest) = part.split_at(4);
        units.push(u16::from_str_radix(unit, 16).expect("four digits"));
        units.extend(rest.encode_utf16());
    }
    String::from_utf16(&units).expect("text")
}
