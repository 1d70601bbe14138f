//! The real code beside a reference that says what it does in the plainest words: random operations on one cached function,
//! and after each of them the same answers to the same callers, and as many loads. Sections C, E, F, G, H and K in all their
//! mixtures.
//!
//! `SEQUENCES=1000000` runs more of them, `SEED=17` runs one and tells what happened. That it can fail is tested as well:
//! with any rule of the reference switched off it does.

mod reference;

use cache_runtime::{Cache, Clock, Entry, MemoryStore, Unanswered, cached, observe};
use cache_tests::schedule::Dice;
use futures_util::FutureExt;
use reference::{Options, RULES, Reference, Rule};
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const TEST_THREADS: u64 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failed {
    Down,
    Late,
}

impl From<Unanswered> for Failed {
    fn from(_: Unanswered) -> Self {
        Self::Late
    }
}

/// What a caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    result: Result<u64, Failed>,
    is_stale: bool,
}

/// A row that fails and hangs on request. What a read brings is decided when it begins.
#[derive(Debug, Default)]
struct Row {
    value: AtomicU64,
    fails: AtomicBool,
    hangs: AtomicBool,
    reads: AtomicUsize,
    hanging: Mutex<Vec<oneshot::Sender<()>>>,
}

impl Row {
    async fn read(&self) -> Result<u64, Failed> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let result = match self.fails.load(Ordering::Relaxed) {
            true => Err(Failed::Down),
            false => Ok(self.value.load(Ordering::Relaxed)),
        };
        if self.hangs.load(Ordering::Relaxed) {
            let (release, released) = oneshot::channel();
            self.hanging.lock().expect("whole").push(release);
            let _released = released.await;
        }
        result
    }

    fn release(&self) {
        self.hangs.store(false, Ordering::Relaxed);
        self.hanging.lock().expect("whole").clear();
    }
}

macro_rules! functions {
    ($($name:ident($key:literal, $($option:tt)*);)*) => {$(
        #[cached(key = $key, early = 0, ttl = 10, tags = ["freshness"], $($option)*)]
        async fn $name(row: Arc<Row>, id: u64) -> Result<u64, Failed> {
            row.read().await
        }
    )*};
}

functions! {
    plain("plain:<id>",);
    spare("spare:<id>", stale_if_error = 60, error_backoff = 5);
    revalidated("revalidated:<id>", stale_while_revalidate = 30);
    both("both:<id>", stale_while_revalidate = 20, stale_if_error = 60, error_backoff = 5);
    hurried("hurried:<id>", stale_if_error = 60, error_backoff = 5, soft_timeout = "100ms", hard_timeout = 2);
}

const KINDS: usize = 5;

fn options(kind: usize, has_store: bool) -> Options {
    let none = Options {
        ttl_ms: 10_000,
        revalidate_ms: 0,
        stand_in_ms: 0,
        backoff_ms: 5_000,
        soft_ms: 0,
        hard_ms: 0,
        has_store,
    };
    match kind {
        0 => none,
        1 => Options { stand_in_ms: 60_000, ..none },
        2 => Options { revalidate_ms: 30_000, ..none },
        3 => Options { revalidate_ms: 20_000, stand_in_ms: 60_000, ..none },
        _ => Options { stand_in_ms: 60_000, soft_ms: 100, hard_ms: 2_000, ..none },
    }
}

/// One function, one key, and all who call it.
struct World {
    kind: usize,
    cache: Cache,
    row: Arc<Row>,
    calls: Vec<Option<JoinHandle<Answer>>>,
    got: Vec<Option<Answer>>,
    reference: Reference,
    /// Whether several loads ended at one moment, of which either may have been the first.
    has_raced: bool,
    log: String,
}

impl World {
    fn new(dice: &Dice, broken: Option<Rule>) -> Self {
        let (kind, has_store) = (dice.roll(KINDS), dice.once_in(2));
        let clock = Clock::manual();
        let builder = Cache::builder().clock(clock.clone());
        let builder = if has_store { builder.store(MemoryStore::with_clock(clock)) } else { builder };
        let cache = builder.build().now_or_never().expect("nothing is waited for").expect("coherent");
        let row = Arc::new(Row { value: AtomicU64::new(1), ..Row::default() });
        let reference = Reference::new(options(kind, has_store), broken);
        let log = format!("function {kind}, store: {has_store}\n");
        Self { kind, cache, row, calls: Vec::new(), got: Vec::new(), reference, has_raced: false, log }
    }

    fn call(&self) -> JoinHandle<Answer> {
        let (kind, row) = (self.kind, self.row.clone());
        tokio::spawn(self.cache.clone().scope(async move {
            let (result, outcome) = match kind {
                0 => observe(plain(row, 1)).await,
                1 => observe(spare(row, 1)).await,
                2 => observe(revalidated(row, 1)).await,
                3 => observe(both(row, 1)).await,
                _ => observe(hurried(row, 1)).await,
            };
            Answer { result, is_stale: result.is_ok() && outcome.is_some_and(|outcome| outcome.stale) }
        }))
    }

    fn key(&self) -> String {
        let names = ["plain", "spare", "revalidated", "both", "hurried"];
        format!("{}:1", names[self.kind])
    }

    /// The entry, as the cache's own functions see it.
    async fn entry(&self) -> Entry<u64> {
        let kind = self.kind;
        let entry = async move {
            match kind {
                0 => plain_entry(1),
                1 => spare_entry(1),
                2 => revalidated_entry(1),
                3 => both_entry(1),
                _ => hurried_entry(1),
            }
        };
        self.cache.clone().scope(entry).await
    }

    async fn read(&mut self) {
        self.calls.push(Some(self.call()));
        self.got.push(None);
        self.reference.read();
    }

    /// Performs an operation on both.
    async fn step(&mut self, dice: &Dice) {
        self.has_raced = false;
        match dice.roll(22) {
            0..8 => {
                self.say("read");
                self.read().await;
            }
            8..10 => {
                self.say("write");
                self.row.value.fetch_add(1, Ordering::Relaxed);
                self.reference.write();
            }
            10 => {
                self.say("invalidate");
                self.cache.invalidate_tag("freshness").await.expect("the store is there");
                self.reference.invalidate();
            }
            11 => {
                self.say("remove");
                self.cache.remove(&self.key()).await.expect("the store is there");
                self.reference.remove();
            }
            12 => {
                // The next read takes it from the store: it is taken at once, so that memory has it.
                self.say("set 1000 and read");
                self.entry().await.set(1_000).await.expect("the store is there");
                self.reference.set(1_000);
                self.read().await;
            }
            13 => {
                self.say("expire");
                self.entry().await.expire().await.expect("the store is there");
                self.reference.expire();
            }
            14 => {
                self.say("clear");
                self.cache.clear().await.expect("the store is there");
                self.reference.remove();
            }
            15 => {
                let fails = !self.reference.source.fails;
                self.say(&format!("from now on reads fail: {fails}"));
                self.row.fails.store(fails, Ordering::Relaxed);
                self.reference.source.fails = fails;
            }
            16 => {
                self.say("from now on reads hang");
                self.row.hangs.store(true, Ordering::Relaxed);
                self.reference.source.hangs = true;
            }
            17 => {
                self.say("the source answers");
                self.has_raced = self.reference.loads_under_way() > 1;
                self.row.release();
                settle().await;
                self.reference.release();
            }
            18 => self.cancel(dice),
            _ => self.pass(dice).await,
        }
    }

    fn cancel(&mut self, dice: &Dice) {
        let waiting: Vec<usize> = (0..self.calls.len()).filter(|at| self.calls[*at].is_some()).collect();
        if waiting.is_empty() {
            return;
        }
        let caller = waiting[dice.roll(waiting.len())];
        self.say(&format!("caller {caller} gives up"));
        if let Some(call) = self.calls[caller].take() {
            call.abort();
        }
        self.reference.cancel(caller);
    }

    /// In small steps while somebody waits, so that whatever lives by the clock gets to act.
    async fn pass(&mut self, dice: &Dice) {
        let (step_ms, steps) = match self.reference.is_hanging() {
            true => (100, [1, 4, 20][dice.roll(3)]),
            false => ([100, 1_000, 5_000, 10_000, 30_000, 70_000][dice.roll(6)], 1),
        };
        self.say(&format!("{} ms pass", step_ms * steps));
        for _ in 0..steps {
            self.cache.clock().advance(Duration::from_millis(step_ms));
            settle().await;
            self.reference.advance(step_ms);
        }
    }

    fn say(&mut self, what: &str) {
        writeln!(self.log, "{:>7} ms  {what}", self.cache.clock().now_ms()).expect("a string takes it");
    }

    /// Whether both have answered the same callers alike, and loaded as often; false if nobody can tell from here on.
    fn compare(&mut self) -> Result<bool, String> {
        for (caller, call) in self.calls.iter_mut().enumerate() {
            if let Some(answer) = call.as_mut().filter(|call| call.is_finished()).and_then(FutureExt::now_or_never) {
                self.got[caller] = Some(answer.map_err(|error| error.to_string())?);
                *call = None;
            }
            let (is, should_be) = (self.got[caller], self.reference.answers[caller]);
            // Of a caller who gave up nobody knows what he would have got.
            if call.is_none() && is.is_none() {
                continue;
            }
            // Who was to be shown a stale value may have looked behind another load that brought a fresh one.
            let is_shown = |answer: Option<Answer>, is_stale| answer.is_some_and(|answer| answer.is_stale == is_stale);
            if self.has_raced && is_shown(should_be, true) && is_shown(is, false) {
                return Ok(false);
            }
            if is != should_be {
                return Err(format!("caller {caller} has {is:?} and should have {should_be:?}"));
            }
        }
        let (is, should_be) = (self.row.reads.load(Ordering::Relaxed), self.reference.loads);
        // Which of them is kept nobody can tell either.
        if is == should_be {
            Ok(!self.has_raced)
        } else {
            Err(format!("there were {is} loads and should be {should_be}"))
        }
    }

    /// C10: when all is over no flight is left.
    async fn end(&mut self) -> Result<(), String> {
        self.row.release();
        settle().await;
        self.calls.iter().flatten().for_each(JoinHandle::abort);
        settle().await;
        let stats = self.cache.stats();
        match (stats.flights, stats.background) {
            (0, 0) => Ok(()),
            left => Err(format!("left over, flights and tasks: {left:?}")),
        }
    }
}

async fn settle() {
    for _ in 0..24 {
        tokio::task::yield_now().await;
    }
}

/// Runs one sequence; the error is how the real code differs from the reference.
async fn sequence(seed: u64, broken: Option<Rule>) -> Result<usize, String> {
    let dice = Dice::new(seed);
    let mut world = World::new(&dice, broken);
    for _ in 0..4 + dice.roll(20) {
        world.step(&dice).await;
        settle().await;
        match world.compare() {
            Ok(true) => {}
            Ok(false) => break,
            Err(difference) => return Err(format!("seed {seed}: {difference}\n{}", world.log)),
        }
    }
    world.end().await.map_err(|left| format!("seed {seed}: {left}\n{}", world.log))?;
    Ok(world.reference.loads)
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test)
}

fn run_part(part: u64) {
    run(async {
        if let Some(seed) = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
            sequence(seed, None).await.unwrap_or_else(|difference| panic!("{difference}"));
            return;
        }
        let sequences: u64 = std::env::var("SEQUENCES").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
        let mut loads = 0;
        for at in 0..sequences / TEST_THREADS {
            let done = sequence(at * TEST_THREADS + part, None).await;
            loads += done.unwrap_or_else(|difference| panic!("{difference}"));
        }
        println!("{} sequences, {loads} loads", sequences / TEST_THREADS);
        assert!(loads as u64 > sequences / TEST_THREADS, "they should load");
    });
}

#[test]
fn it_does_what_the_reference_does_part_0() {
    run_part(0);
}

#[test]
fn it_does_what_the_reference_does_part_1() {
    run_part(1);
}

#[test]
fn it_does_what_the_reference_does_part_2() {
    run_part(2);
}

#[test]
fn it_does_what_the_reference_does_part_3() {
    run_part(3);
}

#[test]
fn with_any_rule_switched_off_the_difference_is_found() {
    run(async {
        for rule in RULES {
            let mut found = 0;
            for seed in 0..5_000 {
                if sequence(seed, Some(rule)).await.is_err() {
                    found = seed + 1;
                    break;
                }
            }
            println!("{rule:?} is missed after {found} sequences");
            assert!(found > 0, "{rule:?} makes no difference");
        }
    });
}
