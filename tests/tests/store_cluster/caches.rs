//! Caches over a cluster: what one node of a service invalidates, the others know.

use super::*;
use cache_runtime::{Cache, cached};
use std::sync::atomic::{AtomicU64, Ordering};

static VERSION: AtomicU64 = AtomicU64::new(1);

#[cached(key = "row:<id>", ttl = 60, tags = ["rows", "row:<id>"])]
async fn row(id: u64) -> u64 {
    id * 1_000 + VERSION.load(Ordering::SeqCst)
}

#[test]
fn caches_on_a_cluster_hear_of_each_other_and_hold_their_bound() {
    let mut cluster = RedisCluster::start_brittle();
    run(async {
        let bound = Duration::from_millis(500);
        let on_cluster = async || {
            let builder = Cache::builder().namespace("test").max_staleness(bound).store(unhurried(&cluster.url()));
            builder.build().await.expect("coherent")
        };
        let (here, there) = (on_cluster().await, on_cluster().await);
        at_last(async || done_if(here.stats().is_listening && there.stats().is_listening)).await;
        for version in 1..=5 {
            VERSION.store(version, Ordering::SeqCst);
            at_last(async || here.invalidate_tag("rows").await.map_err(|_| timeout())).await;
            for id in 0..20 {
                assert_eq!(here.clone().scope(row(id)).await, id * 1_000 + version, "here at once");
            }
            tokio::time::sleep(bound).await;
            for id in 0..20 {
                assert_eq!(there.clone().scope(row(id)).await, id * 1_000 + version, "there after the bound");
            }
        }
        let hits = there.stats().l2_hits;
        assert!(hits > 60, "what one has loaded the other finds: {hits}");
        assert!(there.stats().messages >= 5, "{:?}", there.stats());

        cluster.kill_owner("{p0}");
        VERSION.store(99, Ordering::SeqCst);
        at_last(async || here.invalidate_tag("rows").await.map_err(|_| timeout())).await;
        tokio::time::sleep(bound).await;
        for id in 0..20 {
            assert_eq!(there.clone().scope(row(id)).await, id * 1_000 + 99, "through a failover");
        }
    });
}

/// R09: in all partitions at once, each script and question within one.
#[test]
fn r09_several_keys_are_asked_for_and_removed_over_the_slots_of_a_cluster() {
    let cluster = RedisCluster::start();
    run(async {
        let cache = Cache::builder().namespace("r09").store(unhurried(&cluster.url())).build().await.expect("coherent");
        let keys: Vec<String> = (0..60).map(|id| format!("row:{id}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        at_last(async || {
            for id in 0..60 {
                cache.clone().scope(row(id)).await;
            }
            let cold =
                Cache::builder().namespace("r09").store(unhurried(&cluster.url())).build().await.expect("coherent");
            done_if(cold.get_many::<u64>(&keys).await.iter().all(Option::is_some))
        })
        .await;
        at_last(async || cache.remove_many(&keys[..40]).await.map_err(|_| timeout())).await;
        let cold = Cache::builder().namespace("r09").store(unhurried(&cluster.url())).build().await.expect("coherent");
        at_last(async || {
            let there: Vec<bool> = cold.get_many::<u64>(&keys).await.iter().map(Option::is_some).collect();
            done_if(there[..40].iter().all(|is_there| !is_there) && there[40..].iter().all(|is_there| *is_there))
        })
        .await;
    });
}

/// A store that gives up before a test does, and not before a busy machine answers.
fn unhurried(url: &str) -> RedisStore {
    hurried(url).with_read_deadline(Duration::from_secs(2)).with_write_deadline(Duration::from_secs(2))
}

fn done_if(holds: bool) -> Result<(), StoreError> {
    if holds { Ok(()) } else { Err(timeout()) }
}

fn timeout() -> StoreError {
    StoreError::Timeout { store: "test", waited: Duration::ZERO }
}
