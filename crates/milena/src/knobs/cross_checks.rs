//! Whether settings fit together: Java's rules, in Java's order (ProducerConfig, then KafkaProducer), and three that Java
//! leaves to the first send.

use super::compression;
use super::field::Settings;
use crate::config_error::{ConfigError, Mistake};
use milena_core::config::Acks;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A broker remembers the last five batches of a producer and partition.
const MAX_IN_FLIGHT_IDEMPOTENT: usize = 5;

/// Adjusts `settings` where Java does, with a warning, and reports what cannot be. `is_set` says whether the user set a knob.
pub(super) fn check(
    settings: &mut Settings,
    is_set: &dyn Fn(&str) -> bool,
    mistakes: &mut Vec<Mistake>,
    warnings: &mut Vec<String>,
) {
    let mut found = Vec::new();
    backoffs(settings, is_set, warnings);
    idempotence(settings, is_set, &mut found, warnings);
    client_id(settings, is_set);
    delivery_timeout(settings, is_set, &mut found, warnings);
    bootstrap(settings, is_set, &mut found);
    sizes(settings, &mut found, warnings);
    without_effect(settings, warnings);
    mistakes.extend(found.into_iter().flat_map(ConfigError::into_mistakes));
}

/// A first wait above the longest is the longest; `reconnect.backoff.ms` alone is every wait (KAFKA-5293).
fn backoffs(settings: &mut Settings, is_set: &dyn Fn(&str) -> bool, warnings: &mut Vec<String>) {
    let config = &mut settings.config;
    if is_set("reconnect.backoff.ms") && !is_set("reconnect.backoff.max.ms") {
        config.reconnect_backoff_max = config.reconnect_backoff;
        warnings.push(
            "reconnect.backoff.ms is set and reconnect.backoff.max.ms is not: every wait is the first, they do not grow".into(),
        );
    }
    for (first, longest, name, name_longest) in [
        (&mut config.retry_backoff, config.retry_backoff_max, "retry.backoff.ms", "retry.backoff.max.ms"),
        (
            &mut config.connection_setup_timeout,
            config.connection_setup_timeout_max,
            "socket.connection.setup.timeout.ms",
            "socket.connection.setup.timeout.max.ms",
        ),
        (
            &mut config.reconnect_backoff,
            config.reconnect_backoff_max,
            "reconnect.backoff.ms",
            "reconnect.backoff.max.ms",
        ),
    ] {
        if *first > longest {
            *first = longest;
            warnings.push(format!("{name} is larger than {name_longest}: {name_longest} is used from the start"));
        }
    }
}

/// What idempotence needs. Only asking for it makes a conflict with `retries` or `acks` an error; too many in flight always
/// is one (KAFKA-17927), even if `acks` turns idempotence off.
fn idempotence(
    settings: &mut Settings,
    is_set: &dyn Fn(&str) -> bool,
    found: &mut Vec<ConfigError>,
    warnings: &mut Vec<String>,
) {
    let config = &mut settings.config;
    if !config.idempotence {
        return;
    }
    let mut conflict = |knob: &str, value: String, needs: &str| {
        if is_set("enable.idempotence") {
            found.push(ConfigError::new(knob, Some(value), format!("{needs} with enable.idempotence=true")));
        } else {
            warnings.push(format!(
                "{knob}={value} turns idempotence off: retries may duplicate and reorder records \
                 (set enable.idempotence=false to say so yourself)"
            ));
            config.idempotence = false;
        }
    };
    if config.retries == 0 {
        conflict("retries", "0".into(), "must be 1 or more");
    }
    if config.acks != Acks::All {
        conflict("acks", super::delivery::acks_name(config.acks).into(), "must be all");
    }
    if config.max_in_flight > MAX_IN_FLIGHT_IDEMPOTENT {
        found.push(ConfigError::new(
            "max.in.flight.requests.per.connection",
            Some(config.max_in_flight.to_string()),
            "must be at most 5 with idempotence, which is on unless enable.idempotence=false",
        ));
    }
}

/// Java numbers the producers of a process.
fn client_id(settings: &mut Settings, is_set: &dyn Fn(&str) -> bool) {
    static PRODUCERS: AtomicU64 = AtomicU64::new(1);
    if !is_set("client.id") {
        settings.config.client_id = format!("producer-{}", PRODUCERS.fetch_add(1, Ordering::Relaxed)).into();
    }
}

/// A record's patience must hold one linger and one answer.
fn delivery_timeout(
    settings: &mut Settings,
    is_set: &dyn Fn(&str) -> bool,
    found: &mut Vec<ConfigError>,
    warnings: &mut Vec<String>,
) {
    /// Java's int of milliseconds.
    const LONGEST: Duration = Duration::from_millis(i32::MAX.cast_unsigned() as u64);
    let config = &mut settings.config;
    let needed = config.linger.saturating_add(config.request_timeout).min(LONGEST);
    if config.delivery_timeout >= needed {
        return;
    }
    let needed_ms = needed.as_millis();
    if is_set("delivery.timeout.ms") {
        found.push(ConfigError::new(
            "delivery.timeout.ms",
            Some(config.delivery_timeout.as_millis().to_string()),
            format!("must be linger.ms + request.timeout.ms or more, which is {needed_ms}"),
        ));
    } else {
        config.delivery_timeout = needed;
        warnings.push(format!("delivery.timeout.ms is raised to {needed_ms}, which is linger.ms + request.timeout.ms"));
    }
}

fn bootstrap(settings: &Settings, is_set: &dyn Fn(&str) -> bool, found: &mut Vec<ConfigError>) {
    if !is_set("bootstrap.servers") || settings.config.bootstrap_servers.is_empty() {
        found.push(ConfigError::new("bootstrap.servers", None, "must be set: host:port of one or more brokers"));
    }
}

/// What Java finds out at the first send, or never.
fn sizes(settings: &mut Settings, found: &mut Vec<ConfigError>, warnings: &mut Vec<String>) {
    let config = &mut settings.config;
    config.batch_size = config.batch_size.max(1);
    let memory = config.buffer_memory;
    if config.batch_size > memory {
        found.push(ConfigError::new(
            "batch.size",
            Some(config.batch_size.to_string()),
            format!("must be at most buffer.memory, which is {memory}: no batch could ever be filled"),
        ));
    } else if config.max_request_size > memory {
        warnings.push(format!(
            "max.request.size ({}) is larger than buffer.memory ({memory}): records between the two wait max.block.ms and fail",
            config.max_request_size
        ));
    }
}

/// Values that are accepted and do less than they say.
fn without_effect(settings: &mut Settings, warnings: &mut Vec<String>) {
    settings.config.compression = compression::chosen(settings);
    if settings.dns_lookup_canonical {
        warnings.push(
            "client.dns.lookup has no effect here: names are not looked up backwards, every address is tried".into(),
        );
    }
}
