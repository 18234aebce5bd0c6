//! Java's serializers for text: what `key.serializer = …IntegerSerializer` makes of `42`.

use milena::Serializer;
use milena::knobs::SerializerName;
use milena::serializer::SerializedHeaders;
use milena::serializers::{
    BooleanSerializer, DoubleSerializer, FloatSerializer, IntegerSerializer, LongSerializer, ShortSerializer,
    UUIDSerializer,
};
use std::borrow::Cow;

/// Whether it leaves text as it is.
pub(crate) fn is_text(serializer: SerializerName) -> bool {
    use SerializerName::{ByteArray, ByteBuffer, Bytes, String};
    matches!(serializer, String | ByteArray | ByteBuffer | Bytes)
}

/// What text it takes, for an error.
pub(crate) fn takes(serializer: SerializerName) -> &'static str {
    match serializer {
        SerializerName::Boolean => "true or false",
        SerializerName::Short => "an integer of 16 bits",
        SerializerName::Integer => "an integer of 32 bits",
        SerializerName::Long => "an integer of 64 bits",
        SerializerName::Float | SerializerName::Double => "a number",
        SerializerName::Uuid => "a UUID",
        SerializerName::Void => "the empty text",
        _ => "text",
    }
}

/// The bytes of `text`, as Java's serializer writes them. `Err` holds the text, cut to what a person wants to see.
pub(crate) fn serialize(serializer: SerializerName, text: Cow<'_, [u8]>) -> Result<Option<Cow<'_, [u8]>>, String> {
    if is_text(serializer) {
        return Ok(Some(text));
    }
    let Ok(word) = std::str::from_utf8(&text) else { return Err(shown(&text)) };
    let bytes = match serializer {
        SerializerName::Void => return if word.is_empty() { Ok(None) } else { Err(shown(&text)) },
        SerializerName::Boolean => word.parse().ok().and_then(|value: bool| written(BooleanSerializer, &value)),
        SerializerName::Short => word.parse().ok().and_then(|value: i16| written(ShortSerializer, &value)),
        SerializerName::Integer => word.parse().ok().and_then(|value: i32| written(IntegerSerializer, &value)),
        SerializerName::Long => word.parse().ok().and_then(|value: i64| written(LongSerializer, &value)),
        SerializerName::Float => word.parse().ok().and_then(|value: f32| written(FloatSerializer, &value)),
        SerializerName::Double => word.parse().ok().and_then(|value: f64| written(DoubleSerializer, &value)),
        SerializerName::Uuid => written(UUIDSerializer, word),
        // A name of a later release of the library: refused rather than sent as something else.
        _ => None,
    };
    bytes.map(|bytes| Some(Cow::Owned(bytes))).ok_or_else(|| shown(&text))
}

fn written<T: ?Sized>(serializer: impl Serializer<T>, value: &T) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    serializer.serialize(value, &mut bytes, &mut SerializedHeaders::default()).ok()?;
    Some(bytes)
}

/// The first 40 characters: an error is a sentence, not a dump.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> SerializerName {
        SerializerName::ALL.into_iter().find(|serializer| serializer.simple_name() == name).unwrap()
    }

    fn bytes(name: &str, text: &str) -> Option<Vec<u8>> {
        serialize(named(name), Cow::Borrowed(text.as_bytes())).unwrap().map(Cow::into_owned)
    }

    #[test]
    fn the_bytes_are_javas() {
        // Written by kafka-clients 4.3.1.
        assert_eq!(bytes("StringSerializer", "k1").unwrap(), b"k1");
        assert_eq!(bytes("BooleanSerializer", "true").unwrap(), [1]);
        assert_eq!(bytes("ShortSerializer", "-2").unwrap(), [0xff, 0xfe]);
        assert_eq!(bytes("IntegerSerializer", "-1").unwrap(), [0xff; 4]);
        assert_eq!(bytes("LongSerializer", "1234567890123").unwrap(), [0, 0, 1, 0x1f, 0x71, 0xfb, 4, 0xcb]);
        assert_eq!(bytes("FloatSerializer", "1.5").unwrap(), [0x3f, 0xc0, 0, 0]);
        assert_eq!(bytes("DoubleSerializer", "-0.1").unwrap(), [0xbf, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a]);
        assert_eq!(bytes("DoubleSerializer", "NaN").unwrap(), [0x7f, 0xf8, 0, 0, 0, 0, 0, 0]);
        let uuid = "89791762-2336-4186-9674-299B90A802E2";
        assert_eq!(bytes("UUIDSerializer", uuid).unwrap(), uuid.to_lowercase().as_bytes());
        assert_eq!(bytes("VoidSerializer", ""), None);
    }

    #[test]
    fn text_of_another_type_is_refused() {
        let cases = [
            ("BooleanSerializer", "yes"),
            ("ShortSerializer", "32768"),
            ("IntegerSerializer", "1.0"),
            ("IntegerSerializer", ""),
            ("LongSerializer", "9223372036854775808"),
            ("DoubleSerializer", "1,5"),
            ("UUIDSerializer", "89791762233641869674299b90a802e2"),
            ("VoidSerializer", "x"),
        ];
        for (class, text) in cases {
            assert_eq!(serialize(named(class), Cow::Borrowed(text.as_bytes())), Err(text.into()), "{class}");
        }
    }
}
