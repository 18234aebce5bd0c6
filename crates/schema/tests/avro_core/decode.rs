//! A reader of Avro for the tests, which knows nothing of the encoder: it walks the schema's JSON, and gives the value in Avro's
//! own JSON encoding.

use serde_json::{Map, Value, json};
use std::collections::HashMap;

pub(crate) struct Decoder<'b> {
    pub(crate) names: HashMap<String, Value>,
    pub(crate) bytes: &'b [u8],
}

impl Decoder<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.bytes.split_first().expect("a byte");
        self.bytes = rest;
        *first
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        let (taken, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        taken.to_vec()
    }

    fn long(&mut self) -> i64 {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return (value >> 1) as i64 ^ -((value & 1) as i64);
            }
            shift += 7;
        }
    }

    fn blob(&mut self) -> Vec<u8> {
        let len = self.long();
        self.take(usize::try_from(len).expect("a length"))
    }

    pub(crate) fn value(&mut self, schema: &Value) -> Value {
        match schema {
            Value::String(name) => match self.names.get(name).cloned() {
                Some(named) => self.value(&named),
                None => self.primitive(name),
            },
            Value::Array(branches) => {
                let index = usize::try_from(self.long()).expect("an index");
                let branch = branches.get(index).expect("a branch").clone();
                match self.value(&branch) {
                    Value::Null => Value::Null,
                    value => json!({ tag(&branch): value }),
                }
            }
            object => self.object(object),
        }
    }

    fn primitive(&mut self, name: &str) -> Value {
        match name {
            "null" => Value::Null,
            "boolean" => json!(self.byte() == 1),
            "int" | "long" => json!(self.long()),
            "float" => json!(f32::from_le_bytes(self.take(4).try_into().expect("four"))),
            "double" => json!(f64::from_le_bytes(self.take(8).try_into().expect("eight"))),
            "bytes" => json!(self.blob().into_iter().map(char::from).collect::<String>()),
            "string" => json!(String::from_utf8(self.blob()).expect("UTF-8")),
            other => panic!("no type {other}"),
        }
    }

    fn object(&mut self, schema: &Value) -> Value {
        let kind = schema["type"].as_str().expect("a type");
        if let Some(name) = schema["name"].as_str() {
            self.names.insert(name.to_owned(), schema.clone());
        }
        match kind {
            "record" => {
                let mut members = Map::new();
                for field in schema["fields"].as_array().expect("fields") {
                    let value = self.value(&field["type"]);
                    members.insert(field["name"].as_str().expect("a name").to_owned(), value);
                }
                Value::Object(members)
            }
            "enum" => {
                let index = usize::try_from(self.long()).expect("an index");
                schema["symbols"].get(index).expect("a symbol").clone()
            }
            "fixed" => {
                let size = schema["size"].as_u64().expect("a size");
                let bytes = self.take(usize::try_from(size).expect("a size"));
                json!(bytes.into_iter().map(char::from).collect::<String>())
            }
            "array" => {
                let mut list = Vec::new();
                self.blocks(|decoder| list.push(decoder.value(&schema["items"])));
                Value::Array(list)
            }
            "map" => {
                let mut members = Map::new();
                self.blocks(|decoder| {
                    let key = String::from_utf8(decoder.blob()).expect("UTF-8");
                    let value = decoder.value(&schema["values"]);
                    members.insert(key, value);
                });
                Value::Object(members)
            }
            other => self.primitive(other),
        }
    }

    fn blocks(&mut self, mut element: impl FnMut(&mut Self)) {
        loop {
            let count = self.long();
            if count == 0 {
                return;
            }
            (0..count).for_each(|_| element(self));
        }
    }
}

fn tag(branch: &Value) -> String {
    let name = match branch {
        Value::String(name) => name.as_str(),
        object => object["name"].as_str().or_else(|| object["type"].as_str()).expect("a name"),
    };
    name.to_owned()
}
