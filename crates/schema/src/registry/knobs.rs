//! The table of a registry's settings, by the names that Java's serializers have for them.
//!
//! All but those of TLS are known with and without `schema.registry.` before them.

mod read;

use super::secret::Secret;
use super::settings::{BasicSource, BearerSource, Draft, Pem};
use crate::subject::Fallback;
use read::{choice, framing, list, millis, number, pairs, seconds, strategy, switch};
use std::fmt;

/// One setting.
#[derive(Debug)]
#[non_exhaustive]
pub struct RegistryKnob {
    /// Its name in Java. Ends with `*` when it stands for every name that begins so.
    pub name: &'static str,
    /// What holds when it is not set.
    pub default: Option<&'static str>,
    /// What it does; where it is not supported, why, and what to do.
    pub doc: &'static str,
    effect: Effect,
}

#[derive(Debug, Clone, Copy)]
enum Effect {
    /// Keeps the value, or says what is wrong with it.
    Set(fn(&mut Draft, &str) -> Result<(), String>),
    /// As `Set`, with what stands for the `*` of the name.
    Named(fn(&mut Draft, &str, &str)),
    /// Accepted; it changes nothing here.
    None,
    /// Only this value asks for nothing that we do not do.
    Only(&'static str),
    /// A mistake, whatever the value.
    Refused,
}

use Effect::{Named, None as NoEffect, Only, Refused, Set};

const fn knob(name: &'static str, default: Option<&'static str>, doc: &'static str, effect: Effect) -> RegistryKnob {
    RegistryKnob { name, default, doc, effect }
}

/// The table.
pub static KNOBS: &[RegistryKnob] = &[
    // Where.
    knob(
        "schema.registry.url",
        None,
        "Base URLs with commas between: the same registry by several ways. Each is tried once before any wait, the one that answered last first.",
        Set(|draft, text| {
            draft.urls = list(text);
            Ok(())
        }),
    ),
    knob(
        "schema.registry.url.randomize",
        Some("false"),
        "Begin at a random one of the URLs.",
        Set(|draft, text| set(&mut draft.randomize, switch(text))),
    ),
    knob("url.randomize", Some("false"), "The same.", Set(|draft, text| set(&mut draft.randomize, switch(text)))),
    knob(
        "http.connect.timeout.ms",
        Some("5000"),
        "How long to connect may take (Java: 60000).",
        Set(|draft, text| some(&mut draft.connect_timeout, millis(text))),
    ),
    knob(
        "http.read.timeout.ms",
        Some("10000"),
        "How long one answer may take (Java: 60000).",
        Set(|draft, text| some(&mut draft.read_timeout, millis(text))),
    ),
    knob(
        "max.retries",
        Some("3"),
        "Rounds over all URLs that follow the first one (Java: attempts at one URL before the next).",
        Set(|draft, text| some(&mut draft.retries, number(text))),
    ),
    knob(
        "retries.wait.ms",
        Some("1000"),
        "The longest wait before the second round; it doubles with each, and a random part of it is waited.",
        Set(|draft, text| some(&mut draft.retry_wait, millis(text))),
    ),
    knob(
        "retries.max.wait.ms",
        Some("20000"),
        "The longest wait between two rounds, also where the registry asks for more.",
        Set(|draft, text| some(&mut draft.retry_wait_max, millis(text))),
    ),
    knob(
        "proxy.host",
        None,
        "An HTTP proxy, with proxy.port.",
        Set(|draft, text| some(&mut draft.proxy_host, Ok(text.into()))),
    ),
    knob("proxy.port", None, "The proxy's port.", Set(|draft, text| some(&mut draft.proxy_port, number(text)))),
    knob(
        "request.header.*",
        None,
        "A header of every request.",
        Named(|draft, name, text| draft.headers.push((name.into(), text.into()))),
    ),
    knob("use.apache.http.client", Some("false"), "Connections are always kept and used again.", NoEffect),
    // Who.
    knob(
        "basic.auth.credentials.source",
        Some("URL"),
        "URL: user and password stand in the URL. USER_INFO: in basic.auth.user.info.",
        Set(|draft, text| {
            some(
                &mut draft.basic_source,
                choice(
                    text,
                    &[("URL", BasicSource::Url), ("USER_INFO", BasicSource::UserInfo)],
                    "SASL_INHERIT is not supported: set basic.auth.user.info",
                ),
            )
        }),
    ),
    knob(
        "basic.auth.user.info",
        None,
        "user:password.",
        Set(|draft, text| {
            let text = if text.contains(':') { Ok(Secret::new(text)) } else { Err("must be user:password".into()) };
            some(&mut draft.basic_user_info, text)
        }),
    ),
    knob(
        "bearer.auth.credentials.source",
        Some("STATIC_TOKEN"),
        "STATIC_TOKEN: bearer.auth.token. OAUTHBEARER: tokens are fetched from bearer.auth.issuer.endpoint.url.",
        Set(|draft, text| {
            let names = [("STATIC_TOKEN", BearerSource::StaticToken), ("OAUTHBEARER", BearerSource::OAuth)];
            some(&mut draft.bearer_source, choice(text, &names, "the others are not supported"))
        }),
    ),
    knob(
        "bearer.auth.token",
        None,
        "A token that does not change.",
        Set(|draft, text| some(&mut draft.bearer_token, Ok(text.into()))),
    ),
    knob(
        "bearer.auth.issuer.endpoint.url",
        None,
        "Where tokens are given out (OAuth client credentials).",
        Set(|draft, text| some(&mut draft.token_url, Ok(text.into()))),
    ),
    knob(
        "bearer.auth.client.id",
        None,
        "Who asks for tokens.",
        Set(|draft, text| some(&mut draft.client_id, Ok(text.into()))),
    ),
    knob(
        "bearer.auth.client.secret",
        None,
        "And proves it.",
        Set(|draft, text| some(&mut draft.client_secret, Ok(text.into()))),
    ),
    knob("bearer.auth.scope", None, "For what.", Set(|draft, text| some(&mut draft.scope, Ok(text.into())))),
    knob("bearer.auth.scope.claim.name", Some("scope"), "Tokens are not looked into.", NoEffect),
    knob("bearer.auth.sub.claim.name", Some("sub"), "Tokens are not looked into.", NoEffect),
    knob(
        "bearer.auth.logical.cluster",
        None,
        "The header target-sr-cluster.",
        Set(|draft, text| {
            draft.headers.push(("target-sr-cluster".into(), text.into()));
            Ok(())
        }),
    ),
    knob(
        "bearer.auth.identity.pool.id",
        None,
        "The header Confluent-Identity-Pool-Id.",
        Set(|draft, text| {
            draft.headers.push(("Confluent-Identity-Pool-Id".into(), text.into()));
            Ok(())
        }),
    ),
    knob(
        "bearer.auth.cache.expiry.buffer.seconds",
        Some("300"),
        "A token is fetched anew so long before its end, or after 80 % of its life if that is sooner.",
        Set(|draft, text| some(&mut draft.expiry_buffer, seconds(text))),
    ),
    // TLS: always with their prefix, since without it they are Kafka's.
    knob(
        "schema.registry.ssl.truststore.certificates",
        None,
        "PEM certificates to trust in place of the system's.",
        Set(|draft, text| some(&mut draft.trusted, Ok(Pem::Text(text.into())))),
    ),
    knob(
        "schema.registry.ssl.truststore.location",
        None,
        "A file of PEM certificates to trust in place of the system's.",
        Set(|draft, text| some(&mut draft.trusted, Ok(Pem::File(text.into())))),
    ),
    knob(
        "schema.registry.ssl.truststore.type",
        Some("PEM"),
        "Java's own stores are not read: convert them with `keytool -exportcert -rfc`.",
        Only("PEM"),
    ),
    knob(
        "schema.registry.ssl.keystore.certificate.chain",
        None,
        "The PEM certificate that is shown to the registry.",
        Set(|draft, text| some(&mut draft.certificate, Ok(Pem::Text(text.into())))),
    ),
    knob(
        "schema.registry.ssl.keystore.key",
        None,
        "Its key, PEM, not encrypted.",
        Set(|draft, text| some(&mut draft.key, Ok(text.into()))),
    ),
    knob(
        "schema.registry.ssl.keystore.location",
        None,
        "A PEM file with key and certificate.",
        Set(|draft, text| some(&mut draft.key_store, Ok(text.into()))),
    ),
    knob(
        "schema.registry.ssl.keystore.type",
        Some("PEM"),
        "Java's own stores are not read: convert them with `openssl pkcs12 -nodes`.",
        Only("PEM"),
    ),
    knob(
        "schema.registry.ssl.endpoint.identification.algorithm",
        Some("https"),
        "Host names are always verified (Java: only when this is set).",
        Only("https"),
    ),
    knob("schema.registry.ssl.*", None, "Not supported.", Refused),
    // Which schema.
    knob(
        "auto.register.schemas",
        Some("true"),
        "The value's own schema is registered under the subject.",
        Set(|draft, text| some(&mut draft.auto_register, switch(text))),
    ),
    knob(
        "use.latest.version",
        Some("false"),
        "Records are written by the subject's latest schema. Not with auto.register.schemas (Java ignores it then).",
        Set(|draft, text| some(&mut draft.use_latest, switch(text))),
    ),
    knob(
        "latest.compatibility.strict",
        Some("true"),
        "The latest must be able to read what the value's own schema writes.",
        Set(|draft, text| some(&mut draft.latest_strict, switch(text))),
    ),
    knob(
        "latest.cache.ttl.sec",
        Some("60"),
        "How long until the latest is asked for again, in the background; -1: never (Java: never).",
        Set(|draft, text| {
            let ttl = if text.trim() == "-1" { Ok(None) } else { seconds(text).map(Some) };
            some(&mut draft.latest_ttl, ttl)
        }),
    ),
    knob(
        "use.latest.with.metadata",
        None,
        "key=value,…: the subject's latest schema that has these properties.",
        Set(|draft, text| some(&mut draft.use_metadata, pairs(text))),
    ),
    knob(
        "use.schema.id",
        Some("-1"),
        "Records are written by the schema of this id.",
        Set(|draft, text| if text.trim() == "-1" { Ok(()) } else { some(&mut draft.use_id, number(text)) }),
    ),
    knob(
        "use.schema.guid",
        None,
        "Records are written by the schema of this GUID.",
        Set(|draft, text| {
            some(&mut draft.use_guid, text.trim().parse().map_err(|error: crate::guid::GuidError| error.to_string()))
        }),
    ),
    knob("id.compatibility.strict", Some("true"), "Whether values fit is always checked, value by value.", NoEffect),
    knob(
        "normalize.schemas",
        Some("false"),
        "The registry takes schemas for the same that mean the same.",
        Set(|draft, text| some(&mut draft.normalize, switch(text))),
    ),
    knob(
        "key.subject.name.strategy",
        Some("TopicNameStrategy"),
        "TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy, AssociatedNameStrategy; with or without Java's package.",
        Set(|draft, text| some(&mut draft.key_strategy, strategy(text))),
    ),
    knob(
        "value.subject.name.strategy",
        Some("TopicNameStrategy"),
        "The same for values.",
        Set(|draft, text| some(&mut draft.value_strategy, strategy(text))),
    ),
    knob(
        "subject.name.strategy.fallback.type",
        Some("TOPIC"),
        "For AssociatedNameStrategy: TOPIC, RECORD, TOPIC_RECORD, NONE.",
        Set(|draft, text| {
            let names = [
                ("TOPIC", Fallback::TopicName),
                ("RECORD", Fallback::RecordName),
                ("TOPIC_RECORD", Fallback::TopicRecordName),
                ("NONE", Fallback::None),
            ];
            some(&mut draft.fallback, choice(text, &names, ""))
        }),
    ),
    knob(
        "subject.name.strategy.kafka.cluster.id",
        None,
        "For AssociatedNameStrategy: the Kafka cluster's id.",
        Set(|draft, text| some(&mut draft.cluster, Ok(text.into()))),
    ),
    knob(
        "context.name.strategy",
        None,
        "Not supported: put the context into the URL, /contexts/.NAME, or into the builder.",
        Refused,
    ),
    knob(
        "key.schema.id.serializer",
        Some("PrefixSchemaIdSerializer"),
        "PrefixSchemaIdSerializer or HeaderSchemaIdSerializer.",
        Set(|draft, text| some(&mut draft.key_framing, framing(text))),
    ),
    knob(
        "value.schema.id.serializer",
        Some("PrefixSchemaIdSerializer"),
        "The same for values.",
        Set(|draft, text| some(&mut draft.value_framing, framing(text))),
    ),
    // What is kept.
    knob(
        "max.schemas.per.subject",
        Some("1000"),
        "Answers that are kept, of all subjects together.",
        Set(|draft, text| some(&mut draft.cache_limit, number(text))),
    ),
    knob(
        "missing.schema.cache.ttl.sec",
        Some("5"),
        "How long \"not there\" is believed (Java: 0).",
        Set(|draft, text| some(&mut draft.missing_ttl, seconds(text))),
    ),
    knob(
        "missing.id.cache.ttl.sec",
        Some("5"),
        "The same.",
        Set(|draft, text| some(&mut draft.missing_ttl, seconds(text))),
    ),
    knob(
        "missing.version.cache.ttl.sec",
        Some("5"),
        "The same.",
        Set(|draft, text| some(&mut draft.missing_ttl, seconds(text))),
    ),
    // Data contracts: rules are not run, and a schema with one for writers is not written by.
    knob("rule.executors*", None, "Rules are not run. A schema with an enabled rule for writers is refused.", Refused),
    knob("rule.actions*", None, "Rules are not run. A schema with an enabled rule for writers is refused.", Refused),
    knob("propagate.schema.tags", Some("false"), "Not supported.", Only("false")),
    knob("schema.reflection", Some("false"), "There is no reflection here.", Only("false")),
    knob("avro.remove.java.properties", Some("false"), "Schemas are registered as they are given.", Only("false")),
    knob("avro.use.logical.type.converters", Some("false"), "Logical types are always known.", NoEffect),
];

impl RegistryKnob {
    /// What setting it is answered with, where it changes nothing here; `None`: it does what its documentation says.
    pub fn answer(&self) -> Option<String> {
        match self.effect {
            Set(_) | Named(_) => None,
            NoEffect => Some("accepted, without effect".into()),
            Only(only) => Some(format!("refused but for {only}")),
            Refused => Some("refused".into()),
        }
    }
}

/// What `milena config explain` prints.
impl fmt::Display for RegistryKnob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (schema registry)", self.name)?;
        match self.answer() {
            Some(answer) => write!(f, "  {answer}: {}", self.doc),
            None => write!(f, "  default: {}\n\n  {}", self.default.unwrap_or("none"), self.doc),
        }
    }
}

/// The setting of this name.
pub fn find(name: &str) -> Option<&'static RegistryKnob> {
    let named = |name: &str| {
        KNOBS.iter().find(|knob| match knob.name.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == knob.name,
        })
    };
    named(name).or_else(|| named(name.strip_prefix("schema.registry.")?))
}

/// Keeps the value of a setting.
pub(crate) fn keep(draft: &mut Draft, name: &str, value: &str) -> Result<(), String> {
    let Some(knob) = find(name) else {
        let near = nearest(name).map_or_else(String::new, |near| format!("; did you mean {near}?"));
        return Err(format!("no such setting of a registry{near}"));
    };
    match knob.effect {
        Set(keep) => keep(draft, value.trim()),
        Named(keep) => {
            let prefix = knob.name.trim_end_matches('*');
            let at = name.find(prefix).map_or(0, |at| at + prefix.len());
            keep(draft, name.get(at..).unwrap_or_default(), value);
            Ok(())
        }
        NoEffect => Ok(()),
        Only(only) if value.trim().eq_ignore_ascii_case(only) => Ok(()),
        Only(only) => Err(format!("is refused but for {only:?}: {}", knob.doc)),
        Refused => Err(format!("is refused: {}", knob.doc)),
    }
}

/// The name that somebody who wrote `name` most likely meant, unless nothing is near.
pub fn nearest(name: &str) -> Option<&'static str> {
    let distance = |knob: &RegistryKnob| strsim::damerau_levenshtein(name, knob.name);
    let nearest = KNOBS.iter().map(|knob| (distance(knob), knob.name)).min();
    nearest.filter(|(distance, near)| distance * 3 <= near.len()).map(|(_, near)| near)
}

fn set<T>(field: &mut T, value: Result<T, String>) -> Result<(), String> {
    *field = value?;
    Ok(())
}

fn some<T>(field: &mut Option<T>, value: Result<T, String>) -> Result<(), String> {
    *field = Some(value?);
    Ok(())
}

#[cfg(test)]
mod tests;
