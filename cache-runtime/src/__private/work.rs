//! The work of a call that memory could not answer: look, load, commit, and what to show if that fails or takes too long.
//!
//! Compiled once: what depends on the function's types stays in the caller's [`Frame`].

use super::background::Renews;
use super::desk::Desk;
use crate::cache::{Arrival, Cache, Lead, Request, Sight, Slot, Turn};
use crate::codec::{Value, Wire};
use crate::error::Unanswered;
use crate::load::outside;
use crate::telemetry::spans::{self, Of, Operation};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

/// A call with all that its work needs but the load, whoever does it.
#[derive(Clone)]
pub struct Work {
    pub(super) cache: Cache,
    pub(super) request: Request,
    pub(super) wire: Arc<dyn Wire>,
}

/// Every job but a renewal answers its caller.
pub(super) const ANSWERED: &str = "a call is answered";

/// What is to be done.
pub(super) enum Job {
    /// Find the answer, or load it.
    Answer,
    /// The same, for a caller with little time.
    AnswerWithin(Limits),
    /// Answer with what is to be loaded anew.
    Serve(Arc<Slot>),
    /// Load, and replace whatever is cached.
    Refresh,
    /// Find the answer, and load nothing.
    Find,
    /// Load an entry anew that is still served.
    Renew(Lead, Arc<Slot>),
}

/// What a call is answered with.
pub(super) enum Answer {
    /// What the load returned.
    Loaded,
    /// A value, an absence or a remembered error, which the function can return.
    Found(Option<Value>),
    /// That there is no answer, which the function can say.
    Unanswered(Unanswered),
    /// Nothing: somebody else loads the entry anew.
    Nobody,
}

/// What both sides of a call have: the engine, and the caller with the load.
pub(super) struct Errand {
    pub(super) work: Work,
    pub(super) desk: Desk,
}

/// The caller's side of the work, without its types.
pub(super) struct Side<'a> {
    pub(super) types: Box<dyn Types + 'a>,
    /// The load as somebody else could run it, to renew an entry.
    pub(super) renews: Option<Box<dyn Renews + 'a>>,
}

/// The same for the engine.
struct Frame<'a> {
    types: &'a dyn Types,
    renews: Option<&'a dyn Renews>,
    desk: &'a Desk,
}

/// What a function's types can say.
pub(super) trait Types: Send + Sync {
    /// Whether the function can return what was found.
    fn can_give(&self, found: Option<&Value>) -> bool;

    /// Whether it can return that there is no answer.
    fn can_say(&self, why: Unanswered) -> bool;
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").field("request", &self.request).finish_non_exhaustive()
    }
}

impl Errand {
    /// Boxed: so it is compiled here. A future that is part of its caller's is compiled in the caller's crate.
    pub(super) fn perform(
        self: Arc<Self>,
        job: Job,
        side: Side<'_>,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        match job {
            // By itself, for it is what most calls are, and the others take several times as much room.
            Job::Answer => Box::pin(async move {
                let frame = side.frame(&self.desk);
                spans::around(Operation::Call, self.work.span(), self.work.answer(&frame)).await
            }),
            // It has one around it, below the call that it was set off by.
            job @ Job::Renew(..) => Box::pin(async move { self.work.performed(job, &side.frame(&self.desk)).await }),
            job => Box::pin(async move {
                let frame = side.frame(&self.desk);
                spans::around(Operation::Call, self.work.span(), self.work.performed(job, &frame)).await
            }),
        }
    }
}

impl Side<'_> {
    fn frame<'f>(&'f self, desk: &'f Desk) -> Frame<'f> {
        Frame { types: &*self.types, renews: self.renews.as_deref(), desk }
    }
}

impl Work {
    /// What spans say of its call.
    pub(super) fn span(&self) -> Of<'_> {
        self.cache.span_of(self.request.group)
    }

    async fn performed(&self, job: Job, frame: &Frame<'_>) -> Answer {
        match job {
            Job::Answer => self.answer(frame).await,
            Job::AnswerWithin(limits) => self.clone().answer_within(limits, frame).await,
            Job::Serve(slot) => {
                self.cache.span_due(&slot);
                self.serve_due(&slot, frame).await
            }
            Job::Refresh => self.refresh(frame).await,
            Job::Find => self.find(frame).await,
            Job::Renew(lead, slot) => match self.begin_renewal(lead, &slot).await {
                Some(turn) => self.load(turn, frame).await,
                None => Answer::Nobody,
            },
        }
    }

    async fn answer(&self, frame: &Frame<'_>) -> Answer {
        match self.cache.arrive(&self.request, &*self.wire).await {
            Arrival::Found(value) if frame.types.can_give(value.as_ref()) => Answer::Found(value),
            // In boxes, so that what is found takes no room for a load.
            Arrival::Load(turn) => Box::pin(self.load(*turn, frame)).await,
            Arrival::Due(slot) => Box::pin(self.serve_due(&slot, frame)).await,
            // A function that shares the key remembers absences, which this one cannot say.
            Arrival::Found(_) => Box::pin(self.refresh(frame)).await,
        }
    }

    async fn refresh(&self, frame: &Frame<'_>) -> Answer {
        let turn = self.cache.arrive_to_refresh(&self.request).await;
        self.load(turn, frame).await
    }

    /// What is cached, and no load; unless that cannot be said.
    async fn find(&self, frame: &Frame<'_>) -> Answer {
        let found = self.cache.look_only(&self.request, &*self.wire).await;
        match found.filter(|value| frame.types.can_give(value.as_ref())) {
            Some(value) => Answer::Found(value),
            None if frame.types.can_say(Unanswered::NotCached) => Answer::Unanswered(Unanswered::NotCached),
            None => {
                self.cache.cannot_say_not_cached(&self.request);
                let _unkept = outside(frame.desk.load()).await;
                Answer::Loaded
            }
        }
    }

    /// An answer that is to be loaded anew, by the first who finds that: in the background if that can be, and else by
    /// this caller, while the others are answered.
    async fn serve_due(&self, slot: &Arc<Slot>, frame: &Frame<'_>) -> Answer {
        if !frame.types.can_give(slot.value.as_ref()) {
            return self.refresh(frame).await;
        }
        let served = Answer::Found(slot.value.clone());
        let Some(lead) = self.cache.lead_renewal(&self.request) else { return served };
        match frame.renews.filter(|_| self.cache.has_background()) {
            Some(renews) => {
                let renewal = renews.renew(self.clone(), lead, slot.clone());
                self.cache.in_background(spans::around(Operation::Refresh, self.span(), renewal));
                served
            }
            None => match self.begin_renewal(lead, slot).await {
                Some(turn) => self.load(turn, frame).await,
                None => served,
            },
        }
    }

    async fn begin_renewal(&self, lead: Lead, slot: &Arc<Slot>) -> Option<Turn> {
        self.cache.begin_renewal(&self.request, &*self.wire, lead, slot).await
    }

    async fn load(&self, turn: Turn, frame: &Frame<'_>) -> Answer {
        let (opened, said) = self.cache.run(&turn, frame.desk.load()).await;
        match opened {
            Ok(_) if said.is_failed => self.stand_in(turn, said.shows_nothing_stale, frame),
            Ok(loaded) => {
                let loaded = loaded.told_by(said, turn.stale.as_deref());
                self.cache.land(&self.request, &*self.wire, turn, loaded).await;
                Answer::Loaded
            }
            Err(error) => {
                if let Some(error) = error {
                    self.cache.remember(&self.request, &*self.wire, &turn, error);
                }
                self.stand_in(turn, said.shows_nothing_stale, frame)
            }
        }
    }

    /// What is shown in place of a load that failed; what it returned, if there is nothing.
    fn stand_in(&self, turn: Turn, shows_nothing_stale: bool, frame: &Frame<'_>) -> Answer {
        if shows_nothing_stale {
            self.cache.load_failed(&self.request);
            return Answer::Loaded;
        }
        let stand_in = self.cache.stand_in_for(&self.request, turn);
        let shown = stand_in.filter(|value| frame.types.can_give(value.as_ref()));
        shown.map_or(Answer::Loaded, Answer::Found)
    }

    /// The same as [`answer`](Self::answer), for a caller with little time who runs the load himself.
    async fn answer_within(mut self, limits: Limits, frame: &Frame<'_>) -> Answer {
        let sight = self.watched();
        let mut whole = pin!(self.answer(frame));
        self.wait(whole.as_mut(), &sight, limits, frame.types).await.unwrap_or_else(|shown| shown)
    }

    /// Lets the waiting see what the work does.
    pub(super) fn watched(&mut self) -> Arc<Sight> {
        let sight = Arc::new(Sight::default());
        self.request.sight = Some(sight.clone());
        sight
    }

    /// Waits for an answer; the error is what is shown instead.
    pub(super) async fn wait<T>(
        &self,
        mut whole: Pin<&mut (dyn Future<Output = T> + Send + '_)>,
        sight: &Sight,
        limits: Limits,
        types: &dyn Types,
    ) -> Result<T, Answer> {
        let clock = self.cache.clock();
        let started_ms = clock.now_ms();
        for limit in [limits.soft, limits.hard].into_iter().flatten() {
            let waited = Duration::from_millis(clock.now_ms().saturating_sub(started_ms));
            tokio::select! {
                biased;
                returned = &mut whole => return Ok(returned),
                () = clock.sleep(limit.saturating_sub(waited)) => {}
            }
            if let Some(shown) = self.instead(sight, types) {
                return Err(shown);
            }
        }
        let too_late = limits.hard.map(|waited| Unanswered::TimedOut { waited });
        match too_late.filter(|too_late| types.can_say(*too_late)) {
            Some(too_late) => {
                self.cache.timed_out(&self.request);
                Err(Answer::Unanswered(too_late))
            }
            None => Ok(whole.await),
        }
    }

    /// What can be shown while the load goes on.
    fn instead(&self, sight: &Sight, types: &dyn Types) -> Option<Answer> {
        let value = self.cache.stand_in(&self.request, &sight.stale()?)?;
        self.cache.timed_out(&self.request);
        types.can_give(value.as_ref()).then_some(Answer::Found(value))
    }
}

/// How long a caller waits: with something stale to show, and without.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub(super) soft: Option<Duration>,
    pub(super) hard: Option<Duration>,
}

impl Limits {
    /// Those of a request; none if it has all the time it takes.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let (soft, hard) = (request.policy.soft_timeout, request.policy.hard_timeout);
        (soft.is_some() || hard.is_some()).then_some(Self { soft, hard })
    }
}
