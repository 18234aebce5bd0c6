//! Whole: schemas in a real registry, records by a topic's handle through a broker, read by the schema that their id names. On
//! each subject there are two schemas at the same time.

use crate::protobuf::{ITEM, Order as Message, TEXT, line};
use crate::python;
use milena::serializer::Serializer;
use milena::serializers::ByteArraySerializer;
use milena::{TopicRecord, blocking};
use milena_schema::avro::{Avro, AvroRecord};
use milena_schema::json::Json;
use milena_schema::protobuf::{ProtoText, Protobuf};
use milena_schema::{Binding, Bound, Encode, Format, Framing, Registry, Schema, SchemaType};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::env;

/// Records of each schema.
const EACH: i64 = 50;

#[derive(AvroRecord)]
#[avro(namespace = "com.example")]
struct Payment {
    id: i64,
    tags: Vec<String>,
}

/// The next version of [`Payment`], on the same subject.
mod next {
    #[derive(milena_schema::avro::AvroRecord)]
    #[avro(namespace = "com.example")]
    pub(super) struct Payment {
        pub(super) id: i64,
        pub(super) tags: Vec<String>,
        pub(super) note: Option<String>,
        #[avro(default = "{}")]
        pub(super) rates: super::BTreeMap<String, f64>,
    }
}

/// Names and URLs of the registries.
pub(crate) fn registries() -> Vec<(String, String)> {
    let list = env::var("MILENA_TEST_REGISTRIES").expect("run by `cargo xtask prove records`, which starts registries");
    list.split(',').filter_map(|pair| pair.split_once('=')).map(|(name, url)| (name.into(), url.into())).collect()
}

/// A topic, and what its records are to be read as, by their offsets.
struct Sent {
    producer: blocking::Producer,
    topic: String,
    url: String,
    expected: BTreeMap<i64, (Value, Value)>,
}

impl Sent {
    fn to(name: &str, url: &str) -> (Self, Registry) {
        let registry = Registry::builder().url(url).build().unwrap();
        let (producer, topic) = (python::producer(), python::fresh(name));
        (Self { producer, topic, url: url.into(), expected: BTreeMap::new() }, registry)
    }

    /// The topic's handle, with values that this binding writes.
    fn bind<T: 'static, F>(&self, binding: Binding<F, T>) -> Handle<F::Encoder>
    where
        F: Format<T> + 'static,
        F::Encoder: 'static,
    {
        self.producer.topic(self.topic.as_str()).value(binding).bind().unwrap()
    }

    /// Two handles, each used by a thread of its own at the same time.
    fn both<A, B, E, G>(&mut self, (first, a): (&Handle<E>, Records<A>), (second, b): (&Handle<G>, Records<B>))
    where
        A: Sync,
        B: Sync,
        E: Encode<A>,
        G: Encode<B>,
    {
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| send(first, &a.values));
            let other = scope.spawn(|| send(second, &b.values));
            (one.join().unwrap(), other.join().unwrap())
        });
        for (offsets, reads, case) in [(one, a.reads, a.case), (other, b.reads, b.case)] {
            let expected = reads.into_iter().map(|read| (case.clone(), read));
            self.expected.extend(offsets.into_iter().zip(expected));
        }
    }

    /// Has all of them read, and compares each with its own.
    fn check(self) {
        assert_eq!(self.expected.keys().copied().collect::<Vec<_>>(), Vec::from_iter(0..2 * EACH));
        let (cases, expected): (Vec<_>, Vec<_>) = self.expected.into_values().unzip();
        let lines: Vec<_> = cases
            .into_iter()
            .map(|mut case: Value| {
                case["reader"] = "registered".into();
                case["registry"] = self.url.as_str().into();
                case["topic"] = self.topic.as_str().into();
                case
            })
            .collect();
        assert_eq!(python::read_topic(&self.topic, &lines), expected, "{}", self.url);
    }
}

type Handle<E> = blocking::Topic<ByteArraySerializer, Bound<E>>;

/// Values, what Python must read of each, and what stands on its lines besides.
struct Records<T> {
    values: Vec<T>,
    reads: Vec<Value>,
    case: Value,
}

impl<T> Records<T> {
    /// Of a schema with this text.
    fn new(case: Value, schema: &str, one: impl Fn(i64) -> (T, Value)) -> Self {
        let whole = |(value, read)| (value, json!({"schema": schema, "read": read}));
        let (values, reads) = (0..EACH).map(|n| whole(one(n))).unzip();
        Self { values, reads, case }
    }
}

/// Each record's offset. Every record is a request of its own, so that the two schemas meet in the log.
fn send<T, E: Encode<T>>(handle: &Handle<E>, values: &[T]) -> Vec<i64>
where
    Bound<E>: Serializer<T>,
{
    values.iter().map(|value| python::offset(handle.send(TopicRecord::new().value(value)).unwrap())).collect()
}

fn first_payments() -> Records<Payment> {
    Records::new(json!({"format": "AVRO"}), Payment::SCHEMA, |id| {
        (Payment { id, tags: vec!["é".into(); 2] }, json!({"id": id, "tags": ["é", "é"]}))
    })
}

fn next_payments() -> Records<next::Payment> {
    Records::new(json!({"format": "AVRO"}), next::Payment::SCHEMA, |id| {
        let note = (id % 2 == 0).then(|| format!("note {id}"));
        let read = json!({"id": -id, "tags": [], "note": note, "rates": {"eur": 0.1}});
        (next::Payment { id: -id, tags: Vec::new(), note, rates: [("eur".into(), 0.1)].into() }, read)
    })
}

#[test]
fn two_derived_avro_schemas_on_one_subject_are_read_by_their_ids() {
    for (_, url) in registries() {
        let (mut sent, registry) = Sent::to("payments", &url);
        let first = sent.bind(registry.avro::<Payment>());
        let second = sent.bind(registry.avro::<next::Payment>());
        sent.both((&first, first_payments()), (&second, next_payments()));
        sent.check();
    }
}

#[test]
fn the_guid_in_a_header_is_found_by_confluents_reader() {
    // Apicurio has no GUIDs.
    for (_, url) in registries().into_iter().filter(|(name, _)| name == "srfake") {
        let (mut sent, registry) = Sent::to("headers", &url);
        let first = sent.bind(registry.serializer(Avro::<Payment>::derived()).framing(Framing::Header));
        let second = sent.bind(registry.serializer(Avro::<next::Payment>::derived()).framing(Framing::Header));
        sent.both((&first, first_payments()), (&second, next_payments()));
        sent.check();
    }
}

#[derive(Serialize)]
struct Click {
    id: i64,
    at: f32,
}

const CLICK: &str = r#"{"title":"Click","type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}"#;

/// What [`CLICK`] takes and one that it does not know of: a subject's next version must read both.
const NEXT_CLICK: &str = r#"{"title":"Click","type":"object","properties":{"id":{"type":"integer"}}}"#;

#[test]
fn two_json_schemas_on_one_subject_are_read_and_checked_by_their_ids() {
    for (_, url) in registries() {
        let (mut sent, registry) = Sent::to("clicks", &url);
        let json = |text| Json::<Click>::new(Schema::new(SchemaType::Json, text)).unwrap();
        let first = sent.bind(registry.serializer(json(CLICK)));
        let second = sent.bind(registry.serializer(json(NEXT_CLICK)));
        let records = |schema, at: f32, read: f64| {
            Records::new(json!({"format": "JSON"}), schema, move |id| (Click { id, at }, json!({"id": id, "at": read})))
        };
        sent.both((&first, records(CLICK, 0.1, 0.1)), (&second, records(NEXT_CLICK, -2.5, -2.5)));
        sent.check();
    }
}

/// Another message makes it another schema, which every registry lets follow the first. (A comment does not, for Apicurio.)
const NEXT_TEXT: &str = concat!(include_str!("orders.proto"), "message Extra {\n  int32 x = 1;\n}\n");

#[test]
fn two_protobuf_schemas_on_one_subject_have_their_ids_and_messages() {
    for (_, url) in registries() {
        let (mut sent, registry) = Sent::to("orders", &url);
        let schema = |text| ProtoText::new(text).import("shop/item.proto", ITEM).schema().unwrap();
        let first = sent.bind(registry.protobuf::<Message>(schema(TEXT)).unwrap());
        let second = sent.bind(registry.serializer(Protobuf::<crate::protobuf::Line>::new(schema(NEXT_TEXT)).unwrap()));
        let case = |message: &str| {
            let files = json!({"shop/orders.proto": TEXT, "shop/item.proto": ITEM});
            json!({"format": "PROTOBUF", "files": files, "message": message})
        };
        let whole = Records::new(case("shop.Order"), TEXT, |id| {
            let order = Message {
                id: id + 1,
                by_name: [("a".into(), line("x", -5))].into(),
                lines: vec![line("y", 1)],
                rates: [(-1, 0.5)].into(),
            };
            let read = json!({
                "id": (id + 1).to_string(),
                "by_name": {"a": {"item": {"sku": "x"}, "n": -5}},
                "lines": [{"item": {"sku": "y"}, "n": 1}],
                "rates": {"-1": 0.5},
            });
            (order, read)
        });
        let lines = Records::new(case("shop.Order.Line"), NEXT_TEXT, |id| {
            let n = i32::try_from(id).unwrap() + 1;
            (line("z", n), json!({"item": {"sku": "z"}, "n": n}))
        });
        sent.both((&first, whole), (&second, lines));
        sent.check();
    }
}
