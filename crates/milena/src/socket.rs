//! From a broker's name to a connected socket.

use milena_core::config::Config;
use milena_core::output::Endpoint;
use socket2::{SockRef, TcpKeepalive};
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, Sleep, sleep};

/// How long an address may stay silent before the next one is tried beside it (RFC 8305 recommends 250 ms): one dead
/// address of a name, or a network without IPv6, costs this and no connect time-out.
const STAGGER: Duration = Duration::from_millis(250);
/// A peer that vanished without a word is noticed on an idle connection after about two minutes.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// What the knobs say about sockets.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// SO_SNDBUF, bytes.
    pub(crate) send_buffer: Option<usize>,
    /// SO_RCVBUF, bytes.
    pub(crate) receive_buffer: Option<usize>,
}

impl Options {
    pub(crate) fn of(config: &Config) -> Self {
        Self { send_buffer: config.send_buffer, receive_buffer: config.receive_buffer }
    }
}

/// A connection being made. Dropping it gives up.
pub(crate) type Connecting = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// Resolves the name (every time: brokers move) and connects to the first of its addresses that answers, beginning with
/// the `rotation`th. Does not time out by itself.
pub(crate) fn connect(endpoint: Endpoint, rotation: usize, options: Options) -> Connecting {
    Box::pin(async move {
        let mut addresses: Vec<SocketAddr> = lookup_host((&*endpoint.host, endpoint.port))
            .await
            .map_err(|error| because(&error, format_args!("resolving {}", endpoint.host.escape_debug())))?
            .collect();
        if addresses.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("{} has no address", endpoint.host.escape_debug()),
            ));
        }
        let first = rotation % addresses.len();
        addresses.rotate_left(first);
        let mut race = Race::new(addresses, options);
        poll_fn(|context| race.poll(context)).await.map_err(|(address, error)| {
            // The sender says which broker it is; which of its addresses is news only when it has a name.
            if address.to_string() == endpoint.to_string() { error } else { because(&error, format_args!("{address}")) }
        })
    })
}

/// Attempts to several addresses, each begun when the one before failed or has been silent for [`STAGGER`].
struct Race {
    options: Options,
    waiting: std::vec::IntoIter<SocketAddr>,
    running: Vec<(SocketAddr, Connecting)>,
    next: Pin<Box<Sleep>>,
    last: Option<(SocketAddr, io::Error)>,
}

impl Race {
    /// `addresses` is not empty.
    fn new(addresses: Vec<SocketAddr>, options: Options) -> Self {
        let next = Box::pin(sleep(Duration::ZERO));
        let mut race = Self { options, waiting: addresses.into_iter(), running: Vec::new(), next, last: None };
        race.begin_next();
        race
    }

    fn begin_next(&mut self) {
        if let Some(address) = self.waiting.next() {
            self.running.push((address, Box::pin(attempt(address, self.options))));
            self.next.as_mut().reset(Instant::now() + STAGGER);
        }
    }

    /// Fails with the last failure, and whose it was.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<TcpStream, (SocketAddr, io::Error)>> {
        loop {
            let mut failed = false;
            for index in (0..self.running.len()).rev() {
                let Some((address, connecting)) = self.running.get_mut(index) else { continue };
                match connecting.as_mut().poll(context) {
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                    Poll::Ready(Err(error)) => {
                        self.last = Some((*address, error));
                        drop(self.running.swap_remove(index));
                        failed = true;
                    }
                    Poll::Pending => {}
                }
            }
            let more = self.waiting.len() > 0;
            if more && (failed || self.next.as_mut().poll(context).is_ready()) {
                self.begin_next();
            } else if let Some(last) = self.last.take_if(|_| self.running.is_empty()) {
                return Poll::Ready(Err(last));
            } else {
                return Poll::Pending;
            }
        }
    }
}

async fn attempt(address: SocketAddr, options: Options) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    let reference = SockRef::from(&socket);
    // Requests are whole when they are written: waiting for more would only add delay.
    reference.set_tcp_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
    reference.set_tcp_keepalive(&keepalive)?;
    if let Some(bytes) = options.send_buffer {
        reference.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.receive_buffer {
        reference.set_recv_buffer_size(bytes)?;
    }
    let stream = socket.connect(address).await?;
    // A port that nobody listens on can be given to the connecting socket itself, which then talks to its mirror.
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "connected to itself: nobody listens there"));
    }
    Ok(stream)
}

fn because(error: &io::Error, place: std::fmt::Arguments<'_>) -> io::Error {
    io::Error::new(error.kind(), format!("{place}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn endpoint(port: u16) -> Endpoint {
        Endpoint { host: "127.0.0.1".into(), port }
    }

    fn refusing() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[tokio::test]
    async fn a_connection_has_the_options_of_the_knobs() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options { send_buffer: Some(65_536), receive_buffer: Some(32_768) };
        let stream = connect(endpoint(listener.local_addr().unwrap().port()), 0, options).await.unwrap();
        let reference = SockRef::from(&stream);
        assert!(reference.tcp_nodelay().unwrap() && reference.keepalive().unwrap());
        // Linux doubles what it is given.
        assert!(reference.send_buffer_size().unwrap() >= 65_536);
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_one_refuses() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut race = Race::new(vec![refusing(), listener.local_addr().unwrap()], Options::default());
        let stream = poll_fn(|context| race.poll(context)).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
    }

    #[tokio::test]
    async fn the_next_address_is_tried_while_one_is_silent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut race = Race::new(Vec::new(), Options::default());
        race.running.push((refusing(), Box::pin(std::future::pending())));
        race.waiting = vec![listener.local_addr().unwrap()].into_iter();
        let stream = poll_fn(|context| race.poll(context)).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
    }

    #[tokio::test]
    async fn a_refusal_names_the_address_behind_a_name() {
        let refusing = refusing();
        let error = connect(endpoint(refusing.port()), 0, Options::default()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let named = Endpoint { host: "localhost".into(), port: refusing.port() };
        let error = connect(named, 0, Options::default()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("127.0.0.1:") || text.starts_with("[::1]:"), "{text}");
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_is_named() {
        // Too long for a name: refused without asking anybody.
        let host = format!("{}.example", "b".repeat(70));
        let unknown = Endpoint { host: host.as_str().into(), port: 9092 };
        let error = connect(unknown, 0, Options::default()).await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("resolving {host}: ")), "{error}");
    }
}
