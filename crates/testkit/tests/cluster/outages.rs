//! Brokers that die, sleep, forget and come back; and what that does to leaders, replicas and waiting requests.

use crate::support::{Run, TOPIC, b, frame};
use milena_testkit::{Cluster, ClusterOptions, ErrorCode, Liveness, Output, Release, Time, TopicOptions};
use milena_wire::messages::produce::ProduceRequest;
use std::time::Duration;

fn leadership(run: &Run) -> (Option<i32>, i32, Vec<i32>) {
    let found = run.cluster.partition(TOPIC, 0).expect("the topic is there").leadership();
    (found.leader, found.leader_epoch, found.isr.clone())
}

fn with(replicas: &[i32], change: impl FnOnce(&mut ClusterOptions)) -> Run {
    let mut options = ClusterOptions::default();
    change(&mut options);
    Run::with(replicas, options, TopicOptions::default())
}

#[test]
fn a_killed_leader_is_replaced_when_its_session_ends_and_comes_back_as_a_follower() {
    let mut run = Run::on(&[1, 2, 3]);
    run.fill(2);
    run.cluster.kill(1);
    assert!(matches!(run.cluster.poll_output(), Output::Close(_)));
    assert_eq!(run.cluster.open(1), None, "nobody listens there");
    run.pass(Duration::from_secs(8));
    assert_eq!(leadership(&run), (Some(1), 0, vec![1, 2, 3]));
    run.pass(Duration::from_secs(1));
    assert_eq!(leadership(&run), (Some(2), 1, vec![2, 3]));
    run.turn_to(2);
    assert_eq!(run.send(b(2)), Ok(20));
    run.cluster.start(1);
    assert_eq!(leadership(&run), (Some(2), 1, vec![2, 3, 1]));
    assert_eq!(run.cluster.partition(TOPIC, 0).unwrap().replica(1).unwrap().log.end(), 30);
}

#[test]
fn a_broker_that_stops_hands_over_first() {
    let mut run = Run::on(&[1, 2]);
    run.cluster.stop(1);
    assert_eq!(leadership(&run), (Some(2), 1, vec![2]));
}

#[test]
fn the_last_replica_in_sync_stays_and_leads_again_when_it_is_back() {
    let mut run = Run::on(&[1, 2]);
    run.cluster.stop(2);
    run.fill(1);
    run.cluster.stop(1);
    assert_eq!(leadership(&run), (None, 1, vec![1]), "the election found nobody");
    run.cluster.start(2);
    assert_eq!(leadership(&run).0, None, "broker 2 was out of sync");
    run.cluster.start(1);
    assert_eq!(leadership(&run).0, Some(1));
    run.turn_to(1);
    assert_eq!(run.send(b(1)), Ok(10));
}

#[test]
fn an_unclean_election_loses_what_was_acknowledged() {
    let mut run = Run::on(&[1, 2]);
    run.cluster.stop(2);
    run.fill(3);
    run.cluster.stop(1);
    run.cluster.start(2);
    assert!(run.cluster.elect(TOPIC, 0, 2));
    run.turn_to(2);
    assert_eq!(run.send(b(7).producer(8)), Ok(0), "offsets begin again");
    run.cluster.start(1);
    let log = &run.cluster.partition(TOPIC, 0).unwrap().replica(1).unwrap().log;
    assert_eq!(log.end(), 10, "the old leader has cut off what the new one has not got");
}

#[test]
fn a_follower_that_does_not_fetch_holds_up_acks_all_until_it_is_out_of_sync() {
    let mut run = Run::on(&[1, 2]);
    run.cluster.set_fetching(2, false);
    let mut batch = b(0);
    batch.timeout = Duration::from_secs(60);
    assert_eq!(run.send(batch), Ok(0));
    assert_eq!(run.now, Time::from_millis(30_000), "replica.lag.time.max.ms");
    assert_eq!(leadership(&run), (Some(1), 0, vec![1]));
    run.cluster.set_fetching(2, true);
    assert_eq!(leadership(&run), (Some(1), 0, vec![1, 2]));
}

#[test]
fn replicas_lost_after_the_append_fail_the_request_on_brokers_before_3_7() {
    for (release, code) in
        [(Release::V2_8, ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND), (Release::V4_3, ErrorCode::REQUEST_TIMED_OUT)]
    {
        let options = ClusterOptions { release, ..ClusterOptions::default() };
        let topic = TopicOptions { min_insync_replicas: 2, ..TopicOptions::default() };
        let mut run = Run::with(&[1, 2], options, topic);
        run.cluster.set_fetching(2, false);
        run.put(&run.request(&b(0), b(0).encode(run.now_ms())), 8);
        run.cluster.shrink_isr(TOPIC, 0, 2);
        let response = run.hear::<ProduceRequest>(8).unwrap();
        assert_eq!(response.responses[0].partition_responses[0].error_code, code);
    }
}

#[test]
fn a_leader_that_sleeps_through_an_election_takes_records_and_cuts_them_off() {
    let mut run = with(&[1, 2], |options| options.metadata_delay = Duration::from_millis(100));
    run.fill(1);
    run.cluster.pause(1);
    let connection = run.put(&run.request(&b(1).acks(1), b(1).encode(run.now_ms())), 8);
    run.pass(Duration::from_secs(10));
    assert_eq!(leadership(&run), (Some(2), 1, vec![2]));
    run.cluster.resume(1);
    let answered = run.hear::<ProduceRequest>(8).unwrap();
    assert_eq!(answered.responses[0].partition_responses[0].error_code, ErrorCode::NONE, "it knew no better");
    assert_eq!(run.cluster.partition(TOPIC, 0).unwrap().replica(1).unwrap().log.end(), 20);
    run.pass(Duration::from_millis(100));
    assert_eq!(run.cluster.partition(TOPIC, 0).unwrap().replica(1).unwrap().log.end(), 10);
    assert_eq!(run.send(b(1)), Err(ErrorCode::NOT_LEADER_OR_FOLLOWER));
    run.cluster.close(connection);
}

#[test]
fn a_request_that_waits_for_replicas_is_told_when_its_broker_no_longer_leads() {
    let mut run = Run::on(&[1, 2]);
    run.cluster.set_fetching(2, false);
    run.put(&run.request(&b(0), b(0).encode(run.now_ms())), 8);
    assert_eq!(run.cluster.poll_output(), Output::Wait(Some(Time::from_millis(10_000))));
    assert!(run.cluster.elect(TOPIC, 0, 2));
    let response = run.hear::<ProduceRequest>(8).unwrap();
    assert_eq!(response.responses[0].partition_responses[0].error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
}

#[test]
fn what_a_client_sent_before_it_gave_up_is_still_read() {
    let mut run = Run::on(&[1]);
    run.cluster.pause(1);
    let connection = run.put(&run.request(&b(0), b(0).encode(run.now_ms())), 8);
    run.cluster.close(connection);
    run.cluster.resume(1);
    assert_eq!(run.log_end(), 10);
    assert_eq!(run.cluster.poll_output(), Output::Wait(Some(Time::from_millis(9_000))), "nobody is told");
}

#[test]
fn one_request_at_a_time_and_answers_in_order() {
    let mut run = with(&[1, 2], |options| options.replication_delay = Duration::from_millis(5));
    let now = run.now_ms();
    let connection = run.put(&run.request(&b(0), b(0).encode(now)), 8);
    let second = frame(&run.request(&b(1), b(1).encode(now)), 8);
    run.cluster.handle_request(connection, second, run.now);
    assert_eq!(run.log_end(), 10, "the second is not read before the first is answered");
    let offset = |run: &mut Run| {
        run.hear::<ProduceRequest>(8).unwrap().responses.remove(0).partition_responses.remove(0).base_offset
    };
    assert_eq!((offset(&mut run), run.now), (0, Time::from_millis(5)));
    assert_eq!((offset(&mut run), run.now), (10, Time::from_millis(10)));
}

#[test]
fn the_same_calls_give_the_same_bytes() {
    let play = || {
        let mut run = with(&[1, 2, 3], |options| options.replication_delay = Duration::from_millis(3));
        let mut seen = Vec::new();
        for i in 0..20 {
            run.put(&run.request(&b(i), b(i).encode(run.now_ms())), 9);
            loop {
                match run.cluster.poll_output() {
                    Output::Wait(Some(next)) if seen.len() <= i as usize => {
                        run.now = next;
                        run.cluster.advance(next);
                    }
                    Output::Wait(_) => break,
                    output => seen.push(output),
                }
            }
        }
        (seen, run.cluster.topic(TOPIC).unwrap().id)
    };
    assert_eq!(play(), play());
}

#[test]
fn a_killed_broker_cuts_what_it_alone_had() {
    let mut run = with(&[1, 2], |options| options.replication_delay = Duration::from_secs(1));
    assert_eq!(run.send(b(0).acks(1)), Ok(0));
    run.cluster.kill(1);
    run.pass(Duration::from_secs(10));
    run.turn_to(2);
    assert_eq!(run.log_end(), 0, "the acknowledged batch is gone: acks=1");
    assert_eq!(run.send(b(1).acks(1)), Ok(0));
    run.cluster.start(1);
    run.pass(Duration::from_secs(1));
    let partition = run.cluster.partition(TOPIC, 0).unwrap();
    let sequences = |broker| {
        let log = &partition.replica(broker).unwrap().log;
        log.batches().map(|batch| batch.authorship.unwrap().first_sequence).collect::<Vec<_>>()
    };
    assert_eq!(sequences(1), [10]);
    assert_eq!(sequences(1), sequences(2));
}

#[test]
fn what_is_deleted_from_a_paused_broker_does_not_wake_it() {
    let mut run = Run::on(&[1]);
    run.cluster.pause(1);
    assert_eq!(run.cluster.broker(1).unwrap().liveness(), Liveness::Paused);
    run.put(&run.request(&b(0), b(0).encode(run.now_ms())), 8);
    run.pass(Duration::from_secs(5));
    assert_eq!(run.log_end(), 0);
    Cluster::start(&mut run.cluster, 1);
    assert_eq!(run.cluster.broker(1).unwrap().liveness(), Liveness::Paused, "only resume wakes it");
}
