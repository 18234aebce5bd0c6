//! Length-prefixed frames, and the headers of requests and responses.

use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::version::ApiKey;
use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

/// The size of the length that every frame begins with.
const LENGTH: usize = 4;

/// A frame whose length is not known yet.
///
/// ```
/// # use milena_wire::{buf::Writer, frame::OpenFrame};
/// let mut writer = Writer::new();
/// let frame = OpenFrame::begin(&mut writer);
/// writer.raw(b"body");
/// frame.end(&mut writer, 0)?;
/// assert_eq!(writer.written(), b"\0\0\0\x04body");
/// # Ok::<(), milena_wire::buf::EncodeError>(())
/// ```
#[derive(Debug)]
#[must_use = "a frame that is not ended has no length"]
pub struct OpenFrame {
    at: usize,
}

impl OpenFrame {
    /// Leaves room for the length at the end of `writer`.
    pub fn begin(writer: &mut Writer) -> Self {
        let at = writer.len();
        writer.i32(0);
        Self { at }
    }

    /// Writes the length: everything since [`begin`](Self::begin), and `elsewhere` bytes that belong to the frame but
    /// are sent from another buffer.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] above 2 GiB.
    pub fn end(self, writer: &mut Writer, elsewhere: usize) -> Result<(), EncodeError> {
        let length = writer.len() - self.at - LENGTH + elsewhere;
        let length = i32::try_from(length).map_err(|_| EncodeError::TooLong("frame"))?;
        writer.patch(self.at, &length.to_be_bytes());
        Ok(())
    }
}

/// What every request begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHeader<'a> {
    /// The API.
    pub api_key: ApiKey,
    /// The version of the API in which the body is written.
    pub api_version: i16,
    /// Comes back in the response.
    pub correlation_id: i32,
    /// `client.id`: for quotas and the broker's logs.
    pub client_id: Option<&'a str>,
}

impl<'a> RequestHeader<'a> {
    /// Appends the header, in the version that the API's version asks for.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] for a client id above 32,767 bytes.
    pub fn encode(&self, writer: &mut Writer) -> Result<(), EncodeError> {
        writer.i16(self.api_key.0);
        writer.i16(self.api_version);
        writer.i32(self.correlation_id);
        // In the classic form even in header version 2, so that every broker can read the header of an ApiVersions request.
        writer.nullable_string(self.client_id, false)?;
        if self.api_key.request_header_version(self.api_version) >= 2 {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }

    /// Reads the header of a request. That of an API without a name here is read as version 1.
    ///
    /// # Errors
    /// Any [`DecodeError`].
    pub fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let header = Self {
            api_key: ApiKey(reader.i16()?),
            api_version: reader.i16()?,
            correlation_id: reader.i32()?,
            client_id: reader.nullable_string(false)?,
        };
        if header.api_key.request_header_version(header.api_version) >= 2 {
            reader.skip_tagged_fields()?;
        }
        Ok(header)
    }
}

/// What every response begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHeader {
    /// That of the request which is answered.
    pub correlation_id: i32,
}

impl ResponseHeader {
    /// The correlation id of the response in `frame`, without reading more of it: which request it answers says how
    /// the rest of the header is laid out.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] for a frame below four bytes.
    pub fn peek(frame: &[u8]) -> Result<i32, DecodeError> {
        Reader::new(frame).i32()
    }

    /// Reads the header of the response to a request of `api_key` in `api_version`.
    ///
    /// # Errors
    /// Any [`DecodeError`].
    pub fn decode(reader: &mut Reader<'_>, api_key: ApiKey, api_version: i16) -> Result<Self, DecodeError> {
        let header = Self { correlation_id: reader.i32()? };
        if api_key.response_header_version(api_version) >= 1 {
            reader.skip_tagged_fields()?;
        }
        Ok(header)
    }

    /// Appends the header of the response to a request of `api_key` in `api_version`.
    pub fn encode(&self, writer: &mut Writer, api_key: ApiKey, api_version: i16) {
        writer.i32(self.correlation_id);
        if api_key.response_header_version(api_version) >= 1 {
            writer.unsigned_varint(0);
        }
    }
}

/// Why bytes are no frames. The connection cannot go on: nobody knows where the next frame would begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The peer speaks TLS.
    #[error(
        "the peer speaks TLS where a Kafka frame was expected: this port wants TLS; \
         set security.protocol to SSL or SASL_SSL, or use the port of a plaintext listener"
    )]
    Tls,
    /// The peer is a web server or proxy.
    #[error("the peer speaks HTTP where a Kafka frame was expected: check host and port in bootstrap.servers")]
    Http,
    /// A length below zero.
    #[error("a frame announces the length {0}: the peer does not speak Kafka's protocol, or bytes were lost")]
    Negative(i32),
    /// A length above the limit.
    #[error(
        "a frame announces {length} bytes and the limit is {limit}: \
         the peer does not speak Kafka's protocol, or the limit is too low for its answer"
    )]
    TooLarge {
        /// Bytes announced.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
}

/// Cuts a stream of bytes, however it is chunked, into whole frames.
///
/// # Cost
/// Each byte is copied once, and moved when a large frame outgrows its buffer. Holds what was pushed and not taken yet, in
/// a buffer of at most twice that, and never of more than the frame; frames share its buffers and free them when the last
/// one is dropped.
#[derive(Debug)]
pub struct FrameSplitter {
    /// Begins with the length of a frame, as far as it is there. Empty while there is a `partial` frame.
    received: BytesMut,
    /// The beginning of a frame, its length included, and how long it will be.
    partial: Option<(Vec<u8>, usize)>,
    /// The largest length that is accepted, in bytes, the four of the length itself not counted.
    limit: usize,
    /// Once the stream makes no sense it never will again.
    broken: Option<FrameError>,
}

impl FrameSplitter {
    /// 8 MiB: above every answer that a producer asks for. The metadata of 100,000 partitions with three replicas each
    /// takes 4.2 MB.
    pub const DEFAULT_LIMIT: usize = 8 << 20;

    /// Accepts frames of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { received: BytesMut::new(), partial: None, limit, broken: None }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        let rest = match &mut self.partial {
            Some((partial, total)) => fill(partial, *total, bytes),
            None => bytes,
        };
        self.received.extend_from_slice(rest);
    }

    /// The next whole frame, without its length; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`FrameError`], and the same one forever after.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, FrameError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        if self.partial.is_some() {
            let whole = self.partial.take_if(|(partial, total)| partial.len() == *total);
            return Ok(whole.map(|(frame, _)| Bytes::from(frame).slice(LENGTH..)));
        }
        let Some(prefix) = self.received.first_chunk::<LENGTH>() else { return Ok(None) };
        let length = match frame_length(*prefix, self.limit) {
            Ok(length) => length,
            Err(error) => {
                self.broken = Some(error);
                self.received = BytesMut::new();
                return Err(error);
            }
        };
        if self.received.len() - LENGTH < length {
            self.partial = Some((std::mem::take(&mut self.received).into(), LENGTH + length));
            return Ok(None);
        }
        self.received.advance(LENGTH);
        let frame = self.received.split_to(length).freeze();
        if self.received.is_empty() {
            // Else the splitter would keep the buffer of the largest frame for the life of the connection.
            self.received = BytesMut::new();
        }
        Ok(Some(frame))
    }

    /// Bytes that were pushed and belong to no whole frame yet: above zero at the end of a stream, something was cut.
    pub fn unfinished(&self) -> usize {
        self.received.len() + self.partial.as_ref().map_or(0, |(partial, _)| partial.len())
    }
}

/// Adds what belongs to a frame of `total` bytes, and gives back what does not. The buffer doubles, but to no more than the
/// frame needs: what is announced and not there costs at most as much again as what is.
fn fill<'a>(partial: &mut Vec<u8>, total: usize, bytes: &'a [u8]) -> &'a [u8] {
    let (own, rest) = bytes.split_at(bytes.len().min(total - partial.len()));
    let needed = partial.len() + own.len();
    if needed > partial.capacity() {
        partial.reserve_exact(needed.max(2 * partial.len()).min(total) - partial.len());
    }
    partial.extend_from_slice(own);
    rest
}

fn frame_length(prefix: [u8; LENGTH], limit: usize) -> Result<usize, FrameError> {
    let announced = i32::from_be_bytes(prefix);
    let length = usize::try_from(announced).map_err(|_| FrameError::Negative(announced))?;
    if length <= limit {
        return Ok(length);
    }
    Err(match prefix {
        // A TLS record: alert (21) or handshake (22), then the version's major number.
        [0x15 | 0x16, 0x03, ..] => FrameError::Tls,
        [b'H', b'T', b'T', b'P'] => FrameError::Http,
        _ => FrameError::TooLarge { length, limit },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        let frame = OpenFrame::begin(&mut writer);
        writer.raw(body);
        frame.end(&mut writer, 0).unwrap();
        writer.into_bytes()
    }

    #[test]
    fn frames_come_out_whole_however_the_stream_is_chunked() {
        let stream = [frame(b"first"), frame(b""), frame(&[7; 300])].concat();
        for chunk in 1..=stream.len() {
            let mut splitter = FrameSplitter::new(1 << 10);
            let mut frames = Vec::new();
            for bytes in stream.chunks(chunk) {
                splitter.push(bytes);
                while let Some(frame) = splitter.next_frame().unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames, [&b"first"[..], b"", &[7; 300]], "chunks of {chunk}");
            assert_eq!(splitter.unfinished(), 0);
        }
    }

    #[test]
    fn an_announced_length_reserves_nothing() {
        let mut splitter = FrameSplitter::new(usize::MAX);
        splitter.push(&i32::MAX.to_be_bytes());
        assert_eq!(splitter.next_frame(), Ok(None));
        assert!(splitter.received.capacity() < 1 << 10);
    }

    #[test]
    fn the_buffer_of_a_large_frame_goes_with_the_frame() {
        let mut splitter = FrameSplitter::new(FrameSplitter::DEFAULT_LIMIT);
        splitter.push(&frame(&vec![7; 1 << 20]));
        assert!(splitter.received.capacity() > 1 << 20);
        drop(splitter.next_frame().unwrap());
        assert_eq!(splitter.received.capacity(), 0);
    }

    #[test]
    fn the_limit_is_the_largest_frame_that_passes() {
        let mut splitter = FrameSplitter::new(4);
        splitter.push(&frame(b"four"));
        assert_eq!(splitter.next_frame(), Ok(Some(Bytes::from_static(b"four"))));
        splitter.push(&frame(b"five!"));
        let error = FrameError::TooLarge { length: 5, limit: 4 };
        assert_eq!(splitter.next_frame(), Err(error));
        splitter.push(&frame(b"four"));
        assert_eq!(splitter.next_frame(), Err(error), "the stream stays broken");
        assert_eq!(splitter.unfinished(), 0);
    }

    #[test]
    fn a_negative_length_is_no_frame() {
        let mut splitter = FrameSplitter::new(FrameSplitter::DEFAULT_LIMIT);
        splitter.push(&[0xff; 4]);
        assert_eq!(splitter.next_frame(), Err(FrameError::Negative(-1)));
    }

    #[test]
    fn a_peer_that_speaks_something_else_is_named() {
        let alert = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50];
        let client_hello = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01];
        let answer = b"HTTP/1.1 400 Bad Request\r\n";
        for (bytes, error) in
            [(&alert[..], FrameError::Tls), (&client_hello, FrameError::Tls), (answer, FrameError::Http)]
        {
            let mut splitter = FrameSplitter::new(FrameSplitter::DEFAULT_LIMIT);
            splitter.push(bytes);
            assert_eq!(splitter.next_frame(), Err(error));
        }
        assert!(FrameError::Tls.to_string().contains("security.protocol"));
        assert!(FrameError::Http.to_string().contains("bootstrap.servers"));
    }

    #[test]
    fn bytes_sent_from_elsewhere_count() {
        let mut writer = Writer::new();
        let frame = OpenFrame::begin(&mut writer);
        writer.raw(b"head");
        frame.end(&mut writer, 100).unwrap();
        assert_eq!(writer.written(), b"\0\0\0\x68head");
        let frame = OpenFrame::begin(&mut writer);
        assert_eq!(frame.end(&mut writer, i32::MAX as usize + 1), Err(EncodeError::TooLong("frame")));
    }

    #[test]
    fn a_request_header_ends_in_tagged_fields_from_the_first_flexible_version_on() {
        for (api_version, bytes) in [
            (8, &b"\0\x03\0\x08\0\0\0\x07\0\x02me"[..]),
            // The client id keeps its two-byte length.
            (9, b"\0\x03\0\x09\0\0\0\x07\0\x02me\0"),
        ] {
            let header =
                RequestHeader { api_key: ApiKey::METADATA, api_version, correlation_id: 7, client_id: Some("me") };
            let mut writer = Writer::new();
            header.encode(&mut writer).unwrap();
            assert_eq!(writer.written(), bytes);
            let mut reader = Reader::new(bytes);
            assert_eq!(RequestHeader::decode(&mut reader), Ok(header));
            assert_eq!(reader.finish(), Ok(()));
        }
    }

    #[test]
    fn the_response_header_of_api_versions_never_has_tagged_fields() {
        for (api_key, api_version, size) in
            [(ApiKey::METADATA, 8, 4), (ApiKey::METADATA, 9, 5), (ApiKey::API_VERSIONS, 4, 4)]
        {
            let header = ResponseHeader { correlation_id: -5 };
            let mut writer = Writer::new();
            header.encode(&mut writer, api_key, api_version);
            assert_eq!(writer.len(), size);
            assert_eq!(ResponseHeader::peek(writer.written()), Ok(-5));
            let mut reader = Reader::new(writer.written());
            assert_eq!(ResponseHeader::decode(&mut reader, api_key, api_version), Ok(header));
            assert_eq!(reader.finish(), Ok(()));
        }
    }
}
