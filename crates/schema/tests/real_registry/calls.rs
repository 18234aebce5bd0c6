//! Each call, and what the registries refuse.

use super::support::{avro, record};
use super::{Real, fresh, registries, registry};
use milena::serializer::Side;
use milena_schema::registry::{RegistryErrorKind, block_on};
use milena_schema::schema::{Metadata, Reference, Schema, SchemaType};
use milena_schema::{Guid, Registry};

/// A User with one field more than `record("User", "a")`, which old data does not have.
fn user_with(default: &str) -> Schema {
    avro(&format!(
        r#"{{"type":"record","name":"User","fields":[{{"name":"a","type":"bytes"}},{{"name":"b","type":"string"{default}}}]}}"#
    ))
}

fn each(test: impl Fn(&Real, &Registry, &str)) {
    for real in registries() {
        test(&real, &real.client(), &fresh(&real.name));
    }
}

#[test]
fn every_call_has_its_answer() {
    each(|real, registry, subject| {
        block_on(async {
            let name = &real.name;
            let first = registry.register(subject, record("User", "a"), false).await.unwrap();
            let id = first.id.unwrap();
            let second = registry.register(subject, user_with(r#","default":"""#), true).await.unwrap();
            assert_ne!(second.id, first.id, "{name}");
            let again = real.client().register(subject, record("User", "a"), false).await.unwrap();
            assert_eq!(again.id, Some(id), "{name}");
            let found = registry.look_up(subject, record("User", "a"), false).await.unwrap();
            assert_eq!((found.id, found.version), (Some(id), Some(1)), "{name}");
            let latest = registry.latest(subject).await.unwrap();
            assert_eq!((latest.id, latest.version), (second.id, Some(2)), "{name}");
            assert_eq!(registry.version(subject, 1).await.unwrap().id, Some(id), "{name}");
            let by_id = registry.by_id(id, Some(subject)).await.unwrap();
            assert_eq!(by_id.schema.schema_type, SchemaType::Avro, "{name}");
            registry.set_compatibility(subject, "FULL").await.unwrap();
            assert_eq!(registry.config(subject).await.unwrap().compatibility_level.unwrap(), "FULL", "{name}");
            assert_eq!(registry.mode(subject).await.unwrap(), "READWRITE", "{name}");
            // srfake does not have this call.
            if real.is("apicurio") {
                assert!(registry.types().await.unwrap().contains(&"PROTOBUF".to_owned()));
            }
            // Neither knows associations; for us that is none.
            let associated = registry.associations(None, subject, Side::Value).await.unwrap();
            assert_eq!(associated, Vec::<String>::new(), "{name}");
            let judged = registry.compatibility(subject, None, user_with(r#","default":"""#)).await.unwrap();
            assert!(judged.is_compatible, "{name}");
        });
    });
}

#[test]
fn evolution_that_breaks_readers_is_refused_with_the_registrys_own_list() {
    // srfake finds nothing incompatible.
    let (real, subject) = (registry("apicurio"), fresh("evolution"));
    let registry = real.client();
    block_on(registry.register(&subject, record("User", "a"), false)).unwrap();
    let judged = block_on(registry.compatibility(&subject, None, user_with(""))).unwrap();
    assert!(!judged.is_compatible);
    let error = block_on(registry.register(&subject, user_with(""), false)).unwrap_err();
    assert_eq!((error.kind(), error.status()), (RegistryErrorKind::Incompatible, Some(409)));
    // Its list has the places of the differences.
    assert!(error.message().contains("list of diff types: [b at /fields/1]"), "{error}");
    assert!(error.to_string().contains(&subject), "{error}");
    assert_eq!(block_on(registry.latest(&subject)).unwrap().version, Some(1), "nothing was registered");
}

#[test]
fn protobuf_and_json_schema_are_registered_as_their_types() {
    each(|real, registry, subject| {
        let protobuf = Schema::new(SchemaType::Protobuf, "syntax = \"proto3\";\nmessage User {\n  int64 id = 1;\n}\n");
        let json = Schema::new(SchemaType::Json, r#"{"type":"object","properties":{"id":{"type":"integer"}}}"#);
        for (kind, schema) in [("protobuf", protobuf), ("json", json)] {
            let subject = format!("{subject}-{kind}");
            let registered = block_on(registry.register(&subject, schema.clone(), false)).unwrap();
            let read = block_on(real.client().by_id(registered.id.unwrap(), None)).unwrap();
            assert_eq!(read.schema.schema_type, schema.schema_type, "{}", real.name);
            let found = block_on(registry.look_up(&subject, schema, false)).unwrap();
            assert_eq!(found.id, registered.id, "{}", real.name);
        }
    });
}

#[test]
fn references_are_registered_leaves_first_and_read_back() {
    each(|real, registry, subject| {
        let leaf_subject = format!("{subject}-leaf");
        let leaf = avro(r#"{"type":"record","name":"Leaf","namespace":"x","fields":[{"name":"a","type":"int"}]}"#);
        let reference = Reference {
            name: "x.Leaf".into(),
            subject: leaf_subject.clone(),
            version: None,
            schema: Some(leaf.into()),
        };
        let text = r#"{"type":"record","name":"Root","namespace":"x","fields":[{"name":"leaf","type":"x.Leaf"}]}"#;
        let root = Schema { references: vec![reference], ..avro(text) };
        let registered = block_on(registry.register(subject, root, false)).unwrap();
        let read = block_on(real.client().latest(subject)).unwrap();
        let [reference] = &read.schema.references[..] else { panic!("{}: {read:?}", real.name) };
        assert_eq!((&reference.subject, reference.version), (&leaf_subject, Some(1)), "{}", real.name);
        assert!(reference.schema.as_ref().unwrap().text.contains("Leaf"), "{}", real.name);
        assert_eq!(read.id, registered.id);
    });
}

#[test]
fn a_subject_may_have_any_characters() {
    each(|real, registry, subject| {
        for odd in ["a/b.proto", "a b", "värde", "a+b&c", "50%", "a#b?c"] {
            let subject = format!("{subject}-{odd}");
            let registered = block_on(registry.register(&subject, record("User", "a"), false))
                .unwrap_or_else(|error| panic!("{}: {error}", real.name));
            let latest = block_on(registry.latest(&subject)).unwrap();
            assert_eq!((latest.id, latest.version), (registered.id, Some(1)), "{}: {subject}", real.name);
        }
    });
}

#[test]
fn what_is_not_there_or_not_right_has_its_kind() {
    each(|real, registry, subject| {
        let name = &real.name;
        let kind = |error: milena_schema::RegistryError| (error.kind(), error.status());
        let missing = (RegistryErrorKind::NotFound, Some(404));
        assert_eq!(kind(block_on(registry.latest(subject)).unwrap_err()), missing, "{name}");
        assert_eq!(kind(block_on(registry.by_id(1 << 30, None)).unwrap_err()), missing, "{name}");
        block_on(registry.register(subject, record("User", "a"), false)).unwrap();
        assert_eq!(kind(block_on(registry.version(subject, 99)).unwrap_err()), missing, "{name}");
        let error = block_on(registry.look_up(subject, record("Other", "a"), false)).unwrap_err();
        assert_eq!((error.code(), kind(error)), (Some(40403), missing), "{name}");
        let error = block_on(registry.register(subject, avro("{"), false)).unwrap_err();
        assert_eq!(kind(error), (RegistryErrorKind::Refused, Some(422)), "{name}");
    });
}

#[test]
fn a_context_has_ids_of_its_own() {
    // Apicurio takes `:.ctx:subject` for a plain name.
    let (real, context) = (registry("srfake"), fresh("ctx").replace('-', ""));
    let inside = super::builder(std::slice::from_ref(&real.url)).context(&context).build().unwrap();
    let registered = block_on(inside.register("orders", record("User", "a"), false)).unwrap();
    assert_eq!(registered.id, Some(1));
    assert_eq!(block_on(inside.by_id(1, Some("orders"))).unwrap().schema.text, record("User", "a").text);
}

#[test]
fn guids_and_metadata_find_a_schema() {
    // Apicurio has neither.
    let (real, subject) = (registry("srfake"), fresh("guid"));
    let registry = real.client();
    let metadata = Metadata { properties: [("major".to_owned(), "2".to_owned())].into(), ..Metadata::default() };
    let schema = Schema { metadata: Some(metadata.clone()), ..record("User", "a") };
    block_on(registry.register(&subject, schema, false)).unwrap();
    let latest = block_on(registry.latest(&subject)).unwrap();
    assert_eq!(latest.schema.metadata, Some(metadata));
    let guid = Guid::new(latest.guid.unwrap());
    assert_eq!(block_on(registry.by_guid(guid)).unwrap().schema.text, latest.schema.text);
}
