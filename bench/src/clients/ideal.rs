//! No client at all: one thread that encodes batches and writes them. What nobody can be faster than.

use super::Client;
use crate::arguments::Arguments;
use crate::load::{Load, Outgoing};
use crate::tally::Tally;
use anyhow::{Context, Result};
use bytes::Bytes;
use milena_wire::buf::Uuid;
use milena_wire::compression::{Codec, Compression, Compressor};
use milena_wire::produce::{PartitionBatch, RequestParts, encode_request};
use milena_wire::record::{Header, RecordView};
use milena_wire::record_batch::{BATCH_HEADER_LEN, BatchHeader};
use std::collections::VecDeque;
use std::io::{IoSlice, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::sync::Arc;

const IN_FLIGHT: usize = 5;
/// Bytes of a batch where the others take their defaults and it is asked for large ones: what brokers take by default.
const LARGE: usize = 1024 * 1024;
/// The version that the broker speaks and all clients use.
const VERSION: i16 = 9;
/// Pieces per `writev`; the system takes 1,024.
const PIECES: usize = 512;

pub(super) struct Ideal {
    stream: TcpStream,
    topic: String,
    batch: usize,
    in_flight: VecDeque<Vec<Range<u64>>>,
    unacked: usize,
    compression: Compression,
    compressor: Compressor,
    batches: Vec<Open>,
    /// Those that hold records, so that a request costs nothing for the others.
    open: Vec<usize>,
    /// The partition that keyless records go to until its batch is full.
    current: usize,
    /// Full batches of the open request.
    full: usize,
    free: Vec<Vec<u8>>,
    correlation_id: i32,
    tally: Arc<Tally>,
}

#[derive(Default)]
struct Open {
    body: Vec<u8>,
    count: i32,
    first: u64,
    sequence: i32,
}

impl Ideal {
    pub(super) fn connect(arguments: &Arguments, tally: &Arc<Tally>) -> Result<Self> {
        let stream = TcpStream::connect(&arguments.bootstrap)?;
        stream.set_nodelay(true)?;
        let codec: Codec = arguments.compression.parse().ok().context("compression")?;
        let partitions = usize::try_from(arguments.partitions)?;
        // No partition may have more of the records unacknowledged than its share.
        let share = arguments.unacked * (arguments.value + 10) / IN_FLIGHT / partitions;
        Ok(Self {
            stream,
            topic: arguments.topic.clone(),
            batch: if arguments.mode == "large" { LARGE } else { arguments.batch.min(share) },
            in_flight: VecDeque::new(),
            unacked: IN_FLIGHT,
            compression: Compression { codec, level: None },
            compressor: Compressor::default(),
            batches: (0..partitions).map(|_| Open::default()).collect(),
            open: Vec::with_capacity(partitions),
            current: 0,
            full: 0,
            free: Vec::new(),
            correlation_id: 0,
            tally: Arc::clone(tally),
        })
    }

    fn append(&mut self, outgoing: Outgoing<'_>) -> Result<()> {
        let keyed = outgoing.key.map(|key| key.iter().fold(0, |hash: usize, byte| hash * 31 + usize::from(*byte)));
        let named = outgoing.partition.and_then(|partition| usize::try_from(partition).ok());
        let at = named.or(keyed.map(|hash| hash % self.batches.len())).unwrap_or(self.current);
        let open = &mut self.batches[at];
        if open.count == 0 {
            open.first = outgoing.number;
            self.open.push(at);
        }
        let view = RecordView {
            timestamp_delta: 0,
            offset_delta: open.count,
            key: outgoing.key,
            value: Some(outgoing.value),
            headers: std::iter::empty::<Header<'_>>(),
        };
        view.encode(&mut open.body);
        open.count += 1;
        if open.body.len() + BATCH_HEADER_LEN + outgoing.value.len() + 40 > self.batch {
            self.full += 1;
            self.current = (self.current + 1) % self.batches.len();
            // With keys, batches do not fill together: the first full one takes all along.
            if self.full == self.batches.len() || named.is_some() || keyed.is_some() {
                self.request()?;
            }
        }
        Ok(())
    }

    /// Writes all open batches, and waits while too many requests are in flight.
    fn request(&mut self) -> Result<()> {
        let mut sealed = Vec::with_capacity(self.open.len());
        let mut records = Vec::with_capacity(self.open.len());
        for index in self.open.drain(..) {
            let open = &mut self.batches[index];
            let mut body = std::mem::replace(&mut open.body, self.free.pop().unwrap_or_default());
            let mut codec = Codec::None;
            if self.compression.codec != Codec::None {
                let plain = body;
                body = Vec::with_capacity(plain.len());
                self.compressor.compress(self.compression, &plain, &mut body)?;
                codec = self.compression.codec;
                let mut plain = plain;
                plain.clear();
                self.free.push(plain);
            }
            let header = BatchHeader {
                base_offset: 0,
                partition_leader_epoch: -1,
                codec,
                timestamp_type: Default::default(),
                transactional: false,
                control: false,
                last_offset_delta: open.count - 1,
                base_timestamp: 1_700_000_000_000,
                max_timestamp: 1_700_000_000_000,
                producer_id: 1,
                producer_epoch: 0,
                base_sequence: open.sequence,
                record_count: open.count,
            };
            let body = Bytes::from(body);
            let header = header.encode(&body);
            sealed.push((i32::try_from(index)?, header, body));
            records.push(open.first..open.first + open.count.unsigned_abs() as u64);
            open.sequence += open.count;
            open.count = 0;
        }
        self.full = 0;
        if sealed.is_empty() {
            return Ok(());
        }
        self.write(&sealed)?;
        for (_, _, body) in sealed {
            if let Ok(mut body) = body.try_into_mut().map(Vec::from) {
                body.clear();
                self.free.push(body);
            }
        }
        self.in_flight.push_back(records);
        while self.in_flight.len() >= self.unacked {
            self.answer()?;
        }
        Ok(())
    }

    fn write(&mut self, sealed: &[(i32, [u8; BATCH_HEADER_LEN], Bytes)]) -> Result<()> {
        let parts = RequestParts {
            correlation_id: self.correlation_id,
            client_id: Some("ideal"),
            acks: -1,
            timeout_ms: 30_000,
            transactional_id: None,
        };
        self.correlation_id += 1;
        let batch = |(index, header, body): &'_ (i32, [u8; BATCH_HEADER_LEN], Bytes)| (*index, *header, body.clone());
        let held: Vec<_> = sealed.iter().map(batch).collect();
        let batches: Vec<_> = held
            .iter()
            .map(|(index, header, body)| PartitionBatch {
                topic: &self.topic,
                topic_id: Uuid([0; 16]),
                index: *index,
                header,
                body,
            })
            .collect();
        let pieces = encode_request(VERSION, &parts, &batches)?;
        for pieces in pieces.chunks(PIECES) {
            let mut slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
            let mut slices = slices.as_mut_slice();
            while !slices.is_empty() {
                let written = self.stream.write_vectored(slices)?;
                IoSlice::advance_slices(&mut slices, written);
            }
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<()> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut answer = vec![0; usize::try_from(i32::from_be_bytes(length))?];
        self.stream.read_exact(&mut answer)?;
        for number in self.in_flight.pop_front().into_iter().flatten().flatten() {
            self.tally.ack(number);
        }
        Ok(())
    }
}

impl Client for Ideal {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        load.records(numbers).try_for_each(|outgoing| self.append(outgoing))
    }

    fn flush(&mut self) -> Result<()> {
        self.request()?;
        while !self.in_flight.is_empty() {
            self.answer()?;
        }
        Ok(())
    }

    fn end_of_tick(&mut self) -> Result<()> {
        self.flush()
    }
}
