//! What we know of the cluster, how old it is, and when to ask again.

use crate::backoff::Backoff;
use crate::config::Config;
use crate::directory::Directory;
use crate::error::SendError;
use crate::time::Time;
use crate::topic::{PartitionKey, TopicIndex, TopicLayout};
use fastrand::Rng;
use foldhash::fast::FixedState;
use milena_wire::buf::Uuid;
use milena_wire::error_code::ErrorCode;
use milena_wire::metadata as wire;
use std::collections::HashMap;
use std::sync::Arc;

/// Who leads a partition, and since which election.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leader {
    pub(crate) broker: i32,
    /// −1 where the cluster does not say.
    pub(crate) epoch: i32,
}

const NO_BROKER: i32 = -1;

/// Answers in a row that tell of an older election than the one we know, before they are believed. A broker that lags
/// catches up within a few; an election that was a lie, or was lost with a cluster's disks, is never heard of again.
const OLDER_MAX: u8 = 10;

#[derive(Debug)]
struct Topic {
    name: Arc<str>,
    /// Zero where the cluster does not say.
    id: Uuid,
    /// One a partition; empty while the topic is not known.
    leaders: Vec<Leader>,
    /// How many answers in a row told an older election, one entry a partition; empty while none did.
    older: Vec<u8>,
    /// The last answer that named it: what the same one says of it again does not count.
    named_in: u64,
    layout: Option<Arc<TopicLayout>>,
    /// When a record was last sent to it: idle topics are not asked for.
    used: Time,
    /// The cluster refuses it, and nobody has asked for it since: until somebody does, it is not missing.
    refused: bool,
    /// The cluster knew nothing of it when it was last asked.
    missing: bool,
}

/// What is wanted of the next answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    /// Nothing, until it is too old.
    Nothing,
    /// The topics that are not known yet, or not with all their leaders.
    New,
    /// Everything in use.
    All,
}

/// What an answer changed.
#[derive(Debug)]
pub(crate) enum Change {
    /// A topic has a new layout.
    Layout(Arc<TopicLayout>),
    /// These partitions have another leader, or an election passed.
    Leaders(TopicIndex, Marks),
    /// A topic has another id than before: it is another topic.
    Recreated(TopicIndex),
    /// The cluster refuses the topic.
    Refused(Arc<str>, SendError),
    /// The topic is not there, for this reason.
    Missing(Arc<str>, Arc<str>),
}

/// Marks on partitions: a bit each, so that an answer about very many costs next to nothing.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    words: Vec<u64>,
}

impl Marks {
    fn set(&mut self, at: usize, count: usize) {
        if self.words.is_empty() {
            self.words = vec![0; count.div_ceil(64)];
        }
        if let Some(word) = self.words.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The marked partitions, in order.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = i32> + '_ {
        let marked = |(word, from): (&u64, i32)| {
            let word = *word;
            (from..).take(64).enumerate().filter(move |(bit, _)| word & (1 << bit) != 0).map(|(_, partition)| partition)
        };
        self.words.iter().zip((0..).step_by(64)).flat_map(marked)
    }
}

/// Why an answer is not believed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Disbelief {
    /// No brokers in it: the broker is starting.
    Empty,
    /// Another cluster answers at our address.
    OtherCluster {
        /// Ours.
        expected: Arc<str>,
        /// Theirs.
        found: Arc<str>,
    },
    /// The cluster itself reports this.
    Refused(ErrorCode),
}

/// What we know of the cluster.
#[derive(Debug)]
pub(crate) struct Metadata {
    topics: Vec<Topic>,
    by_name: HashMap<Arc<str>, TopicIndex, FixedState>,
    brokers: Directory,
    cluster_id: Option<Arc<str>>,
    /// What is wanted of the next question: what comes up while one is asked waits for its answer, and is not lost.
    want: Want,
    /// What was asked for, while an answer is awaited.
    asked: Option<Want>,
    /// Whether a topic was named since that nobody had asked for before.
    named_since: bool,
    /// The cluster has told us to begin anew: only the first addresses are asked, until one of them answers (KIP-1102).
    starting_over: bool,
    /// When all topics in use were last known.
    refreshed: Option<Time>,
    /// Known topics of which somebody wants more partitions.
    too_few: Vec<TopicIndex>,
    /// When to ask for those, if they are any.
    too_few_due: Time,
    /// Since when every attempt failed.
    failing_since: Option<Time>,
    failures: u32,
    /// Answers that were taken.
    answers: u64,
    /// Answers in a row that changed nothing although something was wanted (KIP-580).
    unchanged: u32,
    /// Answers in a row after which somebody still lacks a leader, though no error told why: the partition is gone, or its
    /// leader is none of the brokers.
    in_vain: u32,
    /// Not before this, for what `failures`, `unchanged` and `in_vain` say.
    not_before: Time,
    backoff: Backoff,
    max_age: std::time::Duration,
    max_idle: std::time::Duration,
    /// As `max_idle`, for a topic that is not known: somebody may wait for it for `max.block.ms`.
    max_wait: std::time::Duration,
}

impl Metadata {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            topics: Vec::new(),
            by_name: HashMap::default(),
            brokers: Directory::default(),
            cluster_id: None,
            want: Want::Nothing,
            asked: None,
            named_since: false,
            starting_over: false,
            refreshed: None,
            too_few: Vec::new(),
            too_few_due: Time::ZERO,
            failing_since: None,
            failures: 0,
            answers: 0,
            unchanged: 0,
            in_vain: 0,
            not_before: Time::ZERO,
            backoff: Backoff { initial: config.retry_backoff, max: config.retry_backoff_max },
            max_age: config.metadata_max_age,
            max_idle: config.metadata_max_idle,
            max_wait: config.metadata_max_idle.max(config.max_block),
        }
    }

    /// A topic is sent to, or about to be.
    pub(crate) fn used(&mut self, name: &Arc<str>, now: Time) -> TopicIndex {
        if let Some(index) = self.by_name.get(name) {
            let index = *index;
            let unknown = self.topic_mut(index).is_some_and(|topic| {
                topic.used = now;
                topic.refused = false;
                topic.leaders.is_empty()
            });
            if unknown {
                self.want = self.want.max(Want::New);
            }
            return index;
        }
        let index = TopicIndex(u32::try_from(self.topics.len()).unwrap_or(u32::MAX));
        let topic = Topic {
            name: Arc::clone(name),
            id: Uuid::ZERO,
            leaders: Vec::new(),
            older: Vec::new(),
            named_in: 0,
            layout: None,
            used: now,
            refused: false,
            missing: false,
        };
        self.topics.push(topic);
        self.by_name.insert(Arc::clone(name), index);
        self.want = self.want.max(Want::New);
        // A topic that nobody asked for yet does not wait for what others failed at.
        self.not_before = now;
        self.unchanged = 0;
        self.named_since = true;
        index
    }

    /// A topic that has an index is sent to.
    pub(crate) fn touch(&mut self, index: TopicIndex, now: Time) {
        if let Some(topic) = self.topic_mut(index) {
            topic.used = now;
        }
    }

    /// Something does not fit what we know: a leader that is none, a broker that is gone.
    pub(crate) fn want_refresh(&mut self) {
        self.want = Want::All;
    }

    /// Somebody waits for a partition that a known topic does not have: asks again after a pause, and tells the layout then
    /// even if it is the old one, so that who still waits can say so.
    pub(crate) fn want_more(&mut self, index: TopicIndex, now: Time, chance: &mut Rng) {
        if !self.too_few.contains(&index) {
            self.too_few_due =
                if self.too_few.is_empty() { now + self.backoff.after(1, chance) } else { self.too_few_due };
            self.too_few.push(index);
        }
    }

    /// When the next question may be put; `None` while an answer is awaited.
    pub(crate) fn due(&self) -> Option<Time> {
        if self.asked.is_some() {
            return None;
        }
        let old = self.refreshed.map_or(Time::ZERO, |refreshed| refreshed + self.max_age);
        let wanted = if self.want == Want::Nothing { old } else { Time::ZERO };
        let more = if self.too_few.is_empty() { Time::NEVER } else { self.too_few_due };
        Some(wanted.min(more).max(self.not_before))
    }

    /// The topics to ask for now: what a request names. Marks the answer as awaited.
    pub(crate) fn ask(&mut self, now: Time) -> Vec<Arc<str>> {
        let fresh = self.refreshed.is_some_and(|refreshed| now < refreshed + self.max_age);
        let only_new = self.want == Want::New && fresh && self.too_few.is_empty();
        self.asked = Some(if only_new { Want::New } else { Want::All });
        self.named_since = false;
        self.want = Want::Nothing;
        self.failing_since = self.failing_since.or(Some(now));
        self.topics
            .iter()
            .filter(|topic| self.is_in_use(topic, now) && (!only_new || topic.is_partial()))
            .map(|topic| Arc::clone(&topic.name))
            .collect()
    }

    /// No answer came, or none that is of use. Not again before the backoff.
    pub(crate) fn failed(&mut self, now: Time, chance: &mut Rng) {
        self.want = self.want.max(self.asked.take().unwrap_or(Want::Nothing));
        self.failures += 1;
        self.not_before = now + self.backoff.after(self.failures, chance);
    }

    /// An answer was taken, and all partitions that lacked a leader have one now, or not all.
    pub(crate) fn served(&mut self, all: bool, now: Time, chance: &mut Rng) {
        if all {
            self.in_vain = 0;
            return;
        }
        self.in_vain = self.in_vain.saturating_add(1);
        self.not_before = self.not_before.max(now + self.backoff.after(self.in_vain, chance));
    }

    /// Since when no attempt succeeded.
    pub(crate) fn failing_since(&self) -> Option<Time> {
        self.failing_since
    }

    /// Everything is asked for again from scratch, of the first addresses, and at once unless they have just said so
    /// themselves; topics keep their indices.
    pub(crate) fn rebootstrap(&mut self, now: Time) {
        self.want = Want::All;
        if !std::mem::replace(&mut self.starting_over, true) {
            self.not_before = now;
        }
    }

    /// Whether only the first addresses are to be asked.
    pub(crate) fn is_starting_over(&self) -> bool {
        self.starting_over
    }

    /// Topics that the cluster no longer knows, and that nobody has sent to for `metadata.max.idle.ms`: they were deleted.
    pub(crate) fn gone(&self, now: Time) -> Vec<TopicIndex> {
        let idle_since = now - self.max_idle;
        let gone = |topic: &Topic| topic.missing && topic.used < idle_since && !topic.leaders.is_empty();
        (0u32..).map(TopicIndex).zip(&self.topics).filter(|(_, topic)| gone(topic)).map(|(index, _)| index).collect()
    }

    /// Forgets what is known of a topic's partitions. Its index stays.
    pub(crate) fn forget(&mut self, index: TopicIndex) {
        if let Some(topic) = self.topic_mut(index) {
            (topic.leaders, topic.layout, topic.older) = (Vec::new(), None, Vec::new());
        }
    }

    /// The brokers that the cluster named.
    pub(crate) fn brokers(&self) -> &Directory {
        &self.brokers
    }

    /// The name and the id of a topic.
    pub(crate) fn topic(&self, index: TopicIndex) -> Option<(&Arc<str>, Uuid)> {
        self.topics.get(index.0 as usize).map(|topic| (&topic.name, topic.id))
    }

    /// Whether nobody asked for a topic yet: then nothing is wanted of the cluster.
    pub(crate) fn is_unused(&self) -> bool {
        self.topics.is_empty()
    }

    /// What is known of a topic's partitions, if anything is.
    pub(crate) fn layout(&self, index: TopicIndex) -> Option<&Arc<TopicLayout>> {
        self.topics.get(index.0 as usize)?.layout.as_ref()
    }

    /// The topic with this name.
    pub(crate) fn index_of(&self, name: &str) -> Option<TopicIndex> {
        self.by_name.get(name).copied()
    }

    /// Names of topics that are wanted and not known.
    pub(crate) fn unknown_topics(&self) -> impl Iterator<Item = &Arc<str>> {
        self.topics.iter().filter(|topic| topic.leaders.is_empty()).map(|topic| &topic.name)
    }

    /// The broker that leads a partition, if one does and we know where it listens.
    pub(crate) fn leader(&self, key: PartitionKey) -> Option<i32> {
        let leader = self.leader_entry(key)?.broker;
        self.brokers.contains(leader).then_some(leader)
    }

    fn leader_entry(&self, key: PartitionKey) -> Option<Leader> {
        let topic = self.topics.get(key.topic.0 as usize)?;
        topic.leaders.get(usize::try_from(key.partition).ok()?).copied()
    }

    /// Takes a whole answer.
    ///
    /// # Errors
    /// [`Disbelief`]: nothing of it was taken.
    pub(crate) fn answered(
        &mut self,
        response: &wire::Metadata<'_>,
        now: Time,
        chance: &mut Rng,
    ) -> Result<Vec<Change>, Disbelief> {
        self.check(response).inspect_err(|_| self.failed(now, chance))?;
        self.answers += 1;
        let mut changes = Vec::new();
        self.brokers = Directory::read(&response.brokers);
        let mut again = false;
        for topic in response.topics.iter() {
            again |= self.take_topic(&topic, &mut changes);
        }
        let asked = self.asked.take().unwrap_or(Want::Nothing);
        self.failures = 0;
        self.failing_since = None;
        self.starting_over = false;
        if asked == Want::All {
            self.refreshed = Some(now);
        }
        for index in std::mem::take(&mut self.too_few) {
            let told = changes.iter().any(|change| matches!(change, Change::Layout(layout) if layout.index == index));
            if let Some(layout) = self.layout(index).filter(|_| !told) {
                changes.push(Change::Layout(Arc::clone(layout)));
            }
        }
        let missing = |topic: &Topic| topic.leaders.is_empty() && !topic.refused && self.is_in_use(topic, now);
        // A topic that was left out is asked for again as one that is said to be missing is; but not one that is too new to
        // have been asked for.
        again |= !self.named_since && self.topics.iter().any(missing);
        // Wanted while this was asked: the answer may be older than the reason.
        let since = self.want;
        self.want = if again { since.max(asked).max(Want::New) } else { since };
        let moved = changes.iter().any(|change| matches!(change, Change::Layout(_) | Change::Leaders(..)));
        self.unchanged = match (again, moved) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => self.unchanged.saturating_add(1),
        };
        let waits = if since == Want::Nothing { self.unchanged } else { self.unchanged.max(1) };
        let at_once = self.named_since || waits == 0;
        self.not_before = if at_once { now } else { now + self.backoff.after(waits, chance) };
        Ok(changes)
    }

    /// Whether it was sent to, or waited for, not too long ago.
    fn is_in_use(&self, topic: &Topic, now: Time) -> bool {
        let patience = if topic.leaders.is_empty() { self.max_wait } else { self.max_idle };
        topic.used + patience >= now
    }

    fn check(&mut self, response: &wire::Metadata<'_>) -> Result<(), Disbelief> {
        let code = response.error;
        if code != ErrorCode::NONE {
            return Err(Disbelief::Refused(code));
        }
        if response.brokers.is_empty() {
            return Err(Disbelief::Empty);
        }
        let Some(found) = response.cluster_id else { return Ok(()) };
        match &self.cluster_id {
            Some(expected) if **expected != *found => {
                Err(Disbelief::OtherCluster { expected: Arc::clone(expected), found: found.into() })
            }
            Some(_) => Ok(()),
            None => {
                self.cluster_id = Some(found.into());
                Ok(())
            }
        }
    }

    /// Takes one topic. Says whether it must be asked for again.
    fn take_topic(&mut self, answer: &wire::Topic<'_>, changes: &mut Vec<Change>) -> bool {
        let Some(index) = answer.name.and_then(|name| self.index_of(name)) else { return false };
        let code = answer.error;
        let Some(topic) = self.topics.get_mut(index.0 as usize) else { return false };
        if std::mem::replace(&mut topic.named_in, self.answers) == self.answers {
            return false;
        }
        let name = Arc::clone(&topic.name);
        match code {
            ErrorCode::NONE => {}
            ErrorCode::TOPIC_AUTHORIZATION_FAILED | ErrorCode::INVALID_TOPIC_EXCEPTION => {
                topic.refused = true;
                changes.push(Change::Refused(Arc::clone(&name), SendError::TopicRefused { topic: name, code }));
                return false;
            }
            // A topic that vanishes from one answer keeps what is known of it: brokers start, and lag. But one without an id
            // may be another when it comes back, with elections of its own.
            code => {
                topic.missing = code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
                if topic.id == Uuid::ZERO {
                    topic.leaders.iter_mut().for_each(|leader| leader.epoch = -1);
                }
                changes.push(Change::Missing(name, code.to_string().into()));
                return true;
            }
        }
        topic.missing = false;
        if answer.id != Uuid::ZERO && answer.id != topic.id {
            if topic.id != Uuid::ZERO {
                topic.leaders.clear();
                changes.push(Change::Recreated(index));
            }
            topic.id = answer.id;
        }
        let again = take_leaders(topic, index, answer, changes);
        self.lay_out(index, changes);
        again
    }

    /// Makes the topic's layout anew, if it changed.
    fn lay_out(&mut self, index: TopicIndex, changes: &mut Vec<Change>) {
        let Some(topic) = self.topics.get_mut(index.0 as usize) else { return };
        if topic.leaders.is_empty() {
            return;
        }
        let available = || topic.leaders.iter().map(|leader| leader.broker != NO_BROKER);
        // Compared before anything is made: most answers say what is known.
        let known = topic.layout.as_ref().is_some_and(|layout| layout.available.iter().copied().eq(available()));
        if !known {
            let layout = TopicLayout { index, name: Arc::clone(&topic.name), available: available().collect() };
            let layout = Arc::new(layout);
            topic.layout = Some(Arc::clone(&layout));
            changes.push(Change::Layout(layout));
        }
    }

    /// A produce answer names the leader (KIP-951). Taken only if its election is newer and its broker is known. Says
    /// whether it was.
    pub(crate) fn hint(&mut self, key: PartitionKey, leader: Leader) -> bool {
        let newer = self.leader_entry(key).is_some_and(|known| leader.epoch > known.epoch);
        if !newer || !self.brokers.contains(leader.broker) {
            return false;
        }
        let entry = self.topic_mut(key.topic).and_then(|topic| {
            usize::try_from(key.partition).ok().and_then(|partition| topic.leaders.get_mut(partition))
        });
        if let Some(entry) = entry {
            *entry = leader;
        }
        true
    }

    /// A produce answer says where a broker listens (KIP-951).
    pub(crate) fn hint_broker(&mut self, broker: wire::Broker<'_>) {
        self.brokers.add(broker);
    }

    fn topic_mut(&mut self, index: TopicIndex) -> Option<&mut Topic> {
        self.topics.get_mut(index.0 as usize)
    }
}

impl Topic {
    /// Whether it is not known, or not all of its leaders are.
    fn is_partial(&self) -> bool {
        self.leaders.is_empty() || self.leaders.iter().any(|leader| leader.broker == NO_BROKER)
    }
}

impl Want {
    fn max(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::New, _) | (_, Self::New) => Self::New,
            (Self::Nothing, Self::Nothing) => Self::Nothing,
        }
    }
}

/// Takes the leaders of a topic's partitions: an older election than the one we know is a broker that lags, unless it is
/// told again and again.
fn take_leaders(topic: &mut Topic, index: TopicIndex, answer: &wire::Topic<'_>, changes: &mut Vec<Change>) -> bool {
    let mut again = false;
    let count = answer.partitions.len().max(topic.leaders.len());
    if topic.leaders.len() < count {
        topic.leaders.resize(count, Leader { broker: NO_BROKER, epoch: -1 });
    }
    let mut changed = Marks::default();
    for partition in answer.partitions.iter() {
        let Ok(at) = usize::try_from(partition.index) else { continue };
        let Some(known) = topic.leaders.get_mut(at) else { continue };
        again |= partition.error != ErrorCode::NONE || partition.leader_id < 0;
        let broker = if partition.leader_id < 0 { NO_BROKER } else { partition.leader_id };
        let leader = Leader { broker, epoch: partition.leader_epoch };
        if leader.epoch >= 0 && leader.epoch < known.epoch {
            topic.older.resize(count.max(topic.older.len()), 0);
            if let Some(told) = topic.older.get_mut(at).filter(|told| **told < OLDER_MAX) {
                *told += 1;
                continue;
            }
        }
        if let Some(told) = topic.older.get_mut(at) {
            *told = 0;
        }
        if *known != leader {
            *known = leader;
            changed.set(at, count);
        }
    }
    if !changed.is_empty() {
        changes.push(Change::Leaders(index, changed));
    }
    again
}
