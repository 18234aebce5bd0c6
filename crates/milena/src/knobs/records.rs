//! Knobs that say how keys and values become bytes.

use super::field::Field;
use super::{Group, Kind, Knob, Support, Unit, Valid};
use crate::serializer_names::SerializerName;

const BYTE_ARRAY: &str = "org.apache.kafka.common.serialization.ByteArraySerializer";

pub(super) static GROUP: Group = Group {
    title: "Keys and values",
    doc: "Records hold bytes. A Java file's serializer says how text, as the command line reads it, becomes those bytes.",
    knobs: &[
        Knob {
            name: "key.serializer",
            kind: Kind::Class,
            default: Some(BYTE_ARRAY),
            valid: Valid::Any,
            unit: Unit::None,
            doc: "How a key becomes bytes: a class of org.apache.kafka.common.serialization, by its full name or its last part: \
                  ByteArraySerializer, ByteBufferSerializer and BytesSerializer (bytes as they are), StringSerializer and \
                  UUIDSerializer (UTF-8), ShortSerializer, IntegerSerializer, LongSerializer, FloatSerializer and \
                  DoubleSerializer (big-endian), BooleanSerializer (one byte), VoidSerializer (null). Any other class is an \
                  error: its bytes would not be the ones that consumers expect.",
            differs: "It need not be set: the default writes bytes as they are. ListSerializer is not supported.",
            since: "0.8.2",
            setter: None,
            support: Support::Full(Field::Text {
                write: |settings, class| {
                    settings.key_serializer = SerializerName::of_class(class)?;
                    Ok(())
                },
                read: |settings| settings.key_serializer.to_string(),
            }),
        },
        Knob {
            name: "value.serializer",
            kind: Kind::Class,
            default: Some(BYTE_ARRAY),
            valid: Valid::Any,
            unit: Unit::None,
            doc: "How a value becomes bytes; the classes are those of key.serializer.",
            differs: "It need not be set: the default writes bytes as they are. ListSerializer is not supported.",
            since: "0.8.2",
            setter: None,
            support: Support::Full(Field::Text {
                write: |settings, class| {
                    settings.value_serializer = SerializerName::of_class(class)?;
                    Ok(())
                },
                read: |settings| settings.value_serializer.to_string(),
            }),
        },
    ],
};
