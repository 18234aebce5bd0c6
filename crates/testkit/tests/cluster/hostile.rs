//! Bytes that were meant to be requests, and histories that nobody would plan: the cluster answers or hangs up, and goes on.

use crate::support::{Run, TOPIC, b, frame, from};
use milena_testkit::{Cluster, ClusterOptions, Output, TopicOptions};
use milena_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use milena_wire::messages::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use milena_wire::messages::metadata::MetadataRequest;
use proptest::prelude::*;
use std::time::Duration;

/// A few requests that say something.
fn requests(run: &Run, version: i16) -> Vec<Vec<u8>> {
    let topic = || TOPIC.to_owned();
    let partitions = vec![ListOffsetsPartition { timestamp: 5, ..Default::default() }];
    let offsets =
        ListOffsetsRequest { topics: vec![ListOffsetsTopic { name: topic(), partitions }], ..Default::default() };
    let partitions = vec![FetchPartition { partition_max_bytes: 1000, ..Default::default() }];
    let fetch = FetchRequest {
        max_bytes: 1000,
        topics: vec![FetchTopic { topic: topic(), partitions, ..Default::default() }],
        ..Default::default()
    };
    vec![
        frame(&run.request(&b(0), b(0).encode(run.now_ms())), version).to_vec(),
        frame(&offsets, version.min(11)).to_vec(),
        frame(&fetch, version.max(4)).to_vec(),
        frame(&MetadataRequest::default(), version).to_vec(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_requests_are_answered_or_hung_up_on(
        which in 0usize..4,
        version in 3i16..=12,
        cut in 0usize..400,
        flips in prop::collection::vec((0usize..400, any::<u8>()), 0..6),
    ) {
        let mut run = Run::on(&[1]);
        run.fill(1);
        let mut bytes = requests(&run, version).remove(which);
        for (at, value) in flips {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(bytes.len().saturating_sub(cut.saturating_sub(300)));
        let connection = run.cluster.open(1).unwrap();
        run.cluster.handle_request(connection, bytes.into(), run.now);
        run.pass(Duration::from_secs(3_600));
        // Everything in the log can be read, whatever came in.
        let end = run.cluster.records(TOPIC, 0).last().unwrap().offset + 1;
        prop_assert_eq!(end, run.log_end());
    }

    #[test]
    fn after_any_outages_the_replicas_agree_and_what_consumers_saw_stays(
        steps in prop::collection::vec((0u8..8, 1i32..=3), 1..40),
        replication_ms in 0u64..20,
        metadata_ms in 0u64..20,
    ) {
        let options = ClusterOptions {
            replication_delay: Duration::from_millis(replication_ms),
            metadata_delay: Duration::from_millis(metadata_ms),
            ..ClusterOptions::default()
        };
        let mut run = Run::with(&[1, 2, 3], options, TopicOptions::default());
        let mut acknowledged = Vec::new();
        let mut sequence = 0;
        for (step, broker) in steps {
            match step {
                0 => run.cluster.kill(broker),
                1 => run.cluster.stop(broker),
                2 => run.cluster.start(broker),
                3 => run.cluster.pause(broker),
                4 => run.cluster.resume(broker),
                5 => run.cluster.set_fetching(broker, sequence % 20 == 0),
                6 => run.pass(Duration::from_secs(4)),
                _ => {
                    // Each batch from a producer of its own, so that nothing is refused for its sequence.
                    let batch = from(0).count(1).producer(i64::from(sequence));
                    sequence += 1;
                    run.turn_to(broker);
                    if run.cluster.broker(broker).unwrap().liveness() == milena_testkit::Liveness::Running
                        && let Ok(offset) = run.send(batch)
                    {
                        acknowledged.push((offset, i64::from(sequence) - 1));
                    }
                }
            }
        }
        heal(&mut run);
        let partition = run.cluster.partition(TOPIC, 0).unwrap();
        prop_assert_eq!(partition.leadership().isr.len(), 3);
        let batches = |broker| partition.replica(broker).unwrap().log.batches().cloned().collect::<Vec<_>>();
        prop_assert_eq!(batches(1), batches(2));
        prop_assert_eq!(batches(2), batches(3));
        prop_assert_eq!(partition.log().unwrap().high_watermark(), run.log_end());
        // No unclean election happened, so all that was acknowledged with acks=all is where it was said to be.
        let records = run.cluster.records(TOPIC, 0);
        for (offset, producer) in acknowledged {
            let found = records.iter().find(|record| record.offset == offset).map(|record| record.producer_id);
            prop_assert_eq!(found, Some(producer));
        }
    }
}

fn heal(run: &mut Run) {
    for broker in 1..=3 {
        Cluster::start(&mut run.cluster, broker);
        run.cluster.resume(broker);
        run.cluster.set_fetching(broker, true);
    }
    run.pass(Duration::from_secs(100));
    while !matches!(run.cluster.poll_output(), Output::Wait(_)) {}
}
