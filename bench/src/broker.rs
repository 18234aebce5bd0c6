//! A broker that costs almost nothing: it counts what it is sent, checks sequences, and answers.
//!
//! It reads the headers of batches and has the kernel drop their bodies, answers in order on each connection, and keeps no
//! log. What it has seen it says when it is asked, so that a client's claim of so many acknowledged records can be checked.

mod control;
mod counts;
mod frame;
mod produce;
mod reply;
mod verify;

pub use counts::{Counts, Seen};

use frame::Incoming;
use milena_wire::version::ApiKey;
use reply::Replies;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How it behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Every answer to a Produce request comes so much later. Other requests are read and answered meanwhile.
    pub ack_delay: Duration,
    /// Every answer comes so much later: a long way between client and broker.
    pub network_delay: Duration,
    /// Checks checksums, decompresses, and walks every record: not cheap any more.
    pub verify: bool,
    /// Produce requests are read and never answered.
    pub mute: bool,
}

/// What all its connections share.
#[derive(Debug)]
pub struct Broker {
    options: Options,
    address: SocketAddr,
    counts: Mutex<Counts>,
}

impl Broker {
    /// Serves every connection to `listener` in threads of its own, for as long as the process lives.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn serve(listener: TcpListener, options: Options) -> io::Result<Arc<Self>> {
        let address = listener.local_addr()?;
        let broker = Arc::new(Self { options, address, counts: Mutex::default() });
        let served = Arc::clone(&broker);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let broker = Arc::clone(&served);
                thread::spawn(move || {
                    if let Err(error) = broker.connection(stream)
                        && !matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
                    {
                        eprintln!("broker: {error}");
                    }
                });
            }
        });
        Ok(broker)
    }

    /// What it has seen so far.
    pub fn seen(&self) -> Seen {
        self.counts().seen()
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().expect("nothing panics while it counts")
    }

    fn connection(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let delayed = !(self.options.ack_delay + self.options.network_delay).is_zero();
        let mut replies = Replies::new(stream.try_clone()?, delayed);
        let mut incoming = Incoming::new(stream);
        loop {
            let request = incoming.request()?;
            let mut delay = self.options.network_delay;
            let reply = if request.api_key == ApiKey::PRODUCE {
                delay += self.options.ack_delay;
                let reply = if self.options.verify {
                    verify::answer(self, &mut incoming, &request)?
                } else {
                    produce::answer(self, &mut incoming, &request)?
                };
                reply.filter(|_| !self.options.mute)
            } else {
                Some(control::answer(self, &mut incoming, &request)?)
            };
            if let Some(reply) = reply {
                replies.send(reply, delay)?;
            }
        }
    }
}

/// A peer that does not keep to the protocol.
fn invalid(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
