//! Nanoseconds a record of encoders, ours and others, on the same 1024 records in one run; before that, that all of Avro write
//! the same bytes.
//!
//!     cargo run --release --manifest-path bench/schema/Cargo.toml [only rows with this in their name]
//!
//! Each encode clears a buffer that is used again, and writes a prefix of five bytes first. A figure is the thread's CPU time
//! for all 1024 records, divided; of 1500 such slices the 10th percentile, of three runs the best, since a busy neighbour only
//! adds.

mod binding;
mod formats;
mod oracle;
mod record;

use apache_avro::writer::datum::GenericDatumWriter;
use milena_schema::avro::{Avro, AvroJsonEncoder, AvroRecord, AvroSchema, AvroSerdeEncoder};
use milena_schema::{Encode, Format, Resolved, Schema, SchemaType};
use nix::time::{ClockId, clock_gettime};
use prost::Message;
use record::{Order, PREFIX, ProtobufOrder};
use std::hint::black_box;
use std::sync::Arc;

const RECORDS: usize = 1024;
const SLICES: usize = 1500;
const RUNS: usize = 3;

/// The same record, its fields in another order: what serde's path does when a struct is not in the schema's order.
fn shuffled_schema() -> String {
    let schema: serde_json::Value = serde_json::from_str(Order::SCHEMA).expect("JSON");
    let mut schema = schema;
    let fields = schema["fields"].as_array_mut().expect("fields");
    fields.reverse();
    schema.to_string()
}

fn main() {
    let seed = 7;
    let records = record::random(RECORDS, seed);
    let registered = |text: &str| Resolved {
        schema: Arc::new(Schema::new(SchemaType::Avro, text)),
        subject: None,
        version: None,
        id: None,
        guid: None,
    };
    let derived = Avro::<Order>::derived().compile(&registered(Order::SCHEMA)).expect("its own schema");
    assert!(derived.is_straight());
    let by_name = Avro::<Order>::derived().compile(&registered(&shuffled_schema())).expect("the same fields");
    let parsed = AvroSchema::from_text(Order::SCHEMA).expect("the derived schema");
    let by_serde = AvroSerdeEncoder::new(parsed.clone());
    let from_json = AvroJsonEncoder::new(parsed);
    let json: Vec<serde_json::Value> = records.iter().map(|r| serde_json::to_value(r).expect("JSON")).collect();

    let fast_schema: serde_avro_fast::Schema = Order::SCHEMA.parse().expect("their parser");
    let mut fast = serde_avro_fast::ser::SerializerConfig::new(&fast_schema);
    let apache_schema = apache_avro::Schema::parse_str(Order::SCHEMA).expect("their parser");
    let apache = GenericDatumWriter::builder(&apache_schema).build().expect("their writer");
    let messages: Vec<ProtobufOrder> = records.iter().map(ProtobufOrder::from).collect();

    oracle::check(&records, &apache_schema);
    oracle::check_schemas();

    let mut table = Table { only: std::env::args().nth(1), rows: Vec::new() };
    table.row("Avro, derived", |i, out| derived.encode(&records[i], out).expect("it fits"));
    table.row("Avro, by hand", |i, out| record::by_hand(&records[i], out));
    table.row("Avro, derived, schema in another order", |i, out| by_name.encode(&records[i], out).expect("it fits"));
    table.row("Avro, serde", |i, out| by_serde.encode(&records[i], out).expect("it fits"));
    table.row("Avro, from serde_json::Value", |i, out| from_json.encode(&json[i], out).expect("it fits"));
    table.row("Avro, serde_avro_fast 2.1, config and buffer used again", |i, out| {
        serde_avro_fast::to_datum(&records[i], &mut *out, &mut fast).expect("it fits");
    });
    table.row("Avro, apache-avro 0.22, writer used again", |i, out| {
        apache.write_ser(out, &records[i]).expect("it fits");
    });
    table.row("Protobuf, prost 0.14 encode_raw", |i, out| messages[i].encode_raw(out));
    table.print();
    if table.only.is_some() {
        return;
    }
    println!("\n| format | ns / record | beside | ns / record | ratio |\n|---|--:|---|--:|--:|");
    for [(ours, ours_ns), (bare, bare_ns)] in formats::rows(&records) {
        println!("| {ours} | {ours_ns:.1} | {bare} | {bare_ns:.1} | {:.2} |", ours_ns / bare_ns);
    }
    println!("\n| a bound serializer | ns / record |\n|---|--:|");
    for (name, ns) in binding::rows(&records) {
        println!("| {name} | {ns:.1} |");
    }
}

struct Table {
    /// What the names of the rows that are wanted hold.
    only: Option<String>,
    rows: Vec<(&'static str, f64)>,
}

impl Table {
    fn row(&mut self, name: &'static str, encode: impl FnMut(usize, &mut Vec<u8>)) {
        if self.only.as_ref().is_none_or(|only| name.contains(only.as_str())) {
            self.rows.push((name, measure(encode)));
        }
    }

    fn print(&self) {
        let first = self.rows.first().map_or(1.0, |(_, ns)| *ns);
        println!("| encoder | ns / record | to the first |\n|---|--:|--:|");
        for (name, ns) in &self.rows {
            println!("| {name} | {ns:.1} | {:.2} |", ns / first);
        }
    }
}

fn measure(mut encode: impl FnMut(usize, &mut Vec<u8>)) -> f64 {
    measure_whole(|i, out| {
        out.extend_from_slice(&PREFIX);
        encode(i, out);
    })
}

/// Of encoders that write the prefix themselves.
fn measure_whole(mut encode: impl FnMut(usize, &mut Vec<u8>)) -> f64 {
    let mut out = Vec::with_capacity(4096);
    let mut best = f64::MAX;
    for _ in 0..RUNS {
        let mut slices: Vec<i64> = Vec::with_capacity(SLICES);
        for _ in 0..SLICES {
            let start = cpu_nanos();
            for i in 0..RECORDS {
                out.clear();
                encode(i, &mut out);
                black_box(&out);
            }
            slices.push(cpu_nanos() - start);
        }
        slices.sort_unstable();
        let tenth = slices[SLICES / 10];
        best = best.min(tenth as f64 / RECORDS as f64);
    }
    best
}

/// CPU time of this thread.
fn cpu_nanos() -> i64 {
    let now = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("the thread's clock");
    now.tv_sec() * 1_000_000_000 + now.tv_nsec()
}
