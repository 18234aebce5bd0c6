//! The serializers that Java ships, by class name: what `key.serializer` and `value.serializer` of a Java file select here.

use std::fmt;

/// How a key or a value becomes bytes, after the class of `org.apache.kafka.common.serialization` that does the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SerializerName {
    /// `ByteArraySerializer`: bytes as they are. The default.
    #[default]
    ByteArray,
    /// `ByteBufferSerializer`: bytes as they are.
    ByteBuffer,
    /// `BytesSerializer`: bytes as they are.
    Bytes,
    /// `StringSerializer`: UTF-8.
    String,
    /// `ShortSerializer`: two bytes, big-endian.
    Short,
    /// `IntegerSerializer`: four bytes, big-endian.
    Integer,
    /// `LongSerializer`: eight bytes, big-endian.
    Long,
    /// `FloatSerializer`: four bytes, IEEE 754, big-endian.
    Float,
    /// `DoubleSerializer`: eight bytes, IEEE 754, big-endian.
    Double,
    /// `UUIDSerializer`: the 36 characters of its text form, UTF-8.
    Uuid,
    /// `BooleanSerializer`: one byte, 0 or 1.
    Boolean,
    /// `VoidSerializer`: always null.
    Void,
}

/// Where Java keeps them.
const PACKAGE: &str = "org.apache.kafka.common.serialization.";

impl SerializerName {
    /// Every one there is.
    pub const ALL: [Self; 12] = [
        Self::ByteArray,
        Self::ByteBuffer,
        Self::Bytes,
        Self::String,
        Self::Short,
        Self::Integer,
        Self::Long,
        Self::Float,
        Self::Double,
        Self::Uuid,
        Self::Boolean,
        Self::Void,
    ];

    /// Its Java class, without the package.
    pub fn simple_name(self) -> &'static str {
        match self {
            Self::ByteArray => "ByteArraySerializer",
            Self::ByteBuffer => "ByteBufferSerializer",
            Self::Bytes => "BytesSerializer",
            Self::String => "StringSerializer",
            Self::Short => "ShortSerializer",
            Self::Integer => "IntegerSerializer",
            Self::Long => "LongSerializer",
            Self::Float => "FloatSerializer",
            Self::Double => "DoubleSerializer",
            Self::Uuid => "UUIDSerializer",
            Self::Boolean => "BooleanSerializer",
            Self::Void => "VoidSerializer",
        }
    }

    /// The serializer of a Java class name, with its package or without.
    pub(crate) fn of_class(class: &str) -> Result<Self, String> {
        let simple = class.strip_prefix(PACKAGE).unwrap_or(class);
        Self::ALL.into_iter().find(|name| name.simple_name() == simple).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.into_iter().map(Self::simple_name).collect();
            format!("no such serializer here; known in {}*: {}", PACKAGE, known.join(", "))
        })
    }
}

/// Its Java class, with the package.
impl fmt::Display for SerializerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PACKAGE}{}", self.simple_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_again_with_and_without_its_package() {
        for name in SerializerName::ALL {
            assert_eq!(SerializerName::of_class(&name.to_string()), Ok(name));
            assert_eq!(SerializerName::of_class(name.simple_name()), Ok(name));
        }
    }

    #[test]
    fn an_unknown_class_is_answered_with_the_known_ones() {
        let error = SerializerName::of_class("io.confluent.kafka.serializers.KafkaAvroSerializer").unwrap_err();
        assert!(error.contains("StringSerializer, ShortSerializer"), "{error}");
    }
}
