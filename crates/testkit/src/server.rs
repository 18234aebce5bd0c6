//! The same cluster behind real sockets: an in-memory Kafka on loopback ports, for tests and for trying things out.
//!
//! The only file of this crate that reads a clock and does I/O. It runs on a thread of its own, whatever the caller runs
//! on, and ends when the [`DevCluster`] is dropped.

#![expect(clippy::disallowed_methods, reason = "this is where the clock, the thread and the sockets are")]

use crate::cluster::Cluster;
use crate::connection::{ConnectionId, Output};
use crate::options::ClusterOptions;
use crate::time::Time;
use bytes::Bytes;
use milena_wire::frame::FrameSplitter;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

/// Bytes that a connection takes from its socket at a time.
const READ_CHUNK: usize = 64 << 10;

/// The knobs of a [`DevCluster`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevOptions {
    /// The first broker's port on 127.0.0.1, the others follow it. 0, the default: any that are free.
    pub port: u16,
    /// The cluster's own knobs. Unlike elsewhere, a silent broker is given up after one second and a follower that does not
    /// fetch after two, so that tests need not wait; `epoch_ms` is not used: the wall clock is the real one.
    ///
    /// Records are kept in memory until the end, unless `topic_defaults.retention_bytes` sets a limit.
    pub cluster: ClusterOptions,
}

impl Default for DevOptions {
    fn default() -> Self {
        let cluster = ClusterOptions {
            session_timeout: Duration::from_secs(1),
            replica_lag_max: Duration::from_secs(2),
            ..ClusterOptions::default()
        };
        Self { port: 0, cluster }
    }
}

impl DevOptions {
    /// This many brokers, the rest by default.
    pub fn brokers(brokers: i32) -> Self {
        let mut options = Self::default();
        options.cluster.brokers = brokers;
        options
    }
}

/// A Kafka cluster in memory, on loopback ports: a test double, for one process and its tests.
///
/// Dropping it ends it.
#[derive(Debug)]
pub struct DevCluster {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl DevCluster {
    /// Starts it. When this returns, clients can connect.
    ///
    /// # Errors
    /// An [`io::Error`] when a port is taken, or no thread or socket is to be had.
    #[expect(clippy::unused_async, reason = "binding does not wait today; callers need not know")]
    pub async fn start(options: DevOptions) -> io::Result<Self> {
        Self::start_blocking(options)
    }

    /// As [`start`](Self::start), for callers that are not async.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_blocking(options: DevOptions) -> io::Result<Self> {
        let epoch_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let epoch_ms = i64::try_from(epoch_ms).unwrap_or(i64::MAX);
        let mut cluster = Cluster::new(ClusterOptions { epoch_ms, ..options.cluster });
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        let ids: Vec<i32> = cluster.brokers().iter().map(|broker| broker.id).collect();
        for (id, offset) in ids.into_iter().zip(0..) {
            let port = if options.port == 0 { 0 } else { options.port.saturating_add(offset) };
            let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port))
                .map_err(|error| io::Error::new(error.kind(), format!("port {port} for broker {id}: {error}")))?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            cluster.set_address(id, "127.0.0.1", address.port());
            listeners.push((id, listener));
            addresses.push(address);
        }
        let shared = Arc::new(Shared {
            world: Mutex::new(World { cluster, routes: BTreeMap::new() }),
            started: Instant::now(),
            planned: Notify::new(),
            happened: Condvar::new(),
            told: Notify::new(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("milena-testkit".to_owned()).spawn(move || {
            runtime.block_on(serve(serving, listeners, stopped));
        })?;
        Ok(Self { shared, addresses, stop: Some(stop), thread: Some(thread) })
    }

    /// Every broker's `host:port`, separated by commas.
    pub fn bootstrap_servers(&self) -> String {
        let servers: Vec<_> = self.addresses.iter().map(SocketAddr::to_string).collect();
        servers.join(",")
    }

    /// Where each broker listens, broker 1 first.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Looks at the cluster, or does something to it, at the present moment. No request is dealt with meanwhile.
    pub fn with<R>(&self, act: impl FnOnce(&mut Cluster) -> R) -> R {
        self.shared.act(|cluster, now| {
            cluster.advance(now);
            act(cluster)
        })
    }

    /// Waits until `look` finds what it looks for, and gives that back; for code that is not async. `look` is called now, and
    /// after everything that happens in the cluster.
    ///
    /// ```
    /// # use milena_testkit::{DevCluster, DevOptions};
    /// # use std::time::Duration;
    /// let kafka = DevCluster::start_blocking(DevOptions::default())?;
    /// // ... your application runs, and then:
    /// let three = kafka.wait_until(Duration::from_millis(10), |cluster| {
    ///     let records = cluster.records("orders", 0);
    ///     (records.len() == 3).then_some(records)
    /// });
    /// assert!(three.is_none(), "nobody has sent anything in this example");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// `None` when `patience` is over.
    pub fn wait_until<R>(&self, patience: Duration, mut look: impl FnMut(&Cluster) -> Option<R>) -> Option<R> {
        let until = Instant::now() + patience;
        let mut world = self.shared.lock();
        loop {
            if let Some(found) = look(&world.cluster) {
                return Some(found);
            }
            let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            world = self.shared.happened.wait_timeout(world, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// As [`wait_until`](Self::wait_until) for code that is async, on any executor, without an end of its own: put your
    /// runtime's time-out around it.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    pub async fn until<R>(&self, mut look: impl FnMut(&Cluster) -> Option<R>) -> R {
        let mut happened = pin!(self.shared.told.notified());
        loop {
            // Listening begins before looking: what happens in between is not missed.
            happened.as_mut().enable();
            let found = look(&self.shared.lock().cluster);
            if let Some(found) = found {
                return found;
            }
            happened.as_mut().await;
            happened.set(self.shared.told.notified());
        }
    }

    /// Ends it, and waits until its sockets are closed: a few milliseconds.
    pub fn shutdown(mut self) {
        self.end();
        if let Some(thread) = self.thread.take() {
            // It panicked only if the cluster did, and that was reported.
            let _ = thread.join();
        }
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

impl Drop for DevCluster {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a connection's task is told.
enum Told {
    /// Write this.
    Answer(Vec<u8>),
    /// The request is done, and that is all.
    Done,
    /// Close.
    Close,
}

/// The cluster, and how to reach the tasks of its connections.
#[derive(Debug)]
struct World {
    cluster: Cluster,
    routes: BTreeMap<ConnectionId, mpsc::UnboundedSender<Told>>,
}

impl World {
    /// Passes on what came out. A task that is gone needs to hear nothing.
    fn deliver(&mut self) -> Option<Time> {
        loop {
            let (id, told) = match self.cluster.poll_output() {
                Output::Answer(id, frame) => (id, Told::Answer(frame)),
                Output::Done(id) => (id, Told::Done),
                Output::Close(id) => (id, Told::Close),
                Output::Wait(next) => return next,
            };
            if let Some(route) = self.routes.get(&id) {
                let _ = route.send(told);
            }
        }
    }
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    started: Instant,
    /// The time of the next planned event may have changed.
    planned: Notify,
    /// Something may have changed: for threads that wait, and for tasks.
    happened: Condvar,
    told: Notify,
}

impl Shared {
    fn now(&self) -> Time {
        Time::ZERO + self.started.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A test that panics inside `with` must still be able to look at the cluster afterwards.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn act<R>(&self, act: impl FnOnce(&mut Cluster, Time) -> R) -> R {
        let mut world = self.lock();
        let now = self.now();
        let result = act(&mut world.cluster, now);
        world.deliver();
        self.planned.notify_one();
        self.tell();
        result
    }

    /// Wakes who waits for something to happen.
    fn tell(&self) {
        self.happened.notify_all();
        self.told.notify_waiters();
    }
}

async fn serve(shared: Arc<Shared>, listeners: Vec<(i32, StdListener)>, stopped: oneshot::Receiver<()>) {
    for (broker, listener) in listeners {
        tokio::spawn(accept(Arc::clone(&shared), broker, listener));
    }
    tokio::select! {
        () = keep_time(&shared) => {}
        _ = stopped => {}
    }
}

/// Lets the cluster's own time pass.
async fn keep_time(shared: &Shared) {
    loop {
        let next = {
            let mut world = shared.lock();
            world.cluster.advance(shared.now());
            let next = world.deliver();
            shared.tell();
            next
        };
        let until_next = async {
            match next {
                Some(next) => tokio::time::sleep(next.since(shared.now())).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = until_next => {}
            () = shared.planned.notified() => {}
        }
    }
}

async fn accept(shared: Arc<Shared>, broker: i32, listener: StdListener) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(converse(Arc::clone(&shared), broker, stream));
            }
            // Out of file descriptors, most likely: some will be free again.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// One connection, from accept to close.
async fn converse(shared: Arc<Shared>, broker: i32, mut stream: TcpStream) {
    let (route, told) = mpsc::unbounded_channel();
    let opened = {
        let mut world = shared.lock();
        let id = world.cluster.open(broker);
        if let Some(id) = id {
            world.routes.insert(id, route);
        }
        id
    };
    // A stopped broker's port is still bound: whoever connects is shown the door.
    let Some(id) = opened else { return };
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.split();
    let answered = Semaphore::new(1);
    tokio::select! {
        () = read(&shared, id, reader, &answered) => {}
        () = write(writer, told, &answered) => {}
    }
    shared.lock().routes.remove(&id);
    shared.act(|cluster, _| cluster.close(id));
}

/// Requests in, one at a time: the next is passed on when the last has its answer. Ends when the client does, or when what
/// it sends is no request.
async fn read(shared: &Shared, id: ConnectionId, mut reader: ReadHalf<'_>, answered: &Semaphore) {
    let mut splitter = FrameSplitter::new(shared.lock().cluster.options().request_bytes_max);
    let mut chunk = vec![0; READ_CHUNK];
    loop {
        match splitter.next_frame() {
            Ok(Some(frame)) => request(shared, id, frame, answered).await,
            Ok(None) => match reader.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(count) => splitter.push(chunk.get(..count).unwrap_or_default()),
            },
            Err(_) => return,
        }
    }
}

async fn request(shared: &Shared, id: ConnectionId, frame: Bytes, answered: &Semaphore) {
    // The semaphore is never closed.
    if let Ok(permit) = answered.acquire().await {
        permit.forget();
    }
    shared.act(|cluster, now| cluster.handle_request(id, frame, now));
}

/// Answers out. Ends when the broker closes the connection.
async fn write(mut writer: WriteHalf<'_>, mut told: mpsc::UnboundedReceiver<Told>, answered: &Semaphore) {
    while let Some(told) = told.recv().await {
        match told {
            Told::Answer(frame) => {
                if writer.write_all(&frame).await.is_err() {
                    return;
                }
            }
            Told::Done => {}
            Told::Close => return,
        }
        answered.add_permits(1);
    }
}
