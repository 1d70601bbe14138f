//! Names that are spread over all nodes.

use super::*;
use cache_runtime::stamp::Partition;
use std::collections::HashSet;

#[test]
fn a_call_that_involves_many_partitions_is_read_and_bumped() {
    let cluster = RedisCluster::start();
    let store = patient(&cluster.url());
    run(async {
        let (key, dependencies) = (name("k"), names(300));
        let begun = begin(&store, &key, &dependencies).await.expect("the cluster is up");
        assert!(begun.stamps.len() > 100, "{}", begun.stamps.len());
        assert_eq!(commit(&store, &key, &dependencies, &begun, b"v").await.expect("up"), Verdict::Stored);
        assert!(is_valid(&read(&store, &key, &dependencies).await.expect("up"), &begun, &dependencies));

        let bumps: Vec<Bump> = store.bump("test", &dependencies[200..]).await.expect("up");
        let partitions: HashSet<Partition> = dependencies[200..].iter().map(|name| name.partition(256)).collect();
        assert_eq!(bumps.iter().map(|bump| bump.partition).collect::<HashSet<_>>(), partitions);
        let snapshot = read(&store, &key, &dependencies).await.expect("up");
        assert!(!is_valid(&snapshot, &begun, &dependencies));
        for (dependency, generation) in dependencies.iter().zip(&snapshot.generations).skip(200) {
            let bump = bumps.iter().find(|bump| bump.partition == dependency.partition(256)).expect("it was bumped");
            assert_eq!(*generation, Some(bump.stamp));
        }
        let keys = names(100);
        for key in &keys {
            store.put("test", Put { key, bytes: b"v", life_ms: 60_000, fence: None }).await.expect("up");
        }
        assert_eq!(store.remove("test", &keys).await.expect("up").existed, 100);
    });
    let keys: Vec<u64> = cluster
        .running()
        .map(|server| server.command(&["DBSIZE"]).trim_start_matches(':').parse().expect("a number"))
        .collect();
    assert!(keys.iter().filter(|count| **count > 50).count() >= 3, "all nodes have their share: {keys:?}");
}

#[test]
fn the_lease_of_a_key_is_where_its_entry_is() {
    let cluster = RedisCluster::start();
    let store = patient(&cluster.url());
    let lease = Lease { holder: 7, life_ms: 60_000 };
    run(async {
        for (at, key) in names(40).iter().enumerate() {
            let (dependencies, partition) = (names(at % 4), key.partition(256).0);
            let begin = Begin {
                key,
                dependencies: &dependencies,
                generation_life_ms: 60_000,
                fence_life_ms: 60_000,
                lease: Some(lease),
                head: 0,
            };
            let begun = store.begin("test", begin).await.expect("the cluster is up");
            assert_eq!(begun.leased, Leased::Taken);
            let owner = cluster.owner(&format!("{{p{partition}}}"));
            let there = format!("test:{{p{partition}}}:l:{key}");
            assert_eq!(owner.command(&["EXISTS", &there]), ":1", "{there}");
            assert!(store.extend("test", key, lease).await.expect("up"));
            let commit = Commit {
                key,
                dependencies: &dependencies,
                begun: &begun,
                bytes: b"v",
                life_ms: 60_000,
                holder: Some(7),
            };
            assert_eq!(store.commit("test", commit).await.expect("up"), Verdict::Stored);
            assert_eq!(owner.command(&["EXISTS", &there]), ":0", "{there}");
        }
    });
}

/// W09. By `PUBLISH`, which a cluster passes on to all its nodes, and which Redis has had before 7.0; what nodes tell each
/// other of one key is so little that sharded channels, a connection to each node, would not pay.
#[test]
fn what_is_told_is_heard_at_every_node() {
    use futures_util::StreamExt;
    let cluster = RedisCluster::start();
    let store = patient(&cluster.url());
    run(async {
        let dependencies = names(1);
        store.bump("test", &dependencies).await.expect("the cluster is up");
        let channel = format!("test:{{p{}}}:ev", dependencies[0].partition(256).0);
        let mut listeners = Vec::new();
        for server in cluster.running() {
            let listener = redis::Client::open(server.url()).expect("the address parses");
            let mut listener = listener.get_async_pubsub().await.expect("it is up");
            listener.subscribe(&channel).await.expect("it is up");
            listeners.push(listener);
        }
        assert_eq!(listeners.len(), 6);
        // Over links that the nodes have only just made, the first message may be lost; Valkey does so.
        let mut told = vec![store.bump("test", &dependencies).await.expect("the cluster is up")[0].stamp];
        for listener in &mut listeners {
            let began = Instant::now();
            let mut messages = listener.on_message();
            loop {
                assert!(began.elapsed() < Duration::from_secs(20), "it is told within 20 s");
                let Ok(message) = tokio::time::timeout(Duration::from_millis(500), messages.next()).await else {
                    told.push(store.bump("test", &dependencies).await.expect("the cluster is up")[0].stamp);
                    continue;
                };
                let message = message.expect("the connection holds");
                let said = String::from_utf8_lossy(message.get_payload_bytes()).into_owned();
                if told.iter().any(|stamp| said.contains(&stamp.to_string())) {
                    break;
                }
            }
        }
    });
}

#[test]
fn a_store_with_another_number_of_partitions_is_refused() {
    let cluster = RedisCluster::start();
    cluster.owner("{p0}").command(&["SET", "test:{p0}:n", "64"]);
    let store = patient(&cluster.url());
    run(async {
        for _ in 0..2 {
            let error = read(&store, &name("k"), &names(3)).await.expect_err("it was made with another number");
            let said = error.to_string();
            assert!(
                matches!(error, StoreError::Refused { .. }) && said.contains("64") && said.contains("256"),
                "{said}"
            );
        }
        store
            .read("other", Read { key: &name("k"), dependencies: &[], want: Want::Whole })
            .await
            .expect("it is another");
    });
}

#[test]
fn a_server_that_is_no_cluster_and_a_node_that_is_one_are_told_apart() {
    let server = cache_tests::RedisServer::start();
    let url = server.url().replace("redis://", "redis+cluster://");
    let error = run(RedisStore::connect(&url)).expect_err("it is no cluster").to_string();
    assert!(error.contains("cluster support disabled"), "{error}");
    let cluster = RedisCluster::start();
    let stranger =
        cluster.running().find(|server| server.port() != cluster.owner("{p0}").port()).expect("there are six");
    let error = run(read(&patient(&stranger.url()), &name("k"), &[])).expect_err("it has another slot").to_string();
    assert!(error.contains("redis+cluster://"), "{error}");
}
