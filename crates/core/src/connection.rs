//! One connection: its handshake, its frames, the questions in flight on it in order, and their deadlines.
//!
//! ```text
//!             opened                    ApiVersions answered
//!   Opening ──────────► Handshaking ──────────────────────────► Ready
//!      │                     │  UNSUPPORTED_VERSION: once more,     │
//!      │                     │  in a version that it has            │
//!      └───── time-out, closed, an answer that makes no sense ──────┴──► gone; what was asked is lost
//! ```

use crate::call::{Asked, Part};
use crate::output::{ConnectionId, Frame};
use crate::time::Time;
use bytes::Bytes;
use milena_wire::buf::{EncodeError, Reader, Writer};
use milena_wire::frame::{FrameError, FrameSplitter, OpenFrame, RequestHeader, ResponseHeader};
use milena_wire::version::{ApiKey, Offered, Versions};
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// A broker that asks to be left alone is left alone for this long at most, whatever it says.
const MUTED_MAX: Duration = Duration::from_secs(300);

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Opening { deadline: Time },
    Handshaking,
    Ready,
}

/// Why a connection cannot go on.
#[derive(Debug)]
pub(crate) enum Broken {
    Frame(FrameError),
    /// An answer to nothing that was asked, or out of order.
    Unasked(i32),
    /// An answer that does not read as what was asked for.
    Unreadable(ApiKey, milena_wire::buf::DecodeError),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(error) => write!(f, "{error}"),
            Self::Unasked(correlation_id) => {
                write!(f, "an answer with correlation id {correlation_id} that was not asked for")
            }
            Self::Unreadable(api, error) => write!(f, "the answer to {api} cannot be read: {error}"),
        }
    }
}

/// A frame that nobody will answer.
#[derive(Debug)]
struct Silent {
    /// Which of the connection's frames it is, from 1 on.
    number: u64,
    parts: Vec<Part>,
    /// When the operating system should have taken it.
    deadline: Time,
}

/// One connection to a broker.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    /// Which broker it was opened to; below 0, a first address.
    pub(crate) broker: i32,
    /// Which of the broker's connections it is.
    pub(crate) link: usize,
    pub(crate) phase: Phase,
    /// What the broker can do.
    offered: Offered,
    splitter: FrameSplitter,
    /// In the order in which they were put, which is the order in which Kafka answers.
    asked: VecDeque<Asked>,
    /// With `acks=0`: frames that nobody will answer, and that are not wholly with the operating system.
    silent: VecDeque<Silent>,
    frames_given: u64,
    frames_written: u64,
    next_correlation_id: i32,
    /// When bytes last went or came.
    active: Time,
    muted_until: Time,
}

impl Connection {
    pub(crate) fn new(id: ConnectionId, broker: i32, link: usize, now: Time, setup: Duration) -> Self {
        Self {
            id,
            broker,
            link,
            phase: Phase::Opening { deadline: now + setup },
            offered: Offered::default(),
            splitter: FrameSplitter::new(FrameSplitter::DEFAULT_LIMIT),
            asked: VecDeque::new(),
            silent: VecDeque::new(),
            frames_given: 0,
            frames_written: 0,
            next_correlation_id: 0,
            active: now,
            muted_until: Time::ZERO,
        }
    }

    /// The version in which to speak to this broker: the highest that both know, none if there is none.
    pub(crate) fn version(&self, api: ApiKey, ours: Versions) -> Option<i16> {
        self.offered.pick(api, ours)
    }

    /// The broker said what it can do.
    pub(crate) fn ready(&mut self, offered: Offered) {
        self.offered = offered;
        self.phase = Phase::Ready;
    }

    /// Questions in flight, and frames nobody answers that are not written yet.
    pub(crate) fn load(&self) -> usize {
        self.asked.len() + self.silent.len()
    }

    /// Whether a question may be put now.
    pub(crate) fn is_free(&self, now: Time) -> bool {
        self.phase == Phase::Ready && now >= self.muted_until
    }

    /// When a muted connection may speak again.
    pub(crate) fn muted_until(&self) -> Time {
        self.muted_until
    }

    /// The broker asked to be left alone for so long (KIP-219). What is in flight gets that time too.
    pub(crate) fn mute(&mut self, now: Time, wait: Duration) {
        let wait = wait.min(MUTED_MAX);
        self.muted_until = self.muted_until.max(now + wait);
        self.asked.iter_mut().for_each(|asked| asked.deadline = asked.deadline + wait);
    }

    /// A correlation id for the next question.
    pub(crate) fn correlation_id(&mut self) -> i32 {
        let id = self.next_correlation_id;
        self.next_correlation_id = id.checked_add(1).unwrap_or(0);
        id
    }

    /// Puts a question whose frame is `pieces`.
    pub(crate) fn ask(&mut self, asked: Asked, pieces: Vec<Bytes>) -> Frame {
        self.active = asked.at;
        self.frames_given += 1;
        self.asked.push_back(asked);
        Frame { pieces }
    }

    /// Says something that nobody will answer. The operating system is to have taken it by `deadline`: who stops reading
    /// is as good as dead.
    pub(crate) fn tell(&mut self, parts: Vec<Part>, pieces: Vec<Bytes>, now: Time, deadline: Time) -> Frame {
        self.active = now;
        self.frames_given += 1;
        self.silent.push_back(Silent { number: self.frames_given, parts, deadline });
        Frame { pieces }
    }

    /// The oldest frame that was not written yet is written. Gives the batches that are done with that.
    pub(crate) fn transmitted(&mut self, now: Time) -> Vec<Part> {
        self.active = now;
        self.frames_written += 1;
        match self.silent.front() {
            Some(silent) if silent.number <= self.frames_written => {
                self.silent.pop_front().map(|silent| silent.parts).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// Bytes came.
    pub(crate) fn received(&mut self, bytes: &[u8], now: Time) {
        self.active = now;
        self.splitter.push(bytes);
    }

    /// The next whole answer with its question, and where its body starts; `None` when more bytes are needed.
    pub(crate) fn next_answer(&mut self) -> Result<Option<(Asked, Bytes)>, Broken> {
        let Some(frame) = self.splitter.next_frame().map_err(Broken::Frame)? else { return Ok(None) };
        let correlation_id = ResponseHeader::peek(&frame).map_err(|error| Broken::Unreadable(ApiKey(-1), error))?;
        match self.asked.front() {
            Some(asked) if asked.correlation_id == correlation_id => {}
            _ => return Err(Broken::Unasked(correlation_id)),
        }
        let Some(asked) = self.asked.pop_front() else { return Err(Broken::Unasked(correlation_id)) };
        let api = asked.call.api();
        let mut reader = Reader::new(&frame);
        if let Err(error) = ResponseHeader::decode(&mut reader, api, asked.version) {
            // Its batches must not vanish with it.
            self.asked.push_front(asked);
            return Err(Broken::Unreadable(api, error));
        }
        let body = frame.slice(frame.len() - reader.remaining()..);
        Ok(Some((asked, body)))
    }

    /// All that was asked and will not be answered any more, and the batches nobody would have answered.
    pub(crate) fn abandon(&mut self) -> (Vec<Asked>, Vec<Part>) {
        let silent = self.silent.drain(..).flat_map(|silent| silent.parts).collect();
        (self.asked.drain(..).collect(), silent)
    }

    /// When this connection must be looked at again.
    pub(crate) fn deadline(&self, max_idle: Option<Duration>) -> Option<Time> {
        if let Phase::Opening { deadline } = self.phase {
            return Some(deadline);
        }
        let asked = self.asked.front().map(|asked| asked.deadline);
        let silent = self.silent.front().map(|silent| silent.deadline);
        let due = [asked, silent].into_iter().flatten().min();
        due.or_else(|| max_idle.map(|idle| self.active + idle))
    }

    /// Whether a frame that nobody will answer waits for the operating system to take it.
    pub(crate) fn is_telling(&self) -> bool {
        !self.silent.is_empty()
    }

    /// When it last showed a sign of life, or was asked for.
    pub(crate) fn active(&self) -> Time {
        self.active
    }
}

/// The frame of a small question: header and body in one piece.
pub(crate) fn frame(
    api_key: ApiKey,
    api_version: i16,
    correlation_id: i32,
    client_id: &str,
    body: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
) -> Result<Vec<Bytes>, EncodeError> {
    let mut writer = Writer::new();
    let frame = OpenFrame::begin(&mut writer);
    RequestHeader { api_key, api_version, correlation_id, client_id: Some(client_id) }.encode(&mut writer)?;
    body(&mut writer)?;
    frame.end(&mut writer, 0)?;
    Ok(vec![writer.into_bytes().into()])
}
