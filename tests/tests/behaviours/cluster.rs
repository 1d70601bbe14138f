//! K, L and N once more, over a real Redis Cluster: 256 partitions on three primaries.

use cache_tests::again_over_a_cluster;

/// The files that are run again. What they start or make by themselves, they do once more.
const AGAIN: [&str; 19] = [
    "invalidation::",
    "walks::",
    "patterns::",
    "tags::",
    "functions::",
    "generations::",
    "many::",
    "nodes::",
    "messages::",
    "consistency::",
    "together::",
    "several::",
    "events::",
    "announcements::",
    "stale::",
    "unhappy::l22",
    "timeouts::h11",
    "early::f08",
    "loads::",
];

#[test]
fn invalidation_tags_and_nodes_do_the_same_over_a_cluster() {
    let said = again_over_a_cluster(&AGAIN);
    assert!(said.contains("k16_a_read_with_a_token_sees_nothing_older_on_any_node ... ok"), "the names are right");
}
