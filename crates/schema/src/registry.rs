//! The client of a schema registry: asked when serializers are bound, and never by a record.
//!
//! ```text
//!   Registry ── cache ── flight ── pool ── Client ── attempts over the URLs ── HTTP
//!   (async)    (answers) (one a    (4      (waits)   (breaker, credentials)
//!                         question) threads)
//! ```
//!
//! Its futures run on any executor: the threads that wait for the registry are our own.

mod alarm;
mod attempts;
mod auth;
mod breaker;
mod builder;
mod cache;
mod calls;
mod client;
mod error;
mod flight;
mod http;
pub mod knobs;
mod oauth;
mod park;
mod pool;
mod question;
mod references;
mod secret;
mod settings;
mod tls;
mod url;
mod wire;

pub use builder::{Mistake, RegistryBuilder, SettingsError};
pub use calls::{Compatibility, SubjectConfig};
pub use error::{RegistryError, RegistryErrorKind};
pub use park::block_on;
pub use secret::Secret;

use crate::guid::Guid;
use crate::lock::{Lock, LockError};
use crate::schema::{Resolved, Schema};
use alarm::Alarm;
use cache::{Cache, Key};
use client::Client;
use flight::{Flight, Landing};
use milena::serializer::Side;
use pool::Pool;
pub(crate) use question::{Own, Question};
use settings::Defaults;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A schema registry: Confluent's, or one that speaks its REST interface. Cheap to clone; clones share connections, cache and
/// everything else.
///
/// Serializers are made from it and bound to topics; see [`Binding`](crate::binding::Binding). The calls here are for
/// programs that care for schemas themselves.
///
/// # Errors
/// All calls fail with [`RegistryError`], within the patience that was set.
///
/// # Cancel safety
/// A call may be dropped at any moment. What it asked goes on, and its answer is kept for the next who asks the same.
///
/// # Cost
/// A question that was answered before costs a lock and no request, but for the latest version, which counts for a time.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    source: Source,
    pool: Pool,
    alarm: Alarm,
    memory: Mutex<Memory>,
    defaults: Defaults,
}

/// Where schemas come from.
enum Source {
    Registry(Box<Client>),
    Lock(Lock),
}

struct Memory {
    cache: Cache,
    /// Questions under way: who asks the same waits for the same answer.
    flights: HashMap<Key, Arc<Flight<Arc<Resolved>>>>,
}

type Answer<T> = Result<T, RegistryError>;

impl Registry {
    /// Settings one by one.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    /// From settings by the names that Java's serializers have for them, with or without `schema.registry.` before them; see
    /// [`knobs`]. Later ones win.
    ///
    /// # Errors
    /// With every mistake, each with the names of its settings.
    pub fn from_properties<N: AsRef<str>, V: AsRef<str>>(
        properties: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, SettingsError> {
        properties
            .into_iter()
            .fold(Self::builder(), |builder, (name, value)| builder.property(name.as_ref(), value.as_ref()))
            .build()
    }

    /// The schemas of a lock file, and no registry at all: for programs that must start without one, and for tests.
    ///
    /// # Errors
    /// When it is no lock file, with line and column.
    pub fn offline(lock: impl AsRef<[u8]>) -> Result<Self, LockError> {
        Ok(Self::new(Source::Lock(Lock::parse(lock)?), Defaults::default()))
    }

    fn new(source: Source, defaults: Defaults) -> Self {
        let cache = Cache::new(defaults.cache_limit, defaults.missing_ttl);
        let memory = Mutex::new(Memory { cache, flights: HashMap::new() });
        Self { shared: Arc::new(Shared { source, pool: Pool::default(), alarm: Alarm::default(), memory, defaults }) }
    }

    /// Registers a schema under a subject, with what it refers to, leaves first. One that is there already keeps its id.
    pub async fn register(&self, subject: &str, schema: Schema, normalize: bool) -> Answer<Arc<Resolved>> {
        let question = Question::Register { subject: self.subject(subject), own: Own::new(schema.into()), normalize };
        self.ask(question, false, None, self.patience()).await
    }

    /// Finds a schema that is registered under a subject.
    pub async fn look_up(&self, subject: &str, schema: Schema, normalize: bool) -> Answer<Arc<Resolved>> {
        let question = Question::LookUp { subject: self.subject(subject), own: Own::new(schema.into()), normalize };
        self.ask(question, false, None, self.patience()).await
    }

    /// A subject's latest schema, asked for now.
    pub async fn latest(&self, subject: &str) -> Answer<Arc<Resolved>> {
        let question = Question::Version { subject: self.subject(subject), version: None };
        self.ask(question, false, Some(Duration::ZERO), self.patience()).await
    }

    /// A subject's schema of this version, from 1.
    pub async fn version(&self, subject: &str, version: u32) -> Answer<Arc<Resolved>> {
        let question = Question::Version { subject: self.subject(subject), version: Some(version) };
        self.ask(question, false, None, self.patience()).await
    }

    /// The schema of this id. `subject` says in which context the id counts, where there are several.
    pub async fn by_id(&self, id: u32, subject: Option<&str>) -> Answer<Arc<Resolved>> {
        let subject = self.place_of_ids(subject);
        self.ask(Question::Id { id, subject }, false, None, self.patience()).await
    }

    /// The schema of this GUID. Confluent 8.0 and newer.
    pub async fn by_guid(&self, guid: Guid) -> Answer<Arc<Resolved>> {
        self.ask(Question::Guid(guid), false, None, self.patience()).await
    }

    /// A subject's latest schema with these properties in its metadata.
    pub async fn by_metadata(&self, subject: &str, properties: BTreeMap<String, String>) -> Answer<Arc<Resolved>> {
        let question = Question::Metadata { subject: self.subject(subject), properties };
        self.ask(question, false, Some(Duration::ZERO), self.patience()).await
    }

    /// Whether a schema could be registered under a subject now: against its latest version, or the one that is named. What
    /// the schema refers to must have its versions.
    pub async fn compatibility(&self, subject: &str, version: Option<u32>, schema: Schema) -> Answer<Compatibility> {
        let subject = self.subject(subject);
        self.run(move |client, deadline| client.compatibility(&subject, version, &schema, false, deadline)).await
    }

    /// A subject's settings, or the registry's own where it has none.
    pub async fn config(&self, subject: &str) -> Answer<SubjectConfig> {
        let subject = self.subject(subject);
        self.run(move |client, deadline| client.config(&subject, deadline)).await
    }

    /// Sets a subject's compatibility: `BACKWARD`, `FORWARD`, `FULL`, each also with `_TRANSITIVE`; `NONE`.
    pub async fn set_compatibility(&self, subject: &str, level: &str) -> Answer<()> {
        let (subject, level) = (self.subject(subject), level.to_owned());
        self.run(move |client, deadline| client.set_compatibility(&subject, &level, deadline)).await
    }

    /// A subject's mode, or the registry's own: READWRITE, READONLY, IMPORT, …
    pub async fn mode(&self, subject: &str) -> Answer<String> {
        let subject = self.subject(subject);
        self.run(move |client, deadline| client.mode(&subject, deadline)).await
    }

    /// The languages of schemas that the registry knows: AVRO, JSON, PROTOBUF.
    pub async fn types(&self) -> Answer<Vec<String>> {
        self.run(|client, deadline| client.types(deadline)).await
    }

    /// The subjects that the registry associates with a topic's keys or values. Confluent 8.2 and newer; others: none.
    pub async fn associations(&self, cluster: Option<&str>, topic: &str, side: Side) -> Answer<Vec<String>> {
        self.associated(cluster.map(str::to_owned), topic.to_owned(), side, self.patience()).await
    }

    pub(crate) async fn associated(
        &self,
        cluster: Option<String>,
        topic: String,
        side: Side,
        patience: Duration,
    ) -> Answer<Vec<String>> {
        let ask = move |client: &Client, deadline| client.associations(cluster.as_deref(), &topic, side, deadline);
        self.run_within(patience, ask).await
    }

    pub(crate) fn defaults(&self) -> &Defaults {
        &self.shared.defaults
    }

    fn patience(&self) -> Duration {
        self.shared.defaults.patience
    }

    /// The subject within the context that was set.
    pub(crate) fn subject(&self, subject: &str) -> String {
        self.shared
            .defaults
            .context
            .as_deref()
            .map_or_else(|| subject.to_owned(), |context| crate::subject::in_context(context, subject))
    }

    /// What says in which context an id counts: a subject, or the context itself; nothing where there is one context alone.
    pub(crate) fn place_of_ids(&self, subject: Option<&str>) -> Option<String> {
        let context = self.shared.defaults.context.is_some().then_some("");
        subject.or(context).map(|subject| self.subject(subject))
    }

    /// Asks a question whose answer is kept. `max_age` is for answers that change; `None`: any age will do.
    pub(crate) async fn ask(
        &self,
        question: Question,
        needs_guid: bool,
        max_age: Option<Duration>,
        patience: Duration,
    ) -> Answer<Arc<Resolved>> {
        let deadline = Instant::now() + patience;
        let key = (question, needs_guid);
        loop {
            let (flight, joined) = {
                let mut memory = self.shared.memory();
                if let Some(answer) = memory.cache.get(&key, max_age, Instant::now()) {
                    return answer;
                }
                match memory.flights.get(&key) {
                    Some(flight) => (Arc::clone(flight), true),
                    None => (self.shared.take_off(&mut memory, &key, deadline), false),
                }
            };
            let outcome = flight.wait(&self.shared.alarm, patience, deadline).await;
            // Who took off may have had less patience than we have.
            let again = joined && outcome.as_ref().is_err_and(RegistryError::is_retriable);
            if !again || Instant::now() >= deadline {
                return outcome.map_err(|error| error.of_subject(key.0.subject()));
            }
        }
    }

    /// Asks a question whose answer is not kept.
    async fn run<T: Clone + Send + 'static>(
        &self,
        ask: impl FnOnce(&Client, Instant) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        self.run_within(self.patience(), ask).await
    }

    async fn run_within<T: Clone + Send + 'static>(
        &self,
        patience: Duration,
        ask: impl FnOnce(&Client, Instant) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let deadline = Instant::now() + patience;
        let (flight, landing) = Flight::start();
        let shared = Arc::clone(&self.shared);
        self.shared.pool.run(move || {
            landing.land(match &shared.source {
                Source::Registry(client) => ask(client, deadline),
                Source::Lock(_) => {
                    Err(RegistryError::new(RegistryErrorKind::Offline, "a lock file answers no such question"))
                }
            });
        });
        flight.wait(&self.shared.alarm, patience, deadline).await
    }

    /// The answer that is kept, if it is younger than `max_age`; else asked for on this thread, which waits.
    pub(crate) fn ask_here(
        &self,
        question: &Question,
        needs_guid: bool,
        max_age: Duration,
        patience: Duration,
    ) -> Answer<Arc<Resolved>> {
        let key = (question.clone(), needs_guid);
        if let Some(answer) = self.shared.memory().cache.get(&key, Some(max_age), Instant::now()) {
            return answer;
        }
        let answer = self.shared.source.answer(&key, Instant::now() + patience).map(Arc::new);
        self.shared.memory().cache.put(key, &answer, Instant::now());
        answer
    }

    /// Runs `job` on a thread that may wait, after `pause`, unless the registry is gone by then.
    pub(crate) fn later(&self, pause: Duration, job: impl FnOnce() + Send + 'static) {
        let weak = Arc::downgrade(&self.shared);
        self.shared.alarm.at(Instant::now() + pause, move || {
            if let Some(shared) = Weak::upgrade(&weak) {
                shared.pool.run(job);
            }
        });
    }
}

impl Source {
    fn answer(&self, (question, needs_guid): &Key, deadline: Instant) -> Answer<Resolved> {
        let answer = match self {
            Self::Registry(client) => question
                .ask(client, *needs_guid, deadline)
                .map_err(|error| if error.url().is_none() { error.at(client.last_url()) } else { error }),
            Self::Lock(lock) => lock.answer(question),
        };
        answer.map_err(|error| error.of_subject(question.subject()))
    }
}

impl Shared {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to ask a question that nobody asks just now.
    fn take_off(self: &Arc<Self>, memory: &mut Memory, key: &Key, deadline: Instant) -> Arc<Flight<Arc<Resolved>>> {
        let (flight, landing) = Flight::start();
        memory.flights.insert(key.clone(), Arc::clone(&flight));
        let trip = Trip { shared: Arc::clone(self), key: key.clone(), landing: Some(landing) };
        self.pool.run(move || trip.go(deadline));
        flight
    }
}

/// A question on its way; however it ends, it is under way no longer.
struct Trip {
    shared: Arc<Shared>,
    key: Key,
    landing: Option<Landing<Arc<Resolved>>>,
}

impl Trip {
    fn go(mut self, deadline: Instant) {
        let outcome = self.shared.source.answer(&self.key, deadline).map(Arc::new);
        {
            let mut memory = self.shared.memory();
            memory.flights.remove(&self.key);
            memory.cache.put(self.key.clone(), &outcome, Instant::now());
        }
        if let Some(landing) = self.landing.take() {
            landing.land(outcome);
        }
    }
}

impl Drop for Trip {
    fn drop(&mut self) {
        // Not landed: it panicked.
        if self.landing.is_some() {
            self.shared.memory().flights.remove(&self.key);
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shared.source {
            Source::Registry(client) => f.debug_tuple("Registry").field(&client.urls).finish(),
            Source::Lock(lock) => f.debug_tuple("Registry").field(lock).finish(),
        }
    }
}
