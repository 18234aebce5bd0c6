//! The table against the Java producer 4.3.1: its 113 settings as its jar lists them, and its verdict on 290 combinations.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use milena::knobs::{self, Draft, Support, Valid};
use serde_json::Value;

/// Rows that differ from Java on purpose; each says so in its documentation.
const OTHER_DEFAULT: &[&str] = &["key.serializer", "value.serializer"];
const OTHER_VALIDATOR: &[&str] = &["socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.max.ms"];

/// Settings that Java takes and we refuse.
const STRICTER: &[(&str, &str)] = &[
    ("buffer.memory=0", "batch.size never fits into it"),
    ("buffer.memory=1", "batch.size never fits into it"),
    ("buffer.memory=1000;batch.size=2000", "batch.size never fits into it"),
    ("socket.connection.setup.timeout.ms=-1", "no connection could ever be made"),
    ("bootstrap.servers=127.0.0.1:0", "nothing listens on port 0"),
    ("bootstrap.servers=:9,127.0.0.1:9", "Java takes an empty name for localhost"),
    ("transaction.timeout.ms=-5", "transactions are not supported"),
    ("timeout.ms=5", "Java leaves out what it does not know"),
    ("no.such.name=5", "Java leaves out what it does not know"),
];

/// Settings that Java refuses and we take.
const LOOSER: &[(&str, &str)] = &[
    ("key.serializer=StringSerializer", "a class of Kafka's own package needs no package"),
    ("bootstrap.servers=[fe80::1%lo]:9", "whether a name resolves is found out later"),
    ("bootstrap.servers=fe80::1%lo:9", "whether a name resolves is found out later"),
];

fn java_settings() -> Vec<Value> {
    serde_json::from_str(include_str!("config-names-4.3.1.json")).unwrap()
}

#[test]
fn every_java_setting_has_a_row_of_its_type_default_and_range() {
    let settings = java_settings();
    assert_eq!(settings.len(), 113);
    for java in settings {
        let name = java["name"].as_str().unwrap();
        let knob = knobs::find(name).unwrap_or_else(|| panic!("{name} has no row"));
        assert_eq!(knob.name, name);
        assert!(!matches!(knob.support, Support::Removed(_)), "{name}");
        assert_eq!(knob.kind.name(), java["type"], "{name}");
        if OTHER_DEFAULT.contains(&name) {
            assert!(!knob.differs.is_empty(), "{name} does not say how it differs");
        } else {
            assert_eq!(knob.default.map(str::to_string), default_of(&java), "{name}");
        }
        if OTHER_VALIDATOR.contains(&name) {
            assert!(!knob.differs.is_empty(), "{name} does not say how it differs");
        } else {
            assert_eq!(java_words(knob.valid), validator_of(&java), "{name}");
        }
    }
}

fn default_of(java: &Value) -> Option<String> {
    match &java["default"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(words) => Some(words.iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(",")),
        other => Some(other.to_string()),
    }
}

/// As Java prints it, words in alphabetical order and lower case where case does not matter.
fn validator_of(java: &Value) -> Option<String> {
    let text = java["validator"].as_str()?;
    let Some(words) = text.strip_prefix("(case insensitive) [").and_then(|text| text.strip_suffix(']')) else {
        return Some(text.into());
    };
    let mut words: Vec<String> = words.split(", ").map(str::to_lowercase).collect();
    words.sort();
    Some(format!("(case insensitive) [{}]", words.join(", ")))
}

fn java_words(valid: Valid) -> Option<String> {
    Some(match valid {
        Valid::Any => return None,
        Valid::AtLeast(low) => format!("[{low},...]"),
        Valid::Between(low, high) => format!("[{low},...,{high}]"),
        Valid::BetweenOr(low, high, or) => format!("[{low},...,{high}] or {or}"),
        Valid::Decimals(low, high) => format!("[{low:?},...,{high:?}]"),
        Valid::OneOf(words) => format!("[{}]", words.join(", ")),
        Valid::OneOfAnyCase(words) => {
            let mut words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
            words.sort();
            format!("(case insensitive) [{}]", words.join(", "))
        }
        Valid::NonEmpty => "non-empty string".into(),
        Valid::Words { empty } => format!(
            "list: duplicates removed with a warning, no empty words, isEmptyAllowed={empty}, isNullAllowed=false"
        ),
        other => panic!("{other:?} has no words in Java"),
    })
}

#[test]
fn our_verdict_is_java_s_on_every_combination() {
    let (mut seen, mut departed) = (0, 0);
    for line in include_str!("config-verdicts-4.3.1.txt").lines().filter(|line| !line.starts_with('#')) {
        let (settings, java) = line.split_once(" -> ").unwrap();
        let ours = verdict(settings);
        let is = |list: &[(&str, &str)]| list.iter().any(|(known, _)| *known == settings);
        departed += usize::from(is(STRICTER) || is(LOOSER));
        match (is(STRICTER), is(LOOSER)) {
            (true, _) => assert!(java.starts_with("ok") && ours.starts_with("refused"), "{settings}: {ours}"),
            (_, true) => assert!(java == "refused" && ours.starts_with("ok"), "{settings}: {ours}"),
            _ if java == "refused" => assert!(ours.starts_with("refused"), "{settings}: {ours}"),
            _ => assert_eq!(ours, java, "{settings}"),
        }
        seen += 1;
    }
    assert_eq!((seen, departed), (292, STRICTER.len() + LOOSER.len()));
}

fn verdict(settings: &str) -> String {
    let mut draft = Draft::new();
    if settings != "none=1" {
        draft.keep("bootstrap.servers", "127.0.0.1:9");
        for (name, value) in settings.split(';').map(|setting| setting.split_once('=').unwrap()) {
            draft.keep(name, value);
        }
    }
    match draft.build() {
        Ok(checked) => {
            let config = checked.config;
            format!(
                "ok {} {} {} {}",
                config.idempotence,
                config.acks.wire(),
                config.reconnect_backoff_max.as_millis(),
                config.delivery_timeout.as_millis()
            )
        }
        Err(error) => format!("refused: {error}"),
    }
}
