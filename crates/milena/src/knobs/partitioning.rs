//! Knobs that say which partition a record goes to.

use super::field::Field;
use super::{Group, Kind, Knob, Support, Unit, Valid};

pub(super) static GROUP: Group = Group {
    title: "Partitioning",
    doc: "A record with a partition goes there; one with a key goes where murmur2 of the key says, as in Java; one without \
          sticks to a partition until batch.size bytes went there, then moves on (KIP-794).",
    knobs: &[
        Knob {
            name: "partitioner.class",
            kind: Kind::Class,
            default: None,
            valid: Valid::Any,
            unit: Unit::None,
            doc: "Not set: as above. `org.apache.kafka.clients.producer.RoundRobinPartitioner` gives each record, keyed or not, \
                  the next partition: even counts for many small batches, and no order per key.",
            differs: "Java classes cannot be loaded: any other class is an error. Choose the partition on the record instead.",
            since: "0.8.2",
            setter: Some("partitioner_class"),
            support: Support::Full(Field::Text {
                write: |settings, class| {
                    check_class(class)?;
                    settings.config.partitioner_round_robin = true;
                    Ok(())
                },
                read: |settings| {
                    let class = format!("{PACKAGE}{ROUND_ROBIN}");
                    if settings.config.partitioner_round_robin { class } else { String::new() }
                },
            }),
        },
        Knob {
            name: "partitioner.ignore.keys",
            kind: Kind::Boolean,
            default: Some("false"),
            valid: Valid::Any,
            unit: Unit::None,
            doc: "Keyed records stick to a partition like those without a key. Batches fill better, and records of the same key \
                  lose their order and their partition.",
            differs: "",
            since: "3.3 (KIP-794)",
            setter: Some("partitioner_ignore_keys"),
            support: Support::Full(Field::Flag(|settings| &mut settings.config.partitioner_ignore_keys)),
        },
        Knob {
            name: "partitioner.adaptive.partitioning.enable",
            kind: Kind::Boolean,
            default: Some("true"),
            valid: Valid::Any,
            unit: Unit::None,
            doc: "Partitions with shorter queues are chosen more often for records without a key: a slow broker gets fewer, and \
                  counts per partition become uneven. Off, every partition is as likely as any other.",
            differs: "",
            since: "3.3 (KIP-794)",
            setter: Some("partitioner_adaptive"),
            support: Support::Full(Field::Flag(|settings| &mut settings.config.partitioner_adaptive)),
        },
    ],
};

const PACKAGE: &str = "org.apache.kafka.clients.producer.";
const ROUND_ROBIN: &str = "RoundRobinPartitioner";

fn check_class(class: &str) -> Result<(), String> {
    match class.strip_prefix(PACKAGE).unwrap_or(class) {
        ROUND_ROBIN => Ok(()),
        "internals.DefaultPartitioner" | "DefaultPartitioner" | "UniformStickyPartitioner" => {
            Err("was removed in Kafka 4.0 (KIP-794): leave partitioner.class out, which is the same and better; \
             for UniformStickyPartitioner also set partitioner.ignore.keys=true"
                .into())
        }
        _ => Err(format!("no such partitioner here; known: {PACKAGE}{ROUND_ROBIN}, or leave it out")),
    }
}
