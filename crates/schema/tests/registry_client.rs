//! The client against the fake registry: each call, references, contexts, caching.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod support;

use milena::serializer::Side;
use milena_schema::fake::Effect;
use milena_schema::registry::{RegistryErrorKind, block_on};
use milena_schema::schema::{Metadata, Reference, Schema};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use support::{avro, builder, client, eventually, fake, record};

/// May follow a User with `a` alone.
const USER_2: &str = r#"{"type":"record","name":"User","fields":[{"name":"a","type":"bytes"},{"name":"b","type":"bytes","default":""}]}"#;

#[test]
fn every_call_has_its_answer() {
    let fake = fake();
    let registry = client(&fake);
    let metadata = Metadata { properties: [("major".to_owned(), "2".to_owned())].into(), ..Metadata::default() };
    let second = Schema { metadata: Some(metadata), ..avro(USER_2) };
    block_on(async {
        let first = registry.register("users-value", record("User", "a"), false).await.unwrap();
        assert_eq!((first.id, first.version, first.subject.as_deref()), (Some(1), Some(1), Some("users-value")));
        let registered = registry.register("users-value", second.clone(), true).await.unwrap();
        assert_eq!((registered.id, registered.version), (Some(2), Some(2)));
        let found = registry.look_up("users-value", record("User", "a"), false).await.unwrap();
        assert_eq!(*found.schema.text, *record("User", "a").text);
        assert_eq!(registry.latest("users-value").await.unwrap().version, Some(2));
        assert_eq!(registry.version("users-value", 1).await.unwrap().id, Some(1));
        assert_eq!(registry.by_id(1, None).await.unwrap().schema, first.schema);
        let guid = milena_schema::Guid::new(first.guid.unwrap());
        assert_eq!(guid, milena_schema::Guid::of(&first.schema), "the GUID can be computed");
        assert_eq!(registry.by_guid(guid).await.unwrap().schema, first.schema);
        let major = [("major".to_owned(), "2".to_owned())];
        assert_eq!(registry.by_metadata("users-value", major.into()).await.unwrap().version, Some(2));
        assert!(registry.compatibility("users-value", None, second).await.unwrap().is_compatible);
        assert_eq!(registry.config("users-value").await.unwrap().compatibility_level.unwrap(), "BACKWARD");
        registry.set_compatibility("users-value", "NONE").await.unwrap();
        assert_eq!(registry.config("users-value").await.unwrap().compatibility_level.unwrap(), "NONE");
        assert_eq!(registry.mode("users-value").await.unwrap(), "READWRITE");
        assert!(registry.types().await.unwrap().contains(&"AVRO".to_owned()));
        assert_eq!(registry.associations(None, "users", Side::Value).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn what_may_not_follow_is_refused_with_the_registrys_own_list() {
    let fake = fake();
    let registry = client(&fake);
    block_on(registry.register("users-value", record("User", "a"), false)).unwrap();
    let error = block_on(registry.register("users-value", record("User", "b"), false)).unwrap_err();
    assert_eq!((error.kind(), error.status()), (RegistryErrorKind::Incompatible, Some(409)));
    assert!(error.message().contains("READER_FIELD_MISSING_DEFAULT_VALUE"), "{error}");
    assert_eq!(error.subject(), Some("users-value"));
    let judged = block_on(registry.compatibility("users-value", None, record("User", "b"))).unwrap();
    assert!(!judged.is_compatible && judged.messages.len() == 1, "{judged:?}");
}

#[test]
fn what_is_registered_is_a_cost_once_and_two_schemas_on_one_subject_are_two() {
    let fake = fake();
    fake.set_compatibility("", "NONE");
    let registry = client(&fake);
    for _ in 0..100 {
        let one = block_on(registry.register("s", record("A", "a"), false)).unwrap();
        let other = block_on(registry.register("s", record("A", "b"), false)).unwrap();
        assert_eq!((one.id, other.id), (Some(1), Some(2)));
    }
    assert_eq!(fake.requests().len(), 2, "{:?}", fake.requests());
}

#[test]
fn a_tree_of_references_is_registered_leaves_first_and_read_back_whole() {
    let fake = fake();
    fake.answer_ids_alone();
    let refer = |name: &str, schema: &Schema| Reference {
        name: name.into(),
        subject: name.into(),
        version: None,
        schema: Some(Arc::new(schema.clone())),
    };
    let leaf = record("Leaf", "a");
    let left = Schema { references: vec![refer("Leaf", &leaf)], ..record("Left", "a") };
    let right = Schema { references: vec![refer("Leaf", &leaf)], ..record("Right", "a") };
    let root = Schema { references: vec![refer("Left", &left), refer("Right", &right)], ..record("Root", "a") };
    let registered = block_on(client(&fake).register("root", root, false)).unwrap();
    let names = |request: &String| request.split(['/', '?', ' ']).nth(3).unwrap().to_owned();
    let order: Vec<_> = fake.requests().iter().map(names).collect();
    // Registered, then looked up for the version, which this kind of registry does not tell at once.
    assert_eq!(order, ["Leaf", "Leaf", "Left", "Left", "Right", "Right", "root"], "{:?}", fake.requests());
    let versions = |schema: &Schema| schema.references.iter().map(|reference| reference.version).collect::<Vec<_>>();
    assert_eq!(versions(&registered.schema), [Some(1), Some(1)]);

    // Another client reads it back, each schema once.
    let before = fake.requests().len();
    let read = block_on(client(&fake).by_id(registered.id.unwrap(), None)).unwrap();
    assert_eq!(read.schema, registered.schema);
    assert_eq!(fake.requests().len() - before, 4, "{:?}", fake.requests());
}

#[test]
fn references_that_lead_back_end_in_an_error() {
    let fake = fake();
    let body = r#"{"id":1,"version":1,"schema":"{}","references":[{"name":"a","subject":"a","version":1}]}"#;
    fake.fault("/subjects/a/", 10, Effect::Body(200, body.into()));
    let error = block_on(client(&fake).version("a", 1)).unwrap_err();
    assert!(error.to_string().contains("refers to itself"), "{error}");
    assert_eq!(fake.requests().len(), 2);
}

#[test]
fn a_context_has_ids_of_its_own_and_gives_itself_to_references() {
    let fake = fake();
    let dev = builder(&[fake.url()]).context("dev").build().unwrap();
    let leaf =
        Reference { name: "L".into(), subject: "l".into(), version: None, schema: Some(record("L", "a").into()) };
    let root = Schema { references: vec![leaf], ..record("R", "a") };
    let registered = block_on(dev.register("r", root, false)).unwrap();
    assert_eq!(registered.subject.as_deref(), Some(":.dev:r"));
    assert_eq!(block_on(dev.latest("l")).unwrap().subject.as_deref(), Some(":.dev:l"));
    let other = block_on(client(&fake).register("r", record("Other", "a"), false)).unwrap();
    assert_eq!(other.id, Some(1), "ids begin again in each context");
    for subject in [Some("l"), None] {
        let by_id = block_on(dev.by_id(1, subject)).unwrap();
        assert_eq!(*by_id.schema.text, *record("L", "a").text);
    }
    // The same by the URL.
    let by_url = builder(&[format!("{}/contexts/.dev", fake.url())]).build().unwrap();
    assert_eq!(block_on(by_url.latest("r")).unwrap().id, registered.id);
}

#[test]
fn a_subject_may_have_any_characters() {
    let fake = fake();
    let registry = client(&fake);
    for subject in ["a/b.proto", "a b#c?d%e-värde", "..", "a+b&c=d;e", "日本"] {
        block_on(registry.register(subject, record("A", "a"), false)).unwrap();
        assert_eq!(block_on(registry.latest(subject)).unwrap().subject.as_deref(), Some(subject));
    }
}

#[test]
fn what_is_not_there_is_asked_once_in_a_while() {
    let fake = fake();
    let registry = client(&fake);
    for _ in 0..10 {
        let error = block_on(registry.look_up("s", avro("\"int\""), false)).unwrap_err();
        assert_eq!(
            (error.kind(), error.code(), error.subject()),
            (RegistryErrorKind::NotFound, Some(40401), Some("s"))
        );
    }
    assert_eq!(fake.requests().len(), 1);
    block_on(registry.register("s", avro("\"int\""), false)).unwrap();
    block_on(registry.look_up("s", avro("\"int\""), false)).unwrap();
}

#[test]
fn who_asks_the_same_at_the_same_time_shares_one_request() {
    let fake = fake();
    fake.fault("", 1, Effect::Late(Duration::from_millis(200)));
    let registry = client(&fake);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| block_on(registry.register("s", avro("\"int\""), false)).unwrap());
        }
    });
    assert_eq!(fake.requests().len(), 1, "{:?}", fake.requests());
}

#[test]
fn who_stops_to_wait_does_not_stop_the_question() {
    let fake = fake();
    fake.fault("", 1, Effect::Late(Duration::from_millis(100)));
    let registry = client(&fake);
    {
        let mut asked = pin!(registry.register("s", avro("\"int\""), false));
        assert!(asked.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    eventually(|| fake.requests().len() == 1);
    assert_eq!(block_on(registry.register("s", avro("\"int\""), false)).unwrap().id, Some(1));
    assert_eq!(fake.requests().len(), 1, "{:?}", fake.requests());
}

#[test]
fn patience_holds_however_long_the_registry_takes() {
    let fake = fake();
    fake.fault("", 1, Effect::Late(Duration::from_secs(60)));
    let registry = builder(&[fake.url()]).patience(Duration::from_millis(150)).build().unwrap();
    let begun = Instant::now();
    let error = block_on(registry.latest("s")).unwrap_err();
    assert_eq!(error.kind(), RegistryErrorKind::Timeout, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
