//! Invalidations that outlive their process: O09, O10, O11, and what an outbox has to keep.

use cache_runtime::outbox::{FileOutbox, Kept, Outbox, Pace, Relayed};
use cache_runtime::testing::{FaultyStore, Node, Operation};
use cache_runtime::{Cache, Clock, Error, Event, MemoryStore, Recovery, assert_hit, cached};
use cache_tests::{Source, eventually};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[cached(key = "outbox:row:<id>", name = "outbox_row", ttl = 600, invalidate_on = ["outbox_changed"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

fn changed(id: u64) -> Event {
    Event::new("outbox_changed").field("id", id)
}

/// A table of somebody's, and what was done with it.
#[derive(Default)]
struct Table {
    rows: Mutex<Vec<(u64, String)>>,
    done: Mutex<Vec<u64>>,
    refused: Mutex<Vec<String>>,
}

impl Table {
    fn of(events: impl IntoIterator<Item = String>) -> Arc<Self> {
        let rows = (1..).zip(events).collect();
        Arc::new(Self { rows: Mutex::new(rows), ..Self::default() })
    }

    fn remove(&self, ids: &[u64]) {
        self.rows.lock().expect("no panic").retain(|(id, _)| !ids.contains(id));
    }
}

impl Outbox for Table {
    fn waiting(&self, limit: usize) -> Kept<'_, Vec<(u64, String)>> {
        let oldest = self.rows.lock().expect("no panic").iter().take(limit).cloned().collect();
        Box::pin(std::future::ready(Ok(oldest)))
    }

    fn done<'a>(&'a self, events: &'a [u64]) -> Kept<'a, ()> {
        self.remove(events);
        self.done.lock().expect("no panic").extend(events);
        Box::pin(std::future::ready(Ok(())))
    }

    fn refuse<'a>(&'a self, event: u64, problem: &'a str) -> Kept<'a, ()> {
        self.remove(&[event]);
        self.refused.lock().expect("no panic").push(problem.to_owned());
        Box::pin(std::future::ready(Ok(())))
    }
}

async fn faulty() -> (FaultyStore, Cache) {
    let clock = Clock::manual();
    let store = FaultyStore::new(MemoryStore::with_clock(clock.clone()));
    let cache = Cache::builder().clock(clock).store(store.clone()).recovery(Recovery::default()).build().await;
    (store, cache.expect("coherent"))
}

/// A process that has the outbox open, and has committed and not yet emitted.
fn committed(path: &Path, data: &Path) -> Child {
    let mut writer = Command::new(env!("CARGO_BIN_EXE_outbox_writer"))
        .args([path, data])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it was built with the tests");
    let mut said = String::new();
    BufReader::new(writer.stdout.take().expect("it is piped")).read_line(&mut said).expect("it says something");
    assert_eq!(said.trim(), "committed");
    writer
}

/// The writer is killed between its commit and its invalidation. Whoever opens its outbox makes up for that.
#[tokio::test]
async fn o09_what_a_killed_process_owed_is_performed_by_the_next_one() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let (path, data) = (directory.path().join("outbox"), directory.path().join("data"));
    let [node, other] = Node::several().await.expect("coherent");
    let source = Source::new(1);
    other.run(row(source.clone(), 1)).await;
    let mut writer = committed(&path, &data);
    writer.kill().expect("it runs");
    writer.wait().expect("it has ended");
    source.write(std::fs::read_to_string(&data).expect("it was committed").parse().expect("a version"));
    assert_eq!(other.run(row(source.clone(), 1)).await, 1, "nobody has told");
    let outbox = FileOutbox::open(&path).expect("it is there");
    assert_eq!(node.cache().relay(&outbox).await.expect("the store is well").emitted, 1);
    Node::settle().await;
    assert_eq!(other.run(row(source.clone(), 1)).await, 2);
    assert!(outbox.is_empty());
    drop(outbox);
    assert!(FileOutbox::open(&path).expect("it is there").is_empty(), "and it stays so");
}

/// Two that wrote to one file would each write anew what the other has added since.
#[tokio::test]
async fn an_outbox_that_is_open_is_opened_by_nobody_else_until_its_process_ends() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let (path, data) = (directory.path().join("outbox"), directory.path().join("data"));
    let mut writer = committed(&path, &data);
    let refused = FileOutbox::open(&path).expect_err("the writer has it open");
    assert_eq!(refused.kind(), std::io::ErrorKind::ResourceBusy);
    let words = format!("the outbox `{}` is open in another process, or twice in this one", path.display());
    assert_eq!(refused.to_string(), words);
    writer.kill().expect("it runs");
    writer.wait().expect("it has ended");
    let outbox = FileOutbox::open(&path).expect("nobody has it open");
    assert_eq!(outbox.len(), 1, "and what the writer owed is there");
    assert!(FileOutbox::open(&path).is_err(), "nor is it opened twice by one process");
    let clone = outbox.clone();
    drop(outbox);
    assert!(FileOutbox::open(&path).is_err(), "a clone is the same one");
    drop(clone);
    FileOutbox::open(&path).expect("all are dropped");
}

#[tokio::test]
async fn an_event_is_relayed_when_its_write_is_committed_and_not_before() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let outbox = FileOutbox::open(directory.path().join("outbox")).expect("it can be made");
    let (_, cache) = faulty().await;
    let (held, rolled_back) = (outbox.hold(&changed(1)).expect("room"), outbox.hold(&changed(2)).expect("room"));
    assert_eq!(cache.relay(&outbox).await.expect("well"), Relayed::default());
    held.release();
    rolled_back.withdraw().expect("it can be written");
    assert_eq!(cache.relay(&outbox).await.expect("well").emitted, 1);
    assert_eq!((outbox.len(), cache.stats().invalidations), (0, 1));
}

#[tokio::test]
async fn what_the_store_does_not_perform_or_only_queues_stays() {
    let (store, cache) = faulty().await;
    let table = Table::of((0..3).map(|id| changed(id).to_string()));
    store.fail(Operation::Bump);
    let error = cache.relay(&*table).await.expect_err("the store is away");
    assert!(matches!(error, Error::Outbox { .. }), "{error}");
    assert_eq!(table.rows.lock().expect("no panic").len(), 3);
    store.heal();
    cache.clock().advance(Duration::from_secs(60));
    assert_eq!(cache.relay(&*table).await.expect("well").emitted, 3);
    assert_eq!(*table.done.lock().expect("no panic"), [1, 2, 3], "the oldest first");
}

#[tokio::test]
async fn o10_what_nobody_knows_keeps_no_others_waiting() {
    let (_, cache) = faulty().await;
    let odd = ["nobody_knows?id=1", "?", "outbox_changed?nothing=7"].map(str::to_owned);
    let table = Table::of(odd.into_iter().chain([changed(1).to_string()]));
    let relayed = cache.relay(&*table).await.expect("well");
    assert_eq!((relayed.emitted, relayed.refused), (1, 3));
    let refused = table.refused.lock().expect("no panic").join("\n");
    assert!(refused.contains("nobody_knows") && refused.contains("`?` is not an event"), "{refused}");
    let directory = tempfile::tempdir().expect("a directory can be made");
    let path = directory.path().join("outbox");
    std::fs::write(&path, "+0 nobody_knows?id=1\n").expect("it can be written");
    let outbox = FileOutbox::open(&path).expect("it can be read");
    assert_eq!(cache.relay(&outbox).await.expect("well").refused, 1);
    let beside = std::fs::read_to_string(directory.path().join("outbox.refused")).expect("it was put aside");
    assert!(beside.starts_with("nobody_knows?id=1\tno event named"), "{beside}");
}

#[tokio::test]
async fn o11_a_long_outbox_is_relayed_at_its_rate_and_in_the_background() {
    let (store, cache) = faulty().await;
    let table = Table::of((0..1_024).map(|id| changed(id).to_string()));
    let source = Source::new(1);
    cache.clone().scope(row(source.clone(), 1_000)).await;
    source.write(2);
    store.fail(Operation::Bump);
    let pace = Pace { every: Duration::from_millis(100), per_second: 256 };
    let relaying = cache.keep_relaying(table.clone(), pace, |_| {});
    eventually(|| store.calls(Operation::Bump) > 0).await;
    store.heal();
    let started_ms = cache.clock().now_ms();
    eventually(|| {
        cache.clock().advance(Duration::from_millis(20));
        table.rows.lock().expect("no panic").is_empty()
    })
    .await;
    let took_ms = cache.clock().now_ms() - started_ms;
    assert!(took_ms >= 3_000, "four lots of 256, a second apart: {took_ms} ms");
    assert_eq!(cache.clone().scope(row(source.clone(), 1_000)).await, 2);
    drop(relaying);
    eventually(|| cache.stats().background == 0).await;
}

#[tokio::test]
async fn a_line_that_was_torn_is_no_event_and_the_others_are() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let path = directory.path().join("outbox");
    let outbox = FileOutbox::open(&path).expect("it can be made");
    outbox.hold(&changed(1)).expect("room").release();
    drop(outbox);
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("it is there");
    file.write_all(b"+1 outbox_chang").expect("it can be written");
    let outbox = FileOutbox::open(&path).expect("it can be read");
    assert_eq!(outbox.len(), 1);
    outbox.hold(&changed(2)).expect("room").release();
    let (_, cache) = faulty().await;
    let source = Source::new(1);
    cache.clone().scope(row(source.clone(), 2)).await;
    source.write(2);
    assert_eq!(cache.relay(&outbox).await.expect("well").emitted, 2);
    assert_eq!(cache.clone().scope(row(source.clone(), 2)).await, 2);
    cache.scope(async { assert_hit!(row(source, 2)) }).await;
}
