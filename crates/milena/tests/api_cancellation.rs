//! A send that is dropped, at any poll, is either accepted or nothing; and nobody waits for it.

mod dev;

use dev::{cluster, producer};
use milena::Record;
use milena_testkit::{ApiKey, Effect, Fault};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Polls at most `polls` times, each after a wake-up. `None`: dropped while pending.
async fn polled_at_most<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[tokio::test]
async fn dropped_at_any_poll_a_record_is_accepted_or_nothing() {
    for polls in 0..6 {
        let cluster = cluster(1, 1);
        let producer = producer(&cluster).buffer_memory(40_000).linger(Duration::ZERO).build().unwrap();
        let value = [0; 5_000];
        let (mut accepted, mut dropped) = (0, 0);
        for _ in 0..100 {
            match polled_at_most(polls, producer.send(Record::to("orders").value(&value))).await {
                Some(delivery) => {
                    drop(delivery.unwrap());
                    accepted += 1;
                }
                None => dropped += 1,
            }
        }
        assert!(polls > 0 || dropped == 100);
        // Whoever gave up its place stands in nobody's way.
        producer.send(Record::to("orders").value(&value)).await.unwrap().await.unwrap();
        producer.close(Duration::from_secs(10)).await.unwrap();
        assert_eq!(cluster.with(|cluster| cluster.log_end("orders", 0)), accepted + 1, "{polls} polls");
        assert_eq!(producer.metrics().buffered.waiters, 0);
    }
}

#[tokio::test]
async fn the_next_in_line_goes_on_when_the_first_gives_up() {
    let cluster = cluster(1, 1);
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::Delay(Duration::from_millis(200)))));
    let producer = producer(&cluster).buffer_memory(40_000).linger(Duration::ZERO).build().unwrap();
    let (large, small) = ([0; 30_000], [0; 1_000]);
    drop(producer.send(Record::to("orders").value(&large)).await.unwrap());
    let mut first = Box::pin(producer.send(Record::to("orders").value(&large)));
    assert!(poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await);
    let mut second = Box::pin(producer.send(Record::to("orders").value(&small)));
    assert!(poll_fn(|context| Poll::Ready(second.as_mut().poll(context).is_pending())).await);
    drop(first);
    assert_eq!(second.await.unwrap().await.unwrap().offset, Some(1));
}

#[tokio::test]
async fn dropped_flushes_and_closes_still_happen() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).linger(Duration::from_secs(100)).build().unwrap();
    let flushed = producer.send(Record::to("orders").value("0")).await.unwrap();
    let _ = polled_at_most(1, producer.flush()).await;
    assert_eq!(flushed.await.unwrap().offset, Some(0));
    let closed = producer.send(Record::to("orders").value("1")).await.unwrap();
    let _ = polled_at_most(1, producer.close(Duration::from_secs(10))).await;
    assert_eq!(closed.await.unwrap().offset, Some(1));
}
