//! A proxy before one broker, which cuts connections when requests have gone out and their answers have not come back.

use anyhow::Result;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, sleep};
use std::time::Duration;

/// What one read takes at most: a socket's buffer.
const CHUNK: usize = 256 << 10;

/// A listener on a port of its own, which passes everything on in both directions.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    passage: Arc<Passage>,
}

#[derive(Default)]
struct Passage {
    /// Answers wait.
    held: AtomicBool,
    /// Bytes that waited when they were thrown away.
    lost: AtomicU64,
    /// Both ends of every connection.
    open: Mutex<Vec<(TcpStream, TcpStream)>>,
}

impl Proxy {
    /// Takes a port. Nothing is accepted before [`serve`](Self::serve).
    pub(crate) fn bind() -> Result<(Self, TcpListener)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok((Self { port: listener.local_addr()?.port(), passage: Arc::default() }, listener))
    }

    /// Passes on to `broker`, until this process ends.
    pub(crate) fn serve(&self, listener: TcpListener, broker: u16) {
        let passage = Arc::clone(&self.passage);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A broker that is away: the client sees its connection close.
                if let Ok(server) = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, broker))) {
                    passage.connect(client, server).ok();
                }
            }
        });
    }

    /// Holds answers back for `hold`, while requests still pass, and then closes every connection: what the broker did in the
    /// meantime, the client is not told.
    pub(crate) fn cut(&self, hold: Duration) {
        self.hold();
        sleep(hold);
        self.close();
    }

    /// Answers wait from here on.
    pub(crate) fn hold(&self) {
        self.passage.held.store(true, Ordering::SeqCst);
    }

    /// Closes every connection, with the answers that wait.
    pub(crate) fn close(&self) {
        let mut open = self.passage.open.lock().unwrap_or_else(PoisonError::into_inner);
        for (client, server) in open.drain(..) {
            client.shutdown(Shutdown::Both).ok();
            server.shutdown(Shutdown::Both).ok();
        }
        self.passage.held.store(false, Ordering::SeqCst);
    }

    /// Bytes of answers that never arrived.
    pub(crate) fn lost(&self) -> u64 {
        self.passage.lost.load(Ordering::SeqCst)
    }
}

impl Passage {
    fn connect(self: &Arc<Self>, client: TcpStream, server: TcpStream) -> Result<()> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let requests = (client.try_clone()?, server.try_clone()?);
        let answers = (server.try_clone()?, client.try_clone()?);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that ended by themselves have no peer any more.
        open.retain(|(client, _)| client.peer_addr().is_ok());
        open.push((client, server));
        let passage = Arc::clone(self);
        thread::spawn(move || pass(&requests.0, &requests.1, None));
        thread::spawn(move || pass(&answers.0, &answers.1, Some(&passage)));
        Ok(())
    }

    /// Waits while answers are held.
    fn wait(&self) -> bool {
        let held = self.held.load(Ordering::SeqCst);
        while self.held.load(Ordering::SeqCst) {
            sleep(Duration::from_millis(1));
        }
        held
    }
}

fn pass(mut from: &TcpStream, mut to: &TcpStream, answers: Option<&Passage>) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        let waited = answers.is_some_and(Passage::wait);
        if to.write_all(chunk.get(..length).unwrap_or_default()).is_err() {
            if let Some(passage) = answers.filter(|_| waited) {
                passage.lost.fetch_add(length as u64, Ordering::SeqCst);
            }
            break;
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}
