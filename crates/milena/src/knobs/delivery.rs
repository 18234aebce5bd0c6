//! Knobs that say when a record counts as delivered, and how hard it is tried.

use super::field::Field;
use super::{Group, Kind, Knob, Support, Unit, Valid};
use milena_core::config::Acks;

pub(super) static GROUP: Group = Group {
    title: "Delivery",
    doc: "A batch is sent again until it is acknowledged, refused for good, or delivery.timeout.ms is over. With idempotence, \
          which is the default, that neither duplicates nor reorders.",
    knobs: &[
        Knob {
            name: "acks",
            kind: Kind::String,
            default: Some("all"),
            valid: Valid::OneOf(&["all", "-1", "0", "1"]),
            unit: Unit::None,
            doc: "Who must have a batch before it is acknowledged. `all` (or −1): every replica in sync; what is acknowledged \
                  survives the loss of the leader when min.insync.replicas is 2 or more. `1`: the leader; faster by one \
                  replication, lost if the leader dies just then. `0`: nobody answers; offsets are unknown and losses silent. \
                  0 and 1 turn idempotence off.",
            differs: "Turning idempotence off so brings a warning.",
            since: "0.8.1; all since 3.0 (KIP-679), 1 before",
            setter: Some("acks"),
            support: Support::Full(Field::Text {
                write: |settings, word| {
                    settings.config.acks = acks(word);
                    Ok(())
                },
                read: |settings| acks_name(settings.config.acks).into(),
            }),
        },
        Knob {
            name: "enable.idempotence",
            kind: Kind::Boolean,
            default: Some("true"),
            valid: Valid::Any,
            unit: Unit::None,
            doc: "Batches carry a producer id and sequence numbers, by which a broker recognizes what it has already written: \
                  retries make no duplicates and keep order. Costs one request at start. Needs acks=all, retries above 0 and at \
                  most 5 in flight. Off, order under retries holds only with \
                  max.in.flight.requests.per.connection=1.",
            differs: "",
            since: "0.11 (KIP-98); default since 3.0 (KIP-679)",
            setter: Some("enable_idempotence"),
            support: Support::Full(Field::Flag(|settings| &mut settings.config.idempotence)),
        },
        Knob {
            name: "delivery.timeout.ms",
            kind: Kind::Int,
            default: Some("120000"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "A record's patience: from the moment its batch is opened until it is acknowledged or failed, waiting, sending and \
                  retrying included. Short values tell the caller early, long ones survive longer outages. At least linger.ms + \
                  request.timeout.ms, or there is no time to hear one answer.",
            differs: "",
            since: "2.1 (KIP-91)",
            setter: Some("delivery_timeout"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.delivery_timeout)),
        },
        Knob {
            name: "request.timeout.ms",
            kind: Kind::Int,
            default: Some("30000"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "How long one answer may take before the connection is given up and the request sent again. Brokers use it too, as \
                  the time to wait for replicas. Short values find a dead broker sooner and resend to one that is only slow. It \
                  begins when a request is handed to its connection, as Java's does, so it must be longer than max.request.size \
                  takes to be sent: on a link of 35 kB/s or less the defaults deliver no request that is full.",
            differs: "",
            since: "0.9 (KIP-19)",
            setter: Some("request_timeout"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.request_timeout)),
        },
        Knob {
            name: "retries",
            kind: Kind::Int,
            default: Some("2147483647"),
            valid: Valid::Between(0, i32::MAX as i64),
            unit: Unit::Count,
            doc: "How often a batch may be sent again. Leave it, and bound the time instead (delivery.timeout.ms): a count says \
                  nothing about how long an outage may be. 0 turns idempotence off.",
            differs: "Turning idempotence off so brings a warning.",
            since: "0.8.1; 2147483647 since 2.1 (KIP-91)",
            setter: Some("retries"),
            support: Support::Full(Field::Count(|settings| &mut settings.config.retries)),
        },
        Knob {
            name: "retry.backoff.ms",
            kind: Kind::Long,
            default: Some("100"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "The wait before the first retry of a request; it doubles with each, up to retry.backoff.max.ms, with 20 % of chance. \
                  Short waits recover sooner from a leader's move, long ones spare brokers that are in trouble.",
            differs: "",
            since: "0.8.1; exponential since 3.7 (KIP-580)",
            setter: Some("retry_backoff"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.retry_backoff)),
        },
        Knob {
            name: "retry.backoff.max.ms",
            kind: Kind::Long,
            default: Some("1000"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "The longest wait before a retry. Less than retry.backoff.ms makes every wait this long, with a warning.",
            differs: "",
            since: "3.7 (KIP-580)",
            setter: Some("retry_backoff_max"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.retry_backoff_max)),
        },
        Knob {
            name: "max.in.flight.requests.per.connection",
            kind: Kind::Int,
            default: Some("5"),
            valid: Valid::AtLeast(1),
            unit: Unit::Count,
            doc: "How many batches of one partition may be under way at once, and how many requests of a connection before a new one \
                  waits for company. More hides the round trip; a broker remembers only 5 batches per partition, so idempotence \
                  allows no more. 1 keeps order without idempotence.",
            differs: "It counts batches of a partition, not only requests of a connection.",
            since: "0.8.1; 5 with idempotence since 1.0 (KAFKA-5494)",
            setter: Some("max_in_flight"),
            support: Support::Full(Field::Size(|settings| &mut settings.config.max_in_flight)),
        },
        Knob {
            name: "milena.connections.per.broker",
            kind: Kind::Int,
            default: Some("1"),
            valid: Valid::Between(1, 16),
            unit: Unit::Count,
            doc: "Connections to each broker; each partition is pinned to one of them, so order is kept. A broker reads one request \
                  of a connection at a time and answers before it reads the next: more connections let it work on more at once. \
                  Each costs a socket on both sides and makes requests smaller.",
            differs: "Java has no such knob: it has one connection for each broker.",
            since: "milena 0.1",
            setter: Some("connections_per_broker"),
            support: Support::Full(Field::Size(|settings| &mut settings.config.connections_per_broker)),
        },
    ],
};

pub(super) fn acks_name(acks: Acks) -> &'static str {
    match acks {
        Acks::None => "0",
        Acks::Leader => "1",
        Acks::All => "all",
    }
}

/// The row's `valid` lets no other word come here.
fn acks(word: &str) -> Acks {
    match word {
        "0" => Acks::None,
        "1" => Acks::Leader,
        _ => Acks::All,
    }
}
