//! One connection to one incarnation of a server: how it is opened, and how a namespace becomes usable on it.
//!
//! Its driver runs as a task of the runtime that connected. It ends with the connection, with the last operation that
//! uses it, or with that runtime.

use super::invocation::{Hex, Invocation};
use super::login::logged_in;
use super::names::Names;
use super::reach::Reach;
use super::scripts::ADOPT;
use super::subscription::{Duplex, Subscription};
use super::tls::Encrypted;
use super::wire::{Line, Sink, Source, line};
use crate::stamp::{Partition, random_name};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr, ErrorKind, PushInfo, RedisConnectionInfo, RedisError, RedisResult};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::net::TcpStream;
use tokio::sync::broadcast::Sender;
use tokio::task::JoinHandle;

/// A connection to one incarnation of the server.
pub(super) struct Link {
    /// No other connection has it.
    number: u64,
    wire: Wire,
    /// Which server this is, since when, and which history it replicates.
    pub(super) incarnation: String,
    /// How many operations in a row got no answer.
    pub(super) late: AtomicU32,
    adopted: Mutex<HashSet<Box<str>>>,
}

impl Link {
    /// The connection, which all operations share.
    pub(super) fn line(&self) -> &Line {
        &self.wire.line
    }

    /// The same as the redis crate asks for it.
    pub(super) fn connection(&self) -> Line {
        self.wire.line.clone()
    }

    /// Whether it can give no more answers.
    pub(super) fn has_ended(&self) -> bool {
        self.wire.driver.is_finished()
    }

    /// Makes a partition of a namespace usable on this connection: what another incarnation of the server wrote there is
    /// history. `count` is how many partitions the namespace is to have.
    pub(super) async fn adopt(&self, names: &Names, count: u16) -> RedisResult<()> {
        if names.adopted_on.load(Ordering::Acquire) == self.number {
            return Ok(());
        }
        if self.adopted().contains(names.prefix()) {
            names.adopted_on.store(self.number, Ordering::Release);
            return Ok(());
        }
        Box::pin(self.adopt_anew(names, count)).await
    }

    async fn adopt_anew(&self, names: &Names, count: u16) -> RedisResult<()> {
        let mut adopt = Invocation::of(&ADOPT);
        adopt.key(names.meta()).arg(Hex(random_name())).arg(self.incarnation.as_str());
        if names.partition == Partition(0) {
            adopt.key(names.count()).arg(u64::from(count));
        }
        adopt.invoke::<()>(self.line()).await?;
        self.adopted().insert(names.prefix().into());
        Ok(())
    }

    fn adopted(&self) -> MutexGuard<'_, HashSet<Box<str>>> {
        self.adopted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn open(reach: &Reach) -> RedisResult<Link> {
    let wire = Wire::open(reach).await?;
    let incarnation = incarnation(&mut wire.line.clone()).await?;
    Ok(Link { number: random_name(), wire, incarnation, late: AtomicU32::new(0), adopted: Mutex::default() })
}

/// A connection of which nothing is known yet, and the task that drives it.
pub(super) struct Wire<C = Line> {
    pub(super) line: C,
    driver: JoinHandle<()>,
}

impl Wire {
    pub(super) async fn open(reach: &Reach) -> RedisResult<Self> {
        let settings = reach.info.redis_settings();
        let ends: RedisResult<(Source, Sink)> = match stream(reach).await? {
            Stream::Tcp(stream) => logged_in(settings, stream).await.map(|stream| {
                let (source, sink) = stream.into_split();
                (Box::new(source) as _, Box::new(sink) as _)
            }),
            Stream::Encrypted(stream) => logged_in(settings, stream).await.map(|stream| {
                let (source, sink) = split(stream);
                (Box::new(source) as _, Box::new(sink) as _)
            }),
            #[cfg(unix)]
            Stream::Unix(stream) => logged_in(settings, stream).await.map(|stream| {
                let (source, sink) = stream.into_split();
                (Box::new(source) as _, Box::new(sink) as _)
            }),
        };
        let (source, sink) = ends.map_err(|error| explained(reach, error))?;
        let (line, driver) = line(source, sink);
        Ok(Self { line, driver: tokio::spawn(driver) })
    }
}

/// A connection by the redis crate, for what a server says unasked, which goes to `pushes`.
pub(super) async fn open_pushed(reach: &Reach, pushes: Sender<PushInfo>) -> RedisResult<Wire<MultiplexedConnection>> {
    // Every operation has a deadline of its own.
    let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let (config, settings) = (config.set_push_sender(pushes), reach.info.redis_settings());
    let wire = match stream(reach).await? {
        Stream::Tcp(stream) => drive(settings, stream, config).await,
        Stream::Encrypted(stream) => drive(settings, stream, config).await,
        #[cfg(unix)]
        Stream::Unix(stream) => drive(settings, stream, config).await,
    };
    wire.map_err(|error| explained(reach, error))
}

async fn drive(
    settings: &RedisConnectionInfo,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    config: AsyncConnectionConfig,
) -> RedisResult<Wire<MultiplexedConnection>> {
    let (line, driver) = MultiplexedConnection::new_with_config(settings, stream, config).await?;
    Ok(Wire { line, driver: tokio::spawn(driver) })
}

impl<C> Drop for Wire<C> {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A connection of a listener's own, which has subscribed.
pub(super) async fn open_subscription(reach: &Reach, channels: &[&String]) -> RedisResult<Subscription> {
    let stream: Box<dyn Duplex> = match stream(reach).await? {
        Stream::Tcp(stream) => Box::new(stream),
        Stream::Encrypted(stream) => stream,
        #[cfg(unix)]
        Stream::Unix(stream) => Box::new(stream),
    };
    let opened = Subscription::open(reach.info.redis_settings(), stream, channels).await;
    opened.map_err(|error| explained(reach, error))
}

enum Stream {
    Tcp(TcpStream),
    Encrypted(Box<Encrypted>),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

async fn stream(reach: &Reach) -> RedisResult<Stream> {
    match reach.info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            Ok(match &reach.tls {
                None => Stream::Tcp(stream),
                Some(tls) => Stream::Encrypted(Box::new(tls.over(host, stream).await?)),
            })
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => Ok(Stream::Unix(tokio::net::UnixStream::connect(path).await?)),
        _ => Err((ErrorKind::InvalidClientConfig, "this kind of address is not supported").into()),
    }
}

fn explained(reach: &Reach, error: RedisError) -> RedisError {
    match &reach.tls {
        None => error,
        Some(tls) => tls.explained(error),
    }
}

async fn incarnation(connection: &mut Line) -> RedisResult<String> {
    let mut info = redis::pipe();
    info.cmd("INFO").arg("server").cmd("INFO").arg("replication");
    let (server, replication): (String, String) = info.query_async(connection).await?;
    let run_id = field(&server, "run_id").ok_or((ErrorKind::Client, "the server's INFO does not name its run_id"))?;
    Ok(format!("{run_id}/{}", field(&replication, "master_replid").unwrap_or_default()))
}

/// A field of what `INFO` and its like say.
pub(super) fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
        .filter(|value| !value.is_empty())
}
