//! Random walks of loads that hang, writes, invalidations of every kind, evictions and time: K12 over every store. That in
//! memory each step of the protocol may fall anywhere, is for `tests/tests/schedules.rs`.

use cache_runtime::{Cache, Call, Event, cached, with};
use cache_tests::{Gate, Shelf, Source, on_each, on_stores};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

const BOUND_MS: u64 = 1_000;

#[cached(key = "walks:row:<id>", ttl = 600, invalidate_on = ["walks_row_changed"], tags = ["walks:rows"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[tokio::test]
async fn k12_a_walk_on_one_node_never_serves_what_was_overwritten() {
    on_each(async |cache, _| Walk::over(vec![cache], None).run(3_000).await).await;
}

#[tokio::test]
async fn k12_a_walk_on_three_nodes_serves_nothing_overwritten_that_it_may_not() {
    on_stores(async |shelf| {
        let nodes = vec![shelf.node().await, shelf.node().await, shelf.node().await];
        Walk::over(nodes, Some(shelf)).run(1_500).await;
    })
    .await;
}

/// A read that has not ended, and the oldest version that it may return.
struct Reading {
    oldest: u64,
    read: JoinHandle<u64>,
}

/// One row, nodes that read it and write it, and loads that hang with what they have seen.
struct Walk {
    nodes: Vec<Cache>,
    shelf: Option<Shelf>,
    source: Arc<Source>,
    random: u64,
    version: u64,
    /// Which version, on which node, and when.
    acknowledged: Vec<(u64, usize, u64)>,
    gates: Vec<Gate>,
    readings: Vec<Reading>,
}

impl Walk {
    fn over(nodes: Vec<Cache>, shelf: Option<Shelf>) -> Self {
        let (acknowledged, gates, readings) = (Vec::new(), Vec::new(), Vec::new());
        let source = Source::new(0);
        Self { nodes, shelf, source, random: 0x9e37_79b9_7f4a_7c15, version: 0, acknowledged, gates, readings }
    }

    async fn run(mut self, steps: usize) {
        for _ in 0..steps {
            self.step().await;
        }
        self.gates.iter().for_each(Gate::release);
        for reading in std::mem::take(&mut self.readings) {
            reading.end().await;
        }
        self.nodes[0].clock().advance(Duration::from_millis(BOUND_MS));
        for node in &self.nodes {
            assert_eq!(node.clone().scope(row(self.source.clone(), 1)).await, self.version);
        }
    }

    async fn step(&mut self) {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = (self.random >> 8) as usize;
        match self.random >> 59 {
            // The next load hangs with what it has read, whoever does it.
            0..=3 if self.gates.len() < 4 => self.gates.push(self.source.hold()),
            4..=7 if !self.gates.is_empty() => {
                let at = drawn % self.gates.len();
                self.gates.swap_remove(at).release();
            }
            kind @ 8..=15 => self.write(drawn % self.nodes.len(), kind).await,
            16 | 17 => self.nodes[0].clock().advance(Duration::from_millis(self.random % 1_500)),
            18 => self.evict(drawn),
            _ => self.read(drawn % self.nodes.len(), drawn.is_multiple_of(7)).await,
        }
    }

    async fn write(&mut self, at: usize, kind: u64) {
        self.version += 1;
        self.source.write(self.version);
        let node = self.nodes[at].clone();
        match kind {
            8 | 9 => drop(node.remove("walks:row:1").await.expect("acknowledged")),
            10 => {
                let set = async || row_entry(1).set(self.version).await;
                node.scope(set()).await.expect("acknowledged");
            }
            11 => drop(node.invalidate_tag("walks:rows").await.expect("acknowledged")),
            12 => drop(node.clear().await.expect("acknowledged")),
            _ => drop(node.emit(Event::new("walks_row_changed").field("id", 1)).await.expect("acknowledged")),
        }
        self.acknowledged.push((self.version, at, self.now_ms()));
    }

    fn evict(&self, drawn: usize) {
        let what = ["walks:row:1", "tag:walks:rows", "ev:walks_row_changed:id=1"][drawn % 3];
        self.shelf.iter().for_each(|shelf| shelf.evict(what));
    }

    /// A read may wait for a load that hangs, if that began after the last write; then it is looked at later.
    async fn read(&mut self, at: usize, is_strong: bool) {
        let (node, source) = (self.nodes[at].clone(), self.source.clone());
        let oldest = self.oldest(at, is_strong);
        let read = match is_strong {
            true => tokio::spawn(node.scope(with(Call::strong(), row(source, 1)))),
            false => tokio::spawn(node.scope(row(source, 1))),
        };
        self.readings.push(Reading { oldest, read });
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let all = std::mem::take(&mut self.readings);
        let (ended, waiting): (Vec<_>, Vec<_>) = all.into_iter().partition(|reading| reading.read.is_finished());
        self.readings = waiting;
        for reading in ended {
            reading.end().await;
        }
    }

    /// The newest version that a read which begins now on this node may not be older than.
    fn oldest(&self, at: usize, is_strong: bool) -> u64 {
        let now_ms = self.now_ms();
        let counts = |(_, node, when_ms): &&(u64, usize, u64)| is_strong || *node == at || when_ms + BOUND_MS <= now_ms;
        self.acknowledged.iter().filter(counts).map(|(version, ..)| *version).max().unwrap_or(0)
    }

    fn now_ms(&self) -> u64 {
        self.nodes[0].clock().now_ms()
    }
}

impl Reading {
    async fn end(self) {
        let version = self.read.await.expect("served");
        assert!(version >= self.oldest, "{version} was read, and not {} or newer", self.oldest);
    }
}
