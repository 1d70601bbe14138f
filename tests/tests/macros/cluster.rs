//! K14, K15 and what else writers do, once more over a real Redis Cluster.

use cache_tests::again_over_a_cluster;

#[test]
fn writers_and_transactions_do_the_same_over_a_cluster() {
    let said = again_over_a_cluster(&["writers::", "transactions::", "puts::"]);
    assert!(said.contains("what_is_deferred_is_emitted_after_the_commit_and_not_before ... ok"), "the names are right");
}
