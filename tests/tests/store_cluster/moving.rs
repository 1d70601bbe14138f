//! W01, W02: slots that move to another node while they are used.

use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

#[test]
fn a_slot_that_moves_while_it_is_used_costs_loads_and_no_stale_read() {
    let cluster = RedisCluster::start();
    let (key, dependencies) = (name("k"), vec![name("d")]);
    let tag = format!("{{p{}}}", dependencies[0].partition(256).0);
    let (walk, walker) = Walk::over(cluster.url(), key.clone(), dependencies.clone());
    // So that the slot has some keys to move.
    let filler = patient(&cluster.url());
    run(async {
        let beside: Vec<_> = (0..)
            .map(|at| name(&format!("f{at}")))
            .filter(|of| of.partition(256) == dependencies[0].partition(256))
            .take(50)
            .collect();
        begin(&filler, &key, &beside).await.expect("the cluster is up");
    });
    for _ in 0..3 {
        walk.until_it_hits(&cluster);
        let before = cluster.owner(&tag).port();
        cluster.migrate(&tag, || std::thread::sleep(Duration::from_millis(5)));
        cluster.until("the move is known", || cluster.owner(&tag).port() != before);
    }
    walk.until_it_hits(&cluster);
    walk.stop.store(true, Ordering::SeqCst);
    walker.join().expect("no read was stale");
}

/// What a walk has seen, and whether it is to end.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) stop: AtomicBool,
    pub(super) hits: AtomicUsize,
    pub(super) failures: AtomicUsize,
}

impl Walk {
    /// Reads, loads and invalidates a version that only it writes, on a thread of its own: what is valid and from before
    /// the last acknowledged invalidation is stale.
    pub(super) fn over(url: String, key: Key, dependencies: Vec<Dependency>) -> (Arc<Self>, JoinHandle<()>) {
        let walk = Arc::new(Self::default());
        let walking = walk.clone();
        (walk, std::thread::spawn(move || run(walking.go(&url, &key, &dependencies))))
    }

    /// Waits until it has hit some more, hence until the store works.
    pub(super) fn until_it_hits(&self, cluster: &RedisCluster) {
        let before = self.hits.load(Ordering::SeqCst);
        cluster.until("the store works", || self.hits.load(Ordering::SeqCst) > before + 10);
    }

    async fn go(&self, url: &str, key: &Key, dependencies: &[Dependency]) {
        let (writer, reader) = (hurried(url), hurried(url));
        let (mut version, mut acknowledged, mut loads) = (1_u64, 0_u64, 0);
        let mut last: Option<(Begun, u64)> = None;
        while !self.stop.load(Ordering::SeqCst) {
            match (read(&reader, key, dependencies).await, &last) {
                (Ok(snapshot), Some((begun, loaded)))
                    if snapshot.entry.as_deref() == Some(&loaded.to_be_bytes()[..])
                        && is_valid(&snapshot, begun, dependencies) =>
                {
                    self.hits.fetch_add(1, Ordering::SeqCst);
                    assert!(*loaded >= acknowledged, "stale: {loaded} after {acknowledged}, {self:?}");
                }
                (Ok(_), _) => {}
                (Err(_), _) => {
                    self.failures.fetch_add(1, Ordering::SeqCst);
                }
            }
            loads += 1;
            if loads % 3 == 0 {
                version += 1;
                match writer.bump("test", dependencies).await {
                    Ok(_) => acknowledged = version,
                    Err(_) => version += 1,
                }
            }
            let Ok(begun) = begin(&reader, key, dependencies).await else { continue };
            let loaded = version;
            if matches!(commit(&reader, key, dependencies, &begun, &loaded.to_be_bytes()).await, Ok(Verdict::Stored)) {
                last = Some((begun, loaded));
            }
        }
    }
}
