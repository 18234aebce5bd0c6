//! Names that a Java producer's file may hold and that have no place here: known, so that each is answered with what it means.
//!
//! A setting that would change what goes over the wire is never left out silently: who asks for TLS must not get plaintext.

use super::Support::{DefaultOnly, NoEffect};
use super::{Group, Kind, Knob, Support, Valid};

pub(super) static NO_EFFECT: Group = Group {
    title: "Accepted without effect",
    doc: "Mostly names that say how Java reports or loads things. A warning says that they change nothing.",
    knobs: &[
        knob("enable.metrics.push", Kind::Boolean, Some("true"), Valid::Any, NoEffect(PUSH)),
        knob(
            "metric.reporters",
            Kind::List,
            Some("org.apache.kafka.common.metrics.JmxReporter"),
            Valid::Words { empty: true },
            NoEffect(METRICS),
        ),
        knob("metrics.num.samples", Kind::Int, Some("2"), Valid::AtLeast(1), NoEffect(METRICS)),
        knob(
            "metrics.recording.level",
            Kind::String,
            Some("INFO"),
            Valid::OneOf(&["INFO", "DEBUG", "TRACE"]),
            NoEffect(METRICS),
        ),
        knob("metrics.sample.window.ms", Kind::Long, Some("30000"), Valid::AtLeast(0), NoEffect(METRICS)),
        knob("partitioner.availability.timeout.ms", Kind::Long, Some("0"), Valid::AtLeast(0), NoEffect(AVAILABILITY)),
        knob("security.providers", Kind::String, None, Valid::Any, NoEffect(JVM)),
        knob("ssl.keymanager.algorithm", Kind::String, Some("SunX509"), Valid::Any, NoEffect(JVM)),
        knob("ssl.provider", Kind::String, None, Valid::Any, NoEffect(JVM)),
        knob("ssl.secure.random.implementation", Kind::String, None, Valid::Any, NoEffect(JVM)),
        knob("ssl.trustmanager.algorithm", Kind::String, Some("PKIX"), Valid::Any, NoEffect(JVM)),
        knob("metrics.context.*", Kind::String, None, Valid::Any, NoEffect(METRICS)),
        knob("auto.include.jmx.reporter", Kind::Boolean, Some("true"), Valid::Any, NoEffect(METRICS)),
        knob("metadata.cluster.check.enable", Kind::Boolean, Some("true"), Valid::Any, NoEffect(CLUSTER_CHECK)),
        knob("client.rack", Kind::String, Some(""), Valid::Any, NoEffect(RACK)),
        knob(
            "buffer.memory.allocation.strategy",
            Kind::String,
            Some("full"),
            Valid::OneOfAnyCase(&["full", "incremental"]),
            NoEffect(ALLOCATION),
        ),
    ],
};

pub(super) static SECURITY: Group = Group {
    title: "Security: not supported yet",
    doc: "TLS and SASL are not supported yet. A value that asks for nothing, which is the default, is accepted; any other is an error.",
    knobs: &[
        knob(
            "security.protocol",
            Kind::String,
            Some("PLAINTEXT"),
            Valid::OneOfAnyCase(&["SASL_SSL", "PLAINTEXT", "SSL", "SASL_PLAINTEXT"]),
            DefaultOnly(PROTOCOL),
        ),
        knob("sasl.client.callback.handler.class", Kind::Class, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.jaas.config", Kind::Password, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.kerberos.kinit.cmd", Kind::String, Some("/usr/bin/kinit"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.kerberos.min.time.before.relogin", Kind::Long, Some("60000"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.kerberos.service.name", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.kerberos.ticket.renew.jitter", Kind::Double, Some("0.05"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.kerberos.ticket.renew.window.factor", Kind::Double, Some("0.8"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.login.callback.handler.class", Kind::Class, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.login.class", Kind::Class, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.login.connect.timeout.ms", Kind::Int, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.login.read.timeout.ms", Kind::Int, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.login.refresh.buffer.seconds", Kind::Short, Some("300"), Valid::Between(0, 3600), DefaultOnly(SASL)),
        knob(
            "sasl.login.refresh.min.period.seconds",
            Kind::Short,
            Some("60"),
            Valid::Between(0, 900),
            DefaultOnly(SASL),
        ),
        knob(
            "sasl.login.refresh.window.factor",
            Kind::Double,
            Some("0.8"),
            Valid::Decimals(0.5, 1.0),
            DefaultOnly(SASL),
        ),
        knob(
            "sasl.login.refresh.window.jitter",
            Kind::Double,
            Some("0.05"),
            Valid::Decimals(0.0, 0.25),
            DefaultOnly(SASL),
        ),
        knob("sasl.login.retry.backoff.max.ms", Kind::Long, Some("10000"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.login.retry.backoff.ms", Kind::Long, Some("100"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.mechanism", Kind::String, Some("GSSAPI"), Valid::Any, DefaultOnly(SASL)),
        knob(
            "sasl.oauthbearer.assertion.algorithm",
            Kind::String,
            Some("RS256"),
            Valid::OneOfAnyCase(&["ES256", "RS256"]),
            DefaultOnly(SASL),
        ),
        knob("sasl.oauthbearer.assertion.claim.aud", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob(
            "sasl.oauthbearer.assertion.claim.exp.seconds",
            Kind::Int,
            Some("300"),
            Valid::Between(0, 86_400),
            DefaultOnly(SASL),
        ),
        knob("sasl.oauthbearer.assertion.claim.iss", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob(
            "sasl.oauthbearer.assertion.claim.jti.include",
            Kind::Boolean,
            Some("false"),
            Valid::Any,
            DefaultOnly(SASL),
        ),
        knob(
            "sasl.oauthbearer.assertion.claim.nbf.seconds",
            Kind::Int,
            Some("60"),
            Valid::Between(0, 3600),
            DefaultOnly(SASL),
        ),
        knob("sasl.oauthbearer.assertion.claim.sub", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.assertion.file", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.assertion.private.key.file", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.assertion.private.key.passphrase", Kind::Password, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.assertion.template.file", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.client.credentials.client.id", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.client.credentials.client.secret", Kind::Password, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.clock.skew.seconds", Kind::Int, Some("30"), Valid::Any, DefaultOnly(SASL)),
        knob(
            "sasl.oauthbearer.expected.audience",
            Kind::List,
            Some(""),
            Valid::Words { empty: true },
            DefaultOnly(SASL),
        ),
        knob("sasl.oauthbearer.expected.issuer", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.header.urlencode", Kind::Boolean, Some("false"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.jwks.endpoint.refresh.ms", Kind::Long, Some("3600000"), Valid::Any, DefaultOnly(SASL)),
        knob(
            "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms",
            Kind::Long,
            Some("10000"),
            Valid::Any,
            DefaultOnly(SASL),
        ),
        knob("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", Kind::Long, Some("100"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.jwks.endpoint.url", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob(
            "sasl.oauthbearer.jwt.retriever.class",
            Kind::Class,
            Some("org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever"),
            Valid::Any,
            DefaultOnly(SASL),
        ),
        knob(
            "sasl.oauthbearer.jwt.validator.class",
            Kind::Class,
            Some("org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator"),
            Valid::Any,
            DefaultOnly(SASL),
        ),
        knob("sasl.oauthbearer.scope", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.scope.claim.name", Kind::String, Some("scope"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.sub.claim.name", Kind::String, Some("sub"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.token.endpoint.url", Kind::String, None, Valid::Any, DefaultOnly(SASL)),
        knob("ssl.cipher.suites", Kind::List, Some(""), Valid::Words { empty: true }, DefaultOnly(TLS)),
        knob(
            "ssl.enabled.protocols",
            Kind::List,
            Some("TLSv1.2,TLSv1.3"),
            Valid::Words { empty: true },
            DefaultOnly(TLS),
        ),
        knob("ssl.endpoint.identification.algorithm", Kind::String, Some("https"), Valid::Any, DefaultOnly(TLS)),
        knob("ssl.engine.factory.class", Kind::Class, None, Valid::Any, DefaultOnly(TLS)),
        knob("ssl.key.password", Kind::Password, None, Valid::Any, DefaultOnly(TLS)),
        knob("ssl.keystore.certificate.chain", Kind::Password, None, Valid::Any, DefaultOnly(TLS)),
        knob("ssl.keystore.key", Kind::Password, None, Valid::Any, DefaultOnly(TLS)),
        knob("ssl.keystore.location", Kind::String, None, Valid::Any, DefaultOnly(TLS)),
        knob("ssl.keystore.password", Kind::Password, None, Valid::Any, DefaultOnly(TLS)),
        knob("ssl.keystore.type", Kind::String, Some("JKS"), Valid::Any, DefaultOnly(TLS)),
        knob("ssl.protocol", Kind::String, Some("TLSv1.3"), Valid::Any, DefaultOnly(TLS)),
        knob("ssl.truststore.certificates", Kind::Password, None, Valid::Any, DefaultOnly(TLS)),
        knob("ssl.truststore.location", Kind::String, None, Valid::Any, DefaultOnly(TLS)),
        knob("ssl.truststore.password", Kind::Password, None, Valid::Any, DefaultOnly(TLS)),
        knob("ssl.truststore.type", Kind::String, Some("JKS"), Valid::Any, DefaultOnly(TLS)),
        knob("sasl.oauthbearer.allow.unverified.audience", Kind::Boolean, Some("false"), Valid::Any, DefaultOnly(SASL)),
        knob("sasl.oauthbearer.allow.unverified.issuer", Kind::Boolean, Some("false"), Valid::Any, DefaultOnly(SASL)),
    ],
};

pub(super) static NOT_YET: Group = Group {
    title: "Not supported",
    doc: "What these ask for is missing. The default is accepted; any other value is an error.",
    knobs: &[
        knob("config.providers", Kind::List, Some(""), Valid::Words { empty: true }, DefaultOnly(PROVIDERS)),
        knob("interceptor.classes", Kind::List, Some(""), Valid::Words { empty: true }, DefaultOnly(INTERCEPTORS)),
        knob("transaction.timeout.ms", Kind::Int, Some("60000"), Valid::Any, DefaultOnly(TRANSACTIONS)),
        knob(
            "transaction.two.phase.commit.enable",
            Kind::Boolean,
            Some("false"),
            Valid::Any,
            DefaultOnly(TRANSACTIONS),
        ),
        knob("transactional.id", Kind::String, None, Valid::NonEmpty, DefaultOnly(TRANSACTIONS)),
        knob("config.providers.*", Kind::String, None, Valid::Any, DefaultOnly(PROVIDERS)),
        knob("partitioner.rack.aware", Kind::Boolean, Some("false"), Valid::Any, DefaultOnly(RACK_AWARE)),
        knob("bootstrap.resolve.timeout.ms", Kind::Long, Some("0"), Valid::AtLeast(0), DefaultOnly(RESOLVE)),
    ],
};

pub(super) static REMOVED: Group = Group {
    title: "Names of the past, and of others",
    doc: "Removed from Kafka, or another client's. They are errors that name today's knob.",
    knobs: &[
        removed("timeout.ms", "was removed after Kafka 0.11: use request.timeout.ms"),
        removed("metadata.fetch.timeout.ms", "was removed after Kafka 0.11: use max.block.ms"),
        removed("block.on.buffer.full", "was removed after Kafka 0.11: use max.block.ms, 0 for `false`"),
        removed("internal.auto.downgrade.txn.commit", "was removed in Kafka 3.0: leave it out"),
        removed("metadata.broker.list", "was the Scala producer's: use bootstrap.servers"),
        removed("serializer.class", "was the Scala producer's: use value.serializer"),
        removed("key.serializer.class", "was the Scala producer's: use key.serializer"),
        removed("producer.type", "was the Scala producer's: leave it out, every send is asynchronous"),
        removed("message.send.max.retries", "is librdkafka's and the Scala producer's: use retries"),
        removed("request.required.acks", "is librdkafka's and the Scala producer's: use acks"),
        removed("compression.codec", "is librdkafka's and the Scala producer's: use compression.type"),
        removed("queue.buffering.max.ms", "is librdkafka's and the Scala producer's: use linger.ms"),
        removed(
            "queue.buffering.max.messages",
            "is librdkafka's and the Scala producer's: use buffer.memory, which counts bytes",
        ),
        removed("queue.buffering.max.kbytes", "is librdkafka's: use buffer.memory, which counts bytes"),
        removed("message.timeout.ms", "is librdkafka's: use delivery.timeout.ms"),
        removed("message.max.bytes", "is librdkafka's: use max.request.size"),
        removed("batch.num.messages", "is librdkafka's and the Scala producer's: use batch.size, which counts bytes"),
        removed(
            "compression.level",
            "is librdkafka's: use compression.gzip.level, compression.lz4.level or compression.zstd.level",
        ),
        removed("max.in.flight", "is librdkafka's: use max.in.flight.requests.per.connection"),
        removed("topic.metadata.refresh.interval.ms", "is librdkafka's: use metadata.max.age.ms"),
        removed("socket.send.buffer.bytes", "is librdkafka's: use send.buffer.bytes"),
        removed("socket.receive.buffer.bytes", "is librdkafka's: use receive.buffer.bytes"),
        removed(
            "partitioner",
            "is librdkafka's: records with a key go where murmur2 says (its murmur2_random); leave it out",
        ),
    ],
};

const METRICS: &str = "Java's metrics library is not here; see the producer's own metrics";
const PUSH: &str = "client metrics are not pushed to brokers (KIP-714)";
const AVAILABILITY: &str =
    "partitions are chosen by the length of their queues only, however long their leader is silent";
const JVM: &str = "it chooses a part of the Java virtual machine";
const CLUSTER_CHECK: &str = "no cluster id is sent when a connection opens (KIP-1242)";
const RACK: &str = "it is used by partitioner.rack.aware only, which is not supported";
const ALLOCATION: &str = "batches always take memory as they grow";
const PROTOCOL: &str =
    "not supported yet, only PLAINTEXT is; nothing is sent in plaintext to a cluster that wants more";
const TLS: &str = "TLS is not supported yet";
const SASL: &str = "SASL is not supported yet";
const TRANSACTIONS: &str = "transactions are not supported yet";
const INTERCEPTORS: &str = "Java classes cannot be loaded; wrap the producer's send instead";
const PROVIDERS: &str =
    "${provider:path:key} is not supported yet; put the values into the file, or pass them as settings";
const RACK_AWARE: &str = "choosing partitions by rack is not supported yet (KIP-1123)";
const RESOLVE: &str = "not supported yet; names that do not resolve are tried again";

const fn knob(name: &'static str, kind: Kind, default: Option<&'static str>, valid: Valid, support: Support) -> Knob {
    Knob::foreign(name, kind, default, valid, support)
}

const fn removed(name: &'static str, instead: &'static str) -> Knob {
    Knob::foreign(name, Kind::String, None, Valid::Any, Support::Removed(instead))
}
