//! Every way of sending, and what it says when it cannot.

mod dev;

use dev::{cluster, producer};
use milena::{DeliveryError, Partitioner, Record, SendError, TopicLayout};
use milena_testkit::{ApiKey, DevCluster, Effect, ErrorCode, Fault, Operation};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A cluster whose topics are never found, however long one waits.
fn without_metadata() -> DevCluster {
    let cluster = cluster(1, 1);
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::METADATA, Effect::Ignore).always()));
    cluster
}

/// A cluster that keeps batches and never answers.
fn without_answers(partitions: usize) -> DevCluster {
    let cluster = cluster(1, partitions);
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::Ignore).always()));
    cluster
}

#[tokio::test]
async fn try_send_never_waits_and_asks_in_the_background() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let record = Record::to("orders").value("now");
    assert_eq!(producer.try_send(record).unwrap_err(), SendError::NotReady("orders".into()));
    let delivery = loop {
        match producer.try_send(record) {
            Ok(delivery) => break delivery,
            Err(error) => assert_eq!(error, SendError::NotReady("orders".into())),
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    assert_eq!(delivery.await.unwrap().offset, Some(0));
}

#[tokio::test]
async fn try_send_says_that_memory_is_full() {
    let cluster = without_answers(1);
    let producer = producer(&cluster).buffer_memory(50_000).build().unwrap();
    let value = [0; 1_000];
    let record = Record::to("orders").value(&value);
    drop(producer.send(record).await.unwrap());
    let error = loop {
        if let Err(error) = producer.try_send(record) {
            break error;
        }
    };
    assert_eq!(error, SendError::Full { waited_ms: 0 });
}

#[tokio::test]
async fn a_send_waits_for_metadata_no_longer_than_max_block() {
    let cluster = without_metadata();
    let producer = producer(&cluster).max_block(Duration::from_millis(100)).build().unwrap();
    let error = producer.send(Record::to("orders").value("x")).await.unwrap_err();
    assert!(
        matches!(&error, SendError::UnknownTopic { topic, waited_ms: 100.., .. } if &**topic == "orders"),
        "{error}"
    );
    let error = producer.partitions_for("orders").await.unwrap_err();
    assert!(matches!(error, SendError::UnknownTopic { .. }), "{error}");
}

#[tokio::test]
async fn a_send_waits_for_memory_no_longer_than_max_block() {
    let cluster = without_answers(1);
    let builder = producer(&cluster).buffer_memory(50_000).max_block(Duration::from_millis(100));
    let producer = builder.build().unwrap();
    let value = [0; 1_000];
    let error = loop {
        if let Err(error) = producer.send(Record::to("orders").value(&value)).await {
            break error;
        }
    };
    assert!(matches!(error, SendError::Full { waited_ms: 100.. }), "{error}");
}

#[tokio::test]
async fn a_topic_that_is_refused_fails_its_sends_at_once() {
    let cluster = cluster(1, 1);
    cluster.with(|cluster| cluster.deny(Operation::Describe("orders".into())));
    let producer = producer(&cluster).build().unwrap();
    let refused = SendError::TopicRefused { topic: "orders".into(), code: ErrorCode::TOPIC_AUTHORIZATION_FAILED };
    assert_eq!(producer.send(Record::to("orders")).await.unwrap_err(), refused);
    assert_eq!(producer.partitions_for("orders").await.unwrap_err(), refused);
}

#[tokio::test]
async fn a_partition_that_does_not_exist_is_waited_for_and_found() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).retry_backoff(Duration::from_millis(10)).build().unwrap();
    producer.send(Record::to("orders").value("0")).await.unwrap().await.unwrap();
    let late = producer.send(Record::to("orders").value("1").partition(1));
    let more = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        cluster.with(|cluster| cluster.add_partitions("orders", 2)).unwrap();
    };
    let (delivery, ()) = tokio::join!(late, more);
    let ack = delivery.unwrap().await.unwrap();
    assert_eq!((ack.partition, ack.offset), (1, Some(0)));
}

#[tokio::test]
async fn a_record_that_is_too_large_is_refused_at_once() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).max_request_size(1_000).build().unwrap();
    let error = producer.send(Record::to("orders").value(&[0; 2_000])).await.unwrap_err();
    assert!(matches!(error, SendError::TooLarge { knob: "max.request.size", limit: 1_000, .. }), "{error}");
}

#[tokio::test]
async fn send_all_gives_back_what_was_accepted_before_the_error() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).max_request_size(1_000).build().unwrap();
    let large = [0; 2_000];
    let records = (0..200).map(|number| match number {
        150 => Record::to("orders").value(&large),
        _ => Record::to("orders").value("small"),
    });
    let failed = producer.send_all(records.clone()).await.unwrap_err();
    assert!(matches!(failed.error, SendError::TooLarge { .. }));
    assert_eq!(failed.accepted.len(), 150);
    for (offset, delivery) in (0..).zip(failed.accepted) {
        assert_eq!(delivery.await.unwrap().offset, Some(offset));
    }
    let failed = producer.post_all(records.skip(1)).await.unwrap_err();
    assert_eq!(failed.accepted, 149);
}

#[tokio::test]
async fn hooks_hear_every_outcome_in_order_with_their_tokens() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let heard = Arc::new(Mutex::new(Vec::<(u64, Option<i64>)>::new()));
    let hook = producer.hook({
        let heard = Arc::clone(&heard);
        move |token, result| heard.lock().unwrap().push((token, result.unwrap().offset))
    });
    for token in 0..10 {
        producer.send_with(Record::to("orders").value("x"), &hook, 100 + token).await.unwrap();
    }
    let rest = (0..490).map(|_| Record::to("orders").value("x"));
    assert_eq!(producer.send_all_with(rest, &hook, 110).await.unwrap(), 490);
    producer.close(Duration::from_secs(10)).await.unwrap();
    let expected: Vec<_> = (0..500_u64).map(|token| (100 + token, i64::try_from(token).ok())).collect();
    assert_eq!(*heard.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_flush_returns_after_the_hooks() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let heard = Arc::new(Mutex::new(0));
    let hook = {
        let heard = Arc::clone(&heard);
        // Slow, so that a flush that did not wait for it would be seen.
        producer.hook(move |_, _| {
            std::thread::sleep(Duration::from_millis(2));
            *heard.lock().unwrap() += 1;
        })
    };
    for token in 0..20 {
        producer.send_with(Record::to("orders").value("v"), &hook, token).await.unwrap();
    }
    producer.flush().await;
    assert_eq!(*heard.lock().unwrap(), 20);
}

#[tokio::test]
async fn a_hook_that_panics_hurts_nobody_else() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let bad = producer.hook(|_, _| panic!("a hook of the test's"));
    let (tell, told) = mpsc::channel();
    producer.send_with(Record::to("orders").value("bad"), &bad, 0).await.unwrap();
    let then = move |result: Result<milena::Ack, DeliveryError>| tell.send(result).unwrap();
    producer.send_then(Record::to("orders").value("good"), then).await.unwrap();
    let delivery = producer.send(Record::to("orders").value("after")).await.unwrap();
    delivery.await.unwrap();
    assert_eq!(told.recv().unwrap().unwrap().offset, Some(1));
    producer.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn fire_and_forget_is_written_all_the_same() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    producer.post(Record::to("orders").value("0")).await.unwrap();
    producer.try_post(Record::to("orders").value("1")).unwrap();
    drop(producer.send(Record::to("orders").value("2")).await.unwrap());
    producer.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(cluster.with(|cluster| cluster.log_end("orders", 0)), 3);
}

/// Sends by the first byte of the value.
struct ByFirstByte;

impl Partitioner for ByFirstByte {
    fn partition(&self, record: &Record<'_>, layout: &TopicLayout) -> i32 {
        assert_eq!(&*layout.name, "orders");
        match record.value.and_then(|value| value.first()) {
            Some(digit @ b'0'..=b'9') => i32::from(digit - b'0'),
            _ => panic!("a partitioner of the test's"),
        }
    }
}

#[tokio::test]
async fn a_partitioner_decides_and_its_mistakes_are_the_records_own() {
    let cluster = cluster(1, 4);
    let producer = producer(&cluster).partitioner(ByFirstByte).build().unwrap();
    let send = |value: &'static str| producer.send(Record::to("orders").value(value));
    assert_eq!(send("3").await.unwrap().await.unwrap().partition, 3);
    let outside = SendError::InvalidPartition { topic: "orders".into(), partition: 7, count: 4 };
    assert_eq!(send("7").await.unwrap_err(), outside);
    assert_eq!(send("!").await.unwrap_err(), SendError::InvalidRecord("the partitioner panicked"));
    let own = producer.send(Record::to("orders").value("3").partition(1)).await.unwrap();
    assert_eq!(own.await.unwrap().partition, 1);
    let failed = producer.send_all(["0", "1", "!", "2"].map(|value| Record::to("orders").value(value))).await;
    assert_eq!(failed.unwrap_err().accepted.len(), 2);
}
