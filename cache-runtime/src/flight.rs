//! One load a key at a time (single flight): who loads, who waits, and who takes over.
//!
//! A flight's turn is a semaphore of one permit. The leader holds it while it loads; landing closes the semaphore, which
//! wakes every waiter with the result; a leader that fails, panics or is dropped gives the permit back, which wakes one
//! waiter to lead in its place. Nobody spawns, nobody polls, and no lock is shared between keys but for the moment it
//! takes to look into a shard of the map.
//!
//! A leader whose load waits for another flight may close a circle. Each waiting leader is therefore an edge in a graph,
//! and a caller that would close a circle is told to load alone.

use crate::key::{Id, Prehashed};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The flights under way. `S` says when a flight's load began, `L` is what it lands with.
#[derive(Debug)]
pub(crate) struct Flights<S, L> {
    shards: Box<[Mutex<Shard<S, L>>]>,
    waits: Mutex<Vec<Wait>>,
}

type Shard<S, L> = HashMap<Id, Arc<Flight<S, L>>, Prehashed>;

#[derive(Debug)]
struct Flight<S, L> {
    turn: Semaphore,
    seats: Mutex<Seats<S>>,
    landed: OnceLock<L>,
}

#[derive(Debug)]
struct Seats<S> {
    taken: usize,
    begun: Option<S>,
}

/// A leader of one flight that waits for another.
#[derive(Debug, PartialEq)]
struct Wait {
    leader_of: usize,
    waits_for: usize,
}

/// What a caller is to do.
pub(crate) enum Boarding<S, L> {
    /// Load, and land.
    Lead(Lead<S, L>),
    /// Wait for the one who does.
    Follow(Follower<S, L>),
}

/// What came of waiting.
pub(crate) enum Followed<S, L> {
    /// The flight landed.
    Landed(L),
    /// Its leader is gone: load in its place.
    Lead(Lead<S, L>),
    /// Waiting would never end, since that flight waits for a load of this very task: load alone.
    Alone,
}

const SHARDS: usize = 64;

impl<S, L: Clone> Flights<S, L> {
    pub(crate) fn new() -> Arc<Self> {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Arc::new(Self { shards, waits: Mutex::default() })
    }

    /// Joins the flight of a key, or begins one.
    ///
    /// `may_follow` decides, given when the flight's load began, whether its result is new enough; if it is not, a new
    /// flight takes its place, and the old one serves those who are on it already.
    pub(crate) fn board(self: &Arc<Self>, id: Id, may_follow: impl FnOnce(&S) -> bool) -> Boarding<S, L> {
        let mut shard = self.shard(id);
        if let Some(flight) = shard.get(&id) {
            let mut seats = lock(&flight.seats);
            if seats.begun.as_ref().is_none_or(may_follow) {
                seats.taken += 1;
                drop(seats);
                return Boarding::Follow(Follower(Seat::new(self, id, flight.clone())));
            }
        }
        let flight = Arc::new(Flight {
            // Its one permit is out.
            turn: Semaphore::new(0),
            seats: Mutex::new(Seats { taken: 1, begun: None }),
            landed: OnceLock::new(),
        });
        shard.insert(id, flight.clone());
        Boarding::Lead(Lead(Seat::new(self, id, flight)))
    }

    /// How many flights are under way.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    fn shard(&self, id: Id) -> MutexGuard<'_, Shard<S, L>> {
        lock(&self.shards[(id.0 as usize) % SHARDS])
    }

    /// Notes that the leaders among this task's callers wait for a flight, unless that closes a circle.
    fn wait_for(self: &Arc<Self>, flight: usize) -> Option<Waiting<S, L>> {
        let led = led();
        if led.is_empty() {
            // Nobody waits for a load of this task, so it can close no circle.
            return Some(Waiting { flights: self.clone(), led, flight });
        }
        let mut waits = lock(&self.waits);
        let mut reached = vec![flight];
        let mut next = 0;
        while let Some(at) = reached.get(next).copied() {
            if led.contains(&at) {
                return None;
            }
            let further = waits.iter().filter(|wait| wait.leader_of == at).map(|wait| wait.waits_for);
            let new: Vec<usize> = further.filter(|flight| !reached.contains(flight)).collect();
            reached.extend(new);
            next += 1;
        }
        waits.extend(led.iter().map(|&leader_of| Wait { leader_of, waits_for: flight }));
        Some(Waiting { flights: self.clone(), led, flight })
    }
}

tokio::task_local! {
    /// The flights that the callers of the running code lead, outermost first.
    static LED: Vec<usize>;
}

/// Whether the running code is part of a load.
pub(crate) fn is_within_a_load() -> bool {
    LED.try_with(|led| !led.is_empty()).unwrap_or(false)
}

/// The flights that the running code is part of a load of.
pub(crate) fn led() -> Vec<usize> {
    LED.try_with(Clone::clone).unwrap_or_default()
}

/// Runs something as part of the loads of these flights.
pub(crate) fn within(led: Vec<usize>, run: &mut dyn FnMut()) {
    LED.sync_scope(led, run);
}

/// A leader's edge in the graph of waits, for as long as it waits.
struct Waiting<S, L> {
    flights: Arc<Flights<S, L>>,
    led: Vec<usize>,
    flight: usize,
}

impl<S, L> Drop for Waiting<S, L> {
    fn drop(&mut self) {
        if self.led.is_empty() {
            return;
        }
        let mut waits = lock(&self.flights.waits);
        for &leader_of in &self.led {
            let wait = Wait { leader_of, waits_for: self.flight };
            if let Some(at) = waits.iter().position(|other| *other == wait) {
                waits.swap_remove(at);
            }
        }
    }
}

/// A place on a flight; the last to leave takes the flight off the map.
struct Seat<S, L> {
    flights: Arc<Flights<S, L>>,
    id: Id,
    flight: Arc<Flight<S, L>>,
    /// Whether it was the only one, and the flight is off the map.
    is_left: bool,
}

impl<S, L> Seat<S, L> {
    fn new(flights: &Arc<Flights<S, L>>, id: Id, flight: Arc<Flight<S, L>>) -> Self {
        Self { flights: flights.clone(), id, flight, is_left: false }
    }

    fn name(&self) -> usize {
        Arc::as_ptr(&self.flight).cast::<()>() as usize
    }
}

impl<S, L> Seat<S, L> {
    fn leave_map(&self) {
        let mut shard = lock(&self.flights.shards[(self.id.0 as usize) % SHARDS]);
        self.leave(&mut shard);
    }

    /// Whether nobody else is on this flight, and now nobody can be.
    fn leave_if_alone(&mut self) -> bool {
        // Whoever boards has the shard, and a flight belongs to its seats, and to the map while it is there. One who is
        // about to get up still counts: then he is landed for in vain.
        let mut shard = lock(&self.flights.shards[(self.id.0 as usize) % SHARDS]);
        let is_there = self.is_in(&shard);
        let is_alone = Arc::strong_count(&self.flight) == 1 + usize::from(is_there);
        let taken = if is_alone && is_there { shard.remove(&self.id) } else { None };
        drop(shard);
        drop(taken);
        self.is_left = is_alone;
        is_alone
    }

    fn leave(&self, shard: &mut Shard<S, L>) {
        if self.is_in(shard) {
            shard.remove(&self.id);
        }
    }

    fn is_in(&self, shard: &Shard<S, L>) -> bool {
        shard.get(&self.id).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight))
    }
}

impl<S, L> Drop for Seat<S, L> {
    fn drop(&mut self) {
        if self.is_left {
            return;
        }
        // The shard first, as in `board`: nobody can sit down between the count and the removal.
        let mut shard = lock(&self.flights.shards[(self.id.0 as usize) % SHARDS]);
        let mut seats = lock(&self.flight.seats);
        seats.taken -= 1;
        let last = seats.taken == 0;
        drop(seats);
        if last {
            self.leave(&mut shard);
        }
    }
}

/// The duty to load. Dropping it hands the duty to a waiter.
pub(crate) struct Lead<S, L>(Seat<S, L>);

impl<S, L> Drop for Lead<S, L> {
    /// Gives the permit back, which it had from the beginning or by waiting for it; unless nobody is there to have it.
    fn drop(&mut self) {
        if !self.0.is_left {
            self.0.flight.turn.add_permits(1);
        }
    }
}

impl<S, L> Lead<S, L> {
    /// Says when the load begins, for those who come later.
    pub(crate) fn begin(&self, begun: S) {
        lock(&self.0.flight.seats).begun = Some(begun);
    }

    /// Runs the load so that waits inside it are known to be this leader's.
    pub(crate) async fn load<F: Future>(&self, load: F) -> F::Output {
        let mut led = led();
        led.push(self.0.name());
        LED.scope(led, load).await
    }

    /// Runs the load of several as the load of each.
    pub(crate) async fn load_all<'a, F: Future>(leads: impl Iterator<Item = &'a Self>, load: F) -> F::Output
    where
        Self: 'a,
    {
        let mut led = led();
        led.extend(leads.map(|lead| lead.0.name()));
        LED.scope(led, load).await
    }

    /// Gives every waiter the result, which is not made if there is none. The key is free for a new flight from here on.
    pub(crate) fn land(mut self, landing: impl FnOnce() -> L) {
        if self.0.leave_if_alone() {
            return;
        }
        let _set_once = self.0.flight.landed.set(landing());
        self.0.leave_map();
        self.0.flight.turn.close();
    }
}

/// A place among the waiters.
pub(crate) struct Follower<S, L>(Seat<S, L>);

impl<S, L: Clone> Follower<S, L> {
    /// Waits until the flight lands or this caller has to lead. Dropping the future only gives up the place.
    pub(crate) async fn wait(self) -> Followed<S, L> {
        let Some(_waiting) = self.0.flights.wait_for(self.0.name()) else {
            return Followed::Alone;
        };
        match self.0.flight.turn.acquire().await.map(SemaphorePermit::forget) {
            Ok(()) => {
                lock(&self.0.flight.seats).begun = None;
                Followed::Lead(Lead(self.0))
            }
            Err(_closed) => {
                let landing = self.0.flight.landed.get().expect("a flight lands before its turn is closed");
                Followed::Landed(landing.clone())
            }
        }
    }
}

/// A panic while a shard was locked leaves it whole: every critical section is a single change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
