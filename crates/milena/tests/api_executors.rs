//! Any executor, or none: sends and deliveries need no tokio, and outlive one.

mod dev;

use dev::{cluster, producer};
use milena::error::DeliveryFailure;
use milena::{Producer, Record, SendError, blocking};
use milena_testkit::{ApiKey, Effect, Fault};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

/// An executor of one thread and no more.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

#[test]
fn no_runtime_is_needed() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let ack = block_on(async { producer.send(Record::to("orders").value("x")).await.unwrap().await.unwrap() });
    assert_eq!(ack.offset, Some(0));
    block_on(producer.flush());
    block_on(producer.close(Duration::from_secs(10))).unwrap();
}

#[test]
fn plain_threads_block_and_are_woken() {
    let cluster = cluster(1, 1);
    let producer: blocking::Producer = producer(&cluster).buffer_memory(100_000).build().unwrap().into();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let producer = producer.clone();
            thread::spawn(move || {
                for _ in 0..500 {
                    producer.send(Record::to("orders").value(&[0; 500])).unwrap().wait().unwrap();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    producer.flush();
    producer.close(Duration::from_secs(10)).unwrap();
    assert_eq!(cluster.with(|cluster| cluster.log_end("orders", 0)), 2_000);
    let back: Producer = producer.into();
    assert_eq!(back.try_send(Record::to("orders")).unwrap_err(), SendError::Closed);
}

#[test]
fn a_hook_that_blocks_does_not_block_the_producer_for_ever() {
    let cluster = cluster(1, 1);
    let producer: blocking::Producer = producer(&cluster).max_block(Duration::from_secs(600)).build().unwrap().into();
    let seen = Arc::new(AtomicUsize::new(0));
    let hook = Producer::from(producer.clone()).hook({
        let (producer, seen) = (producer.clone(), Arc::clone(&seen));
        move |_, _| {
            // Would wait for metadata that only this thread can bring.
            assert!(matches!(producer.send(Record::to("other").value("x")), Err(SendError::NotReady(_))));
            assert!(matches!(producer.partitions_for("another"), Err(SendError::NotReady(_))));
            let mixed = [Record::to("orders").value("y"), Record::to("other").value("z")];
            let stopped = producer.post_all(mixed).unwrap_err();
            assert!(matches!(stopped.error, SendError::NotReady(_)));
            assert_eq!(stopped.accepted, 1);
            producer.flush();
            seen.fetch_add(1, Ordering::SeqCst);
        }
    });
    producer.send_with(Record::to("orders").value("x"), &hook, 0).unwrap();
    while seen.load(Ordering::SeqCst) == 0 {
        thread::sleep(Duration::from_millis(1));
    }
    producer.close(Duration::from_secs(10)).unwrap();
}

#[test]
fn the_driver_can_run_on_the_callers_runtime() {
    let cluster = cluster(1, 1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let producer = producer(&cluster).runtime(runtime.handle().clone()).build().unwrap();
    runtime.block_on(async {
        for offset in 0..100 {
            let delivery = producer.send(Record::to("orders").value("x")).await.unwrap();
            assert_eq!(delivery.await.unwrap().offset, Some(offset));
        }
        producer.close(Duration::from_secs(10)).await.unwrap();
    });
}

#[test]
fn when_its_runtime_is_shut_down_every_delivery_says_so() {
    for codec in [milena::Codec::None, milena::Codec::Zstd] {
        let cluster = cluster(1, 1);
        cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::Ignore).always()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let producer = producer(&cluster).compression(codec).runtime(runtime.handle().clone()).build().unwrap();
        let (in_flight, open) = runtime.block_on(async {
            let mut deliveries = Vec::new();
            for _ in 0..500 {
                deliveries.push(producer.send(Record::to("orders").value(&[7; 1_000])).await.unwrap());
            }
            (deliveries, producer.send(Record::to("orders").value("last")).await.unwrap())
        });
        runtime.shutdown_timeout(Duration::from_secs(10));
        for delivery in in_flight.into_iter().chain([open]) {
            assert_eq!(delivery.wait().unwrap_err().kind, DeliveryFailure::Closed);
        }
        assert_eq!(block_on(producer.send(Record::to("orders"))).unwrap_err(), SendError::Closed);
        assert!(block_on(producer.close(Duration::from_secs(1))).unwrap_err().undelivered > 0);
    }
}

#[test]
fn a_runtime_that_is_gone_already_makes_a_closed_producer() {
    let cluster = cluster(1, 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let producer = producer(&cluster).runtime(handle).build().unwrap();
    assert_eq!(block_on(producer.send(Record::to("orders"))).unwrap_err(), SendError::Closed);
}

/// Sends from within `wake`, as an executor does that polls a task where it is woken.
struct SendsAtOnce {
    producer: Producer,
    sent: mpsc::Sender<()>,
}

impl Wake for SendsAtOnce {
    fn wake(self: Arc<Self>) {
        let sent = self.producer.try_post(Record::to("orders").value("from within wake"));
        // The test may be over.
        let _ = sent.map(|()| self.sent.send(()));
    }
}

#[test]
fn a_waker_may_send() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let (sent, heard) = mpsc::channel();
    let waker = Waker::from(Arc::new(SendsAtOnce { producer: producer.clone(), sent }));
    let mut context = Context::from_waker(&waker);

    let mut sending = pin!(producer.send(Record::to("orders").value("waits for the topic")));
    assert!(sending.as_mut().poll(&mut context).is_pending());
    heard.recv_timeout(Duration::from_secs(30)).expect("woken for the topic, and not for ever in `wake`");
    assert!(sending.as_mut().poll(&mut context).is_ready());

    let mut flush = pin!(producer.flush());
    if flush.as_mut().poll(&mut context).is_pending() {
        heard.recv_timeout(Duration::from_secs(30)).expect("woken for the flush");
    }
}
