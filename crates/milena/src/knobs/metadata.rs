//! Knobs that say how long we believe what we know of the cluster.

use super::field::Field;
use super::{Group, Kind, Knob, Support, Unit, Valid};

pub(super) static GROUP: Group = Group {
    title: "Metadata",
    doc: "Who leads what is asked when it is needed, when a broker says that it changed, and now and then.",
    knobs: &[
        Knob {
            name: "metadata.max.age.ms",
            kind: Kind::Long,
            default: Some("300000"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "Metadata older than this is asked for again though nothing failed. It is how soon new partitions are noticed and \
                  used; shorter means more requests.",
            differs: "",
            since: "0.8.1",
            setter: Some("metadata_max_age"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.metadata_max_age)),
        },
        Knob {
            name: "metadata.max.idle.ms",
            kind: Kind::Long,
            default: Some("300000"),
            valid: Valid::AtLeast(5000),
            unit: Unit::Milliseconds,
            doc: "A topic that was not sent to for this long is forgotten: the next record to it waits for metadata. Short values \
                  keep requests small for producers that touch thousands of topics once.",
            differs: "",
            since: "2.5 (KIP-526)",
            setter: Some("metadata_max_idle"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.metadata_max_idle)),
        },
        Knob {
            name: "metadata.recovery.strategy",
            kind: Kind::String,
            default: Some("rebootstrap"),
            valid: Valid::OneOfAnyCase(&["none", "rebootstrap"]),
            unit: Unit::None,
            doc: "When no known broker can be reached: `rebootstrap` starts over at bootstrap.servers, which finds a cluster whose \
                  brokers all have new addresses; `none` keeps trying those that it knew last.",
            differs: "",
            since: "3.8 (KIP-899); rebootstrap since 4.0 (KIP-1102)",
            setter: Some("metadata_recovery_strategy"),
            support: Support::Full(Field::Text {
                write: |settings, word| {
                    settings.config.rebootstrap = word == "rebootstrap";
                    Ok(())
                },
                read: |settings| if settings.config.rebootstrap { "rebootstrap".into() } else { "none".into() },
            }),
        },
        Knob {
            name: "metadata.recovery.rebootstrap.trigger.ms",
            kind: Kind::Long,
            default: Some("300000"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "Metadata that could not be had for this long starts over at bootstrap.servers, though brokers may still be \
                  reachable. Needs metadata.recovery.strategy=rebootstrap.",
            differs: "",
            since: "4.0 (KIP-1102)",
            setter: Some("metadata_recovery_rebootstrap_trigger"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.rebootstrap_trigger)),
        },
    ],
};
