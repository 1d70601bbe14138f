//! K, L and N once more, over a real Redis Cluster: 256 partitions on three primaries.

use cache_tests::{CLUSTER, RedisCluster};
use std::process::Command;

/// The files that are run again. What they start or make by themselves, they do once more.
const AGAIN: [&str; 9] = [
    "invalidation::",
    "patterns::",
    "tags::",
    "functions::",
    "generations::",
    "many::",
    "nodes::",
    "messages::",
    "consistency::",
];

#[test]
fn invalidation_tags_and_nodes_do_the_same_over_a_cluster() {
    let cluster = RedisCluster::start();
    let mut again = Command::new(std::env::current_exe().expect("a test has a path"));
    again.args(AGAIN).arg("--test-threads=2").env(CLUSTER, cluster.url());
    let done = again.output().expect("it runs");
    let said = [&done.stdout, &done.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    println!("{said}");
    assert!(done.status.success(), "over a cluster");
    assert!(said.contains("k16_a_read_with_a_token_sees_nothing_older_on_any_node ... ok"), "the names are right");
}
