//! How long an operation is waited for: its deadline, less what the call that it is part of has waited for in vain.
//!
//! Who has not answered the first question seldom answers the second. What was answered, however late, counts for
//! nothing: a store that is slow and alive gets its whole deadline every time.

use super::{Guard, Sort};
use crate::error::StoreError;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

tokio::task_local! {
    static IN_VAIN: Cell<Duration>;
}

/// Takes the waits of a future for those of one call, which has waited for nothing yet.
///
/// It is pinned where it was made, so that it is not copied in here.
pub(crate) fn as_one_call<F: Future>(call: Pin<&mut F>) -> impl Future<Output = F::Output> {
    IN_VAIN.scope(Cell::default(), call)
}

/// The same of what a call goes on with after its first question.
pub(crate) fn as_same_call<F: Future>(asking: &Asking, call: Pin<&mut F>) -> impl Future<Output = F::Output> {
    IN_VAIN.scope(Cell::new(asking.in_vain()), call)
}

/// The first question of a call, by the guard's clock. It is asked outside of what makes waits those of one call, which
/// takes most calls as long as they last.
#[derive(Debug)]
pub(crate) struct Asking {
    began: Duration,
    ended_ns: AtomicU64,
    in_vain_ns: AtomicU64,
}

impl Asking {
    pub(super) fn since(began: Duration) -> Self {
        Self { began, ended_ns: AtomicU64::new(0), in_vain_ns: AtomicU64::new(0) }
    }

    /// When it was asked.
    pub(crate) fn began(&self) -> Duration {
        self.began
    }

    /// When its answer came.
    pub(crate) fn ended(&self) -> Duration {
        Duration::from_nanos(self.ended_ns.load(Ordering::Relaxed))
    }

    pub(super) fn end(&self, ended: Duration) {
        self.ended_ns.store(whole_ns(ended), Ordering::Relaxed);
    }

    fn in_vain(&self) -> Duration {
        Duration::from_nanos(self.in_vain_ns.load(Ordering::Relaxed))
    }
}

fn whole_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Begins anew: the call has waited for somebody else meanwhile.
pub(crate) fn forgive() {
    let _ = IN_VAIN.try_with(|in_vain| in_vain.set(Duration::ZERO));
}

/// How long an operation may take.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    /// None if it may take for ever.
    pub(super) time: Option<Duration>,
    /// Whether it is for us to hold it to that.
    is_ours: bool,
    /// Whether a store that is well would answer within that.
    pub(super) is_fair: bool,
    /// What the call had waited for in vain before.
    before: Duration,
}

impl Limit {
    /// What the guard has to see to.
    pub(super) fn ours(&self) -> Option<Duration> {
        self.time.filter(|_| self.is_ours)
    }

    /// Notes a wait without an answer, of which no more counts than was allowed: timers are late. Those of operations that
    /// were under way together are one.
    pub(super) fn was_in_vain(&self, waited: Duration, first: Option<&Asking>) {
        let waited = self.time.map_or(waited, |time| waited.min(time));
        if let Some(asking) = first {
            return asking.in_vain_ns.store(whole_ns(waited), Ordering::Relaxed);
        }
        let _ = IN_VAIN.try_with(|in_vain| in_vain.set(in_vain.get().max(self.before.saturating_add(waited))));
    }
}

impl Guard {
    /// # Errors
    /// If the call has no time left for it.
    pub(super) fn limit(&self, sort: Sort, is_first: bool) -> Result<Limit, StoreError> {
        let its_own = self.inner.deadlines();
        let deadlines = self.resilience.deadlines.or(its_own).unwrap_or_default();
        let deadline = if sort == Sort::Question { deadlines.read } else { deadlines.write };
        let before = match sort {
            // It is wanted done, however long somebody has waited.
            Sort::Invalidation => Duration::ZERO,
            _ if is_first => Duration::ZERO,
            Sort::Question | Sort::Preparation | Sort::Once => IN_VAIN.try_with(Cell::get).unwrap_or_default(),
        };
        let time = deadline.saturating_sub(before);
        if time.is_zero() && !before.is_zero() {
            return Err(StoreError::Timeout { store: self.inner.name(), waited: before });
        }
        let is_ours = self.resilience.deadlines.is_some() || its_own.is_none() || !before.is_zero();
        let is_fair = time >= deadline.min(deadlines.read);
        Ok(Limit { time: (deadline < Duration::MAX).then_some(time), is_ours, is_fair, before })
    }
}

/// Ends an attempt when its time is up.
pub(super) async fn within<T>(
    limit: Option<Duration>,
    store: &'static str,
    act: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match limit.filter(|_| tokio::runtime::Handle::try_current().is_ok()) {
        None => act.await,
        Some(limit) => match tokio::time::timeout(limit, act).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(StoreError::Timeout { store, waited: limit }),
        },
    }
}
