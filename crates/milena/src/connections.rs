//! All sockets of one producer: opened, written to and read from by one task, which looks only at those that have
//! something.

use crate::inbox::{Inbox, Readiness};
use crate::socket::{self, Connecting, Options};
use bytes::{Buf, Bytes};
use milena_core::output::Endpoint;
use milena_core::{ConnectionId, Frame};
use std::collections::{HashMap, VecDeque};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Answers are small; one read takes what a broker has answered since the last.
const READ_BUFFER_BYTES: usize = 64 * 1024;
/// Reads of one connection per turn: a peer that never stops must not keep the others waiting.
const READS_PER_TURN: usize = 16;
/// Pieces per `writev`. A request has two or three a batch; the system takes 1,024.
const PIECES_PER_WRITE: usize = 128;

/// What happened on a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// It is connected.
    Opened,
    /// The peer has sent this.
    Bytes(&'a [u8]),
    /// The oldest frame is wholly with the operating system.
    Transmitted,
    /// It is gone, and forgotten here; with the reason.
    Closed(&'a str),
}

/// The sockets by the numbers that the sender gave them.
pub(crate) struct Connections {
    inbox: Arc<Inbox>,
    options: Options,
    open: HashMap<ConnectionId, Connection>,
    /// Connections with frames that nobody has tried to write yet.
    unwritten: Vec<ConnectionId>,
    /// One for all: a turn reads one connection at a time.
    buffer: Box<[u8]>,
    /// Why the connection of the last [`Event::Closed`] is gone.
    reason: String,
    /// Attempts so far: each begins at another address of its broker's name.
    attempts: usize,
}

struct Connection {
    state: State,
    readiness: Arc<Readiness>,
    waker: Waker,
    queue: Queue,
    /// Whether the peer may have sent something. It may, until a read finds nothing.
    readable: bool,
    /// Whether the socket had no room at the last write. Cleared when it wakes us.
    full: bool,
    reads: usize,
}

/// ```text
/// Connecting ──► Open ──► (forgotten)
///      └────────────────────▲
/// ```
enum State {
    Connecting(Connecting),
    Open(TcpStream),
}

impl Connections {
    pub(crate) fn new(inbox: Arc<Inbox>, options: Options) -> Self {
        Self {
            inbox,
            options,
            open: HashMap::new(),
            unwritten: Vec::new(),
            buffer: vec![0; READ_BUFFER_BYTES].into(),
            reason: String::new(),
            attempts: 0,
        }
    }

    /// Begins to connect. The first step is made at the next turn.
    pub(crate) fn open(&mut self, id: ConnectionId, endpoint: Endpoint) {
        let readiness = Readiness::new(id, Arc::clone(&self.inbox));
        let waker = Waker::from(Arc::clone(&readiness));
        waker.wake_by_ref();
        let state = State::Connecting(socket::connect(endpoint, self.attempts, self.options));
        self.attempts = self.attempts.wrapping_add(1);
        let queue = Queue::default();
        self.open.insert(id, Connection { state, readiness, waker, queue, readable: false, full: false, reads: 0 });
    }

    /// Queues a frame behind those before it. Written by [`Connections::write`].
    pub(crate) fn transmit(&mut self, id: ConnectionId, frame: Frame) {
        if let Some(connection) = self.open.get_mut(&id) {
            connection.queue.push(frame);
            self.unwritten.push(id);
        }
    }

    /// Closes it and drops what is not written.
    pub(crate) fn close(&mut self, id: ConnectionId) {
        self.open.remove(&id);
    }

    /// Closes all.
    pub(crate) fn close_all(&mut self) {
        self.open.clear();
    }

    /// The connection has woken us: its socket is to be tried again.
    pub(crate) fn woken(&mut self, id: ConnectionId) {
        if let Some(connection) = self.open.get_mut(&id) {
            connection.readiness.taken();
            connection.readable = true;
            connection.reads = 0;
            if std::mem::take(&mut connection.full) {
                self.unwritten.push(id);
            }
        }
    }

    /// A connection with frames to write, or with frames written that were not reported; each at least once.
    pub(crate) fn next_unwritten(&mut self) -> Option<ConnectionId> {
        self.unwritten.pop()
    }

    /// Connects further, or reads once. `None`: nothing more to read now.
    pub(crate) fn read(&mut self, id: ConnectionId) -> Option<Event<'_>> {
        let connection = self.open.get_mut(&id)?;
        let mut context = Context::from_waker(&connection.waker);
        match &mut connection.state {
            State::Connecting(connecting) => match connecting.as_mut().poll(&mut context) {
                Poll::Pending => None,
                Poll::Ready(Ok(stream)) => {
                    connection.state = State::Open(stream);
                    // Only a read that finds nothing asks the socket to wake us.
                    connection.readable = true;
                    Some(Event::Opened)
                }
                Poll::Ready(Err(error)) => Some(self.forget(id, error.to_string())),
            },
            State::Open(_) if !connection.readable => None,
            State::Open(_) if connection.reads == READS_PER_TURN => {
                connection.waker.wake_by_ref();
                None
            }
            State::Open(stream) => {
                connection.reads += 1;
                let mut buffer = ReadBuf::new(&mut self.buffer);
                match Pin::new(stream).poll_read(&mut context, &mut buffer) {
                    Poll::Pending => {
                        connection.readable = false;
                        None
                    }
                    Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                        Some(self.forget(id, "closed by the broker".to_owned()))
                    }
                    Poll::Ready(Ok(())) => {
                        let count = buffer.filled().len();
                        self.buffer.get(..count).map(Event::Bytes)
                    }
                    Poll::Ready(Err(error)) => Some(self.forget(id, error.to_string())),
                }
            }
        }
    }

    /// Writes until nothing is queued or the socket has no room, and reports the frames that went out one by one.
    /// `None`: nothing more to report now.
    pub(crate) fn write(&mut self, id: ConnectionId) -> Option<Event<'_>> {
        let connection = self.open.get_mut(&id)?;
        let State::Open(stream) = &mut connection.state else { return None };
        let mut context = Context::from_waker(&connection.waker);
        while !connection.full && connection.queue.transmitted == 0 && !connection.queue.pieces.is_empty() {
            match connection.queue.write_to(Pin::new(stream), &mut context) {
                Poll::Pending => connection.full = true,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Some(self.forget(id, error.to_string())),
            }
        }
        connection.queue.transmitted = connection.queue.transmitted.checked_sub(1)?;
        Some(Event::Transmitted)
    }

    fn forget(&mut self, id: ConnectionId, reason: String) -> Event<'_> {
        self.open.remove(&id);
        self.reason = reason;
        Event::Closed(&self.reason)
    }
}

/// Frames on their way into one socket.
#[derive(Debug, Default)]
struct Queue {
    /// What is not written yet, none empty.
    pieces: VecDeque<Bytes>,
    /// How many of `pieces` belong to each frame, oldest first.
    frames: VecDeque<usize>,
    /// Frames wholly written and not reported.
    transmitted: usize,
}

impl Queue {
    fn push(&mut self, frame: Frame) {
        let before = self.pieces.len();
        self.pieces.extend(frame.pieces.into_iter().filter(|piece| !piece.is_empty()));
        self.frames.push_back(self.pieces.len() - before);
        self.count_whole();
    }

    /// One `writev` of the oldest pieces. An error of zero bytes written is one of the socket's.
    fn write_to(&mut self, socket: Pin<&mut impl AsyncWrite>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut slices = [IoSlice::new(&[]); PIECES_PER_WRITE];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        match socket.poll_write_vectored(context, slices.get(..count).unwrap_or_default()) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Ok(bytes)) => {
                self.advance(bytes);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }

    /// The oldest `bytes` are written: drops their pieces, and counts the frames that are whole.
    fn advance(&mut self, mut bytes: usize) {
        while let Some(piece) = self.pieces.front_mut() {
            if bytes < piece.len() {
                piece.advance(bytes);
                return;
            }
            bytes -= piece.len();
            self.pieces.pop_front();
            if let Some(left) = self.frames.front_mut() {
                *left -= 1;
            }
            self.count_whole();
        }
    }

    fn count_whole(&mut self) {
        while self.frames.front() == Some(&0) {
            self.frames.pop_front();
            self.transmitted += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::Mail;
    use std::future::poll_fn;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    const ID: ConnectionId = ConnectionId(1);

    #[derive(Debug, PartialEq, Eq)]
    enum Happened {
        Opened(ConnectionId),
        Bytes(ConnectionId, Vec<u8>),
        Transmitted(ConnectionId),
        Closed(ConnectionId, String),
    }

    /// What the driver does with them, and nothing else.
    struct World {
        connections: Connections,
        inbox: Arc<Inbox>,
        happened: Vec<Happened>,
        /// Looks at single sockets.
        looks: usize,
    }

    impl World {
        fn new() -> Self {
            let inbox = Arc::new(Inbox::default());
            let options = Options { send_buffer: Some(65_536), receive_buffer: None };
            let connections = Connections::new(Arc::clone(&inbox), options);
            Self { connections, inbox, happened: Vec::new(), looks: 0 }
        }

        fn open(&mut self, id: ConnectionId, listener: &TcpListener) {
            let port = listener.local_addr().unwrap().port();
            self.connections.open(id, Endpoint { host: "127.0.0.1".into(), port });
        }

        fn step(&mut self) {
            let mut mail = Mail::default();
            self.inbox.take(&mut mail);
            for id in mail.ready {
                self.looks += 1;
                self.connections.woken(id);
                while let Some(happened) = self.connections.read(id).map(|event| happened(id, &event)) {
                    self.happened.push(happened);
                }
            }
            while let Some(id) = self.connections.next_unwritten() {
                while let Some(happened) = self.connections.write(id).map(|event| happened(id, &event)) {
                    self.happened.push(happened);
                }
            }
        }

        async fn until(&mut self, stop: impl Fn(&[Happened]) -> bool) {
            poll_fn(|context| {
                self.inbox.listen(context.waker());
                self.step();
                if stop(&self.happened) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }

        fn received(&self, id: ConnectionId) -> Vec<u8> {
            let of = |happened: &Happened| match happened {
                Happened::Bytes(from, bytes) if *from == id => bytes.clone(),
                _ => Vec::new(),
            };
            self.happened.iter().flat_map(of).collect()
        }
    }

    fn happened(id: ConnectionId, event: &Event<'_>) -> Happened {
        match event {
            Event::Opened => Happened::Opened(id),
            Event::Bytes(bytes) => Happened::Bytes(id, bytes.to_vec()),
            Event::Transmitted => Happened::Transmitted(id),
            Event::Closed(reason) => Happened::Closed(id, (*reason).to_owned()),
        }
    }

    fn listen() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").unwrap()
    }

    fn frame(pieces: &[&[u8]]) -> Frame {
        Frame { pieces: pieces.iter().map(|piece| Bytes::copy_from_slice(piece)).collect() }
    }

    fn transmitted(happened: &[Happened]) -> usize {
        happened.iter().filter(|happened| matches!(happened, Happened::Transmitted(_))).count()
    }

    #[tokio::test]
    async fn a_slow_reader_gets_every_frame_whole_and_in_order() {
        let listener = listen();
        let peer = thread::spawn({
            let listener = listener.try_clone().unwrap();
            move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut all = Vec::new();
                let mut buffer = [0; 10_000];
                loop {
                    thread::sleep(std::time::Duration::from_micros(200));
                    match stream.read(&mut buffer).unwrap() {
                        0 => return all,
                        count => all.extend_from_slice(&buffer[..count]),
                    }
                }
            }
        });
        let mut world = World::new();
        world.open(ID, &listener);
        world.until(|happened| happened == [Happened::Opened(ID)]).await;
        let mut sent = Vec::new();
        for number in 0..300_u16 {
            let (head, body) = (number.to_be_bytes(), vec![number.to_be_bytes()[1]; 10 * usize::from(number)]);
            sent.extend_from_slice(&head);
            sent.extend_from_slice(&body);
            world.connections.transmit(ID, frame(&[&head, &body, &[]]));
        }
        world.until(|happened| transmitted(happened) == 300).await;
        world.connections.close(ID);
        assert!(peer.join().unwrap() == sent);
    }

    #[tokio::test]
    async fn a_frame_is_not_transmitted_before_its_last_byte_is_written() {
        let listener = listen();
        let mut world = World::new();
        world.open(ID, &listener);
        world.until(|happened| !happened.is_empty()).await;
        let (mut peer, _) = listener.accept().unwrap();
        // More than the system's buffers hold while the peer does not read.
        let large = vec![7; 4 << 20];
        world.connections.transmit(ID, frame(&[b"small"]));
        world.connections.transmit(ID, frame(&[&large]));
        world.step();
        assert_eq!(transmitted(&world.happened), 1);
        let reader = thread::spawn(move || {
            let mut all = vec![0; 5 + (4 << 20)];
            peer.read_exact(&mut all).unwrap();
        });
        world.until(|happened| transmitted(happened) == 2).await;
        reader.join().unwrap();
    }

    #[tokio::test]
    async fn bytes_before_the_end_are_read_before_the_end_is_told() {
        let listener = listen();
        let mut world = World::new();
        world.open(ID, &listener);
        world.until(|happened| !happened.is_empty()).await;
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(&[1; 200_000]).unwrap();
        drop(peer);
        world.until(|happened| matches!(happened.last(), Some(Happened::Closed(..)))).await;
        assert_eq!(world.received(ID).len(), 200_000);
        assert_eq!(world.happened.last(), Some(&Happened::Closed(ID, "closed by the broker".into())));
    }

    #[tokio::test]
    async fn a_refused_connection_is_closed_with_the_reason() {
        let mut world = World::new();
        let listener = listen();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        world.connections.open(ID, Endpoint { host: "127.0.0.1".into(), port });
        world.until(|happened| !happened.is_empty()).await;
        let Some(Happened::Closed(ID, reason)) = world.happened.first() else { panic!("{:?}", world.happened) };
        assert!(reason.contains("refused"), "{reason}");
    }

    #[tokio::test]
    async fn a_reset_peer_is_told_and_other_connections_live() {
        let (listener, other) = (listen(), listen());
        let mut world = World::new();
        world.open(ID, &listener);
        world.open(ConnectionId(2), &other);
        world.until(|happened| happened.len() == 2).await;
        let (peer, _) = listener.accept().unwrap();
        socket2::SockRef::from(&peer).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        drop(peer);
        world.connections.transmit(ID, frame(&[&vec![0; 1 << 20]]));
        world.until(|happened| matches!(happened.last(), Some(Happened::Closed(ID, _)))).await;
        let (mut peer, _) = other.accept().unwrap();
        peer.write_all(b"still here").unwrap();
        world.until(|happened| matches!(happened.last(), Some(Happened::Bytes(ConnectionId(2), _)))).await;
    }

    #[tokio::test]
    async fn a_turn_does_not_look_at_idle_connections() {
        let listener = listen();
        let mut world = World::new();
        let mut peers = Vec::new();
        for number in 0..100 {
            world.open(ConnectionId(number), &listener);
            world.until(|happened| happened.contains(&Happened::Opened(ConnectionId(number)))).await;
            peers.push(listener.accept().unwrap().0);
        }
        world.looks = 0;
        peers[42].write_all(b"answer").unwrap();
        world.until(|happened| matches!(happened.last(), Some(Happened::Bytes(ConnectionId(42), _)))).await;
        assert!(world.looks < 5, "{} looks for one answer", world.looks);
    }

    #[tokio::test]
    async fn a_peer_that_never_stops_does_not_keep_the_turn() {
        let listener = listen();
        let mut world = World::new();
        world.open(ID, &listener);
        world.until(|happened| !happened.is_empty()).await;
        let (mut peer, _) = listener.accept().unwrap();
        let flood = thread::spawn(move || while peer.write_all(&[0; 65_536]).is_ok() {});
        world.until(|happened| happened.len() > 1).await;
        for _ in 0..20 {
            world.happened.clear();
            tokio::task::yield_now().await;
            world.step();
            assert!(world.happened.len() <= READS_PER_TURN);
        }
        world.connections.close_all();
        flood.join().unwrap();
    }
}
