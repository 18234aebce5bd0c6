//! The client when things go wrong: which URL, how often, and in which words.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod support;

use milena_schema::fake::Effect;
use milena_schema::registry::{Registry, RegistryErrorKind, block_on};
use std::net::TcpListener;
use std::time::{Duration, Instant};
use support::{avro, builder, client, fake};

/// A URL where nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn another_url_is_tried_before_any_wait_and_the_good_one_is_kept() {
    let fake = fake();
    let wait = Duration::from_secs(60);
    let urls = [nowhere(), nowhere(), fake.url()].join(",");
    let registry = Registry::builder().url(&urls).retries(1, wait, wait).build().unwrap();
    let begun = Instant::now();
    block_on(registry.register("s", avro("\"int\""), false)).unwrap();
    block_on(registry.latest("s")).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(fake.requests().len(), 2);
}

#[test]
fn retriable_statuses_go_on_and_refusals_do_not() {
    for status in [408, 429, 500, 502, 503, 504] {
        let (down, up) = (fake(), fake());
        down.fault("", 1, Effect::Status(status));
        let registry = builder(&[down.url(), up.url()]).build().unwrap();
        block_on(registry.register("s", avro("\"int\""), false)).unwrap();
        assert_eq!((down.requests().len(), up.requests().len()), (1, 1), "{status}");
    }
    for status in [400, 401, 403, 404, 409, 422, 501] {
        let (first, second) = (fake(), fake());
        first.fault("", 1, Effect::Status(status));
        let registry = builder(&[first.url(), second.url()]).build().unwrap();
        let error = block_on(registry.register("s", avro("\"int\""), false)).unwrap_err();
        assert_eq!(error.status(), Some(status));
        assert!(!error.is_retriable());
        assert_eq!((first.requests().len(), second.requests().len()), (1, 0), "{status}");
    }
}

#[test]
fn one_url_is_tried_again_and_again_until_the_rounds_are_over() {
    let fake = fake();
    fake.fault("", 2, Effect::Close);
    let registry = client(&fake);
    block_on(registry.register("s", avro("\"int\""), false)).unwrap();
    assert_eq!(fake.requests().len(), 3);
    fake.fault("", 9, Effect::RetryAfter(429, 3600));
    let begun = Instant::now();
    let error = block_on(registry.latest("s")).unwrap_err();
    assert_eq!((error.kind(), fake.requests().len()), (RegistryErrorKind::Throttled, 6));
    assert!(begun.elapsed() < Duration::from_secs(20), "the registry's wish has a limit");
}

#[test]
fn while_the_registry_is_down_a_question_costs_nothing() {
    let fake = fake();
    fake.fault("", 3, Effect::Status(503));
    let registry = client(&fake);
    let error = block_on(registry.latest("a")).unwrap_err();
    assert_eq!((error.kind(), fake.requests().len()), (RegistryErrorKind::Unavailable, 3));
    for number in 0..100 {
        let error = block_on(registry.latest(&format!("b{number}"))).unwrap_err();
        assert!(error.to_string().contains("not asked again"), "{error}");
    }
    assert_eq!(fake.requests().len(), 3);
    std::thread::sleep(Duration::from_millis(1100));
    // It is up again: one probe, and all is well.
    block_on(registry.register("s", avro("\"int\""), false)).unwrap();
}

#[test]
fn what_is_no_registrys_answer_is_said_so() {
    let fake = fake();
    let registry = client(&fake);
    let says = |effect: Effect, kind: RegistryErrorKind, words: &str| {
        fake.fault("", 1, effect);
        // "Not there" is believed for a while: each has its own subject.
        let subject = format!("s{}", fake.requests().len());
        let error = block_on(registry.latest(&subject)).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{words:?} is not in {error}");
        assert!(error.to_string().contains(&fake.url()), "{error}");
    };
    says(Effect::Html(200), RegistryErrorKind::Answer, "HTML, not JSON: \"<html><body><h1>Welcome</h1>");
    says(Effect::Html(404), RegistryErrorKind::NotFound, "is this the registry's base URL?");
    says(Effect::Html(403), RegistryErrorKind::Forbidden, "HTML, not JSON");
    says(Effect::Empty(200), RegistryErrorKind::Answer, "the answer is empty");
    says(Effect::Body(200, "[1]".into()), RegistryErrorKind::Answer, "not what was asked for");
    says(Effect::Body(200, "{}".into()), RegistryErrorKind::Answer, "the answer has no schema");
    says(Effect::Redirect("http://elsewhere/".into()), RegistryErrorKind::Answer, "redirects to http://elsewhere/");
    // 33 MiB: it is not read to its end.
    let huge = format!("{{\"schema\":\"{}\"}}", "x".repeat(33 << 20));
    says(Effect::Body(200, huge), RegistryErrorKind::Answer, "longer than");
}

#[test]
fn a_host_that_is_not_there_and_a_port_where_nobody_listens_are_named() {
    let url = nowhere();
    let registry = builder(std::slice::from_ref(&url)).build().unwrap();
    let error = block_on(registry.latest("s")).unwrap_err();
    assert_eq!(error.kind(), RegistryErrorKind::Connection);
    assert!(error.to_string().contains(&url), "{error}");
    let registry = builder(&["http://registry.invalid:8081".into()]).build().unwrap();
    let error = block_on(registry.latest("s")).unwrap_err();
    assert_eq!(error.kind(), RegistryErrorKind::Connection);
    assert!(error.to_string().contains("registry.invalid"), "{error}");
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let fake = fake();
    fake.require_authorization("Basic bWU6czNjcmV0");
    let error = block_on(client(&fake).types()).unwrap_err();
    assert_eq!((error.kind(), error.status()), (RegistryErrorKind::Unauthorized, Some(401)));
    let basic = builder(&[fake.url()]).basic("me", "s3cret").build().unwrap();
    block_on(basic.types()).unwrap();
    let in_url = fake.url().replace("http://", "http://me:s3cret@");
    block_on(builder(std::slice::from_ref(&in_url)).build().unwrap().types()).unwrap();

    fake.require_authorization("Bearer t0ken");
    block_on(builder(&[fake.url()]).bearer("t0ken").build().unwrap().types()).unwrap();
    let wrong = builder(&[in_url]).build().unwrap();
    let error = block_on(wrong.latest("s")).unwrap_err();
    let shown = format!("{error} {error:?} {wrong:?}");
    assert!(shown.contains("401") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn a_token_is_fetched_once_and_again_when_it_is_refused() {
    let (registry_server, tokens) = (fake(), fake());
    registry_server.require_authorization("Bearer one");
    let answer = |token: &str| Effect::Body(200, format!(r#"{{"access_token":"{token}","expires_in":3600}}"#));
    tokens.fault("/token", 1, answer("one"));
    tokens.fault("/token", 1, answer("two"));
    let url = format!("{}/token", tokens.url());
    let registry = builder(&[registry_server.url()]).oauth(&url, "me", "s3cret", Some("sr")).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| block_on(registry.types()).unwrap());
        }
    });
    assert_eq!(tokens.requests(), ["POST /token 200"], "one fetch for all");
    registry_server.require_authorization("Bearer two");
    block_on(registry.types()).unwrap();
    assert_eq!(tokens.requests().len(), 2);
    // A third token is no better: the refusal stands.
    registry_server.require_authorization("Bearer three");
    tokens.fault("/token", 9, answer("four"));
    let error = block_on(registry.types()).unwrap_err();
    assert_eq!(error.kind(), RegistryErrorKind::Unauthorized);
    assert!(!format!("{registry:?} {error}").contains("s3cret"));
}

#[test]
fn a_token_server_that_refuses_is_named() {
    let (registry_server, tokens) = (fake(), fake());
    let refused = r#"{"error":"invalid_client","error_description":"who are you?"}"#;
    tokens.fault("/token", 1, Effect::Body(401, refused.into()));
    let url = format!("{}/token", tokens.url());
    let registry = builder(&[registry_server.url()]).oauth(&url, "me", "s3cret", None).build().unwrap();
    let error = block_on(registry.types()).unwrap_err();
    assert_eq!(error.kind(), RegistryErrorKind::Unauthorized);
    assert!(error.to_string().contains("invalid_client: who are you?") && error.to_string().contains(&url), "{error}");
    assert_eq!(registry_server.requests().len(), 0);
}
