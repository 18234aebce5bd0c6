//! Against real registries: `cargo xtask test` starts them and runs these. Apicurio judges compatibility; franz-go's srfake
//! has contexts, GUIDs, faults on demand and a record of requests, and finds nothing incompatible.
//!
//! By hand: `cargo xtask registry up`, then with what it prints
//! `MILENA_TEST_REGISTRIES=apicurio=URL,srfake=URL MILENA_TEST_SRFAKE=target/registry/srfake/srfake cargo test -p milena-schema --test real_registry`.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod calls;
mod own;
mod secure;
#[path = "../support/mod.rs"]
mod support;
mod under_way;

use milena_schema::Registry;
use std::env;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use support::builder;

/// A registry that was started for this run.
struct Real {
    name: String,
    url: String,
}

impl Real {
    fn is(&self, name: &str) -> bool {
        self.name == name
    }

    fn client(&self) -> Registry {
        builder(std::slice::from_ref(&self.url)).build().unwrap()
    }
}

/// All of them; that there is none is a failure, not a pass.
fn registries() -> Vec<Real> {
    let list = env::var("MILENA_TEST_REGISTRIES").expect("MILENA_TEST_REGISTRIES=apicurio=URL,srfake=URL");
    let all = list.split(',').map(|pair| {
        let (name, url) = pair.split_once('=').expect("name=URL");
        Real { name: name.into(), url: url.into() }
    });
    all.collect()
}

fn registry(name: &str) -> Real {
    registries().into_iter().find(|real| real.is(name)).unwrap_or_else(|| panic!("{name} was not started"))
}

/// A name that no other test, and no run before this one, has used.
fn fresh(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    format!("{name}-{run}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The requests that srfake has seen about a subject.
fn requests_about(url: &str, subject: &str) -> Vec<String> {
    let all = support::get(&format!("{url}/_requests"));
    let all: Vec<String> = serde_json::from_str(&all).unwrap();
    all.into_iter().filter(|request| request.contains(subject)).collect()
}
