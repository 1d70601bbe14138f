//! W03: a network that parts. Nodes tell clients and each other the addresses of wires of ours, so that these can be cut.

use super::moving::Walk;
use super::*;
use std::sync::atomic::Ordering;

#[test]
fn a_primary_that_nobody_reaches_is_replaced_and_nothing_is_stale_when_it_is_back() {
    let cluster = RedisCluster::start_wired();
    let (key, dependencies) = (name("k"), vec![name("d"), name("e")]);
    let (walk, walker) = Walk::over(cluster.url(), key, dependencies.clone());
    walk.until_it_hits(&cluster);
    let parted = cluster.owner(&format!("{{p{}}}", dependencies[0].partition(256).0)).port();
    cluster.wires(parted).clients.hold();
    cluster.part(parted);
    cluster.until("the loss is felt", || walk.failures.load(Ordering::SeqCst) > 0);
    walk.until_it_hits(&cluster);
    cluster.unite(parted);
    cluster.wires(parted).clients.release();
    cluster.until("the cluster is well", || cluster.is_well());
    assert!(!cluster.primaries().contains(&parted), "a replica has its place");
    walk.until_it_hits(&cluster);
    walk.stop.store(true, Ordering::SeqCst);
    walker.join().expect("no read was stale");
}

#[test]
fn a_primary_that_only_clients_cannot_reach_costs_its_own_keys_and_heals_with_the_wire() {
    let cluster = RedisCluster::start_wired();
    let store = hurried(&cluster.url());
    let of = |port| {
        let slots = cluster.slots_of(port);
        let is_there = |key: &Key| {
            let slot = cluster.slot(&format!("{{p{}}}", key.partition(256).0));
            slots.iter().any(|range| range.contains(&slot))
        };
        (0..).map(|at| name(&format!("k{at}"))).find(is_there).expect("some key is there")
    };
    let ports = cluster.primaries();
    let (lost, kept) = (of(ports[0]), of(ports[1]));
    let wire = &cluster.wires(ports[0]).clients;
    run(async {
        at_last(async || begin(&store, &kept, &[]).await).await;
        at_last(async || begin(&store, &lost, &[]).await).await;
        wire.hold();
        begin(&store, &lost, &[]).await.expect_err("nothing passes");
        at_last(async || begin(&store, &kept, &[]).await).await;
        wire.lead_to(0);
        begin(&store, &lost, &[]).await.expect_err("nobody is there");
        at_last(async || begin(&store, &kept, &[]).await).await;
        wire.release();
        wire.lead_to(ports[0]);
        at_last(async || begin(&store, &lost, &[]).await).await;
    });
    assert!(cluster.primaries().contains(&ports[0]), "its peers have reached it all the time");
}
