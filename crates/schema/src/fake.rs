//! A schema registry for tests: real HTTP on a free port of 127.0.0.1, schemas in memory, faults on demand.
//!
//! What it checks as Confluent's registry does: statuses and codes, ids within contexts, versions, references, GUIDs, the
//! fields of a body, bearer and basic credentials; compatibility of Avro by the rules of the specification, if the feature
//! `avro` is on. What it does not: Protobuf and JSON Schema are text to it, and always compatible; no text is printed anew;
//! `normalize=true` only looks past white space and the order of attributes; modes are kept and not enforced; nothing is ever
//! deleted.

mod http;
mod judge;
mod routes;
mod store;

use http::Server;
use milena::serializer::Side;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;

/// A registry that runs until it is dropped.
///
/// ```
/// use milena_schema::fake::FakeRegistry;
/// use milena_schema::registry::{Registry, block_on};
/// use milena_schema::schema::{Schema, SchemaType};
///
/// let fake = FakeRegistry::start()?;
/// let registry = Registry::builder().url(&fake.url()).build()?;
/// let schema = Schema::new(SchemaType::Avro, "\"string\"");
/// assert_eq!(block_on(registry.register("orders-value", schema, false))?.id, Some(1));
/// assert_eq!(fake.requests(), ["POST /subjects/orders-value/versions?normalize=false 200"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FakeRegistry {
    state: Arc<Mutex<State>>,
    server: Server,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    store: Store,
    requests: Vec<String>,
    faults: Vec<Fault>,
    /// The exact `Authorization` header that every request must have.
    authorization: Option<String>,
}

/// Something that goes wrong, a number of times.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Paths that begin so; empty: all.
    pub path: String,
    /// How often.
    pub times: u32,
    /// What happens in place of the answer, or before it.
    pub effect: Effect,
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// A refusal with this status, and 100 times it as the code.
    Status(u16),
    /// A status, and the registry asks to be left alone for so many seconds.
    RetryAfter(u16, u64),
    /// A page, as proxies send them, with this status.
    Html(u16),
    /// This status and no body.
    Empty(u16),
    /// This status and this body.
    Body(u16, String),
    /// A redirect to there.
    Redirect(String),
    /// The right answer, late.
    Late(Duration),
    /// The connection is closed without an answer.
    Close,
}

impl FakeRegistry {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub fn start() -> io::Result<Self> {
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let server = Server::start(move |request| routes::answer(&shared, request))?;
        Ok(Self { state, server })
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port())
    }

    /// Stops to listen and closes every connection, as if it were killed. Its schemas are gone with it.
    pub fn stop(&self) {
        self.server.stop();
    }

    /// Every request so far, with its status: `"GET /subjects/a/versions/latest?deleted=false 200"`.
    pub fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }

    /// Adds a fault; the first that fits a request is the one that happens.
    pub fn fault(&self, path: &str, times: u32, effect: Effect) {
        self.state().faults.push(Fault { path: path.into(), times, effect });
    }

    /// From now on every request must have this `Authorization` header; others are answered with 401.
    pub fn require_authorization(&self, header: &str) {
        self.state().authorization = Some(header.into());
    }

    /// From now on registering answers `{"id": N}` alone, as Apicurio does, and Confluent before 8.0.
    pub fn answer_ids_alone(&self) {
        self.state().store.ids_alone = true;
    }

    /// From now on there are no GUIDs, as with Apicurio, and Confluent before 8.0.
    pub fn without_guids(&self) {
        self.state().store.without_guids = true;
    }

    /// Sets the compatibility of a subject, or with an empty one of all that have none of their own: `BACKWARD` at first.
    pub fn set_compatibility(&self, subject: &str, level: &str) {
        self.state().store.levels.insert(subject.into(), level.into());
    }

    /// Associates a subject with a topic's keys or values.
    pub fn associate(&self, topic: &str, side: Side, subject: &str) {
        self.state().store.associations.entry((topic.into(), side.to_string())).or_default().push(subject.into());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
