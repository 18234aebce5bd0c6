//! The whole producer against the dev cluster, over real sockets.

mod dev;

use dev::{cluster, producer};
use milena::{Codec, Delivery, Record};
use milena_testkit::{ApiKey, Effect, Fault};
use std::time::Duration;

const RECORDS: u32 = 100_000;

#[tokio::test]
async fn a_hundred_thousand_records_are_in_order_and_all_acknowledged() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let mut deliveries = Vec::new();
    for number in 0..RECORDS {
        deliveries.push(producer.send(Record::to("orders").value(&number.to_be_bytes())).await.unwrap());
    }
    for (offset, delivery) in (0..).zip(deliveries) {
        assert_eq!(delivery.await.unwrap().offset, Some(offset));
    }
    producer.close(Duration::from_secs(10)).await.unwrap();
    let records = cluster.with(|cluster| cluster.records("orders", 0));
    let values = records.iter().map(|record| record.value.clone().unwrap());
    assert!(values.eq((0..RECORDS).map(|number| number.to_be_bytes().to_vec())));
}

#[tokio::test]
async fn many_partitions_and_codecs_lose_nothing() {
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let cluster = cluster(3, 12);
        let producer = producer(&cluster).compression(codec).build().unwrap();
        let values: Vec<String> = (0..20_000).map(|number| format!("value {number}")).collect();
        let records = values.iter().map(|value| Record::to("orders").key(value).value(value));
        let deliveries: Vec<Delivery> = producer.send_all(records).await.unwrap();
        assert_eq!(deliveries.len(), values.len());
        for delivery in deliveries {
            delivery.await.unwrap();
        }
        producer.close(Duration::from_secs(10)).await.unwrap();
        let read = (0..12).flat_map(|partition| cluster.with(|cluster| cluster.records("orders", partition)));
        let mut read: Vec<_> = read.map(|record| String::from_utf8(record.value.unwrap()).unwrap()).collect();
        let mut sent = values.clone();
        read.sort_unstable();
        sent.sort_unstable();
        assert_eq!(read, sent, "{codec:?}");
    }
}

#[tokio::test]
async fn lost_answers_and_cut_connections_neither_lose_nor_duplicate_nor_reorder() {
    let cluster = cluster(1, 1);
    for effect in [Effect::DoAndDrop, Effect::Drop] {
        cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, effect).after(3).times(2)));
    }
    let producer = producer(&cluster).retry_backoff(Duration::from_millis(5)).build().unwrap();
    let mut deliveries = Vec::new();
    for number in 0..20_000_u32 {
        deliveries.push(producer.send(Record::to("orders").value(&number.to_be_bytes())).await.unwrap());
    }
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    producer.close(Duration::from_secs(10)).await.unwrap();
    let records = cluster.with(|cluster| cluster.records("orders", 0));
    let values = records.iter().map(|record| record.value.clone().unwrap());
    assert!(values.eq((0..20_000_u32).map(|number| number.to_be_bytes().to_vec())));
}

/// D6: two sends at once took the same sequence; both were acknowledged, one was written.
#[tokio::test]
async fn threads_that_share_a_producer_keep_each_its_own_order() {
    let cluster = cluster(3, 4);
    let producer = producer(&cluster).build().unwrap();
    let threads: Vec<_> = [0_u32, 1]
        .map(|thread| {
            let producer: milena::blocking::Producer = producer.clone().into();
            std::thread::spawn(move || {
                for number in 0..50_000_u32 {
                    let value = [thread.to_be_bytes(), number.to_be_bytes()].concat();
                    let record = Record::to("orders").value(&value).partition(i32::try_from(number % 4).unwrap());
                    drop(producer.send(record).unwrap());
                }
            })
        })
        .into();
    for thread in threads {
        thread.join().unwrap();
    }
    producer.close(Duration::from_secs(20)).await.unwrap();
    for partition in 0..4_u32 {
        let records = cluster.with(|cluster| cluster.records("orders", i32::try_from(partition).unwrap()));
        for thread in [0_u32, 1] {
            let of_thread = records
                .iter()
                .map(|record| record.value.as_deref().unwrap())
                .filter(|value| value[..4] == thread.to_be_bytes())
                .map(|value| u32::from_be_bytes(value[4..].try_into().unwrap()));
            assert!(of_thread.eq((0..50_000).filter(|number| number % 4 == partition)));
        }
    }
}

#[tokio::test]
async fn memory_that_is_full_makes_senders_wait_and_loses_nothing() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).buffer_memory(100_000).build().unwrap();
    let value = [7; 1_000];
    let mut deliveries = Vec::new();
    for _ in 0..5_000 {
        deliveries.push(producer.send(Record::to("orders").value(&value)).await.unwrap());
    }
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    producer.close(Duration::from_secs(10)).await.unwrap();
    let metrics = producer.metrics();
    assert_eq!((metrics.sender.records_acknowledged, metrics.buffered.records), (5_000, 0));
}

#[tokio::test]
async fn a_flush_does_not_wait_for_linger() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).linger(Duration::from_secs(100)).build().unwrap();
    let delivery = producer.send(Record::to("orders").value("soon")).await.unwrap();
    assert!(delivery.now().is_none());
    producer.flush().await;
    assert_eq!(delivery.now().unwrap().unwrap().offset, Some(0));
}

#[tokio::test]
async fn partitions_are_known_before_anything_is_sent() {
    let cluster = cluster(3, 7);
    let producer = producer(&cluster).build().unwrap();
    assert_eq!(producer.partitions_for("orders").await.unwrap().partition_count(), 7);
}

#[tokio::test]
async fn acks_zero_is_done_when_the_system_has_it() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).acks(milena::Acks::None).enable_idempotence(false).build().unwrap();
    let ack = producer.send(Record::to("orders").value("gone")).await.unwrap().await.unwrap();
    assert_eq!(ack.offset, None);
    producer.close(Duration::from_secs(10)).await.unwrap();
}
