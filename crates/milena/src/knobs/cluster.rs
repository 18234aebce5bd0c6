//! Knobs that say where the brokers are and who asks.

use super::field::Field;
use super::{Group, Kind, Knob, Support, Unit, Valid, bootstrap};

pub(super) static GROUP: Group = Group {
    title: "Cluster and client",
    doc: "Where the brokers are, and by which name they know this producer.",
    knobs: &[
        Knob {
            name: "bootstrap.servers",
            kind: Kind::List,
            default: None,
            valid: Valid::Words { empty: false },
            unit: Unit::None,
            doc: "The first addresses, `host:port` with commas between them; an IPv6 address stands in brackets. Must be set. One that \
                  answers is enough: it names the other brokers. Two or three more cost nothing and help when one is down \
                  at start, or when every known broker has moved (metadata.recovery.strategy).",
            differs: "A name that does not resolve is tried again later, it is not an error at start.",
            since: "0.8.1",
            setter: Some("bootstrap_servers"),
            support: Support::Full(Field::Text {
                write: |settings, words| {
                    settings.config.bootstrap_servers = bootstrap::endpoints(words)?;
                    Ok(())
                },
                read: |settings| {
                    let words: Vec<String> =
                        settings.config.bootstrap_servers.iter().map(ToString::to_string).collect();
                    words.join(",")
                },
            }),
        },
        Knob {
            name: "client.id",
            kind: Kind::String,
            default: Some(""),
            valid: Valid::Any,
            unit: Unit::None,
            doc: "The name in every request: brokers write it to their logs, count it in their metrics and apply quotas by it. \
                  When it is not set, `producer-1`, `producer-2` … are made up in each process. Names the driver's thread.",
            differs: "",
            since: "0.8.0; generated since 2.4 (KAFKA-9033)",
            setter: Some("client_id"),
            support: Support::Full(Field::Text {
                write: |settings, name| {
                    settings.config.client_id = name.into();
                    Ok(())
                },
                read: |settings| settings.config.client_id.to_string(),
            }),
        },
        Knob {
            name: "client.dns.lookup",
            kind: Kind::String,
            default: Some(ALL_IPS),
            valid: Valid::OneOf(&[ALL_IPS, CANONICAL]),
            unit: Unit::None,
            doc: "Every address of a name is tried in turn before the connection counts as failed.",
            differs: "`resolve_canonical_bootstrap_servers_only` does the same, with a warning: names are not looked up \
                      backwards, which matters to Kerberos only.",
            since: "2.1 (KIP-302); use_all_dns_ips since 2.6 (KIP-602)",
            setter: Some("dns_lookup"),
            support: Support::Full(Field::Text {
                write: |settings, word| {
                    settings.dns_lookup_canonical = word == CANONICAL;
                    Ok(())
                },
                read: |settings| if settings.dns_lookup_canonical { CANONICAL.into() } else { ALL_IPS.into() },
            }),
        },
    ],
};

const ALL_IPS: &str = "use_all_dns_ips";
const CANONICAL: &str = "resolve_canonical_bootstrap_servers_only";
