//! The plain serializers write what Java's write.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, its helpers too")]

mod plain;

use milena::serializer::{Datum, SerializedHeaders};
use milena::serializers::{
    BooleanSerializer, ByteArraySerializer, DoubleSerializer, EncodedStringSerializer, Encoding, FloatSerializer,
    IntegerSerializer, ListElement, ListSerializer, LongSerializer, Nullable, ShortSerializer, StringSerializer,
    UUIDSerializer, VoidSerializer,
};
use milena::{SerializeError, Serializer};
use plain::{Visit, rows};

/// What the serializer writes, in hexadecimal; `null` for null. It must not touch what is there, and must say the same in
/// place.
fn written<T: ?Sized>(serializer: impl Serializer<T>, value: &T) -> String {
    let mut out = b"there".to_vec();
    let mut headers = SerializedHeaders::default();
    let datum = serializer.serialize(value, &mut out, &mut headers).unwrap();
    let bytes = out.strip_prefix(b"there").unwrap();
    assert!(headers.is_empty());
    if let Some(in_place) = serializer.in_place(value) {
        assert_eq!(in_place, bytes);
    }
    match datum {
        Datum::Null => "null".into(),
        Datum::Bytes => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// What was written of a value last.
#[derive(Default)]
struct Write {
    hex: String,
}

impl Visit for Write {
    fn visit<T: ?Sized>(&mut self, serializer: impl Serializer<T>, value: Option<&T>) {
        self.hex = value.map_or_else(|| "null".into(), |value| written(serializer, value));
    }
}

#[test]
fn every_plain_type_is_written_as_java_writes_it() {
    let mut seen = 0;
    for row in rows() {
        let mut write = Write::default();
        row.visit(&mut write);
        assert_eq!(write.hex, row.bytes, "{} {:?}", row.class, row.value);
        seen += 1;
    }
    assert_eq!(seen, 49);
}

#[test]
fn a_float_keeps_the_bits_of_its_nan_and_a_double_does_not() {
    assert_eq!(written(FloatSerializer, &f32::from_bits(0xffc0_1234)), "ffc01234");
    assert_eq!(written(DoubleSerializer, &f64::from_bits(0xfff8_0000_0000_1234)), "7ff8000000000000");
    assert_eq!(written(DoubleSerializer, &f64::NEG_INFINITY), "fff0000000000000");
}

#[test]
fn natural_types_are_taken() {
    assert_eq!(written(StringSerializer, "k1"), "6b31");
    assert_eq!(written(StringSerializer, &std::borrow::Cow::Borrowed("k1")), "6b31");
    assert_eq!(written(ByteArraySerializer, "k1"), "6b31");
    assert_eq!(written(ByteArraySerializer, &[0u8, 255]), "00ff");
    assert_eq!(written(ByteArraySerializer, [0u8, 255].as_slice()), "00ff");
    assert_eq!(written(std::sync::Arc::new(BooleanSerializer), &true), "01");
    assert_eq!(written(VoidSerializer, &7), "null");
}

/// What an encoding does not have is lost in Java too, so that Java cannot read it back: not among the golden rows.
#[test]
fn text_in_javas_encodings() {
    let text = "aé€😀";
    let cases = [
        (Encoding::Utf8, "61c3a9e282acf09f9880"),
        (Encoding::Utf16, "feff006100e920acd83dde00"),
        (Encoding::Utf16Be, "006100e920acd83dde00"),
        (Encoding::Utf16Le, "6100e900ac203dd800de"),
        (Encoding::Iso8859_1, "61e93f3f"),
        (Encoding::UsAscii, "613f3f3f"),
    ];
    for (encoding, hex) in cases {
        assert_eq!(written(EncodedStringSerializer(encoding), text), hex, "{encoding}");
        assert_eq!(written(EncodedStringSerializer(encoding), ""), "", "{encoding}");
        assert_eq!(encoding.name().to_lowercase().parse(), Ok(encoding));
    }
    let error = "EBCDIC".parse::<Encoding>().unwrap_err();
    assert!(error.to_string().contains("\"EBCDIC\"") && error.to_string().contains("UTF-16LE"), "{error}");
}

#[test]
fn a_uuid_is_written_as_text() {
    let raw = 0x8979_1762_2336_4186_9674_299b_90a8_02e2u128.to_be_bytes();
    let hex = "38393739313736322d323333362d343138362d393637342d323939623930613830326532";
    assert_eq!(written(UUIDSerializer, &raw), hex);
    assert_eq!(written(UUIDSerializer, "89791762-2336-4186-9674-299B90A802E2"), hex);
    for wrong in ["", "8979176223364186-9674-299b90a802e2-000", "89791762-2336-4186-9674-299b90a802eg", "89791762"] {
        let error = UUIDSerializer.serialize(wrong, &mut Vec::new(), &mut SerializedHeaders::default()).unwrap_err();
        assert!(error.reason().ends_with("is not the text of a UUID"), "{error}");
    }
}

#[test]
fn lists_of_equally_long_entries_name_their_nulls() {
    let nullable = ListSerializer(Nullable(IntegerSerializer));
    assert_eq!(
        written(nullable, &[Some(1), None, Some(3)][..]),
        "00000000010000000100000003 00000001 00000003".replace(' ', "")
    );
    assert_eq!(
        written(ListSerializer(IntegerSerializer), &vec![1, 2]),
        "00 00000000 00000002 00000001 00000002".replace(' ', "")
    );
    assert_eq!(written(ListSerializer(ShortSerializer), &Vec::new()), "000000000000000000");
    assert_eq!(
        written(ListSerializer(Nullable(LongSerializer)), &vec![None, None]),
        "00 00000002 00000000 00000001 00000002".replace(' ', "")
    );
}

#[test]
fn lists_of_other_entries_have_their_lengths() {
    let strings = ListSerializer(Nullable(StringSerializer));
    assert_eq!(
        written(strings, &[Some("a"), None, Some("bc")][..]),
        "01 00000003 00000001 61 ffffffff 00000002 6263".replace(' ', "")
    );
    assert_eq!(written(ListSerializer(BooleanSerializer), &vec![true]), "01000000010000000101");
    assert_eq!(written(ListSerializer(VoidSerializer), &vec![()]), "0100000001ffffffff");
    assert_eq!(
        written(ListSerializer(ListSerializer(ShortSerializer)), &vec![vec![1i16]]),
        "01 00000001 0000000b 00 00000000 00000001 0001".replace(' ', "")
    );
}

#[test]
fn an_entry_that_does_not_fit_is_named() {
    let error = ListSerializer(ListSerializer(UUIDSerializer))
        .serialize(
            &vec![vec![], vec!["89791762-2336-4186-9674-299b90a802e2".to_owned(), "x".into()]],
            &mut Vec::new(),
            &mut SerializedHeaders::default(),
        )
        .unwrap_err();
    assert_eq!(error.path(), "[1][1]");
}

/// One of a user's own.
struct Tally;

impl Serializer<u8> for Tally {
    fn serialize(&self, value: &u8, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        out.extend(std::iter::repeat_n(b'|', usize::from(*value)));
        Ok(Datum::Bytes)
    }
}

impl ListElement for Tally {}

#[test]
fn lists_hold_entries_of_a_users_own_serializer() {
    assert_eq!(written(ListSerializer(Tally), &vec![2, 0]), "01 00000002 00000002 7c7c 00000000".replace(' ', ""));
}
