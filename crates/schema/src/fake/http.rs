//! As much of an HTTP server as one kind of client needs: content lengths, connections that stay open.

use super::lock;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The longest request that is read, bytes.
const REQUEST_MAX: u64 = 16 * 1024 * 1024;

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With its query, as it came.
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: String,
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    pub(crate) delay: Duration,
    /// No answer at all.
    pub(crate) close: bool,
}

/// Listens, with a thread for each connection.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, shared, answer) = (listener.local_addr()?, Arc::<Shared>::default(), Arc::new(answer));
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if accepting.stopped.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream.try_clone() {
                    lock(&accepting.connections).push(stream);
                }
                let answer = Arc::clone(&answer);
                // Its end is the client's end, or ours; either way there is nobody to tell.
                thread::spawn(move || serve(stream, &*answer));
            }
        });
        Ok(Self { address, shared })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn stop(&self) {
        if !self.shared.stopped.swap(true, Ordering::SeqCst) {
            // Wakes the thread that accepts.
            let _ = TcpStream::connect(self.address);
        }
        for stream in lock(&self.shared.connections).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(stream: TcpStream, answer: &dyn Fn(&Request) -> Response) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        let response = answer(&request);
        thread::sleep(response.delay);
        if response.close {
            return writer.shutdown(Shutdown::Both);
        }
        let mut head = format!(
            "HTTP/1.1 {} x\r\ncontent-type: {}\r\ncontent-length: {}\r\n",
            response.status,
            response.content_type,
            response.body.len()
        );
        response.headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        writer.write_all(format!("{head}\r\n{}", response.body).as_bytes())?;
    }
    Ok(())
}

/// The next request; `None` at the end of the connection.
fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut head = reader.take(REQUEST_MAX);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let mut request =
        Request { method: method.into(), target: target.into(), authorization: None, body: String::new() };
    let mut length = 0;
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => request.authorization = Some(value.trim().into()),
            _ => {}
        }
    }
    reader.take(u64::min(length, REQUEST_MAX)).read_to_string(&mut request.body)?;
    Ok(Some(request))
}
