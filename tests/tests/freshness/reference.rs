//! What a cached function does, in the plainest words: one entry a key, the loads under way, and who waits for them.
//!
//! No tiers, no stamps, no tasks: what the real code has these for is what this says.

use super::{Answer, Failed};
use std::collections::VecDeque;

/// The options of a function; none is zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) ttl_ms: u64,
    pub(crate) revalidate_ms: u64,
    pub(crate) stand_in_ms: u64,
    pub(crate) backoff_ms: u64,
    pub(crate) soft_ms: u64,
    pub(crate) hard_ms: u64,
    /// Whether there is a store that others may write to: then renewals in the background keep off each other by a lease,
    /// and nobody is given what began longer than the bound before he came.
    pub(crate) has_store: bool,
}

const BOUND_MS: u64 = 1_000;

/// A rule that can be switched off, to see whether that is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A load that was overtaken is not kept.
    OvertakenIsDropped,
    /// Who comes after an invalidation does not wait for a load from before.
    NoJoiningAcross,
    /// After a failed load there is none for a while.
    Backoff,
    /// What was removed does not stand in.
    RemovedIsGone,
    /// A load goes on without its caller when time is up.
    GoesOn,
    /// Past its TTL a value is served while it is loaded anew.
    Revalidates,
    /// A waiter takes over from a caller who gave up.
    HandsOver,
}

pub(crate) const RULES: [Rule; 7] = [
    Rule::OvertakenIsDropped,
    Rule::NoJoiningAcross,
    Rule::Backoff,
    Rule::RemovedIsGone,
    Rule::GoesOn,
    Rule::Revalidates,
    Rule::HandsOver,
];

#[derive(Clone, Copy, Debug)]
struct Entry {
    value: u64,
    loaded_ms: u64,
    is_invalidated: bool,
    /// How many removals there had been.
    removals: u64,
}

#[derive(Clone, Debug)]
struct Flight {
    began_ms: u64,
    result: Result<u64, Failed>,
    is_overtaken: bool,
    is_replaced: bool,
    /// Whether it holds the lease of a renewal.
    is_leased: bool,
    /// What may stand in if it fails.
    stale: Option<Entry>,
    /// The caller who runs it; none in the background.
    leader: Option<usize>,
    followers: Vec<usize>,
}

/// Callers who have to look again.
#[derive(Debug)]
enum Again {
    /// What landed was too old for him.
    Late(usize),
    /// The load that they waited for has failed.
    Followers(Flight),
}

#[derive(Clone, Copy, Debug)]
struct Caller {
    arrived_ms: u64,
    /// What it could show when its time is up.
    stale: Option<Entry>,
    is_past_soft: bool,
}

/// What the source would do now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) value: u64,
    pub(crate) fails: bool,
    pub(crate) hangs: bool,
}

/// One key.
#[derive(Debug)]
pub(crate) struct Reference {
    options: Options,
    broken: Option<Rule>,
    pub(crate) source: Source,
    now_ms: u64,
    entry: Option<Entry>,
    retry_ms: u64,
    removals: u64,
    flights: Vec<Flight>,
    /// Who looks again when all that lands at once has landed.
    again: VecDeque<Again>,
    callers: Vec<Caller>,
    /// By caller: what it is answered with.
    pub(crate) answers: Vec<Option<Answer>>,
    pub(crate) loads: usize,
}

impl Reference {
    pub(crate) fn new(options: Options, broken: Option<Rule>) -> Self {
        Self {
            options,
            broken,
            source: Source { value: 1, fails: false, hangs: false },
            now_ms: 0,
            entry: None,
            retry_ms: 0,
            removals: 0,
            flights: Vec::new(),
            again: VecDeque::new(),
            callers: Vec::new(),
            answers: Vec::new(),
            loads: 0,
        }
    }

    fn holds(&self, rule: Rule) -> bool {
        self.broken != Some(rule)
    }

    pub(crate) fn read(&mut self) {
        let caller = self.callers.len();
        let stale = self.entry.filter(|entry| self.may_stand_in(entry));
        self.callers.push(Caller { arrived_ms: self.now_ms, stale, is_past_soft: false });
        self.answers.push(None);
        self.arrive(caller);
        self.look_again();
    }

    pub(crate) fn write(&mut self) {
        self.source.value += 1;
    }

    pub(crate) fn invalidate(&mut self) {
        self.entry.iter_mut().for_each(|entry| entry.is_invalidated = true);
        self.flights.iter_mut().for_each(|flight| flight.is_overtaken = true);
    }

    pub(crate) fn expire(&mut self) {
        if self.options.stand_in_ms > 0 { self.invalidate() } else { self.remove() }
    }

    pub(crate) fn remove(&mut self) {
        self.invalidate();
        self.removals += 1;
        self.retry_ms = 0;
        if self.holds(Rule::RemovedIsGone) {
            self.entry = None;
        }
    }

    /// Sets a value by hand, which the next read has to look for: it is on a flight of its own meanwhile, and nobody finds
    /// those before it any more.
    pub(crate) fn set(&mut self, value: u64) {
        self.remove();
        self.flights.iter_mut().for_each(|flight| flight.is_replaced = true);
        let entry = Entry { value, loaded_ms: self.now_ms, is_invalidated: false, removals: self.removals };
        self.entry = Some(entry);
    }

    /// Time passes; nobody's time is up in between.
    pub(crate) fn advance(&mut self, by_ms: u64) {
        self.now_ms += by_ms;
        for caller in 0..self.callers.len() {
            if self.answers[caller].is_none() {
                self.look_at_the_clock(caller);
            }
        }
    }

    /// The source answers whoever it keeps waiting, in their order.
    pub(crate) fn release(&mut self) {
        self.source.hangs = false;
        for flight in std::mem::take(&mut self.flights) {
            self.land(flight);
        }
        self.look_again();
    }

    /// A caller gives up; tells whether it was still waiting.
    pub(crate) fn cancel(&mut self, caller: usize) {
        if let Some(at) = self.flights.iter().position(|flight| flight.leader == Some(caller)) {
            let flight = self.flights.remove(at);
            if self.holds(Rule::HandsOver) {
                self.again.push_back(Again::Followers(flight));
            }
        }
        self.leave(caller);
        self.look_again();
    }

    fn look_again(&mut self) {
        while let Some(again) = self.again.pop_front() {
            match again {
                Again::Late(caller) => self.arrive(caller),
                Again::Followers(flight) => self.hand_over(flight),
            }
        }
    }

    pub(crate) fn loads_under_way(&self) -> usize {
        self.flights.len()
    }

    pub(crate) fn is_hanging(&self) -> bool {
        !self.flights.is_empty()
    }

    fn leave(&mut self, caller: usize) {
        self.flights.iter_mut().for_each(|flight| flight.followers.retain(|follower| *follower != caller));
    }

    fn is_fresh(&self, entry: &Entry) -> bool {
        !entry.is_invalidated && self.now_ms < entry.loaded_ms + self.options.ttl_ms
    }

    fn is_to_be_revalidated(&self, entry: &Entry) -> bool {
        let until_ms = entry.loaded_ms + self.options.ttl_ms + self.options.revalidate_ms;
        !entry.is_invalidated && self.options.revalidate_ms > 0 && self.now_ms < until_ms
    }

    fn may_stand_in(&self, entry: &Entry) -> bool {
        let is_there = entry.removals == self.removals || !self.holds(Rule::RemovedIsGone);
        is_there
            && self.options.stand_in_ms > 0
            && self.now_ms < entry.loaded_ms + self.options.ttl_ms + self.options.stand_in_ms
    }

    fn answer(&mut self, caller: usize, result: Result<u64, Failed>, is_stale: bool) {
        self.answers[caller].get_or_insert(Answer { result, is_stale });
    }

    /// Finds an answer, joins a load, or begins one.
    fn arrive(&mut self, caller: usize) {
        if self.is_answered_by_what_is_kept(caller) {
            return;
        }
        let joins_all = !self.holds(Rule::NoJoiningAcross);
        let current = self.flights.iter_mut().find(|flight| !flight.is_replaced && (joins_all || !flight.is_overtaken));
        match current {
            Some(flight) => flight.followers.push(caller),
            None => self.load_first(Some(caller), false),
        }
    }

    fn is_answered_by_what_is_kept(&mut self, caller: usize) -> bool {
        let Some(entry) = self.entry else { return false };
        let is_too_early = self.now_ms < self.retry_ms && self.holds(Rule::Backoff);
        if self.is_fresh(&entry) {
            self.answer(caller, Ok(entry.value), false);
            return true;
        }
        if self.is_to_be_revalidated(&entry) && self.holds(Rule::Revalidates) {
            self.answer(caller, Ok(entry.value), true);
            if !is_too_early {
                self.renew();
            }
            return true;
        }
        let stands_in = is_too_early && self.may_stand_in(&entry);
        if stands_in {
            self.answer(caller, Ok(entry.value), true);
        }
        stands_in
    }

    /// Loads in the background, unless somebody loads already.
    fn renew(&mut self) {
        if self.flights.iter().any(|flight| !flight.is_replaced) {
            return;
        }
        if self.options.has_store && self.flights.iter().any(|flight| flight.is_leased) {
            self.retry_ms = self.now_ms + 1_000;
            return;
        }
        self.load_first(None, true);
    }

    /// A flight that others find from now on, in the place of those before.
    fn load_first(&mut self, leader: Option<usize>, is_leased: bool) {
        self.flights.iter_mut().for_each(|flight| flight.is_replaced = true);
        self.load(leader, Vec::new(), is_leased, false);
    }

    fn load(&mut self, leader: Option<usize>, followers: Vec<usize>, is_leased: bool, is_replaced: bool) {
        self.loads += 1;
        let result = if self.source.fails { Err(Failed::Down) } else { Ok(self.source.value) };
        let stale = self.entry.filter(|entry| is_leased || self.may_stand_in(entry));
        if let Some(leader) = leader {
            self.callers[leader].stale = stale.or(self.callers[leader].stale);
        }
        let began_ms = self.now_ms;
        let flight = Flight { began_ms, result, is_overtaken: false, is_replaced, is_leased, stale, leader, followers };
        match self.source.hangs {
            true => self.flights.push(flight),
            false => self.land(flight),
        }
    }

    fn land(&mut self, flight: Flight) {
        let is_late = |caller: usize, callers: &[Caller]| callers[caller].arrived_ms >= flight.began_ms + BOUND_MS;
        let waiting = || flight.leader.into_iter().chain(flight.followers.iter().copied());
        match flight.result {
            Ok(value) => {
                let (late, given): (Vec<_>, Vec<_>) = waiting().partition(|caller| {
                    self.options.has_store && flight.leader != Some(*caller) && is_late(*caller, &self.callers)
                });
                given.into_iter().for_each(|caller| self.answer(caller, Ok(value), false));
                if !flight.is_overtaken || !self.holds(Rule::OvertakenIsDropped) {
                    let (loaded_ms, removals) = (self.now_ms, self.removals);
                    self.entry = Some(Entry { value, loaded_ms, is_invalidated: false, removals });
                    self.retry_ms = 0;
                }
                self.again.extend(late.into_iter().map(Again::Late));
            }
            Err(failed) => match flight.stale.filter(|stale| self.may_stand_in(stale)) {
                Some(stale) => {
                    waiting().for_each(|caller| self.answer(caller, Ok(stale.value), true));
                    self.retry_ms = self.now_ms + self.options.backoff_ms;
                }
                None => {
                    flight.leader.into_iter().for_each(|leader| self.answer(leader, Err(failed), false));
                    self.again.push_back(Again::Followers(flight));
                }
            },
        }
    }

    /// The first who waits looks again, and loads for the others if it has to.
    fn hand_over(&mut self, flight: Flight) {
        let mut left = flight.followers.into_iter();
        let Some(next) = left.next() else { return };
        if !self.is_answered_by_what_is_kept(next) {
            return self.load(Some(next), left.collect(), false, flight.is_replaced);
        }
        // What it has found is for all of them.
        let found = self.answers[next];
        left.for_each(|caller| self.answers[caller] = found);
    }

    fn look_at_the_clock(&mut self, caller: usize) {
        let Caller { arrived_ms, stale, is_past_soft } = self.callers[caller];
        let waited_ms = self.now_ms - arrived_ms;
        let (soft_ms, hard_ms) = (self.options.soft_ms, self.options.hard_ms);
        let is_hard = hard_ms > 0 && waited_ms >= hard_ms;
        if !is_hard && (soft_ms == 0 || is_past_soft || waited_ms < soft_ms) {
            return;
        }
        self.callers[caller].is_past_soft = true;
        match stale.filter(|stale| self.may_stand_in(stale)) {
            Some(stale) => self.answer(caller, Ok(stale.value), true),
            None if is_hard => self.answer(caller, Err(Failed::Late), false),
            None => return,
        }
        self.leave(caller);
        if let Some(at) = self.flights.iter().position(|flight| flight.leader == Some(caller)) {
            self.flights[at].leader = None;
            if !self.holds(Rule::GoesOn) {
                self.flights.remove(at);
            }
        }
    }
}
