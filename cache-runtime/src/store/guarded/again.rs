//! What is attempted once more: only what had not been performed for all one knows, or is harmless to do twice.

use super::super::Answer;
use super::waits::{Limit, within};
use super::{Guard, Sort};
use crate::backoff::Backoff;
use crate::error::StoreError;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Guard {
    /// What comes of an operation that failed and may be repeated.
    pub(super) async fn repeated<'a, T>(
        &self,
        sort: Sort,
        limit: Limit,
        started: Duration,
        act: &impl Fn() -> Answer<'a, T>,
        mut answer: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (mut backoff, mut left) = (self.resilience.backoff(), self.resilience.retries);
        while let Err(error) = &answer
            && left > 0
            && sort.may_repeat(error)
        {
            left -= 1;
            let Some(rest) = self.rest(sort, limit.time, started, &mut backoff).await else { break };
            self.retries.fetch_add(1, Ordering::Relaxed);
            answer = within(rest, self.inner.name(), act()).await;
        }
        answer
    }

    /// Pauses before another attempt, and says how long that may take; none if there is no time for one. A caller waits
    /// for a question no longer than its deadline, whatever is tried; an invalidation gets its deadline each time.
    async fn rest(
        &self,
        sort: Sort,
        limit: Option<Duration>,
        started: Duration,
        backoff: &mut Backoff,
    ) -> Option<Option<Duration>> {
        // Where no runtime keeps the time, nothing on the other side needs any.
        if tokio::runtime::Handle::try_current().is_err() {
            return Some(None);
        }
        let pause = backoff.pause();
        let left = || {
            let spent = self.real.elapsed().saturating_sub(started);
            limit.map(|limit| limit.saturating_sub(spent))
        };
        if sort != Sort::Invalidation && left().is_some_and(|left| left <= pause) {
            return None;
        }
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Some(if sort == Sort::Invalidation { limit } else { left() })
    }
}

impl Sort {
    pub(super) fn may_repeat(self, error: &StoreError) -> bool {
        match (self, error) {
            (Self::Once, _) => false,
            (Self::Invalidation, StoreError::Timeout { .. }) => true,
            (_, StoreError::Unreachable { .. }) => true,
            _ => false,
        }
    }
}
