//! The files that every Protobuf tool has, and that are not registered (Java's `skip.known.types`).

/// Whether an import is of a file that nobody registers.
///
/// As Confluent's `ProtobufSchema` has them: Google's types, and Confluent's own.
pub(super) fn is_known(import: &str) -> bool {
    import.starts_with("google/protobuf/") || import.starts_with("google/type/") || CONFLUENT.contains(&import)
}

const CONFLUENT: [&str; 3] = ["confluent/meta.proto", "confluent/type/decimal.proto", "confluent/type/variant.proto"];
