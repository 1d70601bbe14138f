//! Sources that say "not modified": I05, I06.

use super::loads::seconds;
use cache_runtime::testing::Node;
use cache_runtime::{Load, Tier, assert_hit, assert_miss, cached, observe};
use cache_tests::{Failed, Source, begin, eventually, on_each, on_nodes};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A page on a site that answers conditional requests.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) page: Arc<Source>,
    conditions: Mutex<Vec<Option<String>>>,
    sent: AtomicUsize,
}

impl Site {
    pub(super) fn new(value: u64) -> Arc<Self> {
        Arc::new(Self { page: Source::new(value), conditions: Mutex::default(), sent: AtomicUsize::new(0) })
    }

    /// The page and its entity tag, unless the caller has it.
    async fn get(&self, if_none_match: Option<&str>) -> Result<Option<(u64, String)>, Failed> {
        let condition = if_none_match.map(str::to_owned);
        let value = self.page.read().await;
        let etag = format!("\"v{value}\"");
        let has_it = condition.as_ref() == Some(&etag);
        self.conditions.lock().expect("whole").push(condition);
        match value {
            0 => Err(Failed::Down),
            _ if has_it => Ok(None),
            value => {
                self.sent.fetch_add(1, Ordering::Relaxed);
                Ok(Some((value, etag)))
            }
        }
    }

    pub(super) fn last_condition(&self) -> Option<String> {
        self.conditions.lock().expect("whole").last().cloned().flatten()
    }

    pub(super) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }
}

#[cached(
    key = "loads:page:<id>",
    ttl = 10,
    stale_if_error = 60,
    soft_timeout = "100ms",
    hard_timeout = 2,
    early = 0,
    tags = ["loads:pages"]
)]
pub(super) async fn page(site: Arc<Site>, id: u64) -> Result<u64, Failed> {
    let load = Load::current().expect("a body runs in a load");
    let Some((value, etag)) = site.get(load.etag()).await? else {
        return load.not_modified().ok_or(Failed::Down);
    };
    load.set_etag(etag);
    load.set_last_modified("Sat, 21 Nov 2026 08:00:00 GMT");
    load.add_tag(format!("loads:value:{value}"));
    Ok(value)
}

#[tokio::test]
async fn i05_not_modified_gives_the_stale_value_a_new_life_with_its_tags_and_validators() {
    on_each(async |cache, _| {
        let site = Site::new(7);
        page(site.clone(), 1).await.expect("up");
        assert_eq!(site.last_condition(), None);
        for _ in 0..3 {
            cache.clock().advance(seconds(11));
            assert_eq!(assert_miss!(page(site.clone(), 1)), Ok(7));
            assert_eq!((site.last_condition().as_deref(), site.sent()), (Some("\"v7\""), 1));
            cache.clock().advance(seconds(9));
            drop(assert_hit!(page(site.clone(), 1)));
        }
        cache.invalidate_tag("loads:value:7").await.expect("acknowledged");
        assert_eq!(assert_miss!(page(site.clone(), 1)), Ok(7));
        assert_eq!(site.last_condition().as_deref(), Some("\"v7\""), "invalidated, and not removed");
        drop(assert_hit!(page(site.clone(), 1)));
        site.page.write(8);
        cache.clock().advance(seconds(11));
        assert_eq!((assert_miss!(page(site.clone(), 1)), site.sent()), (Ok(8), 2));
    })
    .await;
}

#[tokio::test]
async fn i05_validators_travel_with_the_entry_to_other_nodes() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let site = Site::new(7);
        ada.run(page(site.clone(), 1)).await.expect("up");
        ada.clock().advance(seconds(11));
        bob.run(async { assert_miss!(page(site.clone(), 1)) }).await.expect("up");
        assert_eq!((site.last_condition().as_deref(), site.sent()), (Some("\"v7\""), 1));
        let (value, outcome) = ada.run(observe(page(site.clone(), 1))).await;
        assert_eq!((value, outcome.map(|outcome| outcome.tier)), (Ok(7), Some(Tier::L2)), "its new life as well");
        ada.clock().advance(seconds(11));
        ada.run(page(site.clone(), 1)).await.expect("up");
        assert_eq!((site.last_condition().as_deref(), site.sent()), (Some("\"v7\""), 1), "and its validators");
    })
    .await;
}

#[tokio::test]
async fn i06_not_modified_does_not_revive_what_was_invalidated_during_the_request() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        for tag in ["loads:pages", "loads:value:7"] {
            let site = Site::new(7);
            ada.cache().remove("loads:page:1").await.expect("acknowledged");
            ada.run(page(site.clone(), 1)).await.expect("up");
            ada.clock().advance(seconds(11));
            let gate = site.page.hold();
            let call = begin(ada.cache(), page(site.clone(), 1)).await;
            gate.reached().await;
            site.page.write(8);
            bob.cache().invalidate_tag(tag).await.expect("acknowledged");
            gate.release();
            assert_eq!(call.await.expect("ran"), Ok(7), "it began before");
            for node in [&bob, &ada] {
                assert_eq!(node.run(page(site.clone(), 1)).await, Ok(8), "{tag}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn i06_what_was_removed_during_the_request_offers_no_validators_afterwards() {
    on_each(async |cache, _| {
        let site = Site::new(7);
        page(site.clone(), 1).await.expect("up");
        cache.clock().advance(seconds(11));
        let gate = site.page.hold();
        let call = begin(&cache, page(site.clone(), 1)).await;
        gate.reached().await;
        cache.remove("loads:page:1").await.expect("acknowledged");
        gate.release();
        assert_eq!(call.await.expect("ran"), Ok(7));
        assert_eq!(assert_miss!(page(site.clone(), 1)), Ok(7));
        assert_eq!((site.last_condition(), site.sent()), (None, 2));
    })
    .await;
}

#[cached(key = "loads:page-ahead:<id>", ttl = 600, early = 0, refresh_every = 60)]
async fn page_ahead(site: Arc<Site>, id: u64) -> Result<u64, Failed> {
    let load = Load::current().expect("a body runs in a load");
    let Some((value, etag)) = site.get(load.etag()).await? else {
        return load.not_modified().ok_or(Failed::Down);
    };
    load.set_etag(etag);
    Ok(value)
}

/// I05, F12: what runs ahead of its readers knows what it is to replace.
#[tokio::test]
async fn i05_a_load_ahead_of_its_readers_offers_the_validators_too() {
    on_each(async |cache, _| {
        let site = Site::new(7);
        page_ahead(site.clone(), 1).await.expect("up");
        for (version, sent) in [(7, 1), (7, 1), (8, 2)] {
            site.page.write(version);
            let reads = site.page.reads();
            assert_hit!(page_ahead(site.clone(), 1)).expect("nobody waits");
            Node::settle().await;
            cache.clock().advance(seconds(60));
            eventually(|| site.page.reads() > reads && cache.stats().flights == 0).await;
            assert_eq!((site.last_condition().as_deref(), site.sent()), (Some("\"v7\""), sent));
            assert_eq!(assert_hit!(page_ahead(site.clone(), 1)), Ok(version));
        }
    })
    .await;
}
