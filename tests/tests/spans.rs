//! Spans of the crate tracing: U01, U06, U10, U11. Who listens is known to all threads of a process, so these tests run one
//! after the other, and by themselves.

use cache_runtime::testing::{Node, Operation};
use cache_runtime::{Cache, CacheEvent, Policy, cached};
use cache_tests::{Over, Source, begin, eventually, on_each, on_nodes};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

#[derive(CacheEvent)]
#[event(name = "spans_row_changed")]
struct RowChanged {
    id: u64,
}

#[cached(key = "spans:row:<id>", ttl = 60, early = 0, invalidate_on = [RowChanged])]
async fn spanned_row(source: Arc<Source>, id: u64) -> u64 {
    let _in_the_body = tracing::debug_span!(target: "cache_runtime", "body").entered();
    drop(_in_the_body);
    source.read().await
}

#[cached(key = "spans:renewed:<id>", ttl = 10, early = 0, stale_while_revalidate = 60)]
async fn spanned_renewed(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "spans:session:<token>", ttl = 60)]
async fn spanned_session(token: &str) -> Result<String, String> {
    if token.is_empty() { Err("no".to_owned()) } else { Ok("value-949494".to_owned()) }
}

/// Held by the test that runs.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A span as it was seen.
#[derive(Clone, Debug)]
struct Seen {
    name: &'static str,
    metadata: &'static Metadata<'static>,
    parent: Option<usize>,
    fields: BTreeMap<&'static str, String>,
}

impl Seen {
    fn is(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", |text| text)
    }
}

/// Keeps every span of the cache.
#[derive(Clone, Debug)]
struct Spans {
    level: LevelFilter,
    all: Arc<Mutex<Vec<Seen>>>,
    entered: Arc<Mutex<Vec<usize>>>,
}

impl Spans {
    /// Of this thread, for as long as the guard is there.
    fn of(level: LevelFilter) -> (Self, DefaultGuard) {
        let spans = Self { level, all: Arc::default(), entered: Arc::default() };
        (spans.clone(), set_default(spans))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.all.lock().expect("nobody panicked with it")
    }

    /// What was seen since the last time, but for what bodies made.
    fn take(&self) -> Vec<Seen> {
        self.lock().split_off(0)
    }

    fn names(&self) -> Vec<&'static str> {
        self.take().iter().map(|seen| seen.name).collect()
    }

    fn at(id: &Id) -> usize {
        id.into_u64() as usize - 1
    }
}

struct Into<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cache_runtime" && *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let current = || self.entered.lock().expect("nobody panicked with it").last().copied();
        let parent = attributes.parent().map(Self::at).or_else(|| attributes.is_contextual().then(current).flatten());
        let metadata = attributes.metadata();
        let mut seen = Seen { name: metadata.name(), metadata, parent, fields: BTreeMap::new() };
        attributes.record(&mut Into(&mut seen.fields));
        let mut all = self.lock();
        all.push(seen);
        Id::from_u64(all.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        if let Some(seen) = self.lock().get_mut(Self::at(span)) {
            values.record(&mut Into(&mut seen.fields));
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, span: &Id) {
        self.entered.lock().expect("nobody panicked with it").push(Self::at(span));
    }

    fn exit(&self, span: &Id) {
        let mut entered = self.entered.lock().expect("nobody panicked with it");
        assert_eq!(entered.pop(), Some(Self::at(span)), "who comes last goes first");
    }

    fn current_span(&self) -> Current {
        let current = self.entered.lock().expect("nobody panicked with it").last().copied();
        let Some(at) = current else { return Current::none() };
        let Some(metadata) = self.lock().get(at).map(|seen| seen.metadata) else { return Current::none() };
        Current::new(Id::from_u64(at as u64 + 1), metadata)
    }
}

#[tokio::test]
async fn u01_a_call_is_one_span_and_its_load_one_below() {
    let _alone = ALONE.lock().await;
    on_each(async |cache, _| {
        let (spans, _guard) = Spans::of(LevelFilter::DEBUG);
        spanned_row(Source::new(7), 1).await;
        let [call, load, body] = &spans.take()[..] else { panic!("a call, a load and what the body makes: {spans:?}") };
        assert_eq!((call.name, call.parent), ("cache.call", None));
        assert_eq!((load.name, load.parent), ("cache.load", Some(0)));
        assert_eq!((body.name, body.parent), ("body", Some(1)), "what the body makes is below the load");
        assert_eq!((call.is("cache.function"), call.is("cache.key_template")), ("spanned_row", "spans:row:<id>"));
        assert_eq!((load.is("cache.function"), load.is("cache.key_template")), ("spanned_row", "spans:row:<id>"));
        assert_eq!((call.is("cache.level"), call.is("cache.hit"), call.is("cache.waited")), ("load", "false", "false"));
        spanned_row(Source::new(8), 1).await;
        assert_eq!(spans.names(), Vec::<&str>::new(), "a hit in memory is of the level trace");
        drop(cache);
    })
    .await;
}

#[tokio::test]
async fn u01_u06_a_hit_says_which_tier_had_the_answer() {
    let _alone = ALONE.lock().await;
    on_nodes(async |[a, b]| {
        a.run(spanned_row(Source::new(7), 1)).await;
        let (spans, _guard) = Spans::of(LevelFilter::TRACE);
        b.run(spanned_row(Source::new(8), 1)).await;
        b.run(spanned_row(Source::new(8), 1)).await;
        let seen = spans.take();
        let of = |seen: &Seen| (seen.name, seen.is("cache.level").to_owned(), seen.is("cache.hit").to_owned());
        let hit = |level: &str| ("cache.call", level.to_owned(), "true".to_owned());
        assert_eq!(seen.iter().map(of).collect::<Vec<_>>(), [hit("l2"), hit("l1")]);
    })
    .await;
}

#[tokio::test]
async fn u01_u11_a_load_in_the_background_is_below_the_call_that_set_it_off() {
    let _alone = ALONE.lock().await;
    on_each(async |cache, _| {
        let source = Source::new(7);
        spanned_renewed(source.clone(), 1).await;
        cache.clock().advance(Duration::from_secs(11));
        let (spans, _guard) = Spans::of(LevelFilter::DEBUG);
        assert_eq!(spanned_renewed(source.clone(), 1).await, 7);
        eventually(|| source.reads() == 2 && cache.stats().background == 0).await;
        let seen = spans.take();
        let lineage: Vec<_> = seen.iter().map(|seen| (seen.name, seen.parent)).collect();
        assert_eq!(lineage, [("cache.call", None), ("cache.refresh", Some(0)), ("cache.load", Some(1))]);
        assert_eq!((seen[0].is("cache.stale"), seen[0].is("cache.hit")), ("true", "false"), "stale is no hit");
    })
    .await;
}

#[tokio::test]
async fn u01_who_waited_for_anothers_load_says_so() {
    let _alone = ALONE.lock().await;
    on_each(async |cache, _| {
        let source = Source::new(7);
        let gate = source.hold();
        let leader = begin(&cache, spanned_row(source.clone(), 1)).await;
        gate.reached().await;
        let (spans, _guard) = Spans::of(LevelFilter::DEBUG);
        let follower = begin(&cache, spanned_row(source.clone(), 1)).await;
        gate.release();
        leader.await.expect("served");
        follower.await.expect("served");
        let seen = spans.take();
        assert_eq!((seen[0].is("cache.level"), seen[0].is("cache.waited")), ("flight", "true"));
    })
    .await;
}

#[tokio::test]
async fn u01_every_operation_is_one_span() {
    let _alone = ALONE.lock().await;
    on_each(async |cache, _| {
        let policy = || Policy::ttl(Duration::from_secs(60));
        let (spans, _guard) = Spans::of(LevelFilter::DEBUG);
        cache.set("spans:by_hand", 1_u64, policy()).await.expect("acknowledged");
        assert_eq!(spans.names(), ["cache.set"]);
        cache.get::<u64>("spans:by_hand").await;
        assert_eq!(spans.names(), ["cache.get"]);
        cache.get_many::<u64>(&["spans:by_hand", "spans:other"]).await;
        assert_eq!(spans.names(), ["cache.get"]);
        cache.get_or_load("spans:other", policy(), || async { Ok::<_, String>(1_u64) }).await.expect("loaded");
        assert_eq!(spans.names(), ["cache.get_or_load", "cache.load"]);
        cache.remove("spans:by_hand").await.expect("acknowledged");
        cache.remove_many(&["spans:by_hand"]).await.expect("acknowledged");
        spanned_row_entry(1).remove().await.expect("acknowledged");
        assert_eq!(spans.names(), ["cache.remove"; 3]);
        cache.invalidate_tag("spans").await.expect("acknowledged");
        cache.invalidate_function("spanned_row").await.expect("acknowledged");
        cache.clear().await.expect("acknowledged");
        assert_eq!(spans.names(), ["cache.invalidate_tag", "cache.invalidate_function", "cache.clear"]);
        cache.emit(RowChanged { id: 1 }).await.expect("acknowledged");
        let emitted = spans.take();
        assert_eq!((emitted[0].name, emitted[0].is("cache.event")), ("cache.emit", "spans_row_changed"));
    })
    .await;
}

#[tokio::test]
async fn u01_what_failed_says_so() {
    let _alone = ALONE.lock().await;
    on_nodes(async |[a, _b]| {
        a.store().fail(Operation::Bump);
        let (spans, _guard) = Spans::of(LevelFilter::DEBUG);
        a.cache().invalidate_tag("spans").await.expect_err("the store is away");
        assert_eq!(spans.take()[0].is("otel.status_code"), "ERROR");
        a.store().heal();
        a.run(spanned_session("")).await.expect_err("it is refused");
        assert_eq!(spans.take()[0].is("cache.load_failed"), "true");
    })
    .await;
}

#[tokio::test]
async fn u10_no_span_has_a_key_or_a_value() {
    let _alone = ALONE.lock().await;
    on_each(async |cache: Cache, over| {
        let (spans, _guard) = Spans::of(LevelFilter::TRACE);
        for _ in 0..2 {
            spanned_session("hunter-929292").await.expect("it is let in");
            spanned_row(Source::new(939_393), 919_191).await;
        }
        cache.set("spans:919191", 939_393_u64, Policy::ttl(Duration::from_secs(60))).await.expect("acknowledged");
        cache.get::<u64>("spans:919191").await;
        cache.emit(RowChanged { id: 919_191 }).await.expect("acknowledged");
        Node::settle().await;
        let seen = spans.take();
        assert!(seen.len() >= 9, "{over:?}: {seen:#?}");
        let text = format!("{:?}", seen.iter().map(|seen| &seen.fields).collect::<Vec<_>>());
        assert!(!["919191", "929292", "939393", "949494"].iter().any(|hidden| text.contains(hidden)), "{text}");
        assert_ne!(over, Over::Cluster);
    })
    .await;
}
