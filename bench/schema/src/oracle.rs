//! That ours and the others write the same, and agree about schemas.

use crate::record::{Order, by_hand};
use milena_schema::Encode;
use milena_schema::avro::derive::AvroValue;
use milena_schema::avro::{AvroJsonEncoder, AvroRecord, AvroSchema, AvroSerdeEncoder, differences};

/// All encoders write the same bytes for every record, and `apache-avro` reads the record back from them.
pub fn check(records: &[Order], apache: &apache_avro::Schema) {
    let parsed = AvroSchema::from_text(Order::SCHEMA).expect("the derived schema");
    let (by_serde, from_json) = (AvroSerdeEncoder::new(parsed.clone()), AvroJsonEncoder::new(parsed));
    let fast: serde_avro_fast::Schema = Order::SCHEMA.parse().expect("their parser");
    let mut fast = serde_avro_fast::ser::SerializerConfig::new(&fast);
    let writer = apache_avro::writer::datum::GenericDatumWriter::builder(apache).build().expect("their writer");
    for record in records {
        let mut ours = Vec::new();
        record.encode(&mut ours).expect("derived");
        let mut others = vec![Vec::new(), Vec::new(), Vec::new()];
        by_hand(record, &mut others[0]);
        by_serde.encode(record, &mut others[1]).expect("serde");
        from_json.encode(&serde_json::to_value(record).expect("JSON"), &mut others[2]).expect("JSON");
        others.push(serde_avro_fast::to_datum_vec(record, &mut fast).expect("serde_avro_fast"));
        others.push(writer.write_ser_to_vec(record).expect("apache-avro"));
        for (index, other) in others.iter().enumerate() {
            assert_eq!(&ours, other, "encoder {index} of {record:?}");
        }
        let reader = apache_avro::reader::datum::GenericDatumReader::builder(apache).build().expect("their reader");
        let value = reader.read_value(&mut &ours[..]).expect("it reads");
        assert_eq!(&apache_avro::from_value::<Order>(&value).expect("an order"), record);
    }
}

const SCHEMAS: &[&str] = &[
    r#""int""#,
    r#"{"type":"array","items":{"type":"map","values":["null","long"]}}"#,
    r#"{"type":"enum","name":"a.E","symbols":["A","B"],"doc":"d","default":"A"}"#,
    r#"{"type":"fixed","name":"F","namespace":"x.y","size":12,"aliases":["G"]}"#,
    r#"{"type":"record","name":"L","namespace":"n","fields":[{"name":"v","type":"long","doc":"d"},{"name":"next","type":["null","L"],"default":null}]}"#,
    r#"{"type":"record","name":"A","namespace":"n","fields":[{"name":"b","type":{"type":"record","name":"m.B","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["X"]}}]}},{"name":"again","type":"m.B"}]}"#,
];

/// Canonical forms and fingerprints are those of `apache-avro`; not of logical types, which it leaves as `{"type":"long"}` where
/// the specification says `"long"`.
pub fn check_schemas() {
    for text in SCHEMAS.iter().copied() {
        let ours = AvroSchema::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let theirs = apache_avro::Schema::parse_str(text).expect("their parser");
        assert_eq!(ours.canonical_form(), theirs.canonical_form(), "{text}");
        let rabin = theirs.fingerprint::<apache_avro::rabin::Rabin>();
        assert_eq!(ours.fingerprint().to_le_bytes(), rabin.bytes.as_slice(), "{text}");
        assert_eq!(differences(&ours, &ours), [], "{text}");
    }
    assert_eq!(AvroSchema::from_text(Order::SCHEMA).expect("parsed").fingerprint(), Order::FINGERPRINT);
}
