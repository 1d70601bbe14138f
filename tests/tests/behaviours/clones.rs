//! Values that take long to clone: what is said of them, and what is not.

use cache_runtime::{Cache, Clock, L1, Notice, cached};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// So many loads that three of them in a row are measured, but for once in more runs than anybody will make.
const LOADS: u64 = 600;

/// A value whose clones take a millisecond, by the test's own clock.
struct Heavy(Clock);

impl Clone for Heavy {
    fn clone(&self) -> Self {
        self.0.advance(Duration::from_millis(1));
        Self(self.0.clone())
    }
}

#[cached(key = "clones:heavy:<id>", ttl = "1d", tiers = l1)]
async fn heavy(clock: &Clock, id: u64) -> Heavy {
    Heavy(clock.clone())
}

#[cached(key = "clones:shared:<id>", ttl = "1d", tiers = l1)]
async fn shared(clock: &Clock, id: u64) -> Arc<Heavy> {
    Arc::new(Heavy(clock.clone()))
}

#[cached(key = "clones:never-kept:<id>", ttl = "1d", tiers = l1)]
async fn never_kept(clock: &Clock, id: u64) -> Heavy {
    Heavy(clock.clone())
}

#[tokio::test]
async fn a_function_whose_values_take_long_to_clone_is_named_and_told_of_once() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let notes = told.clone();
    let observer = move |notice: &Notice<'_>| {
        if let Notice::SlowClone { function, took } = notice {
            notes.lock().expect("nobody panics").push(((*function).to_owned(), *took));
        }
    };
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).observer(observer).build().await.expect("it is coherent");
    for id in 0..LOADS {
        cache.clone().scope(heavy(&clock, id)).await;
    }
    let said: Vec<String> = cache.slow_clones().iter().map(ToString::to_string).collect();
    let sentence = "a value of `heavy` takes 1.0ms to clone, as every hit in memory does: return an `Arc` of it";
    assert_eq!((said, cache.stats().slow_clones), (vec![sentence.to_owned()], 1));
    assert_eq!(*told.lock().expect("nobody panics"), [("heavy".to_owned(), Duration::from_millis(1))]);
}

#[tokio::test]
async fn one_that_returns_an_arc_is_not() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build().await.expect("it is coherent");
    for id in 0..LOADS {
        cache.clone().scope(shared(&clock, id)).await;
    }
    assert_eq!((cache.slow_clones(), cache.stats().slow_clones), (Vec::new(), 0));
}

#[tokio::test]
async fn nor_is_one_whose_values_memory_does_not_keep() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).l1(L1::off()).build().await.expect("it is coherent");
    for id in 0..LOADS {
        cache.clone().scope(never_kept(&clock, id)).await;
    }
    assert_eq!(cache.slow_clones(), []);
}
