//! The work of a call that memory could not answer: look, load, commit, and what to show if that fails or takes too long.

use super::background::{Current, Front, Loader, Renewal};
use super::rules::Rules;
use super::shapes::Shape;
use crate::cache::{Arrival, Cache, Lead, Request, Sight, Slot, Turn};
use crate::codec::{Value, Wire};
use crate::error::Unanswered;
use crate::load::outside;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A call with all that its work needs, whoever does it.
pub struct Work<S: Shape> {
    pub(super) cache: Cache,
    pub(super) request: Request,
    pub(super) wire: Arc<dyn Wire>,
    pub(super) rules: Rules<S>,
}

impl<S: Shape> Clone for Work<S> {
    fn clone(&self) -> Self {
        Self { cache: self.cache.clone(), request: self.request.clone(), wire: self.wire.clone(), rules: self.rules }
    }
}

impl<S: Shape> std::fmt::Debug for Work<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").field("request", &self.request).finish_non_exhaustive()
    }
}

impl<S> Work<S>
where
    S: Shape<Value: Clone + Send + Sync + 'static>,
{
    /// The answer of whoever has it, or of the load. `loader` is the load as somebody else could run it.
    pub(super) async fn answer<F>(&self, loader: Option<&Loader<S>>, load: F) -> S::Return
    where
        F: Future<Output = S::Return>,
    {
        match self.cache.arrive(&self.request, &*self.wire).await {
            Arrival::Load(turn) => self.load(*turn, load).await,
            Arrival::Due(slot) => self.serve_due(&slot, loader, load).await,
            Arrival::Found(value) => match self.close(value) {
                Some(returned) => returned,
                // A function that shares the key remembers absences, which this one cannot say.
                None => self.refresh(load).await,
            },
        }
    }

    /// The answer of the load, which replaces whatever is cached.
    pub(super) async fn refresh<F>(&self, load: F) -> S::Return
    where
        F: Future<Output = S::Return>,
    {
        let turn = self.cache.arrive_to_refresh(&self.request).await;
        self.load(turn, load).await
    }

    /// Has the entry loaded ahead of its readers from now on, if its function wants that and nobody does it.
    pub(super) fn run_ahead(&self, loader: Option<&Loader<S>>) {
        if let Some(loader) =
            loader.filter(|_| self.request.policy.refresh_every.is_some() && self.cache.has_background())
            && let Some(forerunner) = self.cache.run_ahead(&self.request)
        {
            self.cache.in_front(loader.run_ahead(self.clone(), Front(forerunner)));
        }
    }

    /// What is cached, and no load; unless that cannot be said.
    pub(super) async fn find<F>(&self, load: F) -> S::Return
    where
        F: Future<Output = S::Return>,
    {
        let found = self.cache.look_only(&self.request, &*self.wire).await;
        match found.and_then(|value| self.close(value)).or_else(|| (self.rules.unanswered)(Unanswered::NotCached)) {
            Some(returned) => returned,
            None => {
                self.cache.cannot_say_not_cached(&self.request);
                outside(load).await
            }
        }
    }

    /// An answer that is to be loaded anew, by the first who finds that: in the background if that can be, and else by
    /// this caller, while the others are answered.
    pub(super) async fn serve_due<F>(&self, slot: &Arc<Slot>, loader: Option<&Loader<S>>, load: F) -> S::Return
    where
        F: Future<Output = S::Return>,
    {
        let Some(returned) = self.close(slot.value.clone()) else { return self.refresh(load).await };
        let Some(lead) = self.cache.lead_renewal(&self.request) else { return returned };
        match loader.filter(|_| self.cache.has_background()) {
            Some(loader) => {
                self.cache.in_background(loader.renew(self.clone(), Renewal(lead), Current(slot.clone())));
                returned
            }
            None => match self.begin_renewal(lead, slot).await {
                Some(turn) => self.load(turn, load).await,
                None => returned,
            },
        }
    }

    /// Loads an entry anew that is still served.
    pub(super) async fn renew<F>(&self, lead: Lead, slot: &Arc<Slot>, load: F)
    where
        F: Future<Output = S::Return>,
    {
        if let Some(turn) = self.begin_renewal(lead, slot).await {
            drop(self.load(turn, load).await);
        }
    }

    async fn begin_renewal(&self, lead: Lead, slot: &Arc<Slot>) -> Option<Turn> {
        self.cache.begin_renewal(&self.request, &*self.wire, lead, slot).await
    }

    async fn load<F>(&self, turn: Turn, load: F) -> S::Return
    where
        F: Future<Output = S::Return>,
    {
        let (returned, said) = self.cache.run(&turn, load).await;
        match S::open(returned) {
            Ok(value) if said.is_failed => {
                let failed = S::close(value).expect("what a shape opened it can close");
                self.stand_in(turn, said.shows_nothing_stale).unwrap_or(failed)
            }
            Ok(value) => {
                let loaded = self.cache.loaded(&self.request, &self.rules.values, value.as_ref());
                let loaded = loaded.told_by(said, turn.stale.as_deref());
                self.cache.land(&self.request, &*self.wire, turn, loaded).await;
                S::close(value).expect("what a shape opened it can close")
            }
            Err(failed) => {
                if let Some(error) = self.rules.kept_error(&failed) {
                    self.cache.remember(&self.request, &*self.wire, &turn, error);
                }
                self.stand_in(turn, said.shows_nothing_stale).unwrap_or(failed)
            }
        }
    }

    /// What is shown in place of a load that failed.
    fn stand_in(&self, turn: Turn, shows_nothing_stale: bool) -> Option<S::Return> {
        if shows_nothing_stale {
            self.cache.load_failed(&self.request);
            return None;
        }
        self.close(self.cache.stand_in_for(&self.request, turn)?)
    }

    /// The same as [`answer`](Self::answer), for a caller with little time: it gets something else if that takes too long,
    /// and the load goes on.
    pub(super) async fn answer_within<F>(mut self, limits: Limits, loader: Option<&Loader<S>>, load: F) -> S::Return
    where
        F: Future<Output = S::Return>,
    {
        let sight = Arc::new(Sight::default());
        self.request.sight = Some(sight.clone());
        match loader.filter(|_| self.cache.has_background()) {
            Some(loader) => {
                let mut whole = loader.answer(self.clone());
                match self.wait(&mut whole, &sight, limits).await {
                    Ok(returned) => returned,
                    Err(shown) => {
                        // One that waits for another's load has nothing to go on with.
                        if sight.leads() {
                            self.cache.in_background(loader.finish(whole));
                        }
                        shown
                    }
                }
            }
            None => {
                let mut whole = std::pin::pin!(self.answer(None, load));
                self.wait(&mut whole, &sight, limits).await.unwrap_or_else(|shown| shown)
            }
        }
    }

    /// Waits for an answer; the error is what is shown instead.
    async fn wait<F>(&self, whole: &mut F, sight: &Sight, limits: Limits) -> Result<S::Return, S::Return>
    where
        F: Future<Output = S::Return> + Unpin,
    {
        let clock = self.cache.clock();
        let started_ms = clock.now_ms();
        for limit in [limits.soft, limits.hard].into_iter().flatten() {
            let waited = Duration::from_millis(clock.now_ms().saturating_sub(started_ms));
            tokio::select! {
                biased;
                returned = &mut *whole => return Ok(returned),
                () = clock.sleep(limit.saturating_sub(waited)) => {}
            }
            if let Some(shown) = self.instead(sight) {
                return Err(shown);
            }
        }
        let too_late = limits.hard.and_then(|waited| (self.rules.unanswered)(Unanswered::TimedOut { waited }));
        match too_late {
            Some(too_late) => {
                self.cache.timed_out();
                Err(too_late)
            }
            None => Ok(whole.await),
        }
    }

    /// What can be shown while the load goes on.
    fn instead(&self, sight: &Sight) -> Option<S::Return> {
        let value = self.cache.stand_in(&self.request, &sight.stale()?)?;
        self.cache.timed_out();
        self.close(value)
    }

    pub(super) fn close(&self, found: Option<Value>) -> Option<S::Return> {
        self.rules.give(found)
    }
}

/// How long a caller waits: with something stale to show, and without.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
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

/// A boxed future that can be sent to another task.
pub(super) type Sent<T> = Pin<Box<dyn Future<Output = T> + Send>>;
