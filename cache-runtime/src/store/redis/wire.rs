//! One connection that all operations share: what is asked goes out in turn, and what is answered comes back in that order.
//!
//! Who finds nothing under way writes at once; what is asked meanwhile is written together by the driver, a task that reads
//! as well. An answer is handed over as it came, without a copy. By way of the redis crate every question goes through a
//! queue to a task, and every answer is parsed into values of its own; a hit costs a third more then.

mod commands;

use super::reply::{Broken, Scan};
use bytes::{Bytes, BytesMut};
use redis::{RedisError, RedisResult};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

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

/// What is on its way.
struct Traffic {
    sink: Sink,
    outbound: Vec<u8>,
    /// How much of that has been written.
    written: usize,
    /// Whether what was written may still be in the sink.
    is_unflushed: bool,
    /// In the order in which they were asked.
    questions: VecDeque<Question>,
    /// The number of the first of them.
    first: u64,
    /// The number of the first that has no answer.
    unanswered: u64,
    /// What wakes the driver, and whether it has been.
    driver: Waker,
    is_driver_woken: bool,
    ended: Option<RedisError>,
}

struct Question {
    /// How many answers it gets.
    answers: usize,
    state: State,
}

enum State {
    Asked(Waker),
    Answered(Bytes),
    /// Its caller has the answer, or wants none any more.
    Left,
}

/// Reads, and writes what nobody else does.
pub(super) struct Driver {
    line: Line,
    source: Source,
    inbound: BytesMut,
    scan: Option<Scan>,
    woken: Vec<Waker>,
}

/// A connection, and the future that drives it: to be dropped when nobody needs it any more.
pub(super) fn line(source: Source, sink: Sink) -> (Line, impl Future<Output = ()> + Send) {
    let line = Line(Arc::new(Mutex::new(Traffic {
        sink,
        outbound: Vec::with_capacity(1 << 10),
        written: 0,
        is_unflushed: false,
        questions: VecDeque::new(),
        first: 0,
        unanswered: 0,
        driver: Waker::noop().clone(),
        is_driver_woken: false,
        ended: None,
    })));
    let inbound = BytesMut::with_capacity(READ_BYTES);
    let mut driver = Driver { line: line.clone(), source, inbound, scan: None, woken: Vec::new() };
    (line, poll_fn(move |context| driver.poll(context)))
}

impl Line {
    /// Asks, and waits for the answers, which come one after another as they stand. `write` writes the question, which gets
    /// so many answers. Dropping the future gives up the answers and not the question.
    pub(super) async fn ask(&self, answers: usize, write: impl FnOnce(&mut Vec<u8>)) -> RedisResult<Bytes> {
        if answers == 0 {
            return Ok(Bytes::new());
        }
        let (mut write, mut place) = (Some(write), None);
        poll_fn(|context| match (&mut place, write.take()) {
            (None, Some(write)) => {
                let number = self.lock().send(Question::new(answers, context), write)?;
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
    fn answer(&mut self, context: &mut Context<'_>) -> Poll<RedisResult<Bytes>> {
        let mut traffic = self.line.lock();
        let Traffic { questions, first, ended, .. } = &mut *traffic;
        let question = &mut questions[(self.number - *first) as usize];
        match &mut question.state {
            State::Asked(waker) => match ended {
                Some(error) => Poll::Ready(Err(error.clone())),
                None => {
                    waker.clone_from(context.waker());
                    Poll::Pending
                }
            },
            State::Answered(bytes) => {
                let bytes = std::mem::take(bytes);
                question.state = State::Left;
                traffic.clear();
                self.is_left = true;
                Poll::Ready(Ok(bytes))
            }
            State::Left => unreachable!("an answer is taken once"),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.is_left {
            let mut traffic = self.line.lock();
            traffic.question(self.number).state = State::Left;
            traffic.clear();
        }
    }
}

impl Question {
    fn new(answers: usize, context: &Context<'_>) -> Self {
        Self { answers, state: State::Asked(context.waker().clone()) }
    }
}

/// What there is to write, without half a question that a panic left behind: the next one would be taken for its end.
struct Whole<'a> {
    len: usize,
    outbound: &'a mut Vec<u8>,
}

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        self.outbound.truncate(self.len);
    }
}

impl Traffic {
    fn send(&mut self, question: Question, write: impl FnOnce(&mut Vec<u8>)) -> RedisResult<u64> {
        if let Some(error) = &self.ended {
            return Err(error.clone());
        }
        let number = self.first + self.questions.len() as u64;
        let is_quiet = self.unanswered == number && self.outbound.is_empty();
        let mut whole = Whole { len: self.outbound.len(), outbound: &mut self.outbound };
        write(whole.outbound);
        whole.len = whole.outbound.len();
        drop(whole);
        self.questions.push_back(question);
        if !is_quiet {
            // There will be more of them until it comes to it.
            self.wake_driver();
        } else if let Err(error) = self.write(None) {
            // Nobody else waits for an answer, and the driver learns of it.
            let error = RedisError::from(error);
            self.wake_driver();
            self.question(number).state = State::Left;
            self.end(error.clone());
            return Err(error);
        }
        Ok(number)
    }

    /// Writes what there is to write; if that is not possible now, the driver is woken when it is.
    fn write(&mut self, driver: Option<&mut Context<'_>>) -> io::Result<()> {
        let Self { sink, outbound, written, is_unflushed, driver: waker, .. } = self;
        let context = &mut match driver {
            Some(context) => Context::from_waker(context.waker()),
            None => Context::from_waker(waker),
        };
        while *written < outbound.len() {
            match Pin::new(&mut *sink).poll_write(context, &outbound[*written..]) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(wrote) => *written += wrote?,
                Poll::Pending => return Ok(()),
            }
            *is_unflushed = true;
        }
        (*written, *is_unflushed) = (
            0,
            match *is_unflushed {
                true => Pin::new(sink).poll_flush(context)?.is_pending(),
                false => false,
            },
        );
        outbound.clear();
        if outbound.capacity() > KEPT_BYTES {
            outbound.shrink_to(KEPT_BYTES);
        }
        Ok(())
    }

    fn wake_driver(&mut self) {
        if !std::mem::replace(&mut self.is_driver_woken, true) {
            self.driver.wake_by_ref();
        }
    }

    fn question(&mut self, number: u64) -> &mut Question {
        &mut self.questions[(number - self.first) as usize]
    }

    /// Forgets those at the beginning that are over.
    fn clear(&mut self) {
        while self.first < self.unanswered
            && matches!(self.questions.front(), Some(Question { state: State::Left, .. }))
        {
            self.questions.pop_front();
            self.first += 1;
        }
    }

    /// How many answers the next one to be answered gets; none if nobody waits for any.
    fn next(&self) -> Option<usize> {
        self.questions.get((self.unanswered - self.first) as usize).map(|question| question.answers)
    }

    fn answered(&mut self, bytes: Bytes) -> Option<Waker> {
        let question = self.question(self.unanswered);
        let woken = match std::mem::replace(&mut question.state, State::Answered(bytes)) {
            State::Asked(waker) => Some(waker),
            left => {
                question.state = left;
                None
            }
        };
        self.unanswered += 1;
        self.clear();
        woken
    }

    /// Those who are to be told.
    fn end(&mut self, error: RedisError) -> Vec<Waker> {
        self.ended.get_or_insert(error);
        self.outbound = Vec::new();
        self.written = 0;
        let asked = |question: &mut Question| match &mut question.state {
            State::Asked(waker) => Some(std::mem::replace(waker, Waker::noop().clone())),
            State::Answered(_) | State::Left => None,
        };
        let driver = std::mem::replace(&mut self.driver, Waker::noop().clone());
        self.questions.iter_mut().filter_map(asked).chain([driver]).collect()
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
            if let Err(error) = self.write(context) {
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

    fn write(&self, context: &mut Context<'_>) -> RedisResult<()> {
        let mut traffic = self.line.lock();
        if let Some(error) = &traffic.ended {
            return Err(error.clone());
        }
        if !traffic.driver.will_wake(context.waker()) {
            traffic.driver = context.waker().clone();
        }
        traffic.is_driver_woken = false;
        if traffic.outbound.is_empty() && !traffic.is_unflushed {
            return Ok(());
        }
        Ok(traffic.write(Some(context))?)
    }

    /// Hands what has come to those who asked for it.
    fn hand_over(&mut self) -> Result<(), Broken> {
        let Self { line, inbound, scan, woken, .. } = self;
        let mut traffic = line.lock();
        let handed = loop {
            if inbound.is_empty() {
                break Ok(());
            }
            let Some(answers) = traffic.next() else { break Err(Broken) };
            match scan.get_or_insert_with(|| Scan::of(answers)).end(inbound) {
                Ok(Some(end)) => woken.extend(traffic.answered(inbound.split_to(end).freeze())),
                Ok(None) => break Ok(()),
                Err(broken) => break Err(broken),
            }
            *scan = None;
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
