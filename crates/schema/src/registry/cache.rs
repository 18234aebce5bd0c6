//! What was answered before, within bounds.

use super::error::{RegistryError, RegistryErrorKind};
use super::question::Question;
use crate::schema::Resolved;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A question, and whether the GUID was wanted too.
pub(crate) type Key = (Question, bool);

/// Answers, the oldest given up first.
#[derive(Debug)]
pub(crate) struct Cache {
    entries: HashMap<Key, Entry>,
    /// Each key of `entries` once, in the order in which they came.
    order: VecDeque<Key>,
    limit: usize,
    /// How long "not there" is believed.
    missing_ttl: Duration,
}

#[derive(Debug)]
struct Entry {
    answer: Result<Arc<Resolved>, RegistryError>,
    at: Instant,
}

impl Cache {
    pub(crate) fn new(limit: usize, missing_ttl: Duration) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), limit: limit.max(1), missing_ttl }
    }

    /// The answer, if it still counts. `max_age` is for those that change; `None`: any age will do.
    pub(crate) fn get(
        &self,
        key: &Key,
        max_age: Option<Duration>,
        now: Instant,
    ) -> Option<Result<Arc<Resolved>, RegistryError>> {
        let entry = self.entries.get(key)?;
        let age = now.saturating_duration_since(entry.at);
        let limit = match &entry.answer {
            Err(_) => Some(self.missing_ttl),
            Ok(_) if key.0.is_settled() => None,
            Ok(_) => max_age,
        };
        limit.is_none_or(|limit| age < limit).then(|| entry.answer.clone())
    }

    /// Keeps an answer. Of the refusals only "not there": what else is wrong may be mended at any moment.
    pub(crate) fn put(&mut self, key: Key, answer: &Result<Arc<Resolved>, RegistryError>, now: Instant) {
        if answer.as_ref().is_err_and(|error| error.kind() != RegistryErrorKind::NotFound) {
            return;
        }
        if let (Question::Register { subject, .. }, true) = (&key.0, answer.is_ok()) {
            self.forget_changing(subject);
        }
        if self.entries.insert(key.clone(), Entry { answer: answer.clone(), at: now }).is_none() {
            self.order.push_back(key);
        }
        while self.entries.len() > self.limit {
            let Some(oldest) = self.order.pop_front() else { break };
            self.entries.remove(&oldest);
        }
    }

    /// The subject has a new schema: what was not there may be there, and the latest is another.
    fn forget_changing(&mut self, subject: &str) {
        let entries = &mut self.entries;
        self.order.retain(|key| {
            let changes = entries.get(key).is_some_and(|entry| entry.answer.is_err()) || !key.0.is_settled();
            let forgotten = changes && key.0.subject() == Some(subject);
            if forgotten {
                entries.remove(key);
            }
            !forgotten
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::question::Own;
    use crate::schema::{Schema, SchemaType};

    fn id(id: u32) -> Key {
        (Question::Id { id, subject: None }, false)
    }

    fn answer() -> Result<Arc<Resolved>, RegistryError> {
        let schema = Arc::new(Schema::new(SchemaType::Avro, "\"string\""));
        Ok(Arc::new(Resolved { schema, subject: None, version: None, id: None, guid: None }))
    }

    #[test]
    fn the_oldest_answer_makes_room() {
        let (now, mut cache) = (Instant::now(), Cache::new(2, Duration::ZERO));
        (1..=3).for_each(|number| cache.put(id(number), &answer(), now));
        assert!(cache.get(&id(1), None, now).is_none());
        assert!(cache.get(&id(2), None, now).is_some() && cache.get(&id(3), None, now).is_some());
    }

    #[test]
    fn what_is_not_there_is_believed_for_a_while_and_other_refusals_never() {
        let (now, mut cache) = (Instant::now(), Cache::new(2, Duration::from_secs(5)));
        let refused = |kind| Err(RegistryError::new(kind, ""));
        cache.put(id(1), &refused(RegistryErrorKind::NotFound), now);
        cache.put(id(2), &refused(RegistryErrorKind::Unavailable), now);
        assert!(cache.get(&id(1), None, now + Duration::from_secs(4)).is_some());
        assert!(cache.get(&id(1), None, now + Duration::from_secs(5)).is_none());
        assert!(cache.get(&id(2), None, now).is_none());
    }

    #[test]
    fn the_latest_counts_as_long_as_the_asker_says() {
        let (now, mut cache) = (Instant::now(), Cache::new(2, Duration::ZERO));
        let latest = (Question::Version { subject: "s".into(), version: None }, false);
        cache.put(latest.clone(), &answer(), now);
        let later = now + Duration::from_secs(60);
        assert!(cache.get(&latest, Some(Duration::from_secs(61)), later).is_some());
        assert!(cache.get(&latest, Some(Duration::from_secs(60)), later).is_none());
        assert!(cache.get(&latest, None, later).is_some());
        // A version that is named never changes.
        let first = (Question::Version { subject: "s".into(), version: Some(1) }, false);
        cache.put(first.clone(), &answer(), now);
        assert!(cache.get(&first, Some(Duration::ZERO), later).is_some());
    }

    #[test]
    fn registering_forgets_what_it_changed() {
        let (now, mut cache) = (Instant::now(), Cache::new(9, Duration::from_secs(5)));
        let own = || Own::new(Arc::new(Schema::new(SchemaType::Avro, "\"string\"")));
        let look_up = (Question::LookUp { subject: "s".into(), own: own(), normalize: false }, false);
        let latest = (Question::Version { subject: "s".into(), version: None }, false);
        let other = (Question::Version { subject: "other".into(), version: None }, false);
        cache.put(look_up.clone(), &Err(RegistryError::new(RegistryErrorKind::NotFound, "")), now);
        cache.put(latest.clone(), &answer(), now);
        cache.put(other.clone(), &answer(), now);
        cache.put((Question::Register { subject: "s".into(), own: own(), normalize: false }, false), &answer(), now);
        assert!(cache.get(&look_up, None, now).is_none() && cache.get(&latest, None, now).is_none());
        assert!(cache.get(&other, None, now).is_some());
    }
}
