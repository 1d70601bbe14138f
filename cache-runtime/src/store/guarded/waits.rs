//! How long an operation is waited for: its deadline, less what the call that it is part of has waited for in vain.
//!
//! Who has not answered the first question seldom answers the second. What was answered, however late, counts for
//! nothing: a store that is slow and alive gets its whole deadline every time.

use super::{Guard, Sort};
use crate::error::StoreError;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
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
    pub(super) fn was_in_vain(&self, waited: Duration) {
        let waited = self.time.map_or(waited, |time| waited.min(time));
        let _ = IN_VAIN.try_with(|in_vain| in_vain.set(in_vain.get().max(self.before.saturating_add(waited))));
    }
}

impl Guard {
    /// # Errors
    /// If the call has no time left for it.
    pub(super) fn limit(&self, sort: Sort) -> Result<Limit, StoreError> {
        let its_own = self.inner.deadlines();
        let deadlines = self.resilience.deadlines.or(its_own).unwrap_or_default();
        let deadline = if sort == Sort::Question { deadlines.read } else { deadlines.write };
        let before = match sort {
            // It is wanted done, however long somebody has waited.
            Sort::Invalidation => Duration::ZERO,
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
