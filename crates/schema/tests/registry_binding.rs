//! Bound serializers: what they cost the registry, and what forbids to bind.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod support;

use milena::serializer::{Bind, SerializedHeaders, Serializer, Side, Target};
use milena_schema::binding::BindingError;
use milena_schema::policy::Policy;
use milena_schema::registry::block_on;
use milena_schema::schema::{Rule, RuleSet, Schema};
use milena_schema::subject::{Fallback, SubjectStrategy};
use milena_schema::{Framing, Guid, Registry};
use std::time::Duration;
use support::{PATIENCE, Raw, avro, bind, client, eventually, fake, record, written};

fn raw(schema: Schema) -> Raw {
    Raw(Some(schema))
}

/// The words of a binding that must fail.
#[track_caller]
fn refused(binding: milena_schema::Binding<Raw, [u8]>) -> String {
    bind(binding, "orders").unwrap_err().to_string()
}

#[test]
fn many_records_cost_the_binding_alone_and_outlive_the_registry() {
    let fake = fake();
    let bound = bind(client(&fake).serializer(raw(record("Order", "a"))), "orders").unwrap();
    for number in 0..204_800_u32 {
        if number == 100_000 {
            fake.stop();
        }
        let bytes = written(&bound, &number.to_be_bytes());
        assert_eq!(bytes, [&[0, 0, 0, 0, 1][..], &number.to_be_bytes()].concat());
    }
    assert_eq!(fake.requests(), ["POST /subjects/orders-value/versions?normalize=false 200"]);
}

#[test]
fn two_schemas_on_one_subject_have_their_own_ids() {
    let fake = fake();
    fake.set_compatibility("", "NONE");
    let registry = client(&fake);
    let one = bind(registry.serializer(raw(record("Order", "a"))), "orders").unwrap();
    let other = bind(registry.serializer(raw(record("Order", "b"))), "orders").unwrap();
    for _ in 0..3 {
        assert_eq!((written(&one, b"x")[4], written(&other, b"x")[4]), (1, 2));
    }
}

#[test]
fn each_policy_finds_its_schema() {
    let fake = fake();
    fake.set_compatibility("", "NONE");
    let registry = client(&fake);
    let lookup = || registry.serializer(raw(record("Order", "a"))).policy(Policy::Lookup { normalize: false });
    assert!(refused(lookup()).contains("404"), "{}", refused(lookup()));
    let registered = block_on(registry.register("orders-value", record("Order", "a"), false)).unwrap();
    block_on(registry.register("orders-value", record("Order", "b"), false)).unwrap();
    let id = |binding| bind(binding, "orders").unwrap().resolved().id;
    assert_eq!(id(lookup()), Some(1));
    let none = || registry.serializer(Raw(None));
    assert_eq!(id(none().policy(Policy::LATEST)), Some(2));
    assert_eq!(id(none().policy(Policy::Id(1))), Some(1));
    let by_guid = none().policy(Policy::Guid(Guid::new(registered.guid.unwrap())));
    let bound = bind(by_guid.framing(Framing::Header), "orders").unwrap();
    assert_eq!(bound.resolved().guid, registered.guid);
    assert!(refused(none()).contains("needs a schema of its own"));
}

#[test]
fn subjects_follow_the_strategy() {
    let fake = fake();
    fake.associate("orders", Side::Value, "all-orders");
    let registry = client(&fake);
    let subject = |strategy, topic: &str| {
        let binding = registry.serializer(raw(record("Order", "a"))).subject_strategy(strategy);
        bind(binding, topic).unwrap().resolved().subject.clone().unwrap()
    };
    assert_eq!(subject(SubjectStrategy::TopicName, "orders"), "orders-value");
    assert_eq!(subject(SubjectStrategy::RecordName, "orders"), "com.example.Raw");
    assert_eq!(subject(SubjectStrategy::TopicRecordName, "orders"), "orders-com.example.Raw");
    let associated = |fallback| SubjectStrategy::Associated { fallback, cluster: None };
    assert_eq!(subject(associated(Fallback::TopicName), "orders"), "all-orders");
    assert_eq!(subject(associated(Fallback::TopicName), "returns"), "returns-value");
    let named = registry.serializer(raw(record("Order", "a"))).subject("mine");
    assert_eq!(bind(named, "orders").unwrap().resolved().subject.as_deref(), Some("mine"));
    let none = registry.serializer(raw(record("Order", "a"))).subject_strategy(associated(Fallback::None));
    assert!(bind(none, "returns").unwrap_err().to_string().contains("no fallback"));
    let key = registry.serializer(raw(record("Order", "a")));
    let bound = block_on(key.bind(Target::new("orders", Side::Key, PATIENCE))).unwrap();
    assert_eq!(bound.resolved().subject.as_deref(), Some("orders-key"));
}

#[test]
fn the_latest_is_swapped_in_behind_the_records_and_kept_when_the_registry_is_gone() {
    let fake = fake();
    fake.set_compatibility("", "NONE");
    let registry = client(&fake);
    block_on(registry.register("orders-value", record("Order", "a"), false)).unwrap();
    let ttl = Some(Duration::from_millis(40));
    let binding = registry.serializer(Raw(None)).policy(Policy::Latest { ttl, strict: true });
    let bound = bind(binding, "orders").unwrap();
    assert_eq!(written(&bound, b"x"), [0, 0, 0, 0, 1, b'x']);
    block_on(client(&fake).register("orders-value", record("Order", "b"), false)).unwrap();
    eventually(|| written(&bound, b"x") == [0, 0, 0, 0, 2, b'x']);
    // What cannot be written by is not swapped in: a rule that we do not run.
    block_on(client(&fake).register("orders-value", ruled("WRITE", None), false)).unwrap();
    let asked = fake.requests().len();
    eventually(|| fake.requests().len() > asked + 2);
    assert_eq!(written(&bound, b"x"), [0, 0, 0, 0, 2, b'x']);
    fake.stop();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(written(&bound, b"x"), [0, 0, 0, 0, 2, b'x']);
}

#[test]
fn the_latest_must_read_what_the_values_own_schema_writes_unless_told_otherwise() {
    let fake = fake();
    let registry = client(&fake);
    block_on(registry.register("orders-value", record("Order", "a"), false)).unwrap();
    let binding = |strict| {
        let policy = Policy::Latest { ttl: None, strict };
        registry.serializer(raw(record("Order", "b"))).policy(policy)
    };
    let error = refused(binding(true));
    assert!(error.contains("latest.compatibility.strict") && error.contains("Order.a"), "{error}");
    bind(binding(false), "orders").unwrap();
}

#[test]
fn the_last_serializer_takes_the_questions_with_it() {
    let fake = fake();
    let registry = client(&fake);
    block_on(registry.register("orders-value", record("Order", "a"), false)).unwrap();
    let ttl = Some(Duration::from_millis(10));
    let binding = registry.serializer(Raw(None)).policy(Policy::Latest { ttl, strict: true });
    let bound = bind(binding, "orders").unwrap();
    eventually(|| fake.requests().len() > 4);
    drop(bound);
    std::thread::sleep(Duration::from_millis(100));
    let asked = fake.requests().len();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(fake.requests().len(), asked);
}

fn ruled(mode: &str, enable_at: Option<&str>) -> Schema {
    let rule = Rule {
        name: "encryptPII".into(),
        kind: Some("TRANSFORM".into()),
        mode: Some(mode.into()),
        rule_type: Some("ENCRYPT".into()),
        ..Rule::default()
    };
    let enable_at = enable_at.map(Into::into);
    Schema {
        rule_set: Some(RuleSet { domain_rules: vec![rule], enable_at, ..RuleSet::default() }),
        ..record("Order", "a")
    }
}

#[test]
fn a_schema_with_a_write_rule_is_not_written_by() {
    let fake = fake();
    let registry = client(&fake);
    for mode in ["WRITE", "WRITEREAD"] {
        let error = refused(registry.serializer(raw(ruled(mode, None))).subject(mode));
        assert!(error.contains("encryptPII") && error.contains("ENCRYPT"), "{error}");
        // Also when it is the registry that has the rule.
        let error = refused(registry.serializer(Raw(None)).policy(Policy::LATEST).subject(mode));
        assert!(error.contains("encryptPII"), "{error}");
    }
    bind(registry.serializer(raw(ruled("READ", None))), "reads").unwrap();
    bind(registry.serializer(raw(ruled("WRITE", Some("GATEWAY")))), "gateway").unwrap();
}

#[test]
fn the_header_framing_asks_for_the_guid_where_it_is_not_told() {
    let fake = fake();
    fake.answer_ids_alone();
    let registry = client(&fake);
    let binding = || registry.serializer(raw(record("Order", "a"))).framing(Framing::Header);
    let bound = bind(binding(), "orders").unwrap();
    let mut headers = SerializedHeaders::default();
    let mut out = Vec::new();
    bound.serialize(b"x", &mut out, &mut headers).unwrap();
    assert_eq!(out, b"x");
    let guid = Guid::of(&record("Order", "a"));
    let expected = [&[1][..], guid.as_bytes()].concat();
    assert_eq!(headers.iter().collect::<Vec<_>>(), [("__value_schema_id", Some(&expected[..]))]);
    assert_eq!(fake.requests().len(), 2, "{:?}", fake.requests());
    fake.without_guids();
    let other = registry.serializer(raw(record("Order", "b"))).framing(Framing::Header).subject("other");
    assert!(refused(other).contains("gives none"));
}

#[test]
fn what_the_registry_refuses_is_said_with_topic_and_side() {
    let fake = fake();
    let error = refused(client(&fake).serializer(raw(avro("{"))));
    assert!(error.starts_with("the value serializer of topic \"orders\": subject \"orders-value\":"), "{error}");
    assert!(error.contains("422") && error.contains("42201"), "{error}");
    let error = bind(client(&fake).serializer(raw(avro("{"))), "orders").unwrap_err();
    assert!(matches!(error.source.downcast_ref::<BindingError>(), Some(BindingError::Registry(_))));
}

#[test]
fn a_lock_file_serves_without_a_registry() {
    let fake = fake();
    let registry = client(&fake);
    let resolved = block_on(registry.register("orders-value", record("Order", "a"), false)).unwrap();
    let mut lock = milena_schema::lock::Lock::default();
    lock.add(&resolved).unwrap();
    fake.stop();
    let offline = Registry::offline(lock.to_text()).unwrap();
    let bound = bind(offline.serializer(raw(record("Order", "a"))), "orders").unwrap();
    assert_eq!(written(&bound, b"x"), [0, 0, 0, 0, 1, b'x']);
    let error = refused(offline.serializer(raw(record("Order", "b"))));
    assert!(error.contains("not in the lock file") && error.contains("milena schema pull"), "{error}");
    let changed = lock.to_text().replace("Order", "Odor");
    assert!(Registry::offline(changed).unwrap_err().to_string().contains("is not the one that was locked"));
    assert!(Registry::offline("[\n  {").unwrap_err().to_string().starts_with("line 2, column"));
}

#[test]
fn a_binding_waits_no_longer_than_its_topic_may() {
    let fake = fake();
    fake.fault("", 9, milena_schema::fake::Effect::Late(Duration::from_secs(60)));
    let target = Target::new("orders", Side::Value, Duration::from_millis(100));
    let begun = std::time::Instant::now();
    let error = block_on(client(&fake).serializer(raw(record("Order", "a"))).bind(target)).unwrap_err();
    assert!(error.to_string().contains("in time"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30));
}
