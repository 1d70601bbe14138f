//! Warming: what is missing is loaded before readers come, step by step, and an interrupted run goes on.

use cache_runtime::warmup::{Checkpoint, End, Plan, Progress, Report, Step};
use cache_runtime::{Cache, Clock, Error, MemoryStore, cached};
use cache_tests::eventually;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where rows come from: it counts, remembers and fails on request.
#[derive(Default)]
struct Rows {
    read: Mutex<Vec<u64>>,
    broken: Mutex<BTreeSet<u64>>,
    version: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl Rows {
    async fn read(&self, id: u64) -> Result<String, String> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.read.lock().expect("no panic").push(id);
        match self.broken.lock().expect("no panic").contains(&id) {
            true => Err(format!("row {id} is broken")),
            false => Ok(format!("{id} in version {}", self.version.load(Ordering::SeqCst))),
        }
    }

    /// What was read since this was asked last, in its order.
    fn taken(&self) -> Vec<u64> {
        std::mem::take(&mut self.read.lock().expect("no panic"))
    }

    fn break_all(&self, ids: impl IntoIterator<Item = u64>) {
        *self.broken.lock().expect("no panic") = ids.into_iter().collect();
    }
}

#[cached(key = "warmup:row:<id>", name = "warmup_row", ttl = 60)]
async fn row(rows: Arc<Rows>, id: u64) -> Result<String, String> {
    rows.read(id).await
}

/// A step of these rows.
fn step(name: &str, rows: &Arc<Rows>, ids: impl Iterator<Item = u64>) -> Step<u64> {
    let (ids, rows) = (ids.collect::<Vec<_>>(), rows.clone());
    Step::new(name, move || std::future::ready(Ok::<_, String>(ids.clone())), move |id| row(rows.clone(), id))
}

async fn cache() -> Cache {
    Cache::builder().clock(Clock::manual()).build().await.expect("coherent")
}

#[tokio::test]
async fn what_is_missing_is_loaded_and_what_is_there_is_not() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    for id in [2, 3] {
        cache.clone().scope(row(rows.clone(), id)).await.expect("well");
    }
    rows.taken();
    let plan = Plan::new().step(step("rows", &rows, 0..5)).at_once(1);
    let report = cache.warm(&plan).await.expect("coherent");
    assert_eq!((report.steps[0].items, report.steps[0].loaded, report.steps[0].present), (5, 3, 2));
    assert!(report.is_complete());
    assert_eq!(rows.taken(), [0, 1, 4]);
    for id in 0..5 {
        cache.clone().scope(row(rows.clone(), id)).await.expect("well");
    }
    assert_eq!(rows.taken(), [0; 0], "readers find all of it");
    assert_eq!(cache.warm(&plan).await.expect("coherent").loaded(), 0);
}

#[tokio::test]
async fn what_is_warm_on_one_node_is_not_loaded_by_another() {
    let (clock, rows) = (Clock::manual(), Arc::new(Rows::default()));
    let store = MemoryStore::with_clock(clock.clone());
    let node = async || Cache::builder().clock(clock.clone()).store(store.clone()).build().await.expect("coherent");
    let (one, other) = (node().await, node().await);
    let plan = Plan::new().step(step("rows", &rows, 0..5));
    assert_eq!(one.warm(&plan).await.expect("coherent").loaded(), 5);
    assert_eq!(other.warm(&plan).await.expect("coherent").steps[0].present, 5);
}

#[tokio::test]
async fn the_related_is_warmed_after_the_primary_in_whatever_order_they_were_added() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    let plan = Plan::new()
        .step(step("posts", &rows, 20..22).after("members"))
        .step(step("members", &rows, 10..12).after("guilds"))
        .step(step("guilds", &rows, 0..2))
        .step(step("news", &rows, 30..31))
        .at_once(1);
    let report = cache.warm(&plan).await.expect("coherent");
    let names: Vec<_> = report.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["guilds", "members", "posts", "news"]);
    assert_eq!(rows.taken(), [0, 1, 10, 11, 20, 21, 30]);
}

#[tokio::test]
async fn no_more_are_loaded_at_once_than_the_plan_says() {
    for at_once in [1, 3, 8] {
        let (cache, rows) = (cache().await, Arc::new(Rows::default()));
        cache.warm(&Plan::new().step(step("rows", &rows, 0..50)).at_once(at_once)).await.expect("coherent");
        assert_eq!(rows.most.load(Ordering::SeqCst), at_once);
    }
}

#[tokio::test]
async fn an_item_that_fails_is_counted_and_passed_over() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    rows.break_all([1, 3]);
    let plan = Plan::new().step(step("guilds", &rows, 0..5)).step(step("members", &rows, 10..12).after("guilds"));
    let report = cache.warm(&plan).await.expect("coherent");
    assert_eq!((report.steps[0].loaded, report.steps[0].failed, report.steps[1].loaded), (3, 2, 2));
    assert_eq!(report.steps[0].problem.as_deref(), Some("row 1 is broken"));
    assert!(!report.is_complete());
}

#[tokio::test]
async fn a_source_that_is_not_well_is_not_asked_for_everything() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    rows.break_all(10..1_000);
    let plan = Plan::new().step(step("guilds", &rows, 0..1_000)).step(step("members", &rows, 0..5).after("guilds"));
    let report = cache.warm(&plan.at_once(4)).await.expect("coherent");
    assert_eq!((report.steps[0].end, report.steps[1].end), (End::GivenUp, End::Skipped));
    let failed: Vec<_> = (10..42).map(|at: u64| at.to_string()).collect();
    assert_eq!(report.checkpoint.to_string(), format!("guilds:42!{}", failed.join(",")));
    assert!(rows.taken().len() < 10 + 32 + 4, "{report:?}");
}

#[tokio::test]
async fn a_list_that_cannot_be_had_ends_its_step_and_those_after_it_and_no_others() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    let unlisted = {
        let rows = rows.clone();
        let list = || std::future::ready(Err::<Vec<u64>, _>("the database is away"));
        Step::new("guilds", list, move |id| row(rows.clone(), id))
    };
    let plan = Plan::new().step(unlisted).step(step("members", &rows, 0..2).after("guilds"));
    let plan = plan.step(step("posts", &rows, 0..2).after("members")).step(step("news", &rows, 5..7)).at_once(1);
    let report = cache.warm(&plan).await.expect("coherent");
    let ends: Vec<_> = report.steps.iter().map(|step| step.end).collect();
    assert_eq!(ends, [End::NotListed, End::Skipped, End::Skipped, End::Done]);
    assert_eq!(report.steps[0].problem.as_deref(), Some("the database is away"));
    assert_eq!(rows.taken(), [5, 6]);
}

/// The process ends in the middle; the next one reads how far it came, and goes on there.
#[tokio::test]
async fn an_interrupted_run_goes_on_where_it_was() {
    let (cache, rows, kept) = (cache().await, Arc::new(Rows::default()), Arc::new(Mutex::new(String::new())));
    let plan = || {
        let plan = Plan::new().step(step("guilds", &rows, 0..4)).step(step("members", &rows, 10..30).after("guilds"));
        plan.at_once(1)
    };
    let (keep, stop) = (kept.clone(), cache.clone());
    let observer = move |progress: &Progress<'_>| {
        *keep.lock().expect("no panic") = progress.checkpoint().to_string();
        if progress.step.name == "members" && progress.done == 7 {
            stop.set_enabled(false);
        }
    };
    let report = cache.warm(&plan().observer(observer)).await.expect("coherent");
    assert_eq!(report.steps[1].end, End::Stopped);
    assert_eq!(report.checkpoint.to_string(), "guilds:all members:7");
    assert_eq!(*kept.lock().expect("no panic"), "guilds:all members:7");
    cache.set_enabled(true);
    rows.taken();
    // Another process, whose memory is empty and which has no store.
    let after = self::cache().await;
    let from: Checkpoint = kept.lock().expect("no panic").parse().expect("it is one");
    let report = after.warm(&plan().resume(from)).await.expect("coherent");
    assert_eq!((report.steps[0].end, report.steps[1].loaded), (End::DoneBefore, 13));
    assert!(report.is_complete());
    assert_eq!(rows.taken(), (17..30).collect::<Vec<_>>());
    assert_eq!(report.checkpoint.to_string(), "guilds:all members:all");
}

/// What failed is no further behind than what had no turn.
#[tokio::test]
async fn a_resumed_run_tries_those_again_that_failed() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    rows.break_all([1, 3, 6]);
    let plan = || Plan::new().step(step("rows", &rows, 0..8)).at_once(1);
    let report = cache.warm(&plan()).await.expect("coherent");
    assert_eq!((report.steps[0].loaded, report.steps[0].failed), (5, 3));
    assert_eq!(report.checkpoint.to_string(), "rows:8!1,3,6");
    rows.break_all([3]);
    rows.taken();
    // Another process, whose memory is empty and which has no store.
    let after = self::cache().await;
    let report = after.warm(&plan().resume(report.checkpoint)).await.expect("coherent");
    assert_eq!(rows.taken(), [1, 3, 6], "and no others");
    assert_eq!((report.steps[0].end, report.steps[0].loaded), (End::Done, 2));
    assert_eq!(report.checkpoint.to_string(), "rows:8!3");
    rows.break_all([]);
    let report = after.warm(&plan().resume(report.checkpoint)).await.expect("coherent");
    assert!(report.is_complete());
    assert_eq!(report.checkpoint.to_string(), "rows:all");
}

#[tokio::test]
async fn an_item_that_does_not_end_is_given_up_at_its_deadline_and_the_others_are_warmed() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    let warm = {
        let rows = rows.clone();
        move |id| {
            let rows = rows.clone();
            async move { if id == 2 { std::future::pending().await } else { row(rows, id).await } }
        }
    };
    let list = || std::future::ready(Ok::<_, String>((0..5).collect()));
    let plan = Plan::new().step(Step::new("rows", list, warm)).at_once(2).item_deadline(Duration::from_secs(5));
    let mut run = Box::pin(cache.warm(&plan));
    while rows.read.lock().expect("no panic").len() < 3 {
        assert!(futures_util::poll!(run.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    cache.clock().advance(Duration::from_secs(5));
    let report = run.await.expect("coherent");
    assert_eq!((report.steps[0].loaded, report.steps[0].failed), (4, 1));
    assert_eq!(report.steps[0].problem.as_deref(), Some("it took more than 5s"));
    assert_eq!(report.checkpoint.to_string(), "rows:5!2");
}

#[tokio::test]
async fn a_run_that_is_dropped_leaves_what_it_loaded() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    let plan = Plan::new().step(step("rows", &rows, 0..50)).at_once(1);
    {
        let mut run = Box::pin(cache.warm(&plan));
        while rows.read.lock().expect("no panic").len() < 10 {
            assert!(futures_util::poll!(run.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
    }
    let report = cache.warm(&plan).await.expect("coherent");
    assert!(report.steps[0].present >= 9 && report.is_complete(), "{report:?}");
}

/// A step of rows that are compared with their source.
fn verified(rows: &Arc<Rows>, ids: std::ops::Range<u64>, share: f64) -> Step<u64> {
    let source = rows.clone();
    step("rows", rows, ids).verify(share, move |id| {
        let source = source.clone();
        async move { Ok::<_, String>(row(source.clone(), id).await? == row_uncached(source, id).await?) }
    })
}

#[tokio::test]
async fn a_share_of_what_is_warm_is_compared_with_its_source() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    for (share, compared) in [(0.0, 0), (0.001, 1), (0.1, 5), (1.0, 50)] {
        let report = cache.warm(&Plan::new().step(verified(&rows, 0..50, share))).await.expect("coherent");
        assert_eq!((report.steps[0].verified, report.steps[0].differing), (compared, 0));
    }
    // Somebody writes, and tells nobody.
    rows.version.fetch_add(1, Ordering::SeqCst);
    let report = cache.warm(&Plan::new().step(verified(&rows, 0..50, 0.1))).await.expect("coherent");
    assert_eq!((report.steps[0].verified, report.steps[0].differing), (5, 5));
    assert!(!report.is_complete());
}

#[tokio::test]
async fn a_write_between_the_two_sides_of_a_comparison_is_no_difference() {
    let cache = cache().await;
    let (asked, rows) = (Arc::new(AtomicUsize::new(0)), Arc::new(Rows::default()));
    let counted = asked.clone();
    let step = step("rows", &rows, 0..1).verify(1.0, move |_| {
        let nth = counted.fetch_add(1, Ordering::SeqCst);
        async move { Ok::<_, String>(nth > 0) }
    });
    let report = cache.warm(&Plan::new().step(step)).await.expect("coherent");
    assert_eq!((report.steps[0].differing, asked.load(Ordering::SeqCst)), (0, 2));
}

#[tokio::test]
async fn what_has_run_out_is_loaded_again_on_schedule_until_the_handle_is_dropped() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    let rounds = Arc::new(Mutex::new(Vec::new()));
    let tell = rounds.clone();
    let told = move |report: &Report| tell.lock().expect("no panic").push(report.loaded());
    let plan = Plan::new().step(step("rows", &rows, 0..5)).resume("rows:2".parse().expect("it is one"));
    let warming = cache.keep_warm(plan, Duration::from_secs(40), told).expect("coherent");
    let rounds = || rounds.lock().expect("no panic").clone();
    eventually(|| rounds().len() == 1).await;
    for nth in 2..=3 {
        // The next round waits by then, for there is nothing else that it could do.
        while rounds().len() < nth {
            cache.clock().advance(Duration::from_secs(40));
            eventually(|| cache.stats().flights == 0).await;
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(rounds()[0], 3, "the checkpoint counts once");
    assert!(rounds()[1..].iter().sum::<usize>() >= 2, "{:?}", rounds());
    drop(warming);
    eventually(|| cache.stats().background == 0).await;
    let ended = rounds().len();
    cache.clock().advance(Duration::from_secs(400));
    tokio::task::yield_now().await;
    assert_eq!(rounds().len(), ended);
}

#[tokio::test]
async fn a_cache_that_is_shut_down_is_warmed_no_longer() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    let warming = cache.keep_warm(Plan::new().step(step("rows", &rows, 0..5)), Duration::from_secs(40), |_| {});
    let _warming = warming.expect("coherent");
    eventually(|| cache.stats().loads == 5).await;
    cache.shutdown(Duration::from_secs(20)).await;
    eventually(|| cache.stats().background == 0).await;
    assert!(matches!(cache.warm(&Plan::new()).await, Err(Error::ShutDown)));
    assert!(matches!(cache.keep_warm(Plan::new(), Duration::from_secs(1), |_| {}), Err(Error::ShutDown)));
}

#[tokio::test]
async fn a_plan_that_contradicts_itself_is_an_error_that_names_the_step() {
    let (cache, rows) = (cache().await, Arc::new(Rows::default()));
    let step = |name: &str| step(name, &rows, 0..1);
    for (plan, words) in [
        (Plan::new().step(step("a")).step(step("a")), "warm-up step `a`: two steps have this name"),
        (Plan::new().step(step("a").after("b")), "warm-up step `a`: it comes after `b`, and no step has that name"),
        (Plan::new().step(step("a b")), "warm-up step `a b`: a step's name is a word without `:`"),
        (
            Plan::new().step(step("c")).step(step("a").after("b")).step(step("b").after("a")),
            "warm-up step `a`: each of these comes after another of them: a, b",
        ),
    ] {
        let error = cache.warm(&plan).await.expect_err("it contradicts itself");
        assert_eq!(error.to_string(), words);
        assert!(cache.keep_warm(plan, Duration::from_secs(1), |_| {}).is_err());
    }
    assert_eq!(rows.taken(), [0; 0]);
}
