//! The table against what it promises: each default is allowed, mistakes are named, and no secret is told.

use super::*;
use crate::policy::Policy;
use crate::registry::Registry;
use std::collections::HashSet;

type Properties<'a> = &'a [(&'a str, &'a str)];

fn refused(properties: Properties<'_>) -> String {
    let url = [("schema.registry.url", "http://localhost:8081")];
    Registry::from_properties(url.iter().chain(properties).copied()).unwrap_err().to_string()
}

#[test]
fn a_name_stands_in_the_table_once_and_every_default_is_allowed() {
    let names: HashSet<_> = KNOBS.iter().map(|knob| knob.name).collect();
    assert_eq!(names.len(), KNOBS.len());
    for knob in KNOBS {
        assert!(knob.doc.ends_with('.'), "{}", knob.name);
        if let Some(default) = knob.default {
            assert_eq!(keep(&mut Draft::default(), knob.name, default), Ok(()), "{}", knob.name);
        }
    }
}

#[test]
fn names_are_known_with_javas_prefix_and_without() {
    assert_eq!(find("schema.registry.basic.auth.user.info").unwrap().name, "basic.auth.user.info");
    assert!(find("ssl.truststore.location").is_none(), "without its prefix it is Kafka's");
    let mut draft = Draft::default();
    keep(&mut draft, "schema.registry.request.header.X-Team", "a").unwrap();
    assert_eq!(draft.headers[0].0, "X-Team");
}

#[test]
fn contradictions_name_their_settings() {
    let cases: [(Properties<'_>, [&str; 2]); 7] = [
        (
            &[("auto.register.schemas", "true"), ("use.latest.version", "true")],
            ["auto.register.schemas", "use.latest.version"],
        ),
        (&[("use.schema.id", "7"), ("use.latest.version", "true")], ["use.schema.id", "use.latest.version"]),
        (&[("use.schema.id", "7"), ("auto.register.schemas", "true")], ["auto.register.schemas", "use.schema.id"]),
        (&[("basic.auth.user.info", "a:b"), ("bearer.auth.token", "t")], ["basic.auth.user.info", "bearer.auth"]),
        (
            &[("schema.registry.url", "http://a:b@sr"), ("bearer.auth.token", "t")],
            ["schema.registry.url", "bearer.auth"],
        ),
        (
            &[("bearer.auth.credentials.source", "OAUTHBEARER")],
            ["bearer.auth.issuer.endpoint.url", "bearer.auth.client.id"],
        ),
        (&[("proxy.host", "p")], ["proxy.host", "proxy.port"]),
    ];
    for (properties, names) in cases {
        let error = refused(properties);
        names.iter().for_each(|name| assert!(error.contains(name), "{name} is not in {error}"));
    }
}

#[test]
fn every_mistake_is_told_and_no_secret_with_it() {
    let error =
        refused(&[("auto.register.schema", "true"), ("max.retries", "many"), ("basic.auth.user.info", "hunter2")]);
    assert!(error.contains("did you mean auto.register.schemas?") && error.contains("max.retries"), "{error}");
    assert!(error.contains("basic.auth.user.info") && !error.contains("hunter2"), "{error}");
    let builder = Registry::builder().url("http://me:hunter2@sr").bearer("hunter3");
    assert!(!format!("{builder:?}").contains("hunter"));
    let registry = Registry::builder().url("http://me:hunter2@sr").build().unwrap();
    assert!(!format!("{registry:?}").contains("hunter2"));
}

#[test]
fn the_switches_make_one_policy() {
    let policy = |properties: &[(&str, &str)]| {
        let url = [("schema.registry.url", "http://sr")];
        let registry = Registry::from_properties(url.iter().chain(properties).copied()).unwrap();
        registry.defaults().policy.clone()
    };
    assert_eq!(policy(&[]), Policy::Register { normalize: false });
    assert_eq!(
        policy(&[("auto.register.schemas", "false"), ("normalize.schemas", "true")]),
        Policy::Lookup { normalize: true }
    );
    assert_eq!(policy(&[("use.latest.version", "true")]), Policy::LATEST);
    let never = Policy::Latest { ttl: None, strict: false };
    assert_eq!(
        policy(&[
            ("use.latest.version", "true"),
            ("latest.cache.ttl.sec", "-1"),
            ("latest.compatibility.strict", "false")
        ]),
        never
    );
    assert_eq!(policy(&[("use.schema.id", "7")]), Policy::Id(7));
    assert_eq!(
        policy(&[("use.latest.with.metadata", "major=2")]),
        Policy::Metadata([("major".into(), "2".into())].into())
    );
}

#[test]
fn host_names_cannot_be_left_unverified() {
    for algorithm in ["", "none"] {
        let error = refused(&[("schema.registry.ssl.endpoint.identification.algorithm", algorithm)]);
        assert!(error.contains("always verified"), "{error}");
    }
}
