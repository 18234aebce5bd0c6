//! The record of ten fields: a long, three strings, an int, a double, a float, a boolean, a time, an optional note, and a list
//! of three short strings. About 116 bytes in Avro.

use fastrand::Rng;
use milena_schema::avro::AvroRecord;
use serde::{Deserialize, Serialize};

pub const PREFIX: [u8; 5] = [0, 0, 0, 0, 7];

#[derive(Debug, Clone, PartialEq, AvroRecord, Serialize, Deserialize)]
#[avro(namespace = "com.example")]
pub struct Order {
    pub id: i64,
    pub uuid: String,
    pub sku: String,
    pub quantity: i32,
    pub price: f64,
    pub discount: f32,
    pub paid: bool,
    #[avro(logical = "timestamp-millis")]
    pub at: i64,
    pub note: Option<String>,
    pub tags: Vec<String>,
}

/// The same for prost, its optional field as Protobuf has it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ProtobufOrder {
    #[prost(int64, tag = "1")]
    pub id: i64,
    #[prost(string, tag = "2")]
    pub uuid: String,
    #[prost(string, tag = "3")]
    pub sku: String,
    #[prost(int32, tag = "4")]
    pub quantity: i32,
    #[prost(double, tag = "5")]
    pub price: f64,
    #[prost(float, tag = "6")]
    pub discount: f32,
    #[prost(bool, tag = "7")]
    pub paid: bool,
    #[prost(int64, tag = "8")]
    pub at: i64,
    #[prost(string, optional, tag = "9")]
    pub note: Option<String>,
    #[prost(string, repeated, tag = "10")]
    pub tags: Vec<String>,
}

impl From<&Order> for ProtobufOrder {
    fn from(order: &Order) -> Self {
        let Order { id, uuid, sku, quantity, price, discount, paid, at, note, tags } = order.clone();
        Self { id, uuid, sku, quantity, price, discount, paid, at, note, tags }
    }
}

pub fn random(count: usize, seed: u64) -> Vec<Order> {
    let mut rng = Rng::with_seed(seed);
    (0..count).map(|_| one(&mut rng)).collect()
}

fn one(rng: &mut Rng) -> Order {
    let uuid: String = (0..36).map(|i| if matches!(i, 8 | 13 | 18 | 23) { '-' } else { hex(rng) }).collect();
    Order {
        id: rng.i64(0..1 << 40),
        uuid,
        sku: text(rng, 12),
        quantity: rng.i32(1..100),
        price: f64::from(rng.i32(1..100_000)) / 100.0,
        discount: rng.f32(),
        paid: rng.bool(),
        at: 1_760_000_000_000 + rng.i64(0..10_000_000_000),
        note: if rng.u8(0..4) < 3 { Some(text(rng, 23)) } else { None },
        tags: (0..3).map(|_| text(rng, 6)).collect(),
    }
}

fn hex(rng: &mut Rng) -> char {
    char::from_digit(rng.u32(0..16), 16).expect("a digit")
}

fn text(rng: &mut Rng, len: usize) -> String {
    (0..len).map(|_| rng.alphanumeric()).collect()
}

/// What nobody writes by hand twice: the floor.
pub fn by_hand(order: &Order, out: &mut Vec<u8>) {
    long(out, order.id);
    string(out, &order.uuid);
    string(out, &order.sku);
    long(out, i64::from(order.quantity));
    out.extend_from_slice(&order.price.to_le_bytes());
    out.extend_from_slice(&order.discount.to_le_bytes());
    out.push(u8::from(order.paid));
    long(out, order.at);
    match &order.note {
        None => out.push(0),
        Some(note) => {
            out.push(2);
            string(out, note);
        }
    }
    if !order.tags.is_empty() {
        long(out, order.tags.len() as i64);
        for tag in &order.tags {
            string(out, tag);
        }
    }
    out.push(0);
}

fn string(out: &mut Vec<u8>, text: &str) {
    long(out, text.len() as i64);
    out.extend_from_slice(text.as_bytes());
}

fn long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}
