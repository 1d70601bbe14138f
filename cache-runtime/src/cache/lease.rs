//! One load a key across processes: the lease that goes with a load, and waiting for somebody else's.
//!
//! The lease is taken in the round trip that begins the load. It only spares the source: that nothing old is kept is up to
//! stamps and fence. So whatever goes wrong with it, the load goes on.

use super::Cache;
use super::read::Turn;
use super::request::Request;
use super::wakes::Wake;
use crate::call::is_unlocked;
use crate::clock::whole_ms;
use crate::flight::is_within_a_load;
use crate::key::Key;
use crate::load::{Last, Load, Said};
use crate::outcome::{Outcome, Tier};
use crate::stamp::random_name;
use crate::store::{Lease, Leased, forgive};
use crate::telemetry::spans;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

/// The lease of a load in the background, which takes one whatever the option says.
const RENEWAL_LEASE_MS: u64 = 10_000;

/// A message that the lease is free may be lost: after this long it is asked for again.
const LONGEST_WAIT_MS: u64 = 1_000;

/// A lease that this process holds; given back when it is dropped.
pub(crate) struct HeldLease {
    cache: Cache,
    key: Key,
    lease: Lease,
    is_over: bool,
}

impl HeldLease {
    pub(super) fn holder(&self) -> u64 {
        self.lease.holder
    }

    /// A lease taken after another: the same one is given back once, and that of another key now.
    pub(super) fn follow(held: &mut Option<Self>, again: Option<Self>) {
        let Some(again) = again else { return };
        if let Some(mut before) = held.take() {
            before.is_over = before.key == again.key;
        }
        *held = Some(again);
    }

    /// It went with the commit.
    pub(super) fn is_given_back(&mut self) {
        self.is_over = true;
    }

    /// Renews it for as long as the load runs; ends if it is lost.
    async fn keep(&self) {
        let Some(store) = &self.cache.shared.store else { return };
        loop {
            self.cache.shared.clock.sleep(Duration::from_millis((self.lease.life_ms / 3).max(1))).await;
            match store.extend(&self.cache.space.namespace, &self.key, self.lease).await {
                Ok(true) => {}
                Ok(false) => break,
                // It may still be held: the commit will tell.
                Err(error) => drop(self.cache.store_failed::<()>("extend", &error)),
            }
        }
        self.cache.shared.counters.leases_lost.count();
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let (cache, key, holder) = (self.cache.clone(), self.key.clone(), self.lease.holder);
        self.cache.in_background(async move {
            let Some(store) = &cache.shared.store else { return };
            if let Err(error) = store.release(&cache.space.namespace, &key, holder).await {
                cache.store_failed::<()>("release", &error);
            }
        });
    }
}

impl Request {
    /// The lease that its load takes, if its function asks for one, and the caller does not want to go without.
    pub(super) fn leased(&self) -> Self {
        match self.policy.lock.filter(|_| !is_unlocked()).map_or(0, whole_ms) {
            0 => self.clone(),
            life_ms => self.with_lease(life_ms),
        }
    }

    /// The same for a load in the background.
    pub(super) fn leased_to_renew(&self) -> Self {
        self.with_lease(self.policy.lock.map(whole_ms).filter(|life_ms| *life_ms > 0).unwrap_or(RENEWAL_LEASE_MS))
    }

    fn with_lease(&self, life_ms: u64) -> Self {
        Self { lease: Some(Lease { holder: random_name() | 1, life_ms }), ..self.clone() }
    }
}

impl Cache {
    /// The lease that a begin has taken.
    pub(super) fn held(&self, request: &Request, leased: Leased) -> Option<HeldLease> {
        let lease = request.lease.filter(|_| leased == Leased::Taken)?;
        Some(HeldLease { cache: self.clone(), key: request.key.clone(), lease, is_over: false })
    }

    /// Waits until somebody else's lease may be free.
    pub(super) async fn wait_for_lease(&self, request: &Request, mut wake: Wake, left_ms: u64) {
        let meter = self.meter(request.group);
        meter.leases_awaited.count();
        let longest = Duration::from_millis(left_ms.clamp(1, LONGEST_WAIT_MS));
        let began = self.shared.clock.elapsed();
        tokio::select! {
            () = wake.wait() => {}
            () = self.shared.clock.sleep(longest) => {}
        }
        meter.wait_time.note(self.shared.clock.elapsed().saturating_sub(began));
        forgive();
    }

    /// The request of somebody who has waited for a lease since then. A load within another one waits for no longer than
    /// a lease: what it waits for may wait, in another process, for the load that it is part of.
    pub(super) fn patient(&self, request: Request, since_ms: u64) -> Request {
        match request.lease {
            Some(lease) if is_within_a_load() && self.now_ms().saturating_sub(since_ms) >= lease.life_ms => {
                Request { lease: None, ..request }
            }
            _ => request,
        }
    }

    /// Runs a load as the turn's own, so that it can never wait for itself, and keeps its lease meanwhile.
    /// Tells what the load said of what it brought.
    pub(crate) async fn run<F: Future>(&self, turn: &Turn, load: F) -> (F::Output, Said) {
        let (meter, began) = (self.meter(turn.group), self.shared.clock.elapsed());
        meter.loads.count();
        let load = Load::replacing(turn.stale.as_ref().map_or_else(Last::default, |slot| slot.last())).run(load);
        let load = spans::load(self.span_of(turn.group), load);
        let load = async {
            match &turn.lead {
                Some(lead) => lead.load(load).await,
                None => load.await,
            }
        };
        let output = match &turn.lease {
            None => load.await,
            Some(lease) => {
                let mut load = pin!(load);
                tokio::select! {
                    biased;
                    output = &mut load => output,
                    // Lost: what is loaded is returned, and not kept.
                    () = lease.keep() => load.await,
                }
            }
        };
        meter.load_time.note(self.shared.clock.elapsed().saturating_sub(began));
        self.answered(turn.group, || Outcome::of(Tier::Load, 0));
        output
    }
}
