//! Answers: written at once, or by a thread of their own when they are due.

use super::frame::Request;
use super::invalid;
use super::produce::Appended;
use milena_wire::Encode;
use milena_wire::buf::Writer;
use milena_wire::frame::{OpenFrame, ResponseHeader};
use milena_wire::messages::produce::{PartitionProduceResponse, ProduceResponse, TopicProduceResponse};
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The one broker's id.
pub(super) const BROKER: i32 = 1;

/// The way back of one connection. In order: delays are the same for all, or grow.
pub(super) enum Replies {
    AtOnce(TcpStream),
    Delayed(Sender<(Instant, Vec<u8>)>),
}

impl Replies {
    pub(super) fn new(mut stream: TcpStream, delayed: bool) -> Self {
        if !delayed {
            return Self::AtOnce(stream);
        }
        let (sender, receiver) = channel::<(Instant, Vec<u8>)>();
        thread::spawn(move || {
            for (due, reply) in receiver {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                if stream.write_all(&reply).is_err() {
                    return;
                }
            }
        });
        Self::Delayed(sender)
    }

    pub(super) fn send(&mut self, reply: Vec<u8>, delay: Duration) -> io::Result<()> {
        match self {
            Self::AtOnce(stream) => stream.write_all(&reply),
            Self::Delayed(sender) => {
                sender.send((Instant::now() + delay, reply)).map_err(|_| io::ErrorKind::ConnectionReset.into())
            }
        }
    }
}

/// A response with its length and header. `version` is that of its body.
pub(super) fn frame(request: &Request, version: i16, response: &impl Encode) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new();
    let open = OpenFrame::begin(&mut writer);
    ResponseHeader { correlation_id: request.correlation_id }.encode(&mut writer, request.api_key, version);
    response.encode(&mut writer, version).map_err(invalid)?;
    open.end(&mut writer, 0).map_err(invalid)?;
    Ok(writer.into_bytes())
}

pub(super) fn produce_response(request: &Request, appended: &Appended) -> io::Result<Vec<u8>> {
    let partition = |&(index, base_offset): &(i32, i64)| PartitionProduceResponse {
        index,
        base_offset,
        log_start_offset: 0,
        ..Default::default()
    };
    let topic = |(name, partitions): &(String, Vec<(i32, i64)>)| TopicProduceResponse {
        name: name.clone(),
        partition_responses: partitions.iter().map(partition).collect(),
        ..Default::default()
    };
    let response = ProduceResponse { responses: appended.topics.iter().map(topic).collect(), ..Default::default() };
    frame(request, request.api_version, &response)
}
