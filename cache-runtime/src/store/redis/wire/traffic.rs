//! What is under way over a connection: what is to be written, and who waits for which answer.

use super::super::names::Place as Name;
use super::pieces::{Answer, Wanted};
use super::shared::Shared;
use super::{KEPT_BYTES, Sink};
use redis::{RedisError, RedisResult};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::io::AsyncWrite;

/// What is on its way.
pub(super) struct Traffic {
    sink: Sink,
    outbound: Vec<u8>,
    /// What comes behind all that is outbound.
    shared: Shared,
    /// How much of what is outbound has been written.
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
    wanted: Wanted,
    state: State,
}

enum State {
    Asked(Waker),
    Answered(Answer),
    /// Its caller has the answer, or wants none any more.
    Left,
}

impl Traffic {
    pub(super) fn new(sink: Sink) -> Self {
        Self {
            sink,
            outbound: Vec::with_capacity(1 << 10),
            shared: Shared::default(),
            written: 0,
            is_unflushed: false,
            questions: VecDeque::new(),
            first: 0,
            unanswered: 0,
            driver: Waker::noop().clone(),
            is_driver_woken: false,
            ended: None,
        }
    }

    /// Asks what gets so many answers, and says under which number.
    pub(super) fn ask(
        &mut self,
        answers: usize,
        write: impl FnOnce(&mut Vec<u8>),
        context: &Context<'_>,
    ) -> RedisResult<u64> {
        let is_quiet = self.is_quiet()?;
        self.shared.close(&mut self.outbound);
        write_whole(&mut self.outbound, write);
        self.sent(Wanted::Values(answers), is_quiet, context)
    }

    /// Asks for strings, as [`Line::look`](super::Line::look).
    pub(super) fn look<'n>(
        &mut self,
        of: Option<&str>,
        common: Name<'n>,
        names: impl Iterator<Item = Name<'n>> + Clone,
        context: &Context<'_>,
    ) -> RedisResult<u64> {
        let is_quiet = self.is_quiet()?;
        let count = names.clone().count();
        let joins = self.shared.takes(of, count);
        if !joins {
            self.shared.close(&mut self.outbound);
        }
        self.shared.join(of, common, names);
        if !joins {
            self.questions.push_back(Question { wanted: Wanted::Array, state: State::Left });
        }
        self.sent(Wanted::Strings(count), is_quiet, context)
    }

    /// Whether nothing is under way: who asks then need not wait for the driver.
    fn is_quiet(&self) -> RedisResult<bool> {
        match &self.ended {
            Some(error) => Err(error.clone()),
            None => Ok(self.unanswered == self.next_number() && self.has_written()),
        }
    }

    fn next_number(&self) -> u64 {
        self.first + self.questions.len() as u64
    }

    fn has_written(&self) -> bool {
        self.shared.is_empty() && self.outbound.is_empty()
    }

    /// Waits for the answer to what has just been put behind the rest.
    fn sent(&mut self, wanted: Wanted, is_quiet: bool, context: &Context<'_>) -> RedisResult<u64> {
        let number = self.next_number();
        self.questions.push_back(Question { wanted, state: State::Asked(context.waker().clone()) });
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
        let Self { sink, shared, outbound, written, is_unflushed, driver: waker, .. } = self;
        shared.close(outbound);
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

    /// Writes what has not been written, for the driver, which is woken from now on when there is more.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) -> RedisResult<()> {
        if let Some(error) = &self.ended {
            return Err(error.clone());
        }
        if !self.driver.will_wake(context.waker()) {
            self.driver = context.waker().clone();
        }
        self.is_driver_woken = false;
        match self.has_written() && !self.is_unflushed {
            true => Ok(()),
            false => Ok(self.write(Some(context))?),
        }
    }

    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.questions.is_empty() && self.outbound.capacity() <= KEPT_BYTES
    }

    fn wake_driver(&mut self) {
        if !std::mem::replace(&mut self.is_driver_woken, true) {
            self.driver.wake_by_ref();
        }
    }

    /// What has come of a question, once.
    pub(super) fn answer(&mut self, number: u64, context: &Context<'_>) -> Poll<RedisResult<Answer>> {
        let question = &mut self.questions[(number - self.first) as usize];
        match &mut question.state {
            State::Asked(waker) => match &self.ended {
                Some(error) => Poll::Ready(Err(error.clone())),
                None => {
                    waker.clone_from(context.waker());
                    Poll::Pending
                }
            },
            State::Answered(answer) => {
                let answer = std::mem::take(answer);
                self.leave(number);
                Poll::Ready(Ok(answer))
            }
            State::Left => unreachable!("an answer is taken once"),
        }
    }

    /// Its caller waits no more.
    pub(super) fn leave(&mut self, number: u64) {
        self.question(number).state = State::Left;
        self.clear();
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

    /// What the next one to be answered wants; none if nobody waits for any.
    pub(super) fn next(&self) -> Option<Wanted> {
        self.questions.get((self.unanswered - self.first) as usize).map(|question| question.wanted)
    }

    pub(super) fn answered(&mut self, answer: Answer) -> Option<Waker> {
        let question = self.question(self.unanswered);
        let woken = match std::mem::replace(&mut question.state, State::Answered(answer)) {
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
    pub(super) fn end(&mut self, error: RedisError) -> Vec<Waker> {
        self.ended.get_or_insert(error);
        (self.shared, self.outbound, self.written) = (Shared::default(), Vec::new(), 0);
        let asked = |question: &mut Question| match &mut question.state {
            State::Asked(waker) => Some(std::mem::replace(waker, Waker::noop().clone())),
            State::Answered(_) | State::Left => None,
        };
        let driver = std::mem::replace(&mut self.driver, Waker::noop().clone());
        self.questions.iter_mut().filter_map(asked).chain([driver]).collect()
    }
}

/// Writes all of it or, if that panics, nothing: what comes next would be taken for the rest of half a question.
pub(super) fn write_whole(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    struct Whole<'a>(usize, &'a mut Vec<u8>);

    impl Drop for Whole<'_> {
        fn drop(&mut self) {
            self.1.truncate(self.0);
        }
    }

    let mut whole = Whole(out.len(), out);
    write(whole.1);
    whole.0 = whole.1.len();
}
