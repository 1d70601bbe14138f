//! Invalidation by key, the correctness core: K01, K03, K04, K06, K07, K09, K10, and what they mean over Redis.

use cache_runtime::testing::{FaultyStore, Operation, When};
use cache_runtime::{Cache, Clock, Error, Event, MemoryStore, assert_hit, assert_miss, cached};
use cache_tests::{Gate, Source, on_each};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

#[cached(key = "keys:row:<id>", ttl = 600, invalidate_on = ["keys_row_changed"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// Begins a load that has read the old value and does not come back yet.
async fn slow_load(cache: &Cache, source: &Arc<Source>) -> (Gate, JoinHandle<u64>) {
    let gate = source.hold();
    let load = tokio::spawn(cache.clone().scope(row(source.clone(), 1)));
    gate.reached().await;
    (gate, load)
}

#[tokio::test]
async fn k01_a_slow_load_does_not_bring_back_what_was_removed_meanwhile() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (gate, load) = slow_load(&cache, &source).await;
        source.write(2);
        row_entry(1).remove().await.expect("acknowledged");
        gate.release();
        assert_eq!(load.await.expect("served"), 1, "its own caller began before");
        assert_eq!(row(source.clone(), 1).await, 2);
        assert_eq!(cache.stats().fills_refused, 1);
    })
    .await;
}

#[tokio::test]
async fn k01_nor_what_an_event_invalidated() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (gate, load) = slow_load(&cache, &source).await;
        source.write(2);
        cache.emit(Event::new("keys_row_changed").field("id", 1)).await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        assert_eq!(row(source.clone(), 1).await, 2);
        assert_eq!(assert_hit!(row(source.clone(), 1)), 2);
    })
    .await;
}

#[tokio::test]
async fn k01_nor_what_was_cleared() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (gate, load) = slow_load(&cache, &source).await;
        source.write(2);
        cache.clear().await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        assert_eq!(row(source.clone(), 1).await, 2);
    })
    .await;
}

#[tokio::test]
async fn k03_a_slow_load_does_not_replace_what_was_set_meanwhile() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (gate, load) = slow_load(&cache, &source).await;
        source.write(2);
        row_entry(1).set(2).await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        assert_eq!(assert_hit!(row(source.clone(), 1)), 2);
        assert_eq!(source.reads(), 1);
    })
    .await;
}

#[tokio::test]
async fn k04_of_two_loads_around_a_removal_the_later_one_is_kept() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (gate, first) = slow_load(&cache, &source).await;
        source.write(2);
        row_entry(1).remove().await.expect("acknowledged");
        assert_eq!(row(source.clone(), 1).await, 2);
        gate.release();
        first.await.expect("served");
        assert_eq!(assert_hit!(row(source.clone(), 1)), 2, "the first finishes last, and changes nothing");
    })
    .await;
}

#[tokio::test]
async fn k06_a_load_that_ends_within_a_later_one_is_not_kept() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (first_gate, first) = slow_load(&cache, &source).await;
        source.write(2);
        row_entry(1).remove().await.expect("acknowledged");
        let (second_gate, second) = slow_load(&cache, &source).await;
        first_gate.release();
        assert_eq!(first.await.expect("served"), 1);
        second_gate.release();
        assert_eq!(second.await.expect("served"), 2);
        assert_eq!(assert_hit!(row(source.clone(), 1)), 2);
        assert_eq!(source.reads(), 2);
    })
    .await;
}

async fn faulty() -> (FaultyStore, Cache) {
    let clock = Clock::manual();
    let store = FaultyStore::new(MemoryStore::with_clock(clock.clone()));
    let cache = Cache::builder().clock(clock).store(store.clone()).build().await;
    (store, cache.expect("coherent"))
}

#[tokio::test]
async fn k07_while_the_store_is_slow_to_remove_no_answer_after_the_removal_is_old() {
    let (store, cache) = faulty().await;
    let source = Source::new(1);
    cache.clone().scope(row(source.clone(), 1)).await;
    source.write(2);
    for when in [When::Before, When::After] {
        let held = store.hold(Operation::Remove, when);
        let of_remove = cache.clone();
        let removal = tokio::spawn(async move { of_remove.remove("keys:row:1").await });
        held.reached().await;
        // Concurrent with the removal: old or new, and whatever it read must not outlive the removal.
        cache.clone().scope(row(source.clone(), 1)).await;
        held.release();
        removal.await.expect("no panic").expect("acknowledged");
        assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 2);
    }
}

#[tokio::test]
async fn k08_an_old_entry_read_before_a_removal_is_not_put_into_memory_after_it() {
    let (store, cache) = faulty().await;
    let source = Source::new(1);
    cache.clone().scope(row(source.clone(), 1)).await;
    cache.clock().advance(Duration::from_secs(2));
    let held = store.hold(Operation::Read, When::After);
    let reader = tokio::spawn(cache.clone().scope(row(source.clone(), 1)));
    held.reached().await;
    source.write(2);
    cache.remove("keys:row:1").await.expect("acknowledged");
    held.release();
    reader.await.expect("served");
    assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 2);
}

#[tokio::test]
async fn k09_an_invalidation_that_the_store_did_not_perform_is_an_error() {
    let (store, cache) = faulty().await;
    store.fail(Operation::Remove);
    store.fail(Operation::Bump);
    assert!(matches!(cache.remove("keys:row:1").await, Err(Error::Store(_))));
    assert!(matches!(cache.invalidate_tag("some").await, Err(Error::Store(_))));
    let event = Event::new("keys_row_changed").field("id", 1);
    assert!(matches!(cache.emit(event).await, Err(Error::Store(_))));
    assert_eq!(cache.stats().invalidations, 0);
    assert_eq!(store.calls(Operation::Bump), 4, "each was tried twice");
}

#[tokio::test]
async fn k09_and_this_node_serves_nothing_from_its_memory_then() {
    let (store, cache) = faulty().await;
    let source = Source::new(1);
    cache.clone().scope(row(source.clone(), 1)).await;
    source.write(2);
    store.fail(Operation::Bump);
    store.fail(Operation::Read);
    cache.emit(Event::new("keys_row_changed").field("id", 1)).await.expect_err("the store is away");
    assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 2);
}

#[tokio::test]
async fn k10_a_load_whose_fence_was_evicted_is_served_and_not_kept() {
    let clock = Clock::manual();
    let memory = MemoryStore::with_clock(clock.clone());
    let cache = Cache::builder().clock(clock).store(memory.clone()).namespace("k10").build().await.expect("coherent");
    let source = Source::new(1);
    let (gate, load) = slow_load(&cache, &source).await;
    memory.evict("k10", "keys:row:1");
    gate.release();
    assert_eq!(load.await.expect("served"), 1);
    assert!(memory.bytes("k10", "keys:row:1").is_none());
    cache.clone().scope(async { assert_miss!(row(source.clone(), 1)) }).await;
}

#[tokio::test]
async fn k11_a_store_that_lost_everything_during_a_load_does_not_take_its_value() {
    let clock = Clock::manual();
    let memory = MemoryStore::with_clock(clock.clone());
    let cache = Cache::builder().clock(clock).store(memory.clone()).namespace("k11").build().await.expect("coherent");
    let source = Source::new(1);
    let (gate, load) = slow_load(&cache, &source).await;
    memory.lose_everything();
    gate.release();
    assert_eq!(load.await.expect("served"), 1);
    assert!(memory.bytes("k11", "keys:row:1").is_none());
}

#[tokio::test]
async fn an_invalidation_whose_caller_gave_up_leaves_nothing_old_in_memory() {
    let (store, cache) = faulty().await;
    let source = Source::new(1);
    cache.clone().scope(row(source.clone(), 1)).await;
    source.write(2);
    let held = store.hold(Operation::Bump, When::After);
    let of_emit = cache.clone();
    let emit = tokio::spawn(async move { of_emit.emit(Event::new("keys_row_changed").field("id", 1)).await });
    held.reached().await;
    emit.abort();
    let _cancelled = emit.await;
    assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 2);
}

#[tokio::test]
async fn a_random_walk_of_loads_writes_and_invalidations_never_serves_what_was_overwritten() {
    const STEPS: usize = 3_000;
    on_each(async |cache, _| {
        let source = Source::new(0);
        let mut walk = Walk { cache, source, random: 0x9e37_79b9_7f4a_7c15, version: 0, gates: vec![], reads: vec![] };
        for _ in 0..STEPS {
            walk.step().await;
        }
        walk.gates.iter().for_each(Gate::release);
        for (oldest, read) in std::mem::take(&mut walk.reads) {
            assert!(read.await.expect("served") >= oldest);
        }
        assert_eq!(row(walk.source.clone(), 1).await, walk.version);
    })
    .await;
}

/// One key, loads that hang, and reads that must not see what was overwritten before they began.
struct Walk {
    cache: Cache,
    source: Arc<Source>,
    random: u64,
    version: u64,
    gates: Vec<Gate>,
    reads: Vec<(u64, JoinHandle<u64>)>,
}

impl Walk {
    async fn step(&mut self) {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match self.random >> 60 {
            // The next load hangs with what it has read, whoever does it.
            0 | 1 if self.gates.len() < 4 => self.gates.push(self.source.hold()),
            2 | 3 if !self.gates.is_empty() => {
                let at = (self.random >> 8) as usize % self.gates.len();
                self.gates.swap_remove(at).release();
            }
            4 | 5 => {
                self.write();
                self.cache.emit(Event::new("keys_row_changed").field("id", 1)).await.expect("acknowledged");
            }
            6 => {
                self.write();
                self.cache.remove("keys:row:1").await.expect("acknowledged");
            }
            7 => {
                self.write();
                row_entry(1).set(self.version).await.expect("acknowledged");
            }
            8 => self.cache.clock().advance(Duration::from_millis(self.random % 1_500)),
            _ => self.read().await,
        }
    }

    fn write(&mut self) {
        self.version += 1;
        self.source.write(self.version);
    }

    /// A read may wait for a load that hangs, if that began after the last write; then it is looked at later.
    async fn read(&mut self) {
        let read = tokio::spawn(self.cache.clone().scope(row(self.source.clone(), 1)));
        self.reads.push((self.version, read));
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let all = std::mem::take(&mut self.reads);
        let (ended, waiting): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, read)| read.is_finished());
        self.reads = waiting;
        for (oldest, read) in ended {
            assert!(read.await.expect("served") >= oldest);
        }
    }
}
