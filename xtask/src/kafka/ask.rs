//! Questions to a broker by our own messages: a millisecond, where one of Kafka's tools takes a second of JVM.

use super::topic::Partition;
use anyhow::{Context, Result, ensure};
use milena_wire::Decode;
use milena_wire::buf::{Reader, Writer};
use milena_wire::frame::{OpenFrame, RequestHeader, ResponseHeader};
use milena_wire::messages::Request;
use milena_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One connection, one question at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    asked: i32,
}

impl Connection {
    /// Connects to `host:port`. Neither connecting nor an answer may take longer than `patience`.
    pub(crate) fn to(address: &str, patience: Duration) -> Result<Self> {
        let address: SocketAddr = address.parse().with_context(|| format!("no address: {address}"))?;
        let stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, asked: 0 })
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask<R: Request>(&mut self, request: &R, version: i16) -> Result<R::Response> {
        self.send(request, version)?;
        self.hear::<R>(version)
    }

    /// Sends a request whose answer is not read now, if one comes at all.
    pub(crate) fn send<R: Request>(&mut self, request: &R, version: i16) -> Result<()> {
        self.asked += 1;
        let mut writer = Writer::new();
        let frame = OpenFrame::begin(&mut writer);
        let (api_key, correlation_id) = (R::KEY, self.asked);
        RequestHeader { api_key, api_version: version, correlation_id, client_id: Some("xtask") }
            .encode(&mut writer)?;
        request.encode(&mut writer, version)?;
        frame.end(&mut writer, 0)?;
        self.stream.write_all(&writer.into_bytes())?;
        Ok(())
    }

    /// Reads the answer to the last request.
    pub(crate) fn hear<R: Request>(&mut self, version: i16) -> Result<R::Response> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut frame)?;
        let mut reader = Reader::new(&frame);
        let header = ResponseHeader::decode(&mut reader, R::KEY, version)?;
        ensure!(header.correlation_id == self.asked, "an answer to another question");
        Ok(R::Response::decode(&mut reader, version)?)
    }
}

/// Who leads a topic's partitions and how many replicas are in sync, as the first broker knows it that answers.
pub(crate) fn partitions(bootstrap: &str, topic: &str) -> Result<Vec<Partition>> {
    let mut last = None;
    for address in bootstrap.split(',') {
        match partitions_at(address, topic) {
            Ok(partitions) => return Ok(partitions),
            Err(error) => last = Some(error),
        }
    }
    Err(last.context("no servers")?)
}

fn partitions_at(address: &str, topic: &str) -> Result<Vec<Partition>> {
    let named = MetadataRequestTopic { name: Some(topic.to_owned()), ..Default::default() };
    let request = MetadataRequest { topics: Some(vec![named]), ..Default::default() };
    let response = Connection::to(address, Duration::from_secs(1))?.ask(&request, 12)?;
    let found = response.topics.into_iter().next().context("no topic in the answer")?;
    ensure!(found.error_code.is_none(), "topic {topic}: {}", found.error_code);
    let mut partitions = found.partitions;
    partitions.sort_by_key(|partition| partition.partition_index);
    let seen = |partition: &milena_wire::messages::metadata::MetadataResponsePartition| Partition {
        leader: u32::try_from(partition.leader_id).ok(),
        in_sync: partition.isr_nodes.len(),
    };
    Ok(partitions.iter().map(seen).collect())
}
