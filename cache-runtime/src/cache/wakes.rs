//! Who waits here for another process to be done with a key, and how they are woken.
//!
//! Whoever waits takes its place before it asks the store, so that nothing that is told after the answer is missed. To be
//! woken means to look again, no more: it may be for nothing.

use crate::key::Id;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Those who wait, by their keys: as many as there are callers waiting, and nothing when nobody is. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Wakes(Arc<Places>);

#[derive(Debug)]
struct Places {
    shards: Box<[Mutex<Shard>]>,
    /// How many there are, or are about to be: most messages are of interest to nobody.
    taken: AtomicUsize,
}

/// A bell a key.
type Shard = HashMap<Id, watch::Sender<()>>;

const SHARDS: usize = 64;

impl Wakes {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Places { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), taken: AtomicUsize::new(0) }))
    }

    /// A place among those who wait for a key: from now on it is woken.
    pub(crate) fn of(&self, id: Id) -> Wake {
        self.0.taken.fetch_add(1, Ordering::SeqCst);
        let bell = self.shard(id).entry(id).or_default().subscribe();
        Wake { wakes: self.clone(), id, bell: Some(bell) }
    }

    /// Wakes those who wait for a key.
    pub(crate) fn wake(&self, id: Id) {
        if !self.are_any() {
            return;
        }
        if let Some(bell) = self.shard(id).get(&id) {
            bell.send_replace(());
        }
    }

    /// Whether anybody waits.
    pub(crate) fn are_any(&self) -> bool {
        self.0.taken.load(Ordering::SeqCst) > 0
    }

    /// Wakes everybody: what some of them wait for may have been told without being heard.
    pub(crate) fn wake_all(&self) {
        for shard in &self.0.shards {
            lock(shard).values().for_each(|bell| bell.send_replace(()));
        }
    }

    fn shard(&self, id: Id) -> MutexGuard<'_, Shard> {
        lock(&self.0.shards[(id.0 as usize) % SHARDS])
    }
}

/// A place among those who wait for a key, given up when dropped.
#[derive(Debug)]
pub(crate) struct Wake {
    wakes: Wakes,
    id: Id,
    /// None while it is dropped.
    bell: Option<watch::Receiver<()>>,
}

impl Wake {
    /// Waits until the key was told of since the place was taken, or since the last such wait ended. Dropping the future
    /// misses nothing.
    pub(crate) async fn wait(&mut self) {
        let Some(bell) = &mut self.bell else { return };
        // The other end is in the map for as long as somebody has a place.
        let _rung = bell.changed().await;
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        // Under the lock, or two who leave at once would each take the other for one who stays.
        let mut shard = self.wakes.shard(self.id);
        drop(self.bell.take());
        if shard.get(&self.id).is_some_and(|bell| bell.receiver_count() == 0) {
            shard.remove(&self.id);
        }
        self.wakes.0.taken.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A panic while a shard was locked leaves it whole: every critical section is a single change.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn waiting(wakes: &Wakes) -> usize {
        wakes.0.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether it is woken now. The runtime's clock is paused: a wait that goes on passes at once.
    async fn is_woken(wake: &mut Wake) -> bool {
        tokio::time::timeout(Duration::from_secs(1), wake.wait()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_told_between_taking_the_place_and_waiting_is_not_missed() {
        let wakes = Wakes::new();
        let mut wake = wakes.of(Id(1));
        wakes.wake(Id(1));
        assert!(is_woken(&mut wake).await);
        assert!(!is_woken(&mut wake).await, "once for each time it was told");
        wakes.wake(Id(1));
        assert!(is_woken(&mut wake).await);
    }

    #[tokio::test(start_paused = true)]
    async fn only_those_of_the_key_are_woken_and_all_of_them() {
        let wakes = Wakes::new();
        // The last two are of one shard.
        let [mut one, mut same, mut other, mut neighbour] = [1, 1, 2, 65].map(|id| wakes.of(Id(id)));
        wakes.wake(Id(1));
        assert!(is_woken(&mut one).await && is_woken(&mut same).await);
        assert!(!is_woken(&mut other).await && !is_woken(&mut neighbour).await);
        wakes.wake_all();
        for wake in [&mut one, &mut same, &mut other, &mut neighbour] {
            assert!(is_woken(wake).await);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_after_it_was_told_waits() {
        let wakes = Wakes::new();
        let _early = wakes.of(Id(1));
        wakes.wake(Id(1));
        assert!(!is_woken(&mut wakes.of(Id(1))).await);
    }

    #[test]
    fn nothing_is_left_of_those_who_went() {
        let wakes = Wakes::new();
        let many: Vec<Wake> = (0..10_000).map(|at| wakes.of(Id(at / 10))).collect();
        assert_eq!(waiting(&wakes), 1_000);
        assert!(wakes.are_any());
        drop(many);
        assert_eq!(waiting(&wakes), 0);
        assert!(!wakes.are_any());
        wakes.wake(Id(1));
        assert_eq!(waiting(&wakes), 0, "waking leaves nothing either");
    }

    #[test]
    fn two_who_leave_at_once_leave_nothing() {
        let wakes = Wakes::new();
        for _ in 0..300 {
            let (one, other) = (wakes.of(Id(1)), wakes.of(Id(1)));
            std::thread::scope(|scope| {
                scope.spawn(|| drop(one));
                scope.spawn(|| drop(other));
            });
            assert_eq!(waiting(&wakes), 0);
        }
    }
}
