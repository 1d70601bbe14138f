//! How often a source is asked, and who waits for it, over a minute of a busy key: F10 and G04 as a service meets them.

use cache_runtime::testing::Node;
use cache_runtime::{Cache, Clock, Tier, cached, observe};
use cache_tests::begin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// A source that takes 20 ms of a manual clock.
#[derive(Debug)]
struct Slow {
    clock: Clock,
    ticks: Notify,
    loads: AtomicUsize,
    is_down: AtomicBool,
}

const LOAD_MS: u64 = 20;

impl Slow {
    fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self { clock, ticks: Notify::new(), loads: AtomicUsize::new(0), is_down: AtomicBool::new(false) })
    }

    async fn read(&self) -> Result<u64, String> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        let until_ms = self.clock.now_ms() + LOAD_MS;
        while self.clock.now_ms() < until_ms {
            self.ticks.notified().await;
        }
        if self.is_down.load(Ordering::Relaxed) { Err("down".to_owned()) } else { Ok(7) }
    }

    fn loads(&self) -> usize {
        self.loads.load(Ordering::Relaxed)
    }

    /// A millisecond later.
    async fn tick(&self) {
        self.clock.advance(Duration::from_millis(1));
        self.ticks.notify_waiters();
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }
}

#[cached(key = "rates:hot:<id>", ttl = 1, early = 1.0)]
async fn hot(slow: Arc<Slow>, id: u64) -> Result<u64, String> {
    slow.read().await
}

/// F10: between one load and the next lie the TTL, less the time that is left when the draw falls, and the load itself.
/// That time follows a Gumbel distribution of scale `delta`: with `n` reads in a `delta`, it is `delta * (ln n + 0.577)` on
/// average.
#[tokio::test]
async fn f10_of_two_thousand_readers_a_second_the_first_one_waits_and_no_other() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build().await.expect("coherent");
    let slow = Slow::new(clock.clone());
    let first = begin(&cache, hot(slow.clone(), 1)).await;
    for _ in 0..LOAD_MS {
        slow.tick().await;
    }
    first.await.expect("ran").expect("it is up");
    let mut waited = 1;
    for _ in 0..60_000 {
        for _ in 0..2 {
            let (value, outcome) = cache.clone().scope(observe(hot(slow.clone(), 1))).await;
            assert_eq!(value, Ok(7));
            waited += usize::from(outcome.is_none_or(|outcome| outcome.tier != Tier::L1));
        }
        slow.tick().await;
    }
    assert_eq!(waited, 1);
    let ahead_ms = LOAD_MS as f64 * ((2.0 * LOAD_MS as f64).ln() + 0.577);
    let predicted = 60_000.0 / (1_000.0 - ahead_ms + LOAD_MS as f64);
    println!("120,000 calls, 1 waited; {} loads, {predicted:.1} predicted", slow.loads());
    assert!((slow.loads() as f64 - predicted).abs() < 0.2 * predicted, "{} and not {predicted}", slow.loads());
}

#[cached(key = "rates:spare:<id>", ttl = 10, stale_if_error = 120, error_backoff = 5, early = 0)]
async fn spare(slow: Arc<Slow>, id: u64) -> Result<u64, String> {
    slow.read().await
}

/// G04: while the source is down every call is served, and the source is asked once in five seconds.
#[tokio::test]
async fn g04_while_the_source_is_down_no_call_fails_and_it_is_asked_at_the_rate_of_the_backoff() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build().await.expect("coherent");
    let slow = Slow::new(clock.clone());
    let first = begin(&cache, spare(slow.clone(), 1)).await;
    for _ in 0..LOAD_MS {
        slow.tick().await;
    }
    first.await.expect("ran").expect("it is up");
    slow.is_down.store(true, Ordering::Relaxed);
    clock.advance(Duration::from_secs(10));
    let mut calls = Vec::new();
    for at in 0..60_000 {
        if at % 10 == 0 {
            calls.push(tokio::spawn(cache.clone().scope(spare(slow.clone(), 1))));
        }
        slow.tick().await;
    }
    let asked = slow.loads() - 1;
    for _ in 0..LOAD_MS {
        slow.tick().await;
    }
    Node::settle().await;
    for call in calls {
        assert_eq!(call.await.expect("ran"), Ok(7));
    }
    println!("6,000 calls, {asked} loads");
    assert!((11..=12).contains(&asked), "60 s, each attempt 20 ms and the five seconds after it: {asked}");
}
