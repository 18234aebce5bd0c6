//! The judgement of the logs: what of the history they bear out.

use super::{Fate, History, LogKind, LogView};
use foldhash::fast::FixedState;
use milena_core::Written;
use milena_core::config::Acks;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

impl History {
    /// The judgement.
    pub(in crate::simulation) fn judge(&mut self) {
        let logs = std::mem::take(&mut self.logs);
        self.judge_acknowledged(&logs);
        self.judge_copies(&logs);
        self.judge_order(&logs);
        self.judge_failed(&logs);
        self.judge_last_words();
    }

    /// I1.
    fn judge_acknowledged(&mut self, logs: &[LogView]) {
        let mut at: HashSet<(usize, i32, i64, u32), FixedState> = HashSet::default();
        let mut anywhere: HashSet<u32, FixedState> = HashSet::default();
        for log in logs {
            at.extend(log.records.iter().map(|(offset, record)| (log.topic, log.partition, *offset, *record)));
            anywhere.extend(log.records.iter().map(|(_, record)| *record));
        }
        for (record, life) in (0..).zip(self.lives.clone()) {
            let Fate::Acknowledged(offset) = life.fate else { continue };
            let acks = self.promises.get(life.client).map(|promise| promise.acks);
            if acks == Some(Acks::None) && offset.is_some() {
                self.violate("I1", format!("record {record} has offset {offset:?}, and nobody told it"));
            }
            if acks == Some(Acks::None) || acks == Some(Acks::Leader) && self.led_elsewhere {
                continue;
            }
            if self.lossy.get(&(life.topic, life.partition)).is_some_and(|since| life.heard >= *since) {
                continue;
            }
            let found = match offset {
                Some(offset) => at.contains(&(life.topic, life.partition, offset, record)),
                None => anywhere.contains(&record),
            };
            if !found {
                let elsewhere = if anywhere.contains(&record) { "elsewhere" } else { "nowhere" };
                let place = format!("{}-{} offset {offset:?}", life.topic, life.partition);
                self.violate("I1", format!("record {record} is acknowledged at {place}, and is {elsewhere}"));
            }
        }
    }

    /// I2.
    fn judge_copies(&mut self, logs: &[LogView]) {
        if self.forgetful {
            return;
        }
        let mut places: BTreeMap<u32, Vec<(usize, i64)>> = BTreeMap::new();
        for (number, log) in logs.iter().enumerate().filter(|(_, log)| log.kind == LogKind::Whole) {
            for (offset, record) in &log.records {
                places.entry(*record).or_default().push((number, *offset));
            }
        }
        for (record, places) in places {
            let life = self.record(record);
            let (client, place) = (life.client, (life.topic, life.partition));
            let idempotent = self.promises.get(client).is_some_and(|promise| promise.idempotent);
            let one_life = places.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b));
            if idempotent && places.len() > 1 && (self.by_id || one_life) {
                let offsets: Vec<_> = places.iter().map(|(_, offset)| *offset).collect();
                self.violate("I2", format!("record {record} is in {place:?} at offsets {offsets:?}"));
            }
        }
    }

    /// I3.
    fn judge_order(&mut self, logs: &[LogView]) {
        if self.forgetful {
            return;
        }
        for log in logs {
            let by_name = !self.by_id && self.deleted.contains(&log.topic);
            let mut last: HashMap<usize, (u32, u32), FixedState> = HashMap::default();
            let mut seen: HashSet<u32, FixedState> = HashSet::default();
            for (_, record) in &log.records {
                let life = self.record(*record);
                let (caller, number) = (life.caller, life.number);
                let Some(promise) = self.promises.get(life.client).filter(|promise| promise.ordered) else { continue };
                let first_copy = matches!(life.fate, Fate::Acknowledged(_)) && seen.insert(*record);
                let fenced = !self.used_up.contains(&((log.topic, log.partition), life.producer_id));
                let counts = promise.idempotent && fenced && !by_name || first_copy;
                if counts
                    && let Some((before, earlier)) = last.insert(caller, (*record, number))
                    && earlier > number
                {
                    let place = (log.topic, log.partition);
                    self.violate(
                        "I3",
                        format!("record {record} is behind {before} in {place:?}, and was sent before it"),
                    );
                }
            }
        }
    }

    /// I7.
    fn judge_failed(&mut self, logs: &[LogView]) {
        let written: BTreeSet<u32> =
            logs.iter().flat_map(|log| log.records.iter().map(|(_, record)| *record)).collect();
        for record in written {
            let fate = self.record(record).fate.clone();
            if matches!(fate, Fate::Failed(Written::No) | Fate::Rejected | Fate::Waiting) {
                self.violate("I7", format!("record {record} is in the log, and is {fate:?}"));
            }
        }
    }

    /// I4: a record that was sent when all was well.
    fn judge_last_words(&mut self) {
        for (record, life) in (0u32..).zip(self.lives.clone()) {
            let untold = !self.by_id && self.deleted.contains(&life.topic);
            if life.must && !untold && !matches!(life.fate, Fate::Acknowledged(_)) {
                self.violate("I4", format!("record {record}, sent when all was well, is {:?}", life.fate));
            }
        }
    }
}
