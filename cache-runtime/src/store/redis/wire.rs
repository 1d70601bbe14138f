//! One connection that all operations share: what is asked goes out in turn, and what is answered comes back in that order.
//!
//! Who finds nothing under way writes at once; what is asked meanwhile is written together by the driver, a task that reads
//! as well. An answer is handed over as it came, without a copy. By way of the redis crate every question goes through a
//! queue to a task, and every answer is parsed into values of its own; a hit costs a third more then.

mod commands;
mod pieces;
mod shared;
mod traffic;

use super::names::Place as Name;
use super::reply::Broken;
use bytes::{Bytes, BytesMut};
use pieces::{Answer, Pieces};
use redis::{RedisError, RedisResult};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use traffic::Traffic;

/// Where is read from.
pub(super) type Source = Box<dyn AsyncRead + Send + Unpin>;

/// Where is written to.
pub(super) type Sink = Box<dyn AsyncWrite + Send + Unpin>;

/// How much is read at once, unless an answer is longer: so little that it is at hand when it is decoded.
const READ_BYTES: usize = 16 << 10;

/// The same of a long answer: as much again as is there, and no more than this.
const MAX_READ_BYTES: usize = 1 << 20;

/// Room for what is asked that is kept although nobody asks so much.
const KEPT_BYTES: usize = 256 << 10;

/// The connection, for whoever asks; clones share it.
#[derive(Clone)]
pub(super) struct Line(Arc<Mutex<Traffic>>);

/// Reads, and writes what nobody else does.
pub(super) struct Driver {
    line: Line,
    source: Source,
    inbound: BytesMut,
    pieces: Pieces,
    woken: Vec<Waker>,
}

/// A connection, and the future that drives it: to be dropped when nobody needs it any more.
pub(super) fn line(source: Source, sink: Sink) -> (Line, impl Future<Output = ()> + Send) {
    let line = Line(Arc::new(Mutex::new(Traffic::new(sink))));
    let inbound = BytesMut::with_capacity(READ_BYTES);
    let mut driver = Driver { line: line.clone(), source, inbound, pieces: Pieces::default(), woken: Vec::new() };
    (line, poll_fn(move |context| driver.poll(context)))
}

impl Line {
    /// Asks, and waits for the answers, which come one after another as they stand. `write` writes the question, which gets
    /// so many answers. Dropping the future gives up the answers and not the question.
    pub(super) async fn ask(&self, answers: usize, write: impl FnOnce(&mut Vec<u8>)) -> RedisResult<Bytes> {
        if answers == 0 {
            return Ok(Bytes::new());
        }
        self.answered(|traffic, context| traffic.ask(answers, write, context)).await.map(|answer| answer.own)
    }

    /// Asks for what these name by an `MGET`, which those share who ask for more of the same meanwhile; alone if it is of
    /// nothing. What comes is the string of `common`, which all of them ask for, or the server's error; and beside it the
    /// others, one after another.
    pub(super) async fn look<'n>(
        &self,
        of: Option<&str>,
        common: Name<'n>,
        names: impl Iterator<Item = Name<'n>> + Clone,
    ) -> RedisResult<Answer> {
        self.answered(|traffic, context| traffic.look(of, common, names, context)).await
    }

    async fn answered(&self, send: impl FnOnce(&mut Traffic, &Context<'_>) -> RedisResult<u64>) -> RedisResult<Answer> {
        let (mut send, mut place) = (Some(send), None);
        poll_fn(|context| match (&mut place, send.take()) {
            (None, Some(send)) => {
                let number = send(&mut self.lock(), context)?;
                place = Some(Place { line: self, number, is_left: false });
                Poll::Pending
            }
            (Some(place), _) => place.answer(context),
            (None, None) => unreachable!("who failed to ask is not polled again"),
        })
        .await
    }

    fn lock(&self) -> MutexGuard<'_, Traffic> {
        // A panic leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing more will be answered.
    fn end(&self, error: RedisError) {
        let woken = self.lock().end(error);
        woken.into_iter().for_each(Waker::wake);
    }
}

/// The place of one who asked.
struct Place<'a> {
    line: &'a Line,
    number: u64,
    is_left: bool,
}

impl Place<'_> {
    fn answer(&mut self, context: &Context<'_>) -> Poll<RedisResult<Answer>> {
        let answer = self.line.lock().answer(self.number, context);
        self.is_left = matches!(answer, Poll::Ready(Ok(_)));
        answer
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.is_left {
            self.line.lock().leave(self.number);
        }
    }
}

impl Driver {
    /// Ends when the connection does.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let error = ready!(self.drive(context));
        self.line.end(error);
        Poll::Ready(())
    }

    fn drive(&mut self, context: &mut Context<'_>) -> Poll<RedisError> {
        loop {
            if let Err(error) = self.line.lock().drive(context) {
                return Poll::Ready(error);
            }
            let wanted = self.inbound.len().clamp(READ_BYTES, MAX_READ_BYTES);
            if self.inbound.capacity() - self.inbound.len() < wanted / 4 {
                self.inbound.reserve(wanted);
            }
            let read = ready!(pin!(self.source.read_buf(&mut self.inbound)).poll(context));
            match read {
                Ok(0) => return Poll::Ready(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(_) => {}
                Err(error) => return Poll::Ready(error.into()),
            }
            if let Err(Broken) = self.hand_over() {
                return Poll::Ready(self.said());
            }
        }
    }

    /// Hands what has come to those who asked for it.
    fn hand_over(&mut self) -> Result<(), Broken> {
        let Self { line, inbound, pieces, woken, .. } = self;
        let mut traffic = line.lock();
        let handed = loop {
            let Some(wanted) = traffic.next() else {
                break if inbound.is_empty() { Ok(()) } else { Err(Broken) };
            };
            match pieces.take(wanted, inbound) {
                Ok(Some(answer)) => woken.extend(traffic.answered(answer)),
                Ok(None) => break Ok(()),
                Err(broken) => break Err(broken),
            }
        };
        drop(traffic);
        // Also if what came last is no answer: those before it have theirs.
        woken.drain(..).for_each(Waker::wake);
        handed
    }

    /// What nobody asked for, or is no answer; without its text, in which there may be names.
    fn said(&self) -> RedisError {
        let (first, count) = (self.inbound.first().copied().unwrap_or_default(), self.inbound.len());
        let problem = format!("what came is no answer: {count} bytes that begin with {:?}", char::from(first));
        io::Error::new(io::ErrorKind::InvalidData, problem).into()
    }
}

impl Drop for Driver {
    /// Its task was aborted, or its runtime is gone.
    fn drop(&mut self) {
        self.line.end(io::Error::from(io::ErrorKind::BrokenPipe).into());
    }
}

#[cfg(test)]
mod tests;
