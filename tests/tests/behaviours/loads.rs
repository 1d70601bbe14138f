//! What a body knows of its load and says of what it loads: I01 to I04, I09, and of the others G09, G10, G15, H12.

use super::validators::{Site, page, page_refresh};
use cache_runtime::testing::Node;
use cache_runtime::{Cache, Call, Load, Policy, assert_hit, assert_miss, assert_stale, cached, observe, with};
use cache_tests::{Failed, Source, begin, eventually, on_each, on_nodes};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "loads:told:<id>", ttl = 10, early = 0)]
async fn told(source: Arc<Source>, id: u64, say: fn(&Load)) -> u64 {
    let value = source.read().await;
    say(&Load::current().expect("a body runs in a load"));
    value
}

/// Has a cache know of the partitions that these tags are in. What is loaded with a tag of which it knows nothing is kept
/// in vain, once: section 4 of the protocol.
async fn acquaint(cache: &Cache, tags: &[&str]) {
    for tag in tags {
        cache.invalidate_tag(tag).await.expect("acknowledged");
    }
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn i01_a_life_that_the_load_gives_is_this_values_alone() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let source = Source::new(7);
        let longer: fn(&Load) = |load| load.set_ttl(seconds(100));
        ada.run(told(source.clone(), 1, longer)).await;
        ada.run(told(source.clone(), 2, |load| load.set_ttl(seconds(2)))).await;
        ada.run(told(source.clone(), 3, |_| {})).await;
        ada.clock().advance(seconds(3));
        for node in [&ada, &bob] {
            node.run(async {
                assert_eq!(observe(told(source.clone(), 1, longer)).await.1.expect("called").age, seconds(3));
                assert_hit!(told(source.clone(), 3, |_| {}));
            })
            .await;
        }
        ada.run(async { assert_miss!(told(source.clone(), 2, |_| {})) }).await;
        ada.clock().advance(seconds(96));
        for node in [&ada, &bob] {
            node.run(async { assert_hit!(told(source.clone(), 1, longer)) }).await;
        }
        ada.clock().advance(seconds(1));
        for node in [&bob, &ada] {
            node.run(async { assert_miss!(told(source.clone(), 1, |load| load.skip_store())) }).await;
        }
    })
    .await;
}

#[tokio::test]
async fn i01_a_life_of_zero_is_not_kept() {
    on_each(async |_, _| {
        let source = Source::new(7);
        told(source.clone(), 1, |load| load.set_ttl(Duration::ZERO)).await;
        assert_miss!(told(source.clone(), 1, |_| {}));
        assert_hit!(told(source.clone(), 1, |_| {}));
    })
    .await;
}

#[tokio::test]
async fn i02_what_the_load_declines_to_store_is_returned_and_kept_nowhere() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let source = Source::new(7);
        assert_eq!(ada.run(told(source.clone(), 1, Load::skip_store)).await, 7);
        for node in [&ada, &bob] {
            node.run(async { assert_miss!(told(source.clone(), 1, Load::skip_store)) }).await;
        }
        assert_eq!(source.reads(), 3);
    })
    .await;
}

/// I03, H12: the handle of a load that its caller has left knows what it knew, and is heard.
#[tokio::test]
async fn i03_a_load_that_goes_on_without_its_caller_has_its_handle() {
    on_each(async |cache, _| {
        let site = Site::new(7);
        let gate = site.page.hold();
        let call = begin(&cache, page(site.clone(), 1)).await;
        gate.reached().await;
        cache.clock().advance(seconds(2));
        call.await.expect("ran").expect_err("late");
        gate.release();
        eventually(|| cache.stats().background == 0).await;
        drop(assert_hit!(page(site.clone(), 1)));

        cache.clock().advance(seconds(11));
        let gate = site.page.hold();
        let call = begin(&cache, page(site.clone(), 1)).await;
        gate.reached().await;
        cache.clock().advance(Duration::from_millis(100));
        assert_eq!(call.await.expect("ran"), Ok(7), "the stale value");
        gate.release();
        eventually(|| cache.stats().background == 0).await;
        assert_eq!((site.last_condition().as_deref(), site.sent()), (Some("\"v7\""), 1));
        drop(assert_hit!(page(site.clone(), 1)));
        cache.invalidate_tag("loads:value:7").await.expect("acknowledged");
        assert_miss!(page(site.clone(), 1)).expect("up");
    })
    .await;
}

#[tokio::test]
async fn i04_a_tag_that_the_load_gives_ends_the_entry_on_every_node() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let source = Source::new(7);
        let tagged: fn(&Load) = |load| load.add_tag("loads:by-hand");
        acquaint(ada.cache(), &["loads:by-hand"]).await;
        acquaint(bob.cache(), &["loads:by-hand"]).await;
        for node in [&ada, &bob] {
            node.run(told(source.clone(), 1, tagged)).await;
        }
        assert_eq!(source.reads(), 1, "the second found it in the store");
        source.write(8);
        let token = bob.cache().invalidate_tag("loads:by-hand").await.expect("acknowledged");
        assert_eq!(bob.run(told(source.clone(), 1, tagged)).await, 8);
        eventually(|| ada.has_heard_of(&token)).await;
        assert_eq!(ada.run(told(source.clone(), 1, tagged)).await, 8);
    })
    .await;
}

/// A caller who has come after the tag was invalidated could not know that it would matter.
#[tokio::test]
async fn i04_a_caller_that_came_after_the_invalidation_is_not_given_the_load_from_before() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let tagged: fn(&Load) = |load| load.add_tag("loads:by-hand");
        let gate = source.hold();
        let before = begin(&cache, told(source.clone(), 1, tagged)).await;
        gate.reached().await;
        source.write(8);
        cache.invalidate_tag("loads:by-hand").await.expect("acknowledged");
        let after = begin(&cache, told(source.clone(), 1, tagged)).await;
        gate.release();
        assert_eq!((before.await.expect("ran"), after.await.expect("ran")), (7, 8));
        assert_hit!(told(source.clone(), 1, tagged));
    })
    .await;
}

/// Their waiting is not in vain: what the first of them keeps, the others find.
#[tokio::test]
async fn i04_callers_share_one_load_whatever_tags_it_gives_and_whatever_happens_meanwhile() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let tagged: fn(&Load) = |load| load.add_tag("loads:by-hand");
        // Of a tag that the store has never heard of it cannot say that nothing happened to it meanwhile.
        told(source.clone(), 2, tagged).await;
        let gate = source.hold();
        let first = begin(&cache, told(source.clone(), 1, tagged)).await;
        gate.reached().await;
        // With nothing behind memory nobody can say which tag it was.
        if cache.stats().is_listening {
            cache.invalidate_tag("loads:another").await.expect("acknowledged");
        }
        let mut others = Vec::new();
        for _ in 0..100 {
            others.push(begin(&cache, told(source.clone(), 1, tagged)).await);
        }
        gate.release();
        for call in others.into_iter().chain([first]) {
            assert_eq!(call.await.expect("ran"), 7);
        }
        assert_eq!(source.reads(), 2);
    })
    .await;
}

#[tokio::test]
async fn i09_the_tags_of_the_load_before_no_longer_matter() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        acquaint(&cache, &["loads:old", "loads:new"]).await;
        told(source.clone(), 1, |load| load.add_tag("loads:old")).await;
        cache.clock().advance(seconds(11));
        told(source.clone(), 1, |load| load.add_tag("loads:new")).await;
        cache.invalidate_tag("loads:old").await.expect("acknowledged");
        assert_hit!(told(source.clone(), 1, |_| {}));
        cache.invalidate_tag("loads:new").await.expect("acknowledged");
        assert_miss!(told(source.clone(), 1, |_| {}));
    })
    .await;
}

#[cached(key = "loads:absent:<id>", ttl = 10, none_ttl = 5, early = 0)]
async fn absent(id: u64, say: fn(&Load)) -> Option<u64> {
    say(&Load::current()?);
    None
}

#[tokio::test]
async fn i01_an_absence_lives_as_long_as_its_load_says() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        ada.run(absent(1, |load| load.set_ttl(seconds(30)))).await;
        ada.clock().advance(seconds(29));
        for node in [&ada, &bob] {
            node.run(async { assert_hit!(absent(1, |_| {})) }).await;
        }
    })
    .await;
}

#[cached(key = "loads:quiet:<id>", ttl = 10, stale_if_error = 60, error_backoff = 5, early = 0)]
async fn quiet(source: Arc<Source>, id: u64) -> u64 {
    let value = source.read().await;
    if value == 0 {
        Load::current().expect("a body runs in a load").fail();
    }
    value
}

#[tokio::test]
async fn g09_a_load_can_fail_without_an_error() {
    on_each(async |cache, _| {
        let source = Source::new(0);
        assert_eq!(quiet(source.clone(), 1).await, 0, "there is nothing else");
        source.write(7);
        assert_eq!(assert_miss!(quiet(source.clone(), 1)), 7, "it was not kept");
        source.write(0);
        cache.clock().advance(seconds(11));
        assert_eq!(assert_stale!(quiet(source.clone(), 1)), 7);
        assert_eq!((assert_stale!(quiet(source.clone(), 1)), source.reads()), (7, 3), "and not tried again at once");
    })
    .await;
}

#[cached(key = "loads:frank:<id>", ttl = 10, stale_if_error = 60, early = 0)]
async fn frank(source: Arc<Source>, id: u64) -> Result<u64, String> {
    match source.read().await {
        0 => {
            Load::current().ok_or("no load")?.show_error();
            Err("it is gone for good".to_owned())
        }
        value => Ok(value),
    }
}

#[tokio::test]
async fn g10_g15_a_load_can_have_its_failure_shown() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        frank(source.clone(), 1).await.expect("up");
        source.write(0);
        cache.clock().advance(seconds(11));
        frank(source.clone(), 1).await.expect_err("it says so itself");
    })
    .await;
}

#[cached(key = "loads:outer:<id>", ttl = 100, tags = ["loads:outer"], early = 0)]
async fn outer(source: Arc<Source>, id: u64) -> u64 {
    let own = Load::current().expect("a body runs in a load");
    let inner = told(source.clone(), id, |load| {
        load.set_ttl(seconds(1));
        load.add_tag("loads:inner");
    })
    .await;
    // A body that is called past its cache has no load, and certainly not this one.
    assert_eq!(with(Call::bypass(), absent(9, |load| load.skip_store())).await, None);
    own.set_etag("of the outer one");
    Load::current().expect("still that of this body").add_tag("loads:outer:told");
    inner
}

#[tokio::test]
async fn a_cached_function_within_another_has_a_load_of_its_own() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        acquaint(&cache, &["loads:inner", "loads:outer:told"]).await;
        outer(source.clone(), 1).await;
        cache.invalidate_tag("loads:inner").await.expect("acknowledged");
        cache.clock().advance(seconds(50));
        assert_hit!(outer(source.clone(), 1));
        assert_miss!(told(source.clone(), 1, |_| {}));
        cache.invalidate_tag("loads:outer:told").await.expect("acknowledged");
        assert_miss!(outer(source.clone(), 1));
    })
    .await;
}

#[cached(key = "loads:each:<id>", ttl = 10, batch(id = ids))]
async fn several(ids: &[u64]) -> HashMap<u64, bool> {
    ids.iter().map(|id| (*id, Load::current().is_some())).collect()
}

#[cached(key = "loads:any:<id>", ttl = 10)]
async fn is_within_a_load(id: u64) -> bool {
    Load::current().is_some()
}

#[tokio::test]
async fn there_is_a_load_where_one_entry_is_loaded_and_nowhere_else() {
    on_each(async |cache, _| {
        assert!(Load::current().is_none());
        assert!(is_within_a_load(1).await);
        assert!(is_within_a_load_refresh(1).await);
        assert!(!is_within_a_load_uncached(1).await);
        assert!(!with(Call::bypass(), is_within_a_load(2)).await);
        assert!(!several(&[1, 2]).await[&1]);
        cache.set_enabled(false);
        assert!(!is_within_a_load(3).await);
    })
    .await;
}

#[tokio::test]
async fn a_load_by_hand_has_a_handle_too() {
    on_each(async |cache, _| {
        let policy = || Policy { stale_if_error: Some(seconds(60)), early: Some(0.0), ..Policy::ttl(seconds(10)) };
        let load = || async {
            let load = Load::current().expect("a body runs in a load");
            load.set_etag("one");
            Ok::<_, Failed>(load.etag().map_or(1_u64, |_| load.not_modified().expect("of this type")))
        };
        assert_eq!(cache.get_or_load("loads:by-hand", policy(), load).await, Ok(1));
        cache.clock().advance(seconds(11));
        let of_another_type = || async {
            let load = Load::current().expect("a body runs in a load");
            assert_eq!((load.stale::<String>(), load.not_modified::<String>()), (None, None));
            load.not_modified::<u64>().ok_or(Failed::Down)
        };
        assert_eq!(cache.get_or_load("loads:by-hand", policy(), of_another_type).await, Ok(1));
    })
    .await;
}

/// What is to replace the entry whatever is there must not be talked out of it.
#[tokio::test]
async fn a_refresh_that_was_asked_for_is_told_of_nothing_stale() {
    on_each(async |_, _| {
        let site = Site::new(7);
        page(site.clone(), 1).await.expect("up");
        page_refresh(site.clone(), 1).await.expect("up");
        assert_eq!((site.last_condition(), site.sent()), (None, 2));
    })
    .await;
}
