//! Logging in, by the redis crate: as whom, into which database, and how a server that knows no users is told.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ProtocolVersion, RedisConnectionInfo, RedisResult};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Logs in, and gives the stream back. All that the server had to say has been read: it says nothing unasked in RESP2.
pub(super) async fn logged_in<S>(settings: &RedisConnectionInfo, stream: S) -> RedisResult<S>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let lent = Lent(Arc::new(Mutex::new(Some(stream))));
    let settings = settings.clone().set_protocol(ProtocolVersion::RESP2);
    // Every operation has a deadline of its own, and so has this.
    let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let _driven_by_nobody = MultiplexedConnection::new_with_config(&settings, lent.clone(), config).await?;
    let stream = lent.lock().take();
    stream.ok_or_else(|| gone().into())
}

/// A stream that is taken back.
struct Lent<S>(Arc<Mutex<Option<S>>>);

impl<S> Clone for Lent<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> Lent<S> {
    fn lock(&self) -> MutexGuard<'_, Option<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, act: impl FnOnce(Pin<&mut S>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>>
    where
        S: Unpin,
    {
        self.lock().as_mut().map_or_else(|| Poll::Ready(Err(gone())), |stream| act(Pin::new(stream)))
    }
}

fn gone() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl<S: AsyncRead + Unpin> AsyncRead for Lent<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_read(context, buffer))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lent<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(context))
    }
}
