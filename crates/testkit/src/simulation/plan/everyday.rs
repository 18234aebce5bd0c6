//! What every workload begins with.

use super::{Plan, TopicPlan, pick};
use crate::options::ClusterOptions;
use crate::release::Release;
use crate::simulation::calendar::{MILLI, SECOND};
use crate::simulation::caller::{CallerPlan, Route, Style};
use crate::simulation::network::{Odds, Roads, within};
use crate::topic::TopicOptions;
use fastrand::Rng;
use milena_core::Config;
use milena_core::output::Endpoint;
use milena_wire::compression::{Codec, Compression};
use std::time::Duration;

/// The host of `bootstrap.servers`: a name that finds each broker wherever it is.
pub(crate) const BOOTSTRAP: &str = "bootstrap";

impl Plan {
    /// What every workload begins with.
    pub(super) fn everyday(chance: &mut Rng) -> Self {
        let brokers = pick(chance, &[1, 2, 3, 3, 3, 5]);
        let partitions = chance.usize(1..=4);
        let replication_factor = chance.usize(1..=3).min(brokers as usize);
        let options = TopicOptions {
            partitions,
            replication_factor,
            min_insync_replicas: chance.usize(1..=2).min(replication_factor),
            ..TopicOptions::default()
        };
        let cluster = ClusterOptions {
            brokers,
            release: pick(chance, &[Release::V4_3, Release::V4_3, Release::V4_4, Release::V4_5]),
            auto_create_topics: chance.u32(..8) == 0,
            topic_defaults: options.clone(),
            session_timeout: Duration::from_micros(within(chance, (SECOND / 2, 6 * SECOND))),
            replica_lag_max: Duration::from_micros(within(chance, (SECOND, 10 * SECOND))),
            replication_delay: Duration::from_micros(pick(chance, &[0, 500, 3_000])),
            metadata_delay: Duration::from_micros(pick(chance, &[0, 1_000, 300_000])),
            seed: chance.u64(..),
            ..ClusterOptions::default()
        };
        let storm_end = within(chance, (2 * SECOND, 20 * SECOND));
        let config = draw_config(&cluster, chance);
        let topics = vec![TopicPlan { name: "t0".into(), options }];
        let roads = draw_roads(chance);
        let mut plan = Self {
            cluster,
            topics,
            configs: vec![config],
            callers: Vec::new(),
            roads,
            strikes: Vec::new(),
            storm_end,
            trouble_max: within(chance, (SECOND / 5, 12 * SECOND)),
            lag_max: pick(chance, &[0, 50, 2_000]),
            seal_max: pick(chance, &[0, 0, 3_000]),
            unhurried: 0,
            forgetful: false,
            by_id: true,
            headers: false,
            releases: Vec::new(),
            first_sequence: None,
            salt: chance.u32(..),
        };
        for _ in 0..chance.usize(1..=3) {
            let caller = plan.draw_caller(0, 0, chance);
            plan.callers.push(caller);
        }
        plan
    }

    pub(super) fn draw_caller(&self, client: usize, topic: usize, chance: &mut Rng) -> CallerPlan {
        let records = chance.u32(30..=150);
        let burst = pick(chance, &[1, 1, 4, 20]);
        let gap = 2 * self.storm_end * u64::from(burst) / u64::from(records);
        let partitions = self.partitions(topic);
        let routes = [
            Route::Partition(chance.i32(0..partitions)),
            Route::Turns(partitions),
            Route::Keyed(chance.u32(1..20)),
            Route::Keyless,
        ];
        CallerPlan {
            client,
            topic,
            records,
            burst,
            gap: (0, pick(chance, &[gap, gap, gap / 8])),
            style: pick(chance, &[Style::Hooks, Style::Hooks, Style::Awaits(1), Style::Awaits(20), Style::Forgets]),
            route: pick(chance, &routes),
            padding: (0, pick(chance, &[0, 20, 200])),
            drops: 0.0,
            flush_every: if chance.u32(..6) == 0 { Some(chance.u32(5..40)) } else { None },
            must: None,
        }
    }
}

pub(super) fn draw_config(cluster: &ClusterOptions, chance: &mut Rng) -> Config {
    let ms = Duration::from_millis;
    let request_timeout = ms(pick(chance, &[500, 1_500, 5_000]));
    let linger = ms(pick(chance, &[0, 0, 5, 50, 300]));
    let first = chance.i32(1..=cluster.brokers);
    let bootstrap = [first, 1 + first % cluster.brokers];
    let endpoint =
        |broker: &i32| Endpoint { host: BOOTSTRAP.into(), port: 9_090 + u16::try_from(*broker).unwrap_or_default() };
    let codec = pick(chance, &[Codec::None, Codec::None, Codec::None, Codec::Lz4]);
    Config {
        bootstrap_servers: bootstrap.iter().map(endpoint).collect(),
        batch_size: pick(chance, &[64, 200, 600, 2_000]),
        linger,
        buffer_memory: 1 << 20,
        max_request_size: pick(chance, &[2_000, 1 << 20]),
        max_block: ms(pick(chance, &[2_000, 20_000])),
        compression: Compression { codec, ..Compression::NONE },
        fill_behind: chance.bool(),
        memory_behind_percent: *chance.choice(&[20, 50, 80, 100]).unwrap_or(&80),
        retry_backoff: ms(pick(chance, &[10, 100])),
        retry_backoff_max: ms(pick(chance, &[200, 1_000])),
        request_timeout,
        delivery_timeout: request_timeout + linger + ms(pick(chance, &[2_000, 20_000, 60_000])),
        max_in_flight: pick(chance, &[1, 2, 5, 5, 5]),
        connections_per_broker: pick(chance, &[1, 1, 1, 2]),
        metadata_max_age: ms(pick(chance, &[3_000, 300_000])),
        reconnect_backoff: ms(pick(chance, &[10, 50])),
        connection_setup_timeout: ms(1_000),
        connection_setup_timeout_max: ms(4_000),
        connections_max_idle: Some(ms(pick(chance, &[2_000, 540_000]))),
        rebootstrap_trigger: ms(20_000),
        ..Config::default()
    }
}

fn draw_roads(chance: &mut Rng) -> Roads {
    let mut odds = Odds::default();
    let mut maybe = |odds: &mut f64, most: f64| {
        if chance.u32(..4) == 0 {
            *odds = most * chance.f64() * chance.f64();
        }
    };
    maybe(&mut odds.cut_before, 0.3);
    maybe(&mut odds.cut_after, 0.3);
    maybe(&mut odds.cut_answer, 0.3);
    maybe(&mut odds.stall, 0.2);
    maybe(&mut odds.stall_answer, 0.2);
    maybe(&mut odds.deaf, 0.1);
    maybe(&mut odds.mute, 0.1);
    maybe(&mut odds.dead, 0.1);
    maybe(&mut odds.unanswered_open, 0.5);
    maybe(&mut odds.zombie, 1.0);
    Roads {
        latency: pick(chance, &[(100, 500), (300, 5_000), (1_000, 30_000)]),
        bytes_per_second: 100_000_000,
        stall_max: within(chance, (100 * MILLI, 5 * SECOND)),
        zombie_max: within(chance, (10 * MILLI, 5 * SECOND)),
        pieces: pick(chance, &[0.0, 0.0, 0.3]),
        clogged: false,
        odds,
    }
}
