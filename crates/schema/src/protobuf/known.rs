//! The files that every Protobuf tool has, and that are not registered (Java's `skip.known.types`).

/// Whether an import is of a file that nobody registers: Google's types, and Confluent's own.
pub(super) fn is_known(import: &str) -> bool {
    import.starts_with("google/protobuf/") || FILES.iter().any(|(path, _)| *path == import)
}

/// The text of such a file, but for `google/protobuf/*`.
#[cfg(feature = "protobuf-dynamic")]
pub(super) fn text(import: &str) -> Option<&'static str> {
    FILES.iter().find(|(path, _)| *path == import).map(|(_, text)| *text)
}

/// Each with its path below `proto/`.
macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../proto/", $path)))),+]
    };
}

const FILES: &[(&str, &str)] = files![
    "confluent/meta.proto",
    "confluent/type/decimal.proto",
    "confluent/type/variant.proto",
    "google/type/calendar_period.proto",
    "google/type/color.proto",
    "google/type/date.proto",
    "google/type/datetime.proto",
    "google/type/dayofweek.proto",
    "google/type/decimal.proto",
    "google/type/expr.proto",
    "google/type/fraction.proto",
    "google/type/interval.proto",
    "google/type/latlng.proto",
    "google/type/localized_text.proto",
    "google/type/money.proto",
    "google/type/month.proto",
    "google/type/phone_number.proto",
    "google/type/postal_address.proto",
    "google/type/quaternion.proto",
    "google/type/timeofday.proto",
];
