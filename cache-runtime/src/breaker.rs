//! Whether something that keeps failing is asked at all: closed, open and half-open.
//!
//! Nygard, "Release It!", Pragmatic Bookshelf, 2nd edition 2018, "Circuit Breaker".

use crate::clock::whole_ms;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// When a breaker opens, and how it closes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// After how many failures in a row it opens; at least one. By default 5.
    pub failures: u32,
    /// How long it stays open before it lets a probe through; by default 500 ms.
    pub open_for: Duration,
    /// How many probes it lets through at a time while it is half-open; at least one, the default.
    pub probes: u32,
    /// Whether an operation that did not end in time is a failure; by default it is.
    pub counts_timeouts: bool,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { failures: 5, open_for: Duration::from_millis(500), probes: 1, counts_timeouts: true }
    }
}

/// What a breaker does with operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerState {
    /// It lets them through.
    #[default]
    Closed,
    /// It lets none through.
    Open,
    /// It lets a few through, to see whether they succeed.
    HalfOpen,
}

/// One breaker.
#[derive(Debug)]
pub(crate) struct Circuit {
    settings: Breaker,
    now: Mutex<Now>,
    /// One above the turn if it is closed and nothing has failed since: what succeeds then changes nothing, and asks nobody
    /// for the lock. Only written under that.
    calm: AtomicU64,
}

#[derive(Debug, Default)]
struct Now {
    state: BreakerState,
    /// How many states there were: what was let through in an earlier one says nothing of this one.
    turn: u64,
    failures: u32,
    probing: u32,
    open_until_ms: u64,
}

impl Circuit {
    pub(crate) fn new(settings: Breaker) -> Self {
        Self { settings, now: Mutex::default(), calm: AtomicU64::new(1) }
    }

    pub(crate) fn state(&self) -> BreakerState {
        self.lock().state
    }

    /// Asks to be let through. Returns the turn to give back with the outcome, none if the breaker is open; and the state
    /// that asking brought about.
    pub(crate) fn admit(&self, now_ms: impl FnOnce() -> u64) -> (Option<u64>, Option<BreakerState>) {
        if let Some(turn) = self.calm.load(Ordering::Acquire).checked_sub(1) {
            return (Some(turn), None);
        }
        let mut now = self.lock();
        let is_due = now.state == BreakerState::Open && now.open_until_ms <= now_ms();
        let change = is_due.then(|| now.enter(BreakerState::HalfOpen));
        let admits = match now.state {
            BreakerState::Closed => true,
            BreakerState::Open => false,
            BreakerState::HalfOpen => now.probing < self.settings.probes.max(1),
        };
        if admits && now.state == BreakerState::HalfOpen {
            now.probing += 1;
        }
        (admits.then_some(now.turn), change)
    }

    /// Whether it would be let through now.
    pub(crate) fn would_admit(&self, now_ms: u64) -> bool {
        let now = self.lock();
        match now.state {
            BreakerState::Closed => true,
            BreakerState::Open => now.open_until_ms <= now_ms,
            BreakerState::HalfOpen => now.probing < self.settings.probes.max(1),
        }
    }

    /// What was let through was answered. Returns the state that this brought about.
    pub(crate) fn succeeded(&self, turn: u64) -> Option<BreakerState> {
        if self.is_calm_in(turn) {
            return None;
        }
        let mut now = self.lock();
        if now.turn != turn {
            return None;
        }
        now.failures = 0;
        let change = (now.state == BreakerState::HalfOpen).then(|| now.enter(BreakerState::Closed));
        if now.state == BreakerState::Closed {
            self.calm.store(now.turn + 1, Ordering::Release);
        }
        change
    }

    /// It was not. Returns the state that this brought about.
    pub(crate) fn failed(&self, turn: u64, now_ms: u64) -> Option<BreakerState> {
        let mut now = self.lock();
        if now.turn != turn {
            return None;
        }
        self.calm.store(0, Ordering::Release);
        now.failures += 1;
        let opens = now.state == BreakerState::HalfOpen || now.failures >= self.settings.failures.max(1);
        opens.then(|| {
            now.enter(BreakerState::Open);
            now.open_until_ms = now_ms.saturating_add(whole_ms(self.settings.open_for));
            BreakerState::Open
        })
    }

    /// Nobody waited for its answer: another may be let through in its place.
    pub(crate) fn given_up(&self, turn: u64) {
        if self.is_calm_in(turn) {
            return;
        }
        let mut now = self.lock();
        if now.turn == turn {
            now.probing = now.probing.saturating_sub(1);
        }
    }

    /// Notes a sign of life from elsewhere: an open breaker lets a probe through at once.
    pub(crate) fn heard(&self) {
        self.lock().open_until_ms = 0;
    }

    fn is_calm_in(&self, turn: u64) -> bool {
        self.calm.load(Ordering::Acquire) == turn + 1
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    fn enter(&mut self, state: BreakerState) -> BreakerState {
        *self = Self { state, turn: self.turn + 1, ..Self::default() };
        state
    }
}

#[cfg(test)]
mod tests {
    use super::BreakerState::{Closed, HalfOpen, Open};
    use super::*;

    fn circuit() -> Circuit {
        Circuit::new(Breaker { failures: 3, ..Breaker::default() })
    }

    fn fail(circuit: &Circuit, now_ms: u64) -> Option<BreakerState> {
        circuit.failed(circuit.admit(|| now_ms).0.expect("it is let through"), now_ms)
    }

    fn opened_at_0() -> Circuit {
        let circuit = circuit();
        assert_eq!([0; 3].map(|now_ms| fail(&circuit, now_ms)), [None, None, Some(Open)]);
        circuit
    }

    #[test]
    fn so_many_failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let circuit = circuit();
        assert_eq!((fail(&circuit, 0), fail(&circuit, 0)), (None, None));
        assert_eq!(circuit.succeeded(circuit.admit(|| 0).0.expect("closed")), None);
        assert_eq!([0; 3].map(|now_ms| fail(&circuit, now_ms)), [None, None, Some(Open)]);
        assert_eq!(circuit.admit(|| 499), (None, None), "and it stays open for its time");
    }

    #[test]
    fn after_its_time_one_probe_decides() {
        let circuit = opened_at_0();
        let (probe, change) = circuit.admit(|| 500);
        assert_eq!(change, Some(HalfOpen));
        assert_eq!(circuit.admit(|| 500), (None, None), "one at a time");
        assert_eq!(circuit.failed(probe.expect("the probe"), 510), Some(Open));
        assert_eq!(circuit.admit(|| 1_009), (None, None));
        assert_eq!(circuit.succeeded(circuit.admit(|| 1_010).0.expect("the next probe")), Some(Closed));
        assert_eq!(circuit.state(), Closed);
    }

    #[test]
    fn a_probe_that_is_given_up_makes_room_for_another() {
        let circuit = opened_at_0();
        circuit.given_up(circuit.admit(|| 500).0.expect("the probe"));
        assert!(circuit.admit(|| 500).0.is_some());
    }

    #[test]
    fn what_was_let_through_before_it_opened_says_nothing_of_it_now() {
        let circuit = circuit();
        let (early, late) = (circuit.admit(|| 0).0.expect("closed"), circuit.admit(|| 0).0.expect("closed"));
        assert_eq!([0; 3].map(|now_ms| fail(&circuit, now_ms)), [None, None, Some(Open)]);
        assert_eq!((circuit.succeeded(early), circuit.failed(late, 499)), (None, None));
        assert_eq!(circuit.admit(|| 500).1, Some(HalfOpen), "and its time is not prolonged");
    }

    #[test]
    fn a_sign_of_life_lets_a_probe_through_at_once() {
        let circuit = opened_at_0();
        circuit.heard();
        assert_eq!(circuit.admit(|| 1).1, Some(HalfOpen));
    }
}
