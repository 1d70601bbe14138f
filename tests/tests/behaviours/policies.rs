//! Policies that contradict themselves, where the attribute could not see it: A16.

use cache_runtime::{Cache, Notice, Policy, cached};
use std::sync::mpsc::channel;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const TOO_MUCH: f64 = 1.5;

async fn refused(defaults: Policy) -> String {
    Cache::builder().defaults(defaults).build().await.expect_err("it contradicts itself").to_string()
}

#[tokio::test]
async fn a16_a_cache_whose_defaults_contradict_themselves_is_not_built() {
    let jitter = refused(Policy { jitter: Some(TOO_MUCH), ..Policy::default() }).await;
    assert_eq!(jitter, "defaults: `jitter` is 1.5 and should be from 0 to below 1");
    let soft = Policy { soft_timeout: Some(SECOND), hard_timeout: Some(SECOND), ..Policy::default() };
    let soft = refused(soft).await;
    assert_eq!(soft, "defaults: `soft_timeout` is 1s and should be shorter than `hard_timeout`, which is 1s");
    let memory = refused(Policy { l1_ttl: Some(2 * SECOND), ..Policy::ttl(SECOND) }).await;
    assert_eq!(memory, "defaults: `l1_ttl` is 2s and should be no longer than `ttl`, which is 1s");
}

#[tokio::test]
async fn a16_nor_is_one_whose_configuration_of_a_function_does() {
    let policy = Policy { early: Some(f64::NAN), ..Policy::default() };
    let refused = Cache::builder().configure("policies_listed", policy).build().await.expect_err("not a number");
    let expected = "configure(`policies_listed`): `early` is NaN and should be a finite number from 0 on";
    assert_eq!(refused.to_string(), expected);
}

/// What a cache with these defaults is told of.
async fn told(defaults: Policy, calls: impl AsyncFn()) -> Vec<String> {
    let (tell, told) = channel();
    let listen = move |notice: &Notice<'_>| tell.send(format!("{notice:?}")).expect("somebody listens");
    let cache = Cache::builder().defaults(defaults).observer(listen).build().await.expect("coherent");
    cache.scope(calls()).await;
    told.try_iter().collect()
}

#[tokio::test]
async fn a16_an_expression_that_is_out_of_bounds_is_told_once_and_the_function_works() {
    #[cached(key = "policies:expression", ttl = 60, jitter = TOO_MUCH)]
    async fn expression() -> u64 {
        1
    }
    let told = told(Policy::default(), async || assert_eq!(expression().await + expression().await, 2)).await;
    let [notice] = told.as_slice() else { panic!("one notice and not {told:?}") };
    assert!(notice.contains("expression`: `jitter` is 1.5 and should be from 0 to below 1"), "{notice}");
}

#[tokio::test]
async fn a16_an_attribute_that_contradicts_the_defaults_is_told_and_one_that_needs_less_than_they_bound_is_not() {
    #[cached(key = "policies:refreshed", ttl = 1, l1_ttl = 1)]
    async fn short() -> u64 {
        1
    }
    let every_minute = Policy { refresh_every: Some(60 * SECOND), ..Policy::default() };
    let told_of = told(every_minute, async || assert_eq!(short().await, 1)).await;
    let [notice] = told_of.as_slice() else { panic!("one notice and not {told_of:?}") };
    assert!(notice.contains("`refresh_every` is 60s and should be shorter than `ttl`, which is 1s"), "{notice}");
    let bounded = Policy { l1_ttl: Some(60 * SECOND), ..Policy::default() };
    #[cached(key = "policies:unbounded", ttl = 1)]
    async fn unbounded() -> u64 {
        1
    }
    let told_of = told(bounded, async || assert_eq!(unbounded().await, 1)).await;
    assert_eq!(told_of, Vec::<String>::new());
}
