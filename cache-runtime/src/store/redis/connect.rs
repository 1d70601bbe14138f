//! The one connection that all operations share: made when first needed, given up when it breaks, made anew by the next.
//!
//! Its driver runs as a task of the runtime that connected. It ends with the connection, with the last operation that
//! uses it, or with that runtime; whichever it was, the next operation sees that it ended and connects again.

use super::NAME;
use super::names::Names;
use super::scripts::ADOPT;
use crate::clock::{Clock, whole_ms};
use crate::error::StoreError;
use crate::stamp::random_name;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{
    AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, ErrorKind, RedisError, RedisResult, ServerErrorKind,
};
use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long connecting may take, over all the operations that wait for it.
pub(crate) const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// How long operations fail at once after a failure to connect.
const BACK_OFF_MS: u64 = 100;
/// After so many operations in a row without an answer a connection is given up.
const MAX_LATE: u32 = 5;

/// Makes and keeps the connection.
pub(crate) struct Connector {
    info: ConnectionInfo,
    clock: Clock,
    state: Mutex<State>,
    /// Held while connecting. A caller that gives up leaves the attempt here, and the next one goes on with it.
    attempt: tokio::sync::Mutex<Option<Attempt>>,
}

#[derive(Default)]
struct State {
    link: Option<Arc<Link>>,
    failed: Option<(RedisError, u64)>,
}

struct Attempt {
    connecting: Pin<Box<dyn Future<Output = RedisResult<Link>> + Send>>,
    until_ms: u64,
}

impl Connector {
    pub(super) fn new(info: ConnectionInfo) -> Self {
        Self { info, clock: Clock::system(), state: Mutex::default(), attempt: tokio::sync::Mutex::default() }
    }

    /// A connection of its own for a listener.
    pub(crate) async fn pubsub(&self) -> RedisResult<PubSub> {
        let settings = self.info.redis_settings();
        match stream(&self.info).await? {
            Stream::Tcp(stream) => PubSub::new(settings, stream).await,
            #[cfg(unix)]
            Stream::Unix(stream) => PubSub::new(settings, stream).await,
        }
    }

    /// The server's address, without user and password.
    pub(super) fn address(&self) -> String {
        self.info.addr().to_string()
    }

    /// Asks on the connection, once it has adopted the namespace.
    pub(super) async fn ask<T, F>(&self, names: &Names, ask: &impl Fn(Arc<Link>) -> F) -> RedisResult<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let link = self.link().await?;
        let answer = match link.adopt(names).await {
            Ok(()) => ask(link.clone()).await,
            Err(error) => Err(error),
        };
        self.note(&link, &answer);
        answer
    }

    /// The connection there is, or a new one. Dropping the future leaves the attempt to the next caller.
    pub(super) async fn link(&self) -> RedisResult<Arc<Link>> {
        if let Some(known) = self.known() {
            return known;
        }
        let mut attempt = self.attempt.lock().await;
        if let Some(known) = self.known() {
            return known;
        }
        let connected = self.go_on(&mut attempt).await;
        *attempt = None;
        self.remember(connected)
    }

    /// Gives up a connection, unless another has taken its place.
    fn discard(&self, link: &Arc<Link>) {
        let mut state = self.state();
        if state.link.as_ref().is_some_and(|current| Arc::ptr_eq(current, link)) {
            state.link = None;
        }
    }

    /// Counts an operation that got no answer.
    pub(super) fn note_late(&self) {
        let link = self.state().link.clone();
        if let Some(link) = link.filter(|link| link.late.fetch_add(1, Ordering::Relaxed) + 1 >= MAX_LATE) {
            self.discard(&link);
        }
    }

    /// Counts an operation that got one, and gives up a connection that cannot give another.
    fn note<T>(&self, link: &Arc<Link>, answer: &RedisResult<T>) {
        link.late.store(0, Ordering::Relaxed);
        if answer.as_ref().is_err_and(ends_connection) {
            self.discard(link);
        }
    }

    /// The error as the caller is told of it: with the address, without the password.
    pub(crate) fn error(&self, error: &RedisError) -> StoreError {
        let mut said = match (error.code(), error.detail()) {
            (Some(code), Some(detail)) => format!("{code} {detail}"),
            _ => error.to_string(),
        };
        if let Some(password) = self.info.redis_settings().password().filter(|password| !password.is_empty()) {
            said = said.replace(password, "***");
        }
        if error.is_io_error() {
            return StoreError::Unreachable { store: NAME, cause: format!("{}: {said}", self.address()).into() };
        }
        StoreError::Refused { store: NAME, cause: said.into() }
    }

    fn known(&self) -> Option<RedisResult<Arc<Link>>> {
        let mut state = self.state();
        if state.link.as_ref().is_some_and(|link| link.driver.is_finished()) {
            state.link = None;
        }
        if let Some(link) = &state.link {
            return Some(Ok(link.clone()));
        }
        let now_ms = self.clock.now_ms();
        state.failed.as_ref().filter(|(_, until_ms)| now_ms < *until_ms).map(|(error, _)| Err(error.clone()))
    }

    async fn go_on(&self, attempt: &mut Option<Attempt>) -> RedisResult<Link> {
        let now_ms = self.clock.now_ms();
        let current = match attempt {
            Some(attempt) if now_ms < attempt.until_ms => attempt,
            _ => attempt.insert(Attempt {
                connecting: Box::pin(connect(self.info.clone())),
                until_ms: now_ms + whole_ms(CONNECT_DEADLINE),
            }),
        };
        let left = Duration::from_millis(current.until_ms - now_ms);
        // The timer is this caller's, not the attempt's: the attempt may outlive the runtime that began it.
        match tokio::time::timeout(left, current.connecting.as_mut()).await {
            Ok(connected) => connected,
            Err(_) => Err(no_answer()),
        }
    }

    fn remember(&self, connected: RedisResult<Link>) -> RedisResult<Arc<Link>> {
        let connected = connected.map(Arc::new);
        let until_ms = self.clock.now_ms() + BACK_OFF_MS;
        let failed = connected.as_ref().err().map(|error| (error.clone(), until_ms));
        *self.state() = State { link: connected.as_ref().ok().cloned(), failed };
        connected
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection to one incarnation of the server.
pub(super) struct Link {
    /// To be cloned for each operation; clones share the connection.
    pub(super) connection: MultiplexedConnection,
    /// Which server this is, since when, and which history it replicates.
    pub(super) incarnation: String,
    adopted: Mutex<HashSet<Box<str>>>,
    late: AtomicU32,
    driver: JoinHandle<()>,
}

impl Link {
    /// Makes a namespace usable on this connection: what another incarnation of the server wrote there is history.
    async fn adopt(&self, names: &Names) -> RedisResult<()> {
        if self.adopted().contains(names.prefix()) {
            return Ok(());
        }
        let epoch = format!("{:016x}", random_name());
        let mut connection = self.connection.clone();
        ADOPT.key(names.meta()).arg(epoch).arg(&self.incarnation).invoke_async::<()>(&mut connection).await?;
        self.adopted().insert(names.prefix().into());
        Ok(())
    }

    fn adopted(&self) -> MutexGuard<'_, HashSet<Box<str>>> {
        self.adopted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

async fn connect(info: ConnectionInfo) -> RedisResult<Link> {
    // Every operation has a deadline of its own.
    let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let settings = info.redis_settings();
    let (mut connection, driver) = match stream(&info).await? {
        Stream::Tcp(stream) => {
            let (connection, driver) = MultiplexedConnection::new_with_config(settings, stream, config).await?;
            (connection, tokio::spawn(driver))
        }
        #[cfg(unix)]
        Stream::Unix(stream) => {
            let (connection, driver) = MultiplexedConnection::new_with_config(settings, stream, config).await?;
            (connection, tokio::spawn(driver))
        }
    };
    let incarnation = incarnation(&mut connection).await?;
    Ok(Link { connection, incarnation, adopted: Mutex::default(), late: AtomicU32::new(0), driver })
}

enum Stream {
    Tcp(tokio::net::TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

async fn stream(info: &ConnectionInfo) -> RedisResult<Stream> {
    match info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let stream = tokio::net::TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            Ok(Stream::Tcp(stream))
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => Ok(Stream::Unix(tokio::net::UnixStream::connect(path).await?)),
        _ => Err((ErrorKind::InvalidClientConfig, "this kind of address is not supported").into()),
    }
}

async fn incarnation(connection: &mut MultiplexedConnection) -> RedisResult<String> {
    let mut info = redis::pipe();
    info.cmd("INFO").arg("server").cmd("INFO").arg("replication");
    let (server, replication): (String, String) = info.query_async(connection).await?;
    let run_id = field(&server, "run_id").ok_or((ErrorKind::Client, "the server's INFO does not name its run_id"))?;
    Ok(format!("{run_id}/{}", field(&replication, "master_replid").unwrap_or_default()))
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
        .filter(|value| !value.is_empty())
}

pub(super) fn no_answer() -> RedisError {
    std::io::Error::new(std::io::ErrorKind::TimedOut, format!("no answer within {CONNECT_DEADLINE:?}")).into()
}

/// Whether the connection is of no more use: broken, out of step, or to a server that has become a replica.
fn ends_connection(error: &RedisError) -> bool {
    let demoted =
        [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown].map(ErrorKind::Server).contains(&error.kind());
    error.is_io_error() || error.is_unrecoverable_error() || demoted || is_foreign(error)
}

/// The code of an answer that another incarnation of the server has written the history than the connection knows.
const FOREIGN: &str = "FOREIGN";

pub(super) fn is_foreign(error: &RedisError) -> bool {
    error.code() == Some(FOREIGN)
}

pub(super) fn foreign() -> RedisError {
    redis::make_extension_error(
        FOREIGN.into(),
        Some("the history was written by another incarnation of the server".into()),
    )
}
