//! Lies that the oracle must not believe.

use super::super::caller::value;
use super::super::workload::Workload;
use super::*;

/// Three records of one caller for partition 0, accepted at once.
fn history() -> History {
    let mut history = History::new(&Plan::draw(Workload::OnePartition, 1));
    (history.forgetful, history.by_id) = (false, true);
    for number in 1..=3 {
        let record = history.new_record(0, 0, number, 0, 5, None, 0, false);
        history.accepted(record, 0, 0, 0, Style::Hooks);
    }
    history
}

fn resolve(history: &mut History, record: u64, result: Result<i64, (DeliveryFailure, Written)>) {
    let result = match result {
        Ok(offset) => {
            let offset = Some(offset).filter(|offset| *offset >= 0);
            Ok(Ack { partition: 0, offset, timestamp: milena_core::Timestamp(0) })
        }
        Err((kind, written)) => Err(DeliveryError { kind, written }),
    };
    history.resolve(record, &result, 5, &mut Trace::new(false));
}

fn late() -> DeliveryFailure {
    DeliveryFailure::TimedOut { timeout_ms: 1, last: None }
}

fn log(records: &[(i64, u32)]) -> LogView {
    LogView { topic: 0, partition: 0, kind: LogKind::Whole, records: records.to_vec() }
}

fn judged(mut history: History, logs: &[LogView]) -> Vec<&'static str> {
    logs.iter().cloned().for_each(|log| history.keep_log(log));
    history.judge();
    history.into_violations().into_iter().map(|violation| violation.invariant).collect()
}

fn all_acknowledged() -> History {
    let mut history = history();
    (0..3).for_each(|record| resolve(&mut history, record, Ok(record.cast_signed())));
    history
}

#[test]
fn a_true_history_passes() {
    assert_eq!(judged(all_acknowledged(), &[log(&[(0, 0), (1, 1), (2, 2)])]), [""; 0]);
}

#[test]
fn a_loss_is_caught() {
    assert_eq!(judged(all_acknowledged(), &[log(&[(0, 0), (2, 2)])]), ["I1"]);
}

#[test]
fn an_acknowledgement_at_another_offset_is_caught() {
    assert_eq!(judged(all_acknowledged(), &[log(&[(0, 0), (1, 1), (7, 2)])]), ["I1"]);
}

#[test]
fn an_acknowledgement_without_an_offset_may_be_anywhere_but_not_nowhere() {
    let unplaced = || {
        let mut history = history();
        resolve(&mut history, 1, Ok(-1));
        history
    };
    assert_eq!(judged(unplaced(), &[log(&[(9, 1)])]), [""; 0]);
    assert_eq!(judged(unplaced(), &[log(&[])]), ["I1"]);
}

#[test]
fn a_duplicate_is_caught_also_of_a_record_that_failed() {
    let mut history = history();
    resolve(&mut history, 1, Err((late(), Written::Maybe)));
    assert_eq!(judged(history, &[log(&[(0, 1), (1, 1)])]), ["I2"]);
}

#[test]
fn a_duplicate_over_two_lives_of_a_topic_is_caught_where_ids_are_used() {
    let two_lives = [log(&[(0, 0), (1, 1), (2, 2)]), log(&[(0, 2)])];
    assert_eq!(judged(all_acknowledged(), &two_lives), ["I2"]);
    let mut by_name = all_acknowledged();
    by_name.by_id = false;
    assert_eq!(judged(by_name, &two_lives), [""; 0]);
}

#[test]
fn disorder_is_caught() {
    let mut history = history();
    for (record, offset) in [(0, 1), (1, 0), (2, 2)] {
        resolve(&mut history, record, Ok(offset));
    }
    assert_eq!(judged(history, &[log(&[(0, 1), (1, 0), (2, 2)])]), ["I3"]);
}

/// The first record was given up and comes behind the second.
fn late_behind_another(first: Result<i64, (DeliveryFailure, Written)>, relax: fn(&mut History)) -> Vec<&'static str> {
    let mut history = history();
    resolve(&mut history, 0, first);
    for (record, offset) in [(1, 0), (2, 2)] {
        resolve(&mut history, record, Ok(offset));
    }
    relax(&mut history);
    judged(history, &[log(&[(0, 1), (1, 0), (2, 2)])])
}

#[test]
fn what_was_given_up_may_come_late_only_where_nothing_can_fence_it() {
    let relaxed: [fn(&mut History); 2] = [
        |history| (0..3).for_each(|record| history.numbered(record, 7, i16::MAX)),
        |history| (history.by_id, history.deleted) = (false, BTreeSet::from([0])),
    ];
    for relax in relaxed {
        assert_eq!(late_behind_another(Err((late(), Written::Maybe)), relax), [""; 0]);
        assert_eq!(late_behind_another(Ok(1), relax), ["I3"], "what is acknowledged is in order");
    }
    let strict: [fn(&mut History); 3] = [
        |history| (0..3).for_each(|record| history.numbered(record, 7, i16::MAX - 1)),
        |history| history.deleted = BTreeSet::from([0]),
        |history| history.by_id = false,
    ];
    for strict in strict {
        assert_eq!(late_behind_another(Err((late(), Written::Maybe)), strict), ["I3"]);
    }
}

#[test]
fn a_record_that_is_not_written_must_not_be_written() {
    let mut history = history();
    resolve(&mut history, 2, Err((late(), Written::No)));
    assert_eq!(judged(history, &[log(&[(0, 2)])]), ["I7"]);
}

#[test]
fn what_a_replica_had_that_was_passed_over_counts_for_acknowledgements_only() {
    let passed = LogView { kind: LogKind::PassedOver, ..log(&[(0, 0), (1, 1), (2, 2)]) };
    assert_eq!(judged(all_acknowledged(), &[passed, log(&[(0, 0)])]), [""; 0]);
}

#[test]
fn a_false_alarm_and_a_second_outcome_and_a_late_one_are_caught() {
    let mut history = history();
    let alarm = DeliveryFailure::Integrity { expected: 1, found: 0 };
    resolve(&mut history, 0, Err((alarm, Written::Maybe)));
    resolve(&mut history, 0, Ok(4));
    let ack = Ack { partition: 0, offset: Some(4), timestamp: milena_core::Timestamp(0) };
    history.resolve(1, &Ok(ack), Moment::MAX, &mut Trace::new(false));
    let invariants: Vec<_> = history.into_violations().into_iter().map(|violation| violation.invariant).collect();
    assert_eq!(invariants, ["I7", "I4", "I4"]);
}

#[test]
fn bytes_in_another_partition_or_changed_are_caught() {
    let mut history = history();
    let bytes = value(1, 0, 2, 5);
    let seen = |value| Seen { key: None, value: Some(value) };
    assert_eq!(history.recognize((0, 0), seen(&bytes)), Some(1));
    history.recognize((0, 1), seen(&bytes));
    let changed = value(1, 0, 2, 6);
    history.recognize((0, 0), seen(&changed));
    history.recognize((0, 0), seen(b"who am I"));
    let invariants: Vec<_> = history.into_violations().into_iter().map(|violation| violation.invariant).collect();
    assert_eq!(invariants, ["I9", "I9", "I9"]);
}

#[test]
fn a_flush_that_ends_too_early_is_caught() {
    let mut history = history();
    resolve(&mut history, 0, Ok(0));
    history.flushed(0, 1);
    history.flushed(0, 2);
    assert_eq!(history.into_violations().len(), 1);
}

#[test]
fn giving_up_without_need_is_caught() {
    let mut history = history();
    let rejected = |code| DeliveryFailure::Rejected { code, message: None };
    resolve(&mut history, 0, Err((rejected(ErrorCode::NOT_LEADER_OR_FOLLOWER), Written::Maybe)));
    history.limit = 400;
    resolve(&mut history, 1, Err((rejected(ErrorCode::MESSAGE_TOO_LARGE), Written::No)));
    history.closes(0, 6);
    resolve(&mut history, 2, Err((DeliveryFailure::Closed, Written::No)));
    let invariants: Vec<_> = history.into_violations().into_iter().map(|violation| violation.invariant).collect();
    assert_eq!(invariants, ["I4", "I4", "I4"]);
}

#[test]
fn giving_up_for_a_reason_is_not_caught() {
    let mut history = history();
    let rejected = |code| DeliveryFailure::Rejected { code, message: None };
    resolve(&mut history, 0, Err((rejected(ErrorCode::INVALID_RECORD), Written::No)));
    history.limit = 100;
    resolve(&mut history, 1, Err((rejected(ErrorCode::MESSAGE_TOO_LARGE), Written::No)));
    history.closes(0, 5);
    resolve(&mut history, 2, Err((DeliveryFailure::Closed, Written::No)));
    assert_eq!(history.into_violations(), []);
}
