//! Knobs that trade latency, throughput and memory.

use super::field::Field;
use super::{Group, Kind, Knob, Support, Unit, Valid};

pub(super) static GROUP: Group = Group {
    title: "Batching and memory",
    doc: "Records wait in one open batch per partition, and batches leave when they are full, when linger is over, or when \
          somebody flushes. All of it lives in buffer.memory.",
    knobs: &[
        Knob {
            name: "batch.size",
            kind: Kind::Int,
            default: Some("16384"),
            valid: Valid::AtLeast(0),
            unit: Unit::Bytes,
            doc: "A batch is closed when its records reach this size; with a codec, when they will when they are compressed, \
                  which is estimated from the topic's batches so far. Larger batches cost less per record, \
                  on the wire, on the brokers and in compression, and take more memory per partition. A record larger than \
                  this gets a batch of its own. 0 means one record a batch.",
            differs: "An open batch takes memory as it grows, not all of batch.size at once; and a partition that is behind \
                      fills its batch further (milena.fill.behind).",
            since: "0.8.1",
            setter: Some("batch_size"),
            support: Support::Full(Field::Size(|settings| &mut settings.config.batch_size)),
        },
        Knob {
            name: "linger.ms",
            kind: Kind::Long,
            default: Some("5"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "How long an open batch may wait for company before it is sent though it is not full. It is the latency that a \
                  lone record pays, and what buys larger batches from a slow stream. At 0 batches still form while earlier \
                  ones are in flight.",
            differs: "The setter takes parts of a millisecond.",
            since: "0.8.1; 5 since 4.0 (KIP-1030), 0 before",
            setter: Some("linger"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.linger)),
        },
        Knob {
            name: "buffer.memory",
            kind: Kind::Long,
            default: Some("33554432"),
            valid: Valid::AtLeast(0),
            unit: Unit::Bytes,
            doc: "Heap for everything between a send and its acknowledgement. When it is used up, sends wait (max.block.ms). \
                  It bounds what is at risk when the process dies, and must hold what the network has in flight: rate times \
                  round trip, or throughput suffers.",
            differs: "It counts the memory that is really held, batches in flight, compressed copies and deliveries included; \
                      Java counts batches only. Less than batch.size is an error: nothing could ever be sent.",
            since: "0.8.1",
            setter: Some("buffer_memory"),
            support: Support::Full(Field::Size(|settings| &mut settings.config.buffer_memory)),
        },
        Knob {
            name: "max.block.ms",
            kind: Kind::Long,
            default: Some("60000"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "How long a send may wait for a topic's metadata and for memory, together, before it fails with nothing \
                  written. Low values shed load early when brokers are slow or gone, high values ride out an outage. 0 \
                  refuses at once.",
            differs: "",
            since: "0.9 (KIP-19)",
            setter: Some("max_block"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.max_block)),
        },
        Knob {
            name: "max.request.size",
            kind: Kind::Int,
            default: Some("1048576"),
            valid: Valid::AtLeast(0),
            unit: Unit::Bytes,
            doc: "The largest record that a send accepts, before compression, and the size at which a request is full. A topic's \
                  max.message.bytes, 1 MiB unless changed, limits a batch on the broker: a record that fits here may still be \
                  refused there. Larger requests carry more partitions at once and hold a connection longer.",
            differs: "More than buffer.memory brings a warning: records between the two wait in vain.",
            since: "0.8.1",
            setter: Some("max_request_size"),
            support: Support::Full(Field::Size(|settings| &mut settings.config.max_request_size)),
        },
        Knob {
            name: "milena.fill.behind",
            kind: Kind::Boolean,
            default: Some("true"),
            valid: Valid::Any,
            unit: Unit::None,
            doc: "A partition that is behind, because as many of its batches are in flight as may be, keeps filling its open \
                  batch past batch.size, up to max.request.size: what waits anyway, waits in fewer and cheaper batches. This \
                  is what lets a small batch.size reach the limit of a slow link. Where answers come within 2 ms, 128 KiB \
                  do that, and batches grow no further. Where they come within 10 ms, a send that finds such a batch full \
                  waits for the next answer, at most 5 ms, rather than fill memory with batches that leave no sooner; that \
                  is so with either value. Switch it off where consumers or topics depend on batches near \
                  batch.size.",
            differs: "Java has no such knob and never does it.",
            since: "milena 0.1",
            setter: Some("fill_behind"),
            support: Support::Full(Field::Flag(|settings| &mut settings.config.fill_behind)),
        },
        Knob {
            name: "milena.memory.behind.percent",
            kind: Kind::Int,
            default: Some("80"),
            valid: Valid::Between(1, 100),
            unit: Unit::None,
            doc: "How much of buffer.memory partitions that are behind may hold together, percent: partitions of a broker that \
                  is away, or of a topic that more is sent to than the network carries. The rest is for the others, and who \
                  sends to those does not wait for the first. 100 lets one dead broker take all of it, as in Java.",
            differs: "Java has no such knob: one dead broker can fill buffer.memory, and then every send waits.",
            since: "milena 0.1",
            setter: Some("memory_behind_percent"),
            support: Support::Full(Field::Size(|settings| &mut settings.config.memory_behind_percent)),
        },
    ],
};
