//! Records and batch headers come back as they were written, whatever is in them.

use milena_wire::buf::Reader;
use milena_wire::compression::Codec;
use milena_wire::record::{Header, RecordView, Records};
use milena_wire::record_batch::{BatchHeader, RecordBatch, TimestampType};
use proptest::prelude::*;

/// A record with everything owned.
#[derive(Debug, Clone, PartialEq)]
struct Owned {
    timestamp_delta: i64,
    offset_delta: i32,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Owned {
    fn view(&self) -> RecordView<'_, impl Iterator<Item = Header<'_>> + Clone> {
        RecordView {
            timestamp_delta: self.timestamp_delta,
            offset_delta: self.offset_delta,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: self.headers.iter().map(|(key, value)| Header { key, value: value.as_deref() }),
        }
    }
}

/// Integers of every width, so that every length of varint appears.
fn any_width() -> impl Strategy<Value = i64> {
    (any::<i64>(), 0u32..64).prop_map(|(value, shift)| value >> shift)
}

fn bytes() -> impl Strategy<Value = Option<Vec<u8>>> {
    proptest::option::of(prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..100),
        1 => (any::<u8>(), 8_000usize..20_000).prop_map(|(byte, size)| vec![byte; size]),
    ])
}

fn record() -> impl Strategy<Value = Owned> {
    // Keys of three letters out of two: duplicates happen.
    let headers = proptest::collection::vec(("[aé]{0,3}|.{0,70}", bytes()), 0..5);
    (any_width(), any::<i32>(), 0u32..32, bytes(), bytes(), headers).prop_map(
        |(timestamp_delta, offset_delta, shift, key, value, headers)| Owned {
            timestamp_delta,
            offset_delta: offset_delta >> shift,
            key,
            value,
            headers,
        },
    )
}

fn decoded(body: &[u8]) -> Vec<Owned> {
    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    Records::new(body)
        .map(|record| {
            let record = record.expect("a record");
            Owned {
                timestamp_delta: record.timestamp_delta,
                offset_delta: record.offset_delta,
                key: owned(record.key),
                value: owned(record.value),
                headers: record
                    .headers()
                    .map(|h| h.map(|h| (h.key.to_owned(), owned(h.value))).expect("a header"))
                    .collect(),
            }
        })
        .collect()
}

/// Reads everything there is to read, errors and all.
fn walk(body: &[u8]) {
    for record in Records::new(body).flatten() {
        record.headers().for_each(drop);
    }
}

proptest! {
    #[test]
    fn records_come_back_as_they_were_written(records in proptest::collection::vec(record(), 0..6)) {
        let mut body = Vec::new();
        for record in &records {
            let before = body.len();
            let written = record.view().encode(&mut body);
            prop_assert_eq!(written, body.len() - before);
            prop_assert_eq!(written, record.view().encoded_len());
            prop_assert!(61 + written <= record.view().upper_bound());
        }
        prop_assert_eq!(decoded(&body), records);
    }

    #[test]
    fn a_buffer_with_room_for_the_record_does_not_grow(record in record()) {
        let mut out = Vec::with_capacity(record.view().encoded_len());
        let capacity = out.capacity();
        record.view().encode(&mut out);
        prop_assert_eq!(out.capacity(), capacity);
    }

    #[test]
    fn a_record_moved_to_another_batch_keeps_its_content(
        record in record(), timestamp_delta in any_width(), offset_delta in any::<i32>(),
    ) {
        let (mut body, mut moved, mut expected) = (Vec::new(), Vec::new(), Vec::new());
        record.view().encode(&mut body);
        let encoded = Records::new(&body).next().unwrap().unwrap();
        prop_assert_eq!(encoded.bytes, &body[..]);
        encoded.encode_at(timestamp_delta, offset_delta, &mut moved);
        Owned { timestamp_delta, offset_delta, ..record }.view().encode(&mut expected);
        prop_assert_eq!(moved, expected);
    }

    #[test]
    fn a_cut_or_changed_body_ends_in_an_error_not_in_a_panic(
        records in proptest::collection::vec(record(), 1..4), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut body = Vec::new();
        for record in &records {
            record.view().encode(&mut body);
        }
        let at = at.index(body.len());
        walk(&body[..at]);
        body[at] = byte;
        walk(&body);
    }

    #[test]
    fn noise_is_no_record(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        walk(&noise);
        let _ = RecordBatch::decode(&mut Reader::new(&noise));
    }

    #[test]
    fn batch_headers_come_back_as_they_were_written(
        numbers in (any::<i64>(), any::<i32>(), any::<i32>(), any::<i64>(), any::<i64>()),
        stamp in (any::<i64>(), any::<i16>(), any::<i32>(), 0..i32::MAX),
        flags in any::<[bool; 3]>(), codec in 0u8..5, body in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let header = BatchHeader {
            base_offset: numbers.0,
            partition_leader_epoch: numbers.1,
            codec: Codec::from_id(codec).unwrap(),
            timestamp_type: if flags[0] { TimestampType::LogAppendTime } else { TimestampType::CreateTime },
            transactional: flags[1],
            control: flags[2],
            last_offset_delta: numbers.2,
            base_timestamp: numbers.3,
            max_timestamp: numbers.4,
            producer_id: stamp.0,
            producer_epoch: stamp.1,
            base_sequence: stamp.2,
            record_count: stamp.3,
        };
        let mut bytes = header.encode(&body).to_vec();
        bytes.extend_from_slice(&body);
        bytes.extend_from_slice(b"what follows");
        let mut reader = Reader::new(&bytes);
        let batch = RecordBatch::decode(&mut reader).unwrap();
        prop_assert_eq!(batch.header, header);
        prop_assert_eq!(batch.body, &body[..]);
        prop_assert_eq!(batch.verify_crc(), Ok(()));
        prop_assert_eq!(reader.rest(), b"what follows");

        for at in 21..61 + body.len() {
            bytes[at] ^= 1;
            if let Ok(batch) = RecordBatch::decode(&mut Reader::new(&bytes)) {
                prop_assert!(batch.verify_crc().is_err(), "byte {} changed unseen", at);
            }
            bytes[at] ^= 1;
        }
        for cut in 0..61 + body.len() {
            prop_assert!(RecordBatch::decode(&mut Reader::new(&bytes[..cut])).is_err());
        }
    }
}

#[test]
fn lengths_that_lie_are_refused() {
    let read = |bytes: &[u8]| {
        let record = Records::new(bytes).next().unwrap()?;
        record.headers().try_for_each(|header| header.map(drop))
    };
    assert!(read(&[0x01]).is_err(), "a record of length −1");
    assert!(read(&[0x0c, 0, 0, 0, 0x01, 0x01, 0x01]).is_err(), "−1 headers");
    assert!(read(&[0x0e, 0, 0, 0, 0x01, 0x01, 0, 9]).is_err(), "a byte after the last field");
    assert!(read(&[0x12, 0, 0, 0, 0x01, 0x01, 0x02, 0x00, 0x00, 9]).is_err(), "a byte after the last header");
    assert!(read(&[0x10, 0, 0, 0, 0x01, 0x01, 0x02, 0x01, 0x01]).is_err(), "a header without a key");
    assert!(read(&[0x12, 0, 0, 0, 0x01, 0x01, 0x02, 0x02, 0xff, 0x01]).is_err(), "a header's key that is not UTF-8");
    assert!(read(&[0xfe, 0xff, 0xff, 0xff, 0x0f, 0]).is_err(), "a record longer than what is there");
    assert!(read(&[0x0c, 0, 0, 0, 0x01, 0x01, 0x7e]).is_err(), "more headers than bytes");
    assert!(read(&[0x0c, 0, 0, 0, 0x01, 0x01, 0]).is_ok(), "null key, null value, no header");
}
