//! What settings become: values in the configuration, warnings, and errors that say what to do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use milena::knobs::SerializerName;
use milena::knobs::{self, Draft, Support};
use milena_core::Config;
use milena_core::config::Acks;
use milena_wire::compression::{Codec, Compression};
use std::time::Duration;

fn draft(settings: &[(&str, &str)]) -> Draft {
    let mut draft = Draft::new();
    draft.keep("bootstrap.servers", "kafka:9092");
    for (name, value) in settings {
        draft.keep(name, *value);
    }
    draft
}

fn config(settings: &[(&str, &str)]) -> Config {
    draft(settings).build().unwrap().config
}

fn error(settings: &[(&str, &str)]) -> String {
    draft(settings).build().unwrap_err().to_string()
}

fn warnings(settings: &[(&str, &str)]) -> Vec<String> {
    draft(settings).build().unwrap().warnings
}

#[test]
fn nothing_set_is_the_default_configuration_without_a_warning() {
    let checked = draft(&[]).build().unwrap();
    let expected = Config {
        bootstrap_servers: checked.config.bootstrap_servers.clone(),
        client_id: checked.config.client_id.clone(),
        ..Config::default()
    };
    assert_eq!(checked.config, expected);
    assert_eq!(checked.warnings, [""; 0]);
}

#[test]
fn the_table_s_defaults_are_the_configuration_s_defaults() {
    let mut written = draft(&[]);
    for knob in knobs::all().filter(|knob| knob.is_supported()) {
        let Some(default) = knob.default else { continue };
        written.set(knob.name, default).unwrap();
    }
    let written = written.build().unwrap();
    let left = draft(&[("client.id", "")]).build().unwrap();
    assert_eq!(written.config, left.config);
    for (knob, value) in left.effective() {
        let default = knob.default.unwrap_or(if knob.name == "bootstrap.servers" { "kafka:9092" } else { "" });
        assert_eq!(value, default, "{}", knob.name);
    }
}

/// Every supported knob with a value that is not its default, as the file has it and as `effective` prints it again.
const OTHERS: &[(&str, &str)] = &[
    ("client.id", "till-7"),
    ("client.dns.lookup", "resolve_canonical_bootstrap_servers_only"),
    ("key.serializer", "org.apache.kafka.common.serialization.LongSerializer"),
    ("value.serializer", "org.apache.kafka.common.serialization.StringSerializer"),
    ("batch.size", "65536"),
    ("linger.ms", "20"),
    ("buffer.memory", "67108864"),
    ("max.block.ms", "0"),
    ("max.request.size", "2097152"),
    ("milena.fill.behind", "false"),
    ("milena.memory.behind.percent", "60"),
    ("compression.type", "zstd"),
    ("compression.gzip.level", "9"),
    ("compression.lz4.level", "1"),
    ("compression.zstd.level", "-7"),
    ("partitioner.class", "org.apache.kafka.clients.producer.RoundRobinPartitioner"),
    ("partitioner.ignore.keys", "true"),
    ("partitioner.adaptive.partitioning.enable", "false"),
    ("acks", "1"),
    ("enable.idempotence", "false"),
    ("delivery.timeout.ms", "60000"),
    ("request.timeout.ms", "5000"),
    ("retries", "7"),
    ("retry.backoff.ms", "10"),
    ("retry.backoff.max.ms", "200"),
    ("max.in.flight.requests.per.connection", "9"),
    ("milena.connections.per.broker", "2"),
    ("metadata.max.age.ms", "60000"),
    ("metadata.max.idle.ms", "5000"),
    ("metadata.recovery.strategy", "none"),
    ("metadata.recovery.rebootstrap.trigger.ms", "1000"),
    ("reconnect.backoff.ms", "20"),
    ("reconnect.backoff.max.ms", "500"),
    ("socket.connection.setup.timeout.ms", "2000"),
    ("socket.connection.setup.timeout.max.ms", "4000"),
    ("connections.max.idle.ms", "-1"),
    ("send.buffer.bytes", "-1"),
    ("receive.buffer.bytes", "65536"),
    ("bootstrap.servers", "a:1,[::1]:2"),
];

#[test]
fn every_supported_knob_is_read_into_a_place_of_its_own() {
    let supported = knobs::all().filter(|knob| knob.is_supported()).count();
    assert_eq!(OTHERS.len(), supported);
    let all = draft(OTHERS).build().unwrap();
    for (knob, value) in all.effective() {
        let (_, expected) = OTHERS.iter().find(|(name, _)| *name == knob.name).unwrap();
        assert_eq!(value, *expected, "{}", knob.name);
    }
    let ms = Duration::from_millis;
    let expected = Config {
        bootstrap_servers: all.config.bootstrap_servers.clone(),
        client_id: "till-7".into(),
        batch_size: 65_536,
        linger: ms(20),
        buffer_memory: 67_108_864,
        max_request_size: 2_097_152,
        max_block: Duration::ZERO,
        compression: Compression { codec: Codec::Zstd, level: Some(-7) },
        fill_behind: false,
        memory_behind_percent: 60,
        partitioner_ignore_keys: true,
        partitioner_adaptive: false,
        partitioner_round_robin: true,
        acks: Acks::Leader,
        idempotence: false,
        retries: 7,
        retry_backoff: ms(10),
        retry_backoff_max: ms(200),
        request_timeout: ms(5000),
        delivery_timeout: ms(60_000),
        max_in_flight: 9,
        connections_per_broker: 2,
        metadata_max_age: ms(60_000),
        metadata_max_idle: ms(5000),
        rebootstrap: false,
        rebootstrap_trigger: ms(1000),
        reconnect_backoff: ms(20),
        reconnect_backoff_max: ms(500),
        connection_setup_timeout: ms(2000),
        connection_setup_timeout_max: ms(4000),
        connections_max_idle: None,
        send_buffer: None,
        receive_buffer: Some(65_536),
    };
    assert_eq!(all.config, expected);
    assert_eq!(all.key_serializer, SerializerName::Long);
    assert_eq!(all.value_serializer, SerializerName::String);
}

#[test]
fn typed_values_and_text_end_in_the_same_place() {
    let mut typed = draft(&[]);
    typed.set("client.id", String::from("c")).unwrap();
    typed.set("batch.size", 65_536_usize).unwrap();
    typed.set("linger.ms", Duration::from_millis(20)).unwrap();
    typed.set("acks", Acks::All).unwrap();
    typed.set("compression.type", Codec::Lz4).unwrap();
    typed.set("enable.idempotence", true).unwrap();
    typed.set("compression.zstd.level", -5).unwrap();
    let text = [
        ("client.id", "c"),
        ("batch.size", "65536"),
        ("linger.ms", "20"),
        ("acks", "-1"),
        ("compression.type", "lz4"),
        ("enable.idempotence", "true"),
        ("compression.zstd.level", "-5"),
    ];
    assert_eq!(typed.build().unwrap().config, config(&text));
}

#[test]
fn a_setter_may_ask_for_parts_of_a_millisecond() {
    let mut draft = draft(&[]);
    draft.set("linger.ms", Duration::from_micros(300)).unwrap();
    assert_eq!(draft.build().unwrap().config.linger, Duration::from_micros(300));
}

#[test]
fn a_length_of_time_is_refused_where_bytes_are_meant() {
    let error = draft(&[]).set("batch.size", Duration::from_secs(1)).unwrap_err();
    assert_eq!(error.to_string(), "batch.size = \"1s\": is not a length of time");
}

#[test]
fn the_later_of_two_values_holds_even_if_the_earlier_was_a_mistake() {
    assert_eq!(config(&[("acks", "2"), ("acks", "0"), ("acks", "all")]).acks, Acks::All);
    assert!(error(&[("acks", "all"), ("acks", "2")]).starts_with("acks"));
}

#[test]
fn the_level_goes_with_the_chosen_codec() {
    let levels = [("compression.gzip.level", "1"), ("compression.zstd.level", "19")];
    let with = |codec| config(&[levels[0], levels[1], ("compression.type", codec)]).compression;
    assert_eq!(with("gzip"), Compression { codec: Codec::Gzip, level: Some(1) });
    assert_eq!(with("zstd"), Compression { codec: Codec::Zstd, level: Some(19) });
    assert_eq!(with("lz4"), Compression { codec: Codec::Lz4, level: None });
    assert_eq!(with("snappy"), Compression { codec: Codec::Snappy, level: None });
}

#[test]
fn mistakes_fit_a_line_and_come_all_at_once() {
    assert_eq!(error(&[("acks", "2")]), "acks = \"2\": must be one of all, -1, 0, 1");
    assert_eq!(
        error(&[("linger.ms", "soon"), ("retries", "-1"), ("linger", "5")]),
        "linger.ms = \"soon\": must be a whole number of at most 64 bits (long)\n\
         retries = \"-1\": must be 0 to 2147483647\n\
         linger: no such setting; did you mean linger.ms?"
    );
}

#[test]
fn who_asks_for_tls_or_sasl_never_gets_plaintext() {
    for (name, value) in [
        ("security.protocol", "SSL"),
        ("security.protocol", "sasl_ssl"),
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.jaas.config", "org.apache.kafka.common.security.plain.PlainLoginModule required;"),
        ("ssl.truststore.location", "/ca.pem"),
        ("ssl.endpoint.identification.algorithm", ""),
        ("ssl.keystore.password", ""),
    ] {
        let error = error(&[(name, value)]);
        assert!(error.starts_with(name) && error.contains("not supported yet"), "{error}");
    }
    assert_eq!(warnings(&[("security.protocol", "plaintext"), ("sasl.mechanism", "GSSAPI")]), [""; 0]);
}

#[test]
fn a_password_is_never_printed() {
    for name in ["ssl.key.password", "sasl.jaas.config", "sasl.oauthbearer.client.credentials.client.secret"] {
        let error = error(&[(name, "hunter2")]);
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn transactions_are_refused() {
    for (name, value) in [
        ("transactional.id", "till"),
        ("transaction.timeout.ms", "1000"),
        ("transaction.two.phase.commit.enable", "true"),
    ] {
        let error = error(&[(name, value)]);
        assert!(error.ends_with("transactions are not supported yet"), "{error}");
    }
}

#[test]
fn every_name_without_effect_says_so() {
    for knob in knobs::all() {
        let (Some(default), Support::NoEffect(why)) = (knob.default, &knob.support) else { continue };
        assert_eq!(warnings(&[(knob.name, default)]), [format!("{} has no effect here: {why}", knob.name)]);
    }
    let [warning] = &warnings(&[("metrics.context.team", "tills")])[..] else { panic!("one warning") };
    assert!(warning.starts_with("metrics.context.team has no effect"), "{warning}");
}

#[test]
fn asking_for_nothing_is_granted_without_a_word() {
    for knob in knobs::all() {
        let (Some(default), Support::DefaultOnly(_)) = (knob.default, &knob.support) else { continue };
        assert_eq!(warnings(&[(knob.name, default)]), [""; 0], "{}", knob.name);
    }
    assert_eq!(warnings(&[("interceptor.classes", "")]), [""; 0]);
}

#[test]
fn names_of_the_past_name_today_s() {
    let reason = |name| error(&[(name, "1")]);
    assert!(reason("timeout.ms").ends_with("use request.timeout.ms"));
    assert!(reason("metadata.fetch.timeout.ms").ends_with("use max.block.ms"));
    assert!(reason("block.on.buffer.full").contains("use max.block.ms"));
    assert!(reason("message.timeout.ms").ends_with("use delivery.timeout.ms"));
}

#[test]
fn removed_partitioners_say_what_to_do() {
    for class in ["internals.DefaultPartitioner", "UniformStickyPartitioner"] {
        let error = error(&[("partitioner.class", &format!("org.apache.kafka.clients.producer.{class}"))]);
        assert!(error.contains("removed in Kafka 4.0") && error.contains("leave partitioner.class out"), "{error}");
    }
}

#[test]
fn unnamed_producers_are_numbered() {
    let number = || config(&[]).client_id.strip_prefix("producer-").unwrap().parse::<u64>().unwrap();
    let first = number();
    assert!(number() > first);
    assert_eq!(&*config(&[("client.id", "")]).client_id, "");
}
