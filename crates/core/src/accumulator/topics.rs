//! What the accumulator knows of topics: by name whether one may be sent to, by number its partitions' slots.

use super::ratio::Ratio;
use super::slot::Slot;
use super::waiters::Ticket;
use super::{Limits, Refusal};
use crate::error::SendError;
use crate::partitioner::{Sticky, partition_of_key};
use crate::record::Record;
use crate::time::Time;
use crate::topic::{PartitionKey, TopicIndex, TopicLayout};
use fastrand::Rng;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::Arc;

/// One topic that has a layout.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) layout: Arc<TopicLayout>,
    /// Whether its name stands for it now; not while the cluster refuses it, nor until it is found again after that.
    known: bool,
    slots: Slots,
    pub(super) sticky: Sticky,
    /// How well its batches compress, and what follows from it: `None` until one was.
    ratio: Ratio,
    full: Option<usize>,
}

/// The slots of a topic's partitions. Made when a partition is first sent to: an answer that tells of very many costs four
/// bytes for each.
#[derive(Debug, Default)]
struct Slots {
    /// One a partition: where its slot is, counted from 1; 0 where it has none. Never fewer than there were, so that batches
    /// of a topic that shrank find their way.
    places: Vec<u32>,
    used: Vec<Slot>,
}

impl Slots {
    #[inline]
    fn place(&self, partition: i32) -> Option<usize> {
        let place = self.places.get(usize::try_from(partition).ok()?)?;
        Some(place.wrapping_sub(1) as usize)
    }

    #[inline]
    fn get(&self, partition: i32) -> Option<&Slot> {
        self.used.get(self.place(partition)?)
    }

    #[inline]
    fn get_mut(&mut self, partition: i32) -> Option<&mut Slot> {
        let place = self.place(partition)?;
        self.used.get_mut(place)
    }

    /// The partition's slot, made now if need be; `None` where there is no such partition.
    fn get_or_make(&mut self, partition: i32) -> Option<&mut Slot> {
        let place = self.places.get_mut(usize::try_from(partition).ok()?)?;
        if *place == 0 {
            self.used.push(Slot::default());
            *place = u32::try_from(self.used.len()).ok()?;
        }
        self.used.get_mut(*place as usize - 1)
    }

    /// From now on there are this many partitions, or more.
    fn grow(&mut self, partitions: usize) {
        if let Some(more) = partitions.checked_sub(self.places.len()) {
            self.places.reserve_exact(more);
            self.places.resize(partitions, 0);
        }
    }
}

/// How a partition was chosen: what must be counted once the record is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// By the record itself, or by its key.
    Fixed,
    /// The sticky one.
    Sticky,
    /// The next in turn.
    InTurn,
}

impl Topic {
    /// The partition of a record. Draws a new sticky one where the old one has had its share, and changes nothing else.
    #[inline(always)]
    pub(super) fn choose(
        &mut self,
        record: &Record<'_>,
        limits: &Limits,
        rng: &mut Rng,
    ) -> Result<(i32, Choice), Refusal> {
        let count = self.layout.partition_count();
        if let Some(partition) = record.partition {
            let at = usize::try_from(partition);
            let at = at.map_err(|_| Refusal::Never(SendError::InvalidRecord("negative partition")))?;
            return if at < count { Ok((partition, Choice::Fixed)) } else { Err(Refusal::UnknownPartition { count }) };
        }
        if limits.in_turn {
            return Ok((self.sticky.in_turn(), Choice::InTurn));
        }
        if let Some(key) = record.key.filter(|_| limits.hash_keys) {
            return Ok((partition_of_key(key, count), Choice::Fixed));
        }
        let partition = match self.sticky.current() {
            Some((partition, produced)) if !self.has_had_its_share(partition, produced, limits) => partition,
            _ => self.sticky.switch(limits.adaptive, rng),
        };
        Ok((partition, Choice::Sticky))
    }

    /// After a batch's worth of bytes the sticky partition changes, but not in the middle of a batch, unless a second
    /// batch's worth went there too (KIP-794: partitions get equal bytes, and batches are full).
    #[inline]
    fn has_had_its_share(&self, partition: i32, produced: usize, limits: &Limits) -> bool {
        let batch = self.full(limits);
        produced >= batch && (produced >= 2 * batch || self.slot(partition).is_none_or(Slot::has_no_room))
    }

    /// Bytes of records, not compressed, that make a full batch.
    #[inline]
    pub(super) fn full(&self, limits: &Limits) -> usize {
        self.full.unwrap_or(limits.batch)
    }

    /// A batch was compressed.
    pub(super) fn compressed(&mut self, before: usize, after: usize, limits: &Limits) {
        self.ratio.observe(before, after);
        self.full = Some(self.ratio.before(limits.batch).min(limits.longest));
    }

    #[inline]
    pub(super) fn slot(&self, partition: i32) -> Option<&Slot> {
        self.slots.get(partition)
    }

    #[inline]
    pub(super) fn slot_mut(&mut self, partition: i32) -> Option<&mut Slot> {
        self.slots.get_mut(partition)
    }

    /// The partition's slot, made now if it is the first time that the partition is sent to.
    pub(super) fn slot_or_new(&mut self, partition: i32) -> Option<&mut Slot> {
        self.slots.get_or_make(partition)
    }

    /// The partition's slot, and the rule that may have chosen it.
    #[inline]
    pub(super) fn place_mut(&mut self, partition: i32) -> Option<(&mut Slot, &mut Sticky)> {
        let slot = self.slots.get_mut(partition)?;
        Some((slot, &mut self.sticky))
    }

    /// Tells the sticky rule how long the partition's queue is: what it holds, in full batches.
    pub(super) fn weigh(&mut self, partition: i32, limits: &Limits) {
        let held = self.slot(partition).map_or(0, |slot| slot.held);
        self.sticky.set_length(partition, held / limits.batch_charge);
    }
}

/// Whether a topic may be sent to.
#[derive(Debug)]
enum State {
    /// Nothing is known: who sends to it waits.
    Unknown,
    /// It has a layout.
    Known(TopicIndex),
    /// The cluster refuses it. Remembered for those who asked before, and for a second: long enough for everybody who was
    /// about to ask, short enough to notice when permission is given.
    Refused { error: SendError, before: Ticket, until: Time },
}

#[derive(Debug)]
struct Name {
    state: State,
    /// Whether it is in the list of wanted topics now.
    listed: bool,
    /// Why it is not there yet.
    reason: Option<Arc<str>>,
}

/// All topics.
#[derive(Debug, Default)]
pub(super) struct Topics {
    names: HashMap<Arc<str>, Name, FixedState>,
    /// By [`TopicIndex`], which the sender counts up from 0.
    topics: Vec<Option<Topic>>,
    /// The last one found: most callers send to one topic for a while, and a comparison is cheaper than a hash.
    recent: Option<TopicIndex>,
    wanted: Vec<Arc<str>>,
    /// When there are this many names, refusals that are over are swept out.
    sweep_at: usize,
}

impl Topics {
    /// As [`find`](Self::find), for who has the number that the name once had: it never has another. By the name again only
    /// while that does not stand for it.
    #[inline(always)]
    pub(super) fn confirm(
        &mut self,
        index: TopicIndex,
        name: &str,
        ticket: Option<Ticket>,
        now: Time,
    ) -> Result<TopicIndex, Refusal> {
        match self.topic(index) {
            Some(topic) if topic.known => Ok(index),
            _ => self.look_up(name, ticket, now),
        }
    }

    /// The topic's number, or why it cannot be sent to now.
    #[inline(always)]
    pub(super) fn find(&mut self, name: &str, ticket: Option<Ticket>, now: Time) -> Result<TopicIndex, Refusal> {
        if let Some(recent) = self.recent
            && let Some(topic) = self.topic(recent)
            && topic.known
            && *topic.layout.name == *name
        {
            return Ok(recent);
        }
        self.look_up(name, ticket, now)
    }

    #[inline(never)]
    fn look_up(&mut self, name: &str, ticket: Option<Ticket>, now: Time) -> Result<TopicIndex, Refusal> {
        match self.names.get(name).map(|name| &name.state) {
            Some(State::Known(index)) => {
                self.recent = Some(*index);
                Ok(*index)
            }
            Some(State::Refused { error, before, until })
                if now < *until || ticket.is_some_and(|own| own < *before) =>
            {
                Err(Refusal::Never(error.clone()))
            }
            _ => Err(Refusal::UnknownTopic),
        }
    }

    #[inline]
    pub(super) fn topic(&self, index: TopicIndex) -> Option<&Topic> {
        self.topics.get(index.0 as usize)?.as_ref()
    }

    #[inline]
    pub(super) fn topic_mut(&mut self, index: TopicIndex) -> Option<&mut Topic> {
        self.topics.get_mut(index.0 as usize)?.as_mut()
    }

    #[inline]
    pub(super) fn slot(&self, key: PartitionKey) -> Option<&Slot> {
        self.topic(key.topic)?.slot(key.partition)
    }

    #[inline]
    pub(super) fn slot_mut(&mut self, key: PartitionKey) -> Option<&mut Slot> {
        self.topic_mut(key.topic)?.slot_mut(key.partition)
    }

    /// The layout that the topic has now.
    pub(super) fn layout(&self, name: &str) -> Option<&Arc<TopicLayout>> {
        match self.names.get(name)?.state {
            State::Known(index) => self.topic(index).map(|topic| &topic.layout),
            State::Unknown | State::Refused { .. } => None,
        }
    }

    /// A new layout, of a new topic or an old one.
    pub(super) fn learn(&mut self, layout: Arc<TopicLayout>) {
        let index = layout.index;
        self.entry(&Arc::clone(&layout.name)).state = State::Known(index);
        let at = index.0 as usize;
        if self.topics.len() <= at {
            self.topics.resize_with(at + 1, || None);
        }
        let Some(place) = self.topics.get_mut(at) else { return };
        let topic = place.get_or_insert_with(|| {
            let sticky = Sticky::new(&layout);
            Topic {
                layout: Arc::clone(&layout),
                known: true,
                slots: Slots::default(),
                sticky,
                ratio: Ratio::default(),
                full: None,
            }
        });
        topic.slots.grow(layout.partition_count());
        topic.sticky.learn(&layout);
        topic.layout = layout;
        topic.known = true;
    }

    /// The cluster refuses the topic.
    pub(super) fn refuse(&mut self, name: &Arc<str>, error: SendError, before: Ticket, now: Time, until: Time) {
        if self.names.len() >= self.sweep_at.max(64) {
            self.names.retain(|_, name| !matches!(name.state, State::Refused { until, .. } if until <= now));
            self.sweep_at = 2 * self.names.len();
        }
        let old = std::mem::replace(&mut self.entry(name).state, State::Refused { error, before, until });
        if let State::Known(index) = old
            && let Some(topic) = self.topic_mut(index)
        {
            topic.known = false;
        }
    }

    /// Why the topic is not there yet.
    pub(super) fn miss(&mut self, name: &Arc<str>, reason: Arc<str>) {
        self.entry(name).reason = Some(reason);
    }

    /// The last reason heard.
    pub(super) fn reason(&self, name: &str) -> Option<Arc<str>> {
        self.names.get(name)?.reason.clone()
    }

    /// The sender shall be asked for the topic. Its name, shared.
    pub(super) fn want(&mut self, name: &str) -> Arc<str> {
        let name = self.shared(name);
        let entry = self.entry(&name);
        if let State::Refused { .. } = entry.state {
            entry.state = State::Unknown;
        }
        if !std::mem::replace(&mut entry.listed, true) {
            self.wanted.push(Arc::clone(&name));
        }
        name
    }

    /// Nobody waits for the topic any more: what was kept for that is forgotten.
    pub(super) fn forget(&mut self, name: &Arc<str>) {
        if self.names.get(name).is_some_and(|name| matches!(name.state, State::Unknown)) {
            self.names.remove(name);
        }
    }

    /// The topic was deleted: it is unknown again, unless something is on its way to it.
    pub(super) fn gone(&mut self, index: TopicIndex) {
        let Some(place) = self.topics.get_mut(index.0 as usize) else { return };
        let idle = |slot: &Slot| slot.open.is_none() && slot.held == 0;
        if let Some(topic) = place.take_if(|topic| topic.slots.used.iter().all(idle)) {
            self.names.remove(&topic.layout.name);
            self.recent = None;
        }
    }

    /// Whether there are wanted topics.
    pub(super) fn wants(&self) -> bool {
        !self.wanted.is_empty()
    }

    pub(super) fn take_wanted(&mut self, wanted: &mut Vec<Arc<str>>) {
        for name in self.wanted.drain(..) {
            if let Some(entry) = self.names.get_mut(&name) {
                entry.listed = false;
            }
            wanted.push(name);
        }
    }

    /// The name as it is shared with others, if it is.
    pub(super) fn shared(&self, name: &str) -> Arc<str> {
        self.names.get_key_value(name).map_or_else(|| name.into(), |(name, _)| Arc::clone(name))
    }

    fn entry(&mut self, name: &Arc<str>) -> &mut Name {
        let unknown = || Name { state: State::Unknown, listed: false, reason: None };
        self.names.entry(Arc::clone(name)).or_insert_with(unknown)
    }
}
