//! Requests that meet a scripted fault: before or after they are done.

use crate::support::{Run, TOPIC, b};
use milena_testkit::{ApiKey, Effect, ErrorCode, Fault, Output};
use milena_wire::messages::init_producer_id::InitProducerIdRequest;
use milena_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use milena_wire::messages::produce::ProduceRequest;
use std::time::Duration;

const REFUSED: Result<i64, ErrorCode> = Err(ErrorCode::KAFKA_STORAGE_ERROR);

fn meeting(fault: Fault) -> Run {
    let mut run = Run::on(&[1]);
    run.cluster.inject(fault);
    run
}

fn produce(effect: Effect) -> Fault {
    Fault::on(ApiKey::PRODUCE, effect)
}

#[test]
fn refused_before_the_append_and_after_it() {
    let mut run = meeting(produce(Effect::Refuse(ErrorCode::KAFKA_STORAGE_ERROR)));
    assert_eq!((run.send(b(0)), run.log_end()), (REFUSED, 0));
    assert_eq!((run.send(b(0)), run.log_end()), (Ok(0), 10), "once");
    let mut run = meeting(produce(Effect::DoAndRefuse(ErrorCode::KAFKA_STORAGE_ERROR)));
    assert_eq!((run.send(b(0)), run.log_end()), (REFUSED, 10));
    assert_eq!((run.send(b(0)), run.log_end()), (Ok(0), 10), "a duplicate");
}

#[test]
fn the_connection_drops_before_the_append_and_after_it() {
    for (effect, end) in [(Effect::Drop, 0), (Effect::DoAndDrop, 10)] {
        let mut run = meeting(produce(effect));
        assert_eq!(run.produce(&b(0), 8), None);
        assert_eq!(run.log_end(), end);
        assert_eq!(run.send(b(0)), Ok(0), "over a new connection");
    }
}

#[test]
fn a_connection_that_drops_after_the_append_does_not_wait_for_the_replicas() {
    let mut run = Run::on(&[1, 2]);
    run.cluster.set_fetching(2, false);
    run.cluster.inject(produce(Effect::DoAndDrop));
    assert_eq!(run.produce(&b(0), 8), None);
    assert_eq!((run.now.as_millis(), run.log_end()), (0, 10));
}

#[test]
fn no_answer_ever_whether_it_is_done_or_not() {
    for (effect, end) in [(Effect::Ignore, 0), (Effect::DoAndIgnore, 10)] {
        let mut run = meeting(produce(effect));
        run.put(&run.request(&b(0), b(0).encode(run.now_ms())), 8);
        assert_eq!(run.cluster.poll_output(), Output::Wait(None));
        run.pass(Duration::from_secs(3_600));
        assert_eq!(run.cluster.poll_output(), Output::Wait(None));
        assert_eq!(run.log_end(), end);
        run.turn_to(1);
        assert_eq!(run.send(b(0)), Ok(0), "other connections are served");
    }
}

#[test]
fn a_late_answer_comes_when_it_should() {
    let mut run = meeting(produce(Effect::Delay(Duration::from_millis(700))));
    assert_eq!(run.send(b(0)), Ok(0));
    assert_eq!(run.now.as_millis(), 700);
}

#[test]
fn a_throttled_client_hears_at_once_and_is_not_read_for_a_while() {
    let mut run = meeting(produce(Effect::Throttle(Duration::from_secs(2))));
    let response = run.ask(&run.request(&b(0), b(0).encode(run.now_ms())), 8).unwrap();
    assert_eq!((response.throttle_time_ms, run.now.as_millis()), (2_000, 0));
    assert_eq!(run.send(b(1)), Ok(10));
    assert_eq!(run.now.as_millis(), 2_000);
}

#[test]
fn a_refusal_for_one_partition_leaves_the_others_alone() {
    let mut run = Run::on(&[1]);
    run.cluster.add_partitions(TOPIC, 2).unwrap();
    run.cluster.elect(TOPIC, 1, 1);
    run.cluster.inject(produce(Effect::Refuse(ErrorCode::KAFKA_STORAGE_ERROR)).partition(TOPIC, 1));
    let mut request = run.request(&b(0), b(0).encode(run.now_ms()));
    let mut other = request.topic_data[0].partition_data[0].clone();
    other.index = 1;
    request.topic_data[0].partition_data.push(other);
    let codes = |run: &mut Run, request: &ProduceRequest| {
        let mut response = run.ask(request, 8).unwrap();
        let partitions = response.responses.remove(0).partition_responses;
        partitions.iter().map(|partition| partition.error_code).collect::<Vec<_>>()
    };
    let leads = run.cluster.partition(TOPIC, 1).unwrap().leadership().leader == Some(1);
    let second = if leads { ErrorCode::NONE } else { ErrorCode::NOT_LEADER_OR_FOLLOWER };
    assert_eq!(codes(&mut run, &request), [ErrorCode::NONE, ErrorCode::KAFKA_STORAGE_ERROR]);
    assert_eq!(codes(&mut run, &request), [ErrorCode::NONE, second]);
}

#[test]
fn skipped_counted_and_lasting_faults() {
    let refuse = produce(Effect::Refuse(ErrorCode::KAFKA_STORAGE_ERROR));
    let mut run = meeting(refuse.clone().after(1).times(2));
    let outcomes: Vec<_> = (0..4).map(|i| run.send(b(i).producer(-1)).is_ok()).collect();
    assert_eq!(outcomes, [true, false, false, true]);
    run.cluster.inject(refuse.broker(2).always());
    assert!(run.send(b(9).producer(-1)).is_ok(), "another broker's");
    run.cluster.clear_faults();
    assert_eq!(run.cluster.faults(), []);
}

#[test]
fn other_apis_are_refused_too() {
    let mut run =
        meeting(Fault::on(ApiKey::INIT_PRODUCER_ID, Effect::DoAndRefuse(ErrorCode::COORDINATOR_NOT_AVAILABLE)));
    let request = InitProducerIdRequest { transactional_id: None, ..Default::default() };
    let refused = run.ask(&request, 4).unwrap();
    assert_eq!((refused.error_code, refused.producer_id), (ErrorCode::COORDINATOR_NOT_AVAILABLE, -1));
    let given = run.ask(&request, 4).unwrap();
    assert_eq!((given.error_code, given.producer_id, given.producer_epoch), (ErrorCode::NONE, 1, 0), "0 was lost");

    run.cluster.inject(Fault::on(ApiKey::METADATA, Effect::Refuse(ErrorCode::LEADER_NOT_AVAILABLE)).topic(TOPIC));
    let asked = MetadataRequestTopic { name: Some(TOPIC.to_owned()), ..Default::default() };
    let request = MetadataRequest { topics: Some(vec![asked]), ..Default::default() };
    assert_eq!(run.ask(&request, 9).unwrap().topics[0].error_code, ErrorCode::LEADER_NOT_AVAILABLE);
    assert_eq!(run.ask(&request, 9).unwrap().topics[0].error_code, ErrorCode::NONE);
}
