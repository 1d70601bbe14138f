//! W03: primaries that die, and replicas that take their place.

use super::moving::Walk;
use super::*;
use cache_runtime::bus::Heard;
use std::sync::atomic::Ordering;

#[test]
fn a_failover_begins_a_new_epoch_in_its_partitions_only() {
    let mut cluster = RedisCluster::start_brittle();
    let store = hurried(&cluster.url());
    run(async {
        let (key, dependencies) = (name("k"), names(40));
        let before = at_last(async || begin(&store, &key, &dependencies).await).await;
        let dead = cluster.kill_owner("{p0}");
        let after = at_last(async || begin(&store, &key, &dependencies).await).await;
        let of_the_dead =
            |at: u16| cluster.slots_of(dead).iter().any(|range| range.contains(&cluster.slot(&format!("{{p{at}}}"))));
        let mut counts = (0, 0);
        for ((partition, old), (_, new)) in before.stamps.iter().zip(&after.stamps) {
            let is_new = old.epoch != new.epoch;
            assert_eq!(is_new, of_the_dead(partition.0), "{partition:?}");
            counts = if is_new { (counts.0 + 1, counts.1) } else { (counts.0, counts.1 + 1) };
        }
        assert!(counts.0 > 0 && counts.1 > 0, "{counts:?}");
        assert_eq!(commit(&store, &key, &dependencies, &after, b"v").await.expect("up"), Verdict::Stored);
    });
}

#[test]
fn a_primary_that_dies_costs_loads_and_no_stale_read() {
    let mut cluster = RedisCluster::start_brittle();
    let (key, dependencies) = (name("k"), vec![name("d"), name("e")]);
    let (walk, walker) = Walk::over(cluster.url(), key, dependencies.clone());
    let tag = format!("{{p{}}}", dependencies[0].partition(256).0);
    walk.until_it_hits(&cluster);
    cluster.kill_owner(&tag);
    cluster.until("the loss is felt", || walk.failures.load(Ordering::SeqCst) > 0);
    walk.until_it_hits(&cluster);
    walk.stop.store(true, Ordering::SeqCst);
    walker.join().expect("no read was stale");
}

#[test]
fn a_primary_that_freezes_is_replaced() {
    let cluster = RedisCluster::start_brittle();
    let (key, dependencies) = (name("k"), names(3));
    let (walk, walker) = Walk::over(cluster.url(), key, dependencies.clone());
    walk.until_it_hits(&cluster);
    cluster.owner(&format!("{{p{}}}", dependencies[0].partition(256).0)).pause();
    cluster.until("the loss is felt", || walk.failures.load(Ordering::SeqCst) > 0);
    walk.until_it_hits(&cluster);
    walk.stop.store(true, Ordering::SeqCst);
    walker.join().expect("no read was stale");
}

#[test]
fn a_listener_whose_node_dies_is_told_and_listens_at_another() {
    let mut cluster = RedisCluster::start_brittle();
    let store = hurried(&cluster.url());
    let bus = store.bus().expect("it tells of its steps");
    run(async {
        at_last(async || store.bump("test", &names(1)).await).await;
        let mut feed = bus.listen("test").await.expect("the cluster is up");
        let node = cluster.subscribed().expect("somebody has a listener");
        cluster.kill(node);
        // What was told before it died may still come.
        while feed.next().await.is_ok() {}
        let mut feed = at_last(async || bus.listen("test").await).await;
        let bump = at_last(async || store.bump("test", &names(1)).await).await[0];
        loop {
            let heard = feed.next().await.expect("the connection holds");
            if matches!(heard, Heard::Step(message) if message.stamp == bump.stamp) {
                return;
            }
        }
    });
}
