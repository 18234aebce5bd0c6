//! Requests as they come in: read where they must be looked at, dropped by the kernel where not.

use super::invalid;
use milena_wire::version::ApiKey;
use nix::sys::socket::{MsgFlags, recv};
use std::io::{self, Read};
use std::net::TcpStream;
use std::os::fd::AsRawFd;

/// Room for what is read at once.
const BUFFER: usize = 64 * 1024;
/// Read at once before large bodies: a batch's header and what stands around it, and little of the body.
const SIP: usize = 512;
/// A body this large is dropped by the kernel; a smaller one is read and passed over, which saves a call.
const LARGE: usize = 8 * 1024;

/// The bytes of one connection.
pub(super) struct Incoming {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// What of the buffer is read from the socket and not yet taken.
    start: usize,
    end: usize,
    /// How much to ask the socket for.
    appetite: usize,
    /// Bytes of the request that are not taken yet.
    left: usize,
}

/// What a request begins with.
pub(super) struct Request {
    pub(super) api_key: ApiKey,
    pub(super) api_version: i16,
    pub(super) correlation_id: i32,
}

impl Request {
    pub(super) fn is_flexible(&self) -> bool {
        self.api_key.flexible_from().is_some_and(|first| self.api_version >= first)
    }
}

impl Incoming {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: vec![0; BUFFER], start: 0, end: 0, appetite: SIP, left: 0 }
    }

    /// The next request's header. What was left of the one before is passed over.
    pub(super) fn request(&mut self) -> io::Result<Request> {
        self.skip(self.left)?;
        self.left = 4;
        let length = self.i32()?;
        self.left = usize::try_from(length).map_err(|_| invalid("a frame of negative length"))?;
        let request = Request { api_key: ApiKey(self.i16()?), api_version: self.i16()?, correlation_id: self.i32()? };
        self.nullable_string(false)?;
        if request.api_key.request_header_version(request.api_version) >= 2 {
            self.tagged_fields()?;
        }
        Ok(request)
    }

    /// All that is left of the request.
    pub(super) fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = vec![0; self.left];
        let buffered = (self.end - self.start).min(self.left);
        rest[..buffered].copy_from_slice(&self.buffer[self.start..self.start + buffered]);
        self.start += buffered;
        self.stream.read_exact(&mut rest[buffered..])?;
        self.left = 0;
        Ok(rest)
    }

    /// The next `N` bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        self.fill(N)?;
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.buffer[self.start..self.start + N]);
        self.start += N;
        self.left = self.left.checked_sub(N).ok_or_else(|| invalid("a frame that is too short"))?;
        Ok(bytes)
    }

    pub(super) fn i16(&mut self) -> io::Result<i16> {
        self.bytes().map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> io::Result<i32> {
        self.bytes().map(i32::from_be_bytes)
    }

    pub(super) fn unsigned_varint(&mut self) -> io::Result<u32> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let [byte] = self.bytes()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(invalid("a varint of more than five bytes"))
    }

    /// The length of an array, or of bytes with a length of four bytes.
    pub(super) fn length(&mut self, flexible: bool) -> io::Result<usize> {
        let length = if flexible { i64::from(self.unsigned_varint()?) - 1 } else { i64::from(self.i32()?) };
        usize::try_from(length).map_err(|_| invalid("null where something is expected"))
    }

    pub(super) fn nullable_string(&mut self, flexible: bool) -> io::Result<Option<String>> {
        let length = if flexible { i64::from(self.unsigned_varint()?) - 1 } else { i64::from(self.i16()?) };
        let Ok(length) = usize::try_from(length) else { return Ok(None) };
        self.fill(length)?;
        let string = String::from_utf8_lossy(&self.buffer[self.start..self.start + length]).into_owned();
        self.skip(length)?;
        Ok(Some(string))
    }

    pub(super) fn tagged_fields(&mut self) -> io::Result<()> {
        for _ in 0..self.unsigned_varint()? {
            self.unsigned_varint()?;
            let length = self.unsigned_varint()?;
            self.skip(length as usize)?;
        }
        Ok(())
    }

    /// Passes over `count` bytes.
    pub(super) fn skip(&mut self, count: usize) -> io::Result<()> {
        self.left = self.left.checked_sub(count).ok_or_else(|| invalid("a frame that is too short"))?;
        let buffered = count.min(self.end - self.start);
        self.start += buffered;
        let mut beyond = count - buffered;
        if count >= LARGE {
            self.appetite = SIP;
        } else if count > SIP {
            self.appetite = BUFFER;
        }
        while beyond > 0 {
            let take = beyond.min(BUFFER);
            // On a TCP socket TRUNC drops the bytes and copies nothing.
            let dropped = recv(self.stream.as_raw_fd(), &mut self.buffer[..take], MsgFlags::MSG_TRUNC)?;
            if dropped == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            beyond -= dropped.min(beyond);
        }
        Ok(())
    }

    /// Has at least `count` bytes in the buffer.
    fn fill(&mut self, count: usize) -> io::Result<()> {
        if self.end - self.start >= count {
            return Ok(());
        }
        if count > BUFFER {
            return Err(invalid("a name of more than 64 KiB"));
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let room = self.appetite.max(count).min(BUFFER);
        while self.end < count {
            match self.stream.read(&mut self.buffer[self.end..room.max(self.end + 1).min(BUFFER)])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.end += read,
            }
        }
        Ok(())
    }
}
