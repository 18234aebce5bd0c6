//! What records cost, and what happens to them when the registry is in trouble.

use super::own::Own;
use super::support::{Raw, bind, builder, get, record, written};
use super::{fresh, registries, registry, requests_about};
use milena_schema::policy::Policy;
use milena_schema::registry::block_on;
use milena_schema::{Framing, Guid};
use std::time::Duration;

/// How many records: as many as a rival once sent requests for.
const RECORDS: u32 = 204_800;

#[test]
fn many_records_cost_the_requests_of_the_binding() {
    let (real, topic) = (registry("srfake"), fresh("cost"));
    let bound = bind(real.client().serializer(Raw(Some(record("Order", "a")))), &topic).unwrap();
    let id = bound.resolved().id.unwrap();
    for number in 0..RECORDS {
        let bytes = written(&bound, &number.to_be_bytes());
        assert_eq!(bytes, [&[0][..], &id.to_be_bytes(), &number.to_be_bytes()].concat());
    }
    let requests = requests_about(&real.url, &topic);
    assert_eq!(requests, [format!("POST /subjects/{topic}-value/versions?normalize=false 200")]);
}

#[test]
fn records_go_on_when_the_registry_is_killed() {
    let mut own = Own::start(&[]);
    let registry = builder(std::slice::from_ref(&own.url)).build().unwrap();
    block_on(registry.register("orders-value", record("Order", "a"), false)).unwrap();
    let policy = Policy::Latest { ttl: Some(Duration::from_millis(50)), strict: true };
    let latest = bind(registry.serializer(Raw(None)).policy(policy), "orders").unwrap();
    let fixed = bind(registry.serializer(Raw(Some(record("Order", "a")))), "orders").unwrap();
    for number in 0..RECORDS {
        if number == RECORDS / 2 {
            own.kill();
            // Long enough for the latest to be asked for in vain.
            std::thread::sleep(Duration::from_millis(300));
        }
        assert_eq!(written(&latest, b"x"), [0, 0, 0, 0, 1, b'x']);
        assert_eq!(written(&fixed, b"x"), [0, 0, 0, 0, 1, b'x']);
    }
}

#[test]
fn two_schemas_on_one_subject_at_a_time_have_their_own_ids() {
    for real in registries() {
        let (registry, topic) = (real.client(), fresh("two"));
        block_on(registry.set_compatibility(&format!("{topic}-value"), "NONE")).unwrap_or_else(|error| {
            // Apicurio sets the level of a subject only once there is one.
            assert_eq!(error.status(), Some(404), "{error}");
            block_on(registry.register(&format!("{topic}-value"), record("Order", "first"), false)).unwrap();
            block_on(registry.set_compatibility(&format!("{topic}-value"), "NONE")).unwrap();
        });
        let bound =
            ["a", "b"].map(|field| bind(registry.serializer(Raw(Some(record("Order", field)))), &topic).unwrap());
        let ids = bound.each_ref().map(|bound| bound.resolved().id.unwrap());
        assert_ne!(ids[0], ids[1], "{}", real.name);
        std::thread::scope(|scope| {
            for (bound, id) in bound.iter().zip(ids) {
                scope.spawn(move || {
                    (0..1000).for_each(|_| assert_eq!(written(bound, b"x")[1..5], id.to_be_bytes()));
                });
            }
        });
        for (field, id) in ["a", "b"].into_iter().zip(ids) {
            let read = block_on(real.client().by_id(id, None)).unwrap();
            assert!(read.schema.text.contains(&format!("\"name\":\"{field}\"")), "{}: {}", real.name, read.schema.text);
        }
    }
}

#[test]
fn the_header_framing_needs_a_registry_with_guids() {
    let topic = fresh("header");
    let binding =
        |name: &str| registry(name).client().serializer(Raw(Some(record("Order", "a")))).framing(Framing::Header);
    let bound = bind(binding("srfake"), &topic).unwrap();
    assert!(Guid::new(bound.resolved().guid.unwrap()).to_string().len() == 36);
    assert_eq!(written(&bound, b"x"), b"x");
    let error = bind(binding("apicurio"), &topic).unwrap_err().to_string();
    assert!(error.contains("the registry gives none"), "{error}");
}

#[test]
fn a_registry_that_stumbles_is_asked_again() {
    let own = Own::start(&[]);
    get(&format!("{}/_fault?status=503&count=2&path=/subjects", own.url));
    let registry = builder(std::slice::from_ref(&own.url)).build().unwrap();
    block_on(registry.register("orders-value", record("Order", "a"), false)).unwrap();
    let requests = requests_about(&own.url, "orders-value");
    let statuses: Vec<_> = requests.iter().map(|request| request.rsplit(' ').next().unwrap()).collect();
    assert_eq!(statuses, ["503", "503", "200"]);
}

#[test]
fn many_askers_of_one_schema_are_one_request() {
    let (real, subject) = (registry("srfake"), fresh("askers"));
    let registry = real.client();
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| block_on(registry.register(&subject, record("Order", "a"), false)).unwrap());
        }
    });
    assert_eq!(requests_about(&real.url, &subject).len(), 1);
}
