//! How new an answer has to be: `strong`, what a call demands, and tokens. K16.

use super::nodes::{changed, heard, row};
use cache_runtime::testing::Node;
use cache_runtime::{Call, Token, assert_hit, cached, with};
use cache_tests::{BOUND, Source, on_nodes};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "nodes:strict:<id>", ttl = 600, tags = ["nodes:all"], consistency = strong)]
async fn strict(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[tokio::test]
async fn strong_is_right_on_every_node_at_once_and_carries_no_value_that_memory_has() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.store().lose_messages(true);
        b.run(strict(source.clone(), 1)).await;
        assert_eq!(b.run(strict(source.clone(), 1)).await, 1);
        assert_eq!((source.reads(), b.cache().stats().revalidated), (1, 1));
        source.write(2);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        assert_eq!(b.run(strict(source.clone(), 1)).await, 2);
    })
    .await;
}

#[tokio::test]
async fn strong_callers_do_not_join_a_load_from_before_another_nodes_invalidation() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.store().lose_messages(true);
        let gate = source.hold();
        let early = tokio::spawn(b.run(strict(source.clone(), 1)));
        gate.reached().await;
        source.write(2);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        let late: Vec<_> = (0..20).map(|_| tokio::spawn(b.run(strict(source.clone(), 1)))).collect();
        Node::settle().await;
        gate.release();
        early.await.expect("served");
        for caller in late {
            assert_eq!(caller.await.expect("served"), 2);
        }
        assert_eq!((source.reads(), source.most_at_once()), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_call_may_demand_more_than_its_function_promises() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.store().lose_messages(true);
        b.run(row(source.clone(), 1)).await;
        b.clock().advance(Duration::from_millis(100));
        source.write(2);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        let within = |ms| with(Call::max_stale(Duration::from_millis(ms)), row(source.clone(), 1));
        assert_eq!(b.run(within(200)).await, 1, "it was known to hold 100 ms ago");
        assert_eq!(b.run(within(100)).await, 2);
        source.write(3);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        assert_eq!(b.run(row(source.clone(), 1)).await, 2, "within the bound");
        assert_eq!(b.run(with(Call::strong(), row(source.clone(), 1))).await, 3);
    })
    .await;
}

#[tokio::test]
async fn k16_a_read_with_a_token_sees_nothing_older_on_any_node() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.store().lose_messages(true);
        b.run(row(source.clone(), 1)).await;
        source.write(2);
        let token = a.cache().emit(changed()).await.expect("acknowledged");
        let token: Token = token.to_string().parse().expect("it was printed by us");
        let other = with(Call::max_stale(BOUND), row(source.clone(), 1));
        assert_eq!(b.run(other).await, 1, "without it, within the bound");
        assert_eq!(b.cache().clone().scope_after(token.clone(), row(source.clone(), 1)).await, 2);
        let reads = b.store().all_calls();
        assert_eq!(a.cache().clone().scope_after(token, async { assert_hit!(row(source.clone(), 1)) }).await, 2);
        assert_eq!(b.store().all_calls(), reads);
    })
    .await;
}

#[tokio::test]
async fn a_token_costs_nothing_where_it_is_known() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        let token = Arc::new(a.cache().invalidate_tag("nodes:all").await.expect("acknowledged"));
        heard(&b, &token).await;
        b.run(row(source.clone(), 1)).await;
        let calls = b.store().all_calls();
        let again = b.cache().clone().scope_after(token, async { assert_hit!(row(source.clone(), 1)) });
        assert_eq!((again.await, b.store().all_calls()), (1, calls));
    })
    .await;
}
