//! Derived types: their schema, their bytes, and what happens under a schema of another layout.

use crate::{hex, schema};
use milena_schema::avro::derive::Shaped;
use milena_schema::avro::{Avro, AvroDerivedEncoder, AvroError, AvroRecord, AvroSchema, AvroSerdeEncoder};
use milena_schema::{Encode, Format, Resolved, Schema, SchemaType};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

fn registered(text: &str) -> Resolved {
    let schema = Arc::new(Schema::new(SchemaType::Avro, text));
    Resolved { schema, subject: None, version: None, id: None, guid: None }
}

fn bound<T: AvroRecord>(text: &str) -> Result<AvroDerivedEncoder<T>, AvroError> {
    Avro::<T>::derived().compile(&registered(text))
}

fn encoded<T: AvroRecord>(encoder: &AvroDerivedEncoder<T>, value: &T) -> String {
    let mut out = Vec::new();
    encoder.encode(value, &mut out).expect("it fits");
    hex(&out)
}

/// By the type's own schema, straight, and the same as serde writes by it.
fn own<T: AvroRecord + Serialize>(value: &T) -> String {
    let encoder = bound::<T>(T::SCHEMA).unwrap_or_else(|error| panic!("{}: {error}", T::SCHEMA));
    assert!(encoder.is_straight());
    let mut by_serde = Vec::new();
    AvroSerdeEncoder::new(schema(T::SCHEMA)).encode(value, &mut by_serde).expect("serde's path");
    assert_eq!(encoded(&encoder, value), hex(&by_serde));
    assert_eq!(schema(T::SCHEMA).fingerprint(), T::FINGERPRINT, "the compiler's fingerprint is that of the text");
    hex(&by_serde)
}

#[derive(AvroRecord, Serialize)]
#[avro(namespace = "com.example")]
struct User<'a> {
    id: i64,
    name: &'a str,
    email: Option<String>,
}

const USER: &str = r#"{"type":"record","name":"User","namespace":"com.example","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"email","type":["null","string"],"default":null}]}"#;

#[test]
fn the_schema_is_a_constant() {
    const TEXT: &str = User::SCHEMA;
    assert_eq!(TEXT, USER);
    assert_eq!(User::FINGERPRINT, 0xa712_d496_6d67_793c);
    assert_eq!(own(&User { id: 42, name: "Ann", email: None }), "5406416e6e00");
    let juergen = User { id: -3, name: "Jürgen", email: Some("j@x.de".into()) };
    assert_eq!(own(&juergen), "050e4ac3bc7267656e020c6a40782e6465");
}

#[derive(AvroRecord, Serialize, Clone, Copy)]
#[avro(rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum State {
    New,
    PaidFor,
}

#[derive(AvroRecord, Serialize)]
struct Line {
    sku: String,
    #[avro(default = "1", doc = "of \"them\"")]
    count: i32,
}

#[derive(AvroRecord, Serialize)]
#[avro(namespace = "shop", rename_all = "camelCase", doc = "an order")]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: u32,
    state: State,
    first: Line,
    lines: Vec<Line>,
    tags: BTreeMap<String, i64>,
    labels: HashMap<String, State>,
    hash: [u8; 4],
    blob: Vec<u8>,
    ratio: f32,
    weight: f64,
    paid: bool,
    level: u8,
    pair: [i32; 2],
    maybe: Option<Vec<Option<i32>>>,
}

fn order() -> Order {
    Order {
        order_id: 7,
        state: State::PaidFor,
        first: Line { sku: "a".into(), count: 1 },
        lines: vec![Line { sku: "b".into(), count: -1 }],
        tags: BTreeMap::from([("x".to_owned(), 1)]),
        labels: HashMap::from([("y".to_owned(), State::New)]),
        hash: [1, 2, 3, 4],
        blob: vec![9, 8],
        ratio: 1.5,
        weight: -0.1,
        paid: true,
        level: 255,
        pair: [1, 2],
        maybe: Some(vec![None, Some(3)]),
    }
}

#[test]
fn every_kind_of_field() {
    own(&order());
    assert_eq!(
        Order::SCHEMA,
        concat!(
            r#"{"type":"record","name":"Order","namespace":"shop","doc":"an order","fields":["#,
            r#"{"name":"orderId","type":"long"},"#,
            r#"{"name":"state","type":{"type":"enum","name":"State","symbols":["NEW","PAID_FOR"]}},"#,
            r#"{"name":"first","type":{"type":"record","name":"Line","fields":[{"name":"sku","type":"string"},{"name":"count","type":"int","doc":"of \"them\"","default":1}]}},"#,
            r#"{"name":"lines","type":{"type":"array","items":"Line"}},"#,
            r#"{"name":"tags","type":{"type":"map","values":"long"}},"#,
            r#"{"name":"labels","type":{"type":"map","values":"State"}},"#,
            r#"{"name":"hash","type":{"type":"fixed","name":"Hash","size":4}},"#,
            r#"{"name":"blob","type":"bytes"},{"name":"ratio","type":"float"},{"name":"weight","type":"double"},"#,
            r#"{"name":"paid","type":"boolean"},{"name":"level","type":"int"},"#,
            r#"{"name":"pair","type":{"type":"array","items":"int"}},"#,
            r#"{"name":"maybe","type":["null",{"type":"array","items":["null","int"]}],"default":null}]}"#,
        )
    );
}

#[derive(AvroRecord, Serialize)]
#[expect(clippy::use_self, reason = "both ways to name it are to be found")]
struct Tree {
    value: i32,
    children: Vec<Tree>,
    parent: Option<Box<Self>>,
}

#[derive(AvroRecord)]
#[avro(namespace = "com.example")]
struct Person<'p> {
    name: &'p str,
    houses: Vec<House<'p>>,
}

#[derive(AvroRecord)]
#[avro(inner)]
struct House<'p> {
    kind: Kind<'p>,
    #[avro(outer)]
    owners: Vec<Person<'p>>,
}

#[derive(AvroRecord)]
enum Kind<'p> {
    Empty,
    #[avro(outer)]
    Let(Box<Person<'p>>),
}

const PERSON: &str = r#"{"type":"record","name":"Person","namespace":"com.example","fields":[{"name":"name","type":"string"},{"name":"houses","type":{"type":"array","items":{"type":"record","name":"House","fields":[{"name":"kind","type":["null","Person"]},{"name":"owners","type":{"type":"array","items":"Person"}}]}}}]}"#;

#[test]
fn types_may_hold_each_other() {
    let person = |name, houses| Person { name, houses };
    let kind = Kind::Let(Box::new(person("l", vec![])));
    let houses = vec![House { kind, owners: vec![person("o", vec![])] }, House { kind: Kind::Empty, owners: vec![] }];
    let whole = person("w", houses);
    assert_eq!(Person::SCHEMA, PERSON);
    let parsed = AvroSchema::from_text(Person::SCHEMA).unwrap();
    assert_eq!(parsed.fingerprint(), Person::FINGERPRINT);
    let encoder = bound::<Person<'_>>(PERSON).unwrap();
    assert!(encoder.is_straight());
    // Name; two houses: one let to l and owned by o, one empty; the lists' ends.
    assert_eq!(encoded(&encoder, &whole), "0277".to_owned() + "04" + "02026c00" + "02026f0000" + "0000" + "00");
    let other = PERSON.replace(
        r#"{"name":"owners","type":{"type":"array","items":"Person"}}"#,
        r#"{"name":"owners","type":{"type":"array","items":"string"}}"#,
    );
    let error = bound::<Person<'_>>(&other).unwrap_err().to_string();
    assert!(error.contains("houses.items.owners"), "{error}");
}

#[test]
fn a_type_may_hold_itself() {
    let tree = Tree { value: 1, children: vec![Tree { value: 2, children: vec![], parent: None }], parent: None };
    assert_eq!(own(&tree), "02020400000000");
    assert_eq!(
        Tree::SCHEMA,
        r#"{"type":"record","name":"Tree","fields":[{"name":"value","type":"int"},{"name":"children","type":{"type":"array","items":"Tree"}},{"name":"parent","type":["null","Tree"],"default":null}]}"#
    );
}

fn millis(at: &SystemTime) -> i64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[derive(AvroRecord)]
struct Times {
    #[avro(logical = "timestamp-millis")]
    at: i64,
    #[avro(logical = "timestamp-micros")]
    system: SystemTime,
    #[avro(logical = "date")]
    day: Option<i32>,
    #[avro(logical = "uuid")]
    id: String,
    #[avro(logical = "uuid", fixed = "Id")]
    raw: [u8; 16],
    #[avro(logical = "decimal(10, 2)")]
    price: &'static str,
    #[avro(logical = "decimal(10, 2)")]
    cents: i64,
    #[avro(logical = "timestamp-millis", with = "millis", via = "i64")]
    converted: SystemTime,
    #[avro(skip)]
    _private: (),
}

fn times() -> Times {
    Times {
        at: 1,
        system: SystemTime::UNIX_EPOCH - Duration::from_nanos(1),
        day: Some(1),
        id: "x".into(),
        raw: [7; 16],
        price: "12.50",
        cents: 1250,
        converted: SystemTime::UNIX_EPOCH + Duration::from_millis(2),
        _private: (),
    }
}

#[test]
fn logical_types() {
    let encoder = bound::<Times>(Times::SCHEMA).unwrap();
    assert!(encoder.is_straight());
    let fixed = "07".repeat(16);
    assert_eq!(encoded(&encoder, &times()), format!("020102020278{fixed}0404e20404e204"));
    assert_eq!(schema(Times::SCHEMA).fingerprint(), Times::FINGERPRINT);
    assert!(
        Times::SCHEMA.contains(r#"{"name":"raw","type":{"type":"fixed","name":"Id","size":16,"logicalType":"uuid"}}"#)
    );
    assert!(Times::SCHEMA.contains(r#"{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}"#));
    let mut out = Vec::new();
    let error = encoder.encode(&Times { price: "1.234", ..times() }, &mut out).expect_err("three digits").to_string();
    assert_eq!(error, "price: 1.234 has more than 2 digits behind the point");
    // Millis are no micros, whatever the bytes.
    let micros = Times::SCHEMA.replace(
        r#""at","type":{"type":"long","logicalType":"timestamp-millis"}"#,
        r#""at","type":{"type":"long","logicalType":"timestamp-micros"}"#,
    );
    let error = bound::<Times>(&micros).expect_err("another unit").to_string();
    assert_eq!(
        error,
        "the type does not fit the registered schema: at: the schema has long (timestamp-micros), the type timestamp-millis"
    );
}

#[derive(AvroRecord, Serialize)]
enum Payment {
    None,
    Card(Card),
    Cash(i64),
}

#[derive(AvroRecord, Serialize)]
struct Card {
    number: String,
}

#[derive(AvroRecord, Serialize)]
struct Paid {
    by: Payment,
}

#[test]
fn variants_with_a_value_are_branches() {
    let text = r#"{"type":"record","name":"Paid","fields":[{"name":"by","type":["null",{"type":"record","name":"Card","fields":[{"name":"number","type":"string"}]},"long"]}]}"#;
    assert_eq!(Paid::SCHEMA, text);
    let encoder = bound::<Paid>(text).unwrap();
    assert_eq!(encoded(&encoder, &Paid { by: Payment::None }), "00");
    assert_eq!(encoded(&encoder, &Paid { by: Payment::Card(Card { number: "1".into() }) }), "020231");
    assert_eq!(encoded(&encoder, &Paid { by: Payment::Cash(5) }), "040a");
    // Other order: by name.
    let other = r#"{"type":"record","name":"Paid","fields":[{"name":"by","type":["long",{"type":"record","name":"Card","fields":[{"name":"number","type":"string"}]},"null"]}]}"#;
    let encoder = bound::<Paid>(other).unwrap();
    assert!(!encoder.is_straight());
    assert_eq!(encoded(&encoder, &Paid { by: Payment::None }), "04");
    assert_eq!(encoded(&encoder, &Paid { by: Payment::Card(Card { number: "1".into() }) }), "020231");
    assert_eq!(encoded(&encoder, &Paid { by: Payment::Cash(5) }), "000a");
}

#[test]
fn another_layout_is_written_by_name() {
    let user = User { id: 42, name: "Ann", email: Some("x".into()) };
    // Text and namespace may differ, the layout is what counts.
    assert!(
        bound::<User<'_>>(&USER.replace("com.example", "org").replace(",\"default\":null", "")).unwrap().is_straight()
    );
    for (text, bytes) in [
        // Another order.
        (
            r#"{"type":"record","name":"User","fields":[{"name":"name","type":"string"},{"name":"email","type":["null","string"]},{"name":"id","type":"long"}]}"#,
            "06416e6e02027854",
        ),
        // A narrower integer, and a nullable field that the type has not.
        (
            r#"{"type":"record","name":"User","fields":[{"name":"id","type":"int"},{"name":"name","type":"string"},{"name":"new","type":["null","int"]},{"name":"email","type":["null","string"]}]}"#,
            "5406416e6e00020278",
        ),
        // Null last.
        (
            r#"{"type":"record","name":"User","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"email","type":["string","null"]}]}"#,
            "5406416e6e000278",
        ),
    ] {
        let encoder = bound::<User<'_>>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(!encoder.is_straight(), "{text}");
        assert_eq!(encoded(&encoder, &user), bytes, "{text}");
    }
    let by_name =
        bound::<Order>(&Order::SCHEMA.replace(r#""name":"level","type":"int""#, r#""name":"level","type":"long""#))
            .unwrap();
    assert!(!by_name.is_straight());
    assert_eq!(encoded(&by_name, &order()), own(&order()), "int and long are written alike");
}

#[test]
fn what_does_not_fit_is_said_when_it_is_bound() {
    let text = r#"{"type":"record","name":"User","fields":[{"name":"id","type":"string"},{"name":"name","type":"string"},{"name":"age","type":"int","default":0}]}"#;
    let error = bound::<User<'_>>(text).expect_err("three differences").to_string();
    assert_eq!(
        error,
        "the type does not fit the registered schema: id: the schema has string, the type long; \
         age: the schema has this field, the type has not; \
         email: the type has this field, the schema's record User has not"
    );
    assert!(bound::<User<'_>>("\"long\"").is_err());
    assert!(bound::<Tree>(r#"{"type":"record","name":"Tree","fields":[{"name":"value","type":"int"},{"name":"children","type":{"type":"array","items":"int"}},{"name":"parent","type":["null","Tree"]}]}"#).is_err());
}

#[derive(AvroRecord)]
#[avro(namespace = "com.example", name = "User", lock = "tests/avro_core/schemas.lock", subject = "users-value")]
struct Locked {
    id: i64,
    name: String,
    email: Option<String>,
    #[avro(logical = "timestamp-millis")]
    at: i64,
    address: Address,
    boss: Option<Box<Self>>,
}

#[derive(AvroRecord)]
struct Address {
    city: String,
}

#[test]
fn a_type_that_is_as_locked_compiles() {
    let address = Address { city: "Bonn".into() };
    let user = Locked { id: 1, name: "a".into(), email: None, at: 2, address, boss: None };
    let encoder = bound::<Locked>(Locked::SCHEMA).unwrap();
    assert_eq!(encoded(&encoder, &user), "020261000408426f6e6e00");
}

#[test]
#[should_panic(expected = "address.city: the locked schema has int, the type string (the lock file's schema of s)")]
fn a_type_that_is_not_as_locked_is_refused_with_its_path() {
    use milena_schema::avro::derive::{FieldShape, Shape, TypeName, assert_locked};
    const NAME: TypeName = TypeName { simple: "X", namespace: None };
    const CITY: Shape = Shape::Record {
        name: NAME,
        doc: None,
        fields: &[FieldShape { name: "city", shape: Shape::Int, doc: None, default: None }],
    };
    const USER: Shape = Shape::Record {
        name: NAME,
        doc: None,
        fields: &[FieldShape { name: "address", shape: CITY, doc: None, default: None }],
    };
    #[derive(AvroRecord)]
    struct Mine {
        address: Address,
    }
    let _ = |mine: &Mine| mine.address.city.len();
    assert_locked(&<Mine as Shaped>::SHAPE, &USER, "s");
}
