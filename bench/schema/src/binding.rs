//! What binding costs a record besides its encoding: a serializer that knows its schema, with an encoder that writes nothing.

use crate::record::Order;
use crate::{measure, measure_whole};
use milena::SerializeError;
use milena::serializer::{Bind, SerializedHeaders, Serializer, Side, Target};
use milena_schema::avro::derive::AvroValue;
use milena_schema::avro::{Avro, AvroError, AvroRecord};
use milena_schema::lock::Lock;
use milena_schema::policy::Policy;
use milena_schema::registry::block_on;
use milena_schema::{Bound, Encode, Format, Registry, Resolved, Schema, SchemaType};
use std::sync::Arc;
use std::time::Duration;

/// The hit alone, then with the derived encoder; the last row is that encoder with the prefix written by hand.
pub fn rows(records: &[Order]) -> Vec<(&'static str, f64)> {
    let fixed = bound(Nothing, Policy::Lookup { normalize: false });
    let latest = bound(Nothing, Policy::Latest { ttl: Some(Duration::from_secs(3600)), strict: false });
    let derived = bound(Avro::<Order>::derived(), Policy::Lookup { normalize: false });
    vec![
        ("the hit: schema found at binding", whole(&fixed, records)),
        ("the hit: latest schema, swapped in behind the records", whole(&latest, records)),
        ("with derived Avro", whole(&derived, records)),
        ("derived Avro alone", measure(|i, out| records[i].encode(out).expect("it fits"))),
    ]
}

fn whole<S: Serializer<Order>>(serializer: &S, records: &[Order]) -> f64 {
    let mut headers = SerializedHeaders::default();
    measure_whole(|i, out| {
        serializer.serialize(&records[i], out, &mut headers).expect("it fits");
    })
}

/// Bound to a topic of a registry that knows the schema: a lock file, so that nothing else runs in the process.
fn bound<F: Format<Order> + 'static>(format: F, policy: Policy) -> Bound<F::Encoder> {
    let mut lock = Lock::default();
    let (subject, version, id) = (Some("orders-value".into()), Some(1), Some(7));
    let schema = Arc::new(Schema::new(SchemaType::Avro, Order::SCHEMA));
    lock.add(&Resolved { schema, subject, version, id, guid: None }).expect("it has a place");
    let registry = Registry::offline(lock.to_text()).expect("a lock file");
    let target = Target::new("orders", Side::Value, Duration::from_secs(1));
    let bound = block_on(registry.serializer(format).policy(policy).bind(target)).expect("it is there");
    let (mut out, mut headers) = (Vec::new(), SerializedHeaders::default());
    let order = &crate::record::random(1, 1)[0];
    bound.serialize(order, &mut out, &mut headers).expect("it fits");
    assert_eq!(out[..5], crate::record::PREFIX);
    bound
}

/// Writes nothing of an order.
struct Nothing;

impl Format<Order> for Nothing {
    type Encoder = Self;
    type Error = AvroError;

    fn schema(&self) -> Option<&Schema> {
        static OWN: std::sync::LazyLock<Schema> =
            std::sync::LazyLock::new(|| Schema::new(SchemaType::Avro, Order::SCHEMA));
        Some(&OWN)
    }

    fn record_name(&self, _: Option<&Schema>) -> Option<String> {
        None
    }

    fn compile(&self, _: &Resolved) -> Result<Self, AvroError> {
        Ok(Self)
    }
}

impl Encode<Order> for Nothing {
    fn encode(&self, _: &Order, _: &mut Vec<u8>) -> Result<(), SerializeError> {
        Ok(())
    }
}
