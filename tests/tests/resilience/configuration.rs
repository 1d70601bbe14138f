//! Configuration by code, environment and file, and advice: V01, V02, V09, V10.

use cache_runtime::{
    Builder, Cache, Error, L1, MemoryStore, Notice, Policy, Recovery, RedisStore, assert_hit, assert_miss, cached,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[cached(key = "configuration:tide:<harbour>", name = "configuration_tide", ttl = 60)]
async fn tide(harbour: &str) -> usize {
    harbour.len()
}

#[cached(key = "configuration:moon", name = "configuration_moon")]
async fn moon() -> u64 {
    28
}

/// A file of this text, and what is made of it along with these variables.
fn from(text: &str, variables: &[(&str, &str)]) -> Result<Builder, Error> {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let path = directory.path().join("cache.toml");
    std::fs::write(&path, text).expect("it can be written");
    let file = ("CACHE_CONFIG".to_owned(), path.to_string_lossy().into_owned());
    Builder::from_variables(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).chain([file]))
}

/// For how long an entry of `tide` lives in a cache.
async fn ttl_of_tide(builder: Builder) -> Duration {
    let clock = cache_runtime::Clock::manual();
    let cache = builder.clock(clock.clone()).build().await.expect("coherent");
    let lived = async {
        tide("Brest").await;
        for seconds in 0..10_000 {
            if tide_entry("Brest").get().await.is_none() {
                return Duration::from_secs(seconds);
            }
            clock.advance(Duration::from_secs(1));
        }
        Duration::MAX
    };
    cache.scope(lived).await
}

#[tokio::test]
async fn v02_defaults_file_environment_and_code_overrule_each_other_in_this_order() {
    let file = "default_ttl = \"2m\"\n[functions.configuration_tide]\nttl = \"3m\"";
    let variable = [("CACHE_CONFIGURATION_TIDE_TTL", "4m")];
    let in_code = |builder: Builder| builder.configure("configuration_tide", Policy::ttl(Duration::from_secs(300)));
    let read = |variables: &[(&str, &str)]| from(file, variables).expect("well-formed");
    assert_eq!(
        ttl_of_tide(from("default_ttl = 120", &[]).expect("well-formed")).await.as_secs(),
        60,
        "the attribute's"
    );
    assert_eq!(ttl_of_tide(read(&[])).await.as_secs(), 180, "the file's");
    assert_eq!(ttl_of_tide(read(&variable)).await.as_secs(), 240, "the environment's");
    assert_eq!(ttl_of_tide(in_code(read(&variable))).await.as_secs(), 300, "the code's");
}

#[tokio::test]
async fn a_file_says_all_that_the_environment_does() {
    let file = r#"
        redis_url = "redis://127.0.0.1:1"
        enabled = false
        key_prefix = "prod"
        memory_size = "64MB"
        default_ttl = 300
        max_staleness = "500ms"
        max_value_size = "1MB"
        queue_invalidations = 1000

        [functions.configuration_moon]
        ttl = "1h"
        l1_ttl = "1m"
        none_ttl = "5s"
        jitter = 0.1
        early = 2
        stale_while_revalidate = "1m"
        stale_if_error = "1d"
        error_backoff = 5
        soft_timeout = "100ms"
        hard_timeout = "5s"
        lock = false
        consistency = "strong"
        tiers = "both"
    "#;
    let cache = from(file, &[("CACHE_ENABLED", "true"), ("REDIS_URL", "")]).expect("well-formed").build().await;
    let cache = cache.expect("coherent");
    let shown = format!("{cache:?}");
    assert!(shown.contains("\"prod\"") && shown.contains("redis"), "{shown}");
    let cache = from("default_ttl = \"1h\"", &[]).expect("well-formed").build().await.expect("coherent");
    cache.clone().scope(async { (assert_miss!(moon()), assert_hit!(moon())) }).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_an_error_that_names_it_and_the_key() {
    let cases = [
        ("default_ttl = \"5x\"", ": default_ttl: `5x` should be seconds, or a duration such as `5m` or `1h30m`"),
        ("memory_size = \"lots\"", ": memory_size: `lots` should be a size such as `256MB`, or a number of entries"),
        ("enabled = \"maybe\"", ": enabled: `maybe` should be `true` or `false`"),
        ("defalt_ttl = 5", ": defalt_ttl: nothing is called `defalt_ttl` here; did you mean `default_ttl`?"),
        ("enabled = [true]", ": enabled: it should be a text, a number, or `true` or `false`"),
        ("functions = 3", ": functions: it should be a table of functions, such as `[functions.guild_members]`"),
        (
            "[functions.configuration_tyde]\nttl = 5",
            ": functions.configuration_tyde: no cached function has this name; did you mean `configuration_tide`?",
        ),
        (
            "[functions.configuration_tide]\nttll = 5",
            ": functions.configuration_tide.ttll: nothing is called `ttll` here; did you mean `ttl`?",
        ),
        (
            "[functions.configuration_tide]\njitter = 2",
            ": functions.configuration_tide.jitter: `2` should be a number from 0 to 1",
        ),
        ("redis_url = \"http://localhost\"", ": redis_url: store address: "),
        ("enabled = true\nenabled =", ": line 2: "),
    ];
    for (text, problem) in cases {
        let error = from(text, &[]).map(drop).expect_err(text).to_string();
        assert!(error.contains(&format!("cache.toml{problem}")), "{text}: {error}");
    }
    let absent = Builder::from_file("/nowhere/cache.toml").map(drop).expect_err("it is not there").to_string();
    assert!(absent.starts_with("/nowhere/cache.toml: it cannot be read: "), "{absent}");
}

async fn told(builder: Builder) -> Vec<String> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let observe = move |notice: &Notice<'_>| {
        if let Notice::Misconfigured { problem } = notice {
            tell.lock().expect("no panic").push((*problem).to_owned());
        }
    };
    let cache = builder.observer(observe).build().await.expect("coherent");
    cache.clone().scope(tide("Brest")).await;
    told.lock().expect("no panic").clone()
}

#[tokio::test]
async fn v09_what_is_hardly_meant_is_told_once() {
    let redis = || RedisStore::lazy("redis://127.0.0.1:1").expect("an address");
    let second = Policy::ttl(Duration::from_secs(1));
    let builder = Cache::builder;
    let cases = [
        (builder().store(redis()), vec!["there is no namespace: whatever else uses the store `redis`"]),
        (builder().l1(L1::off()), vec!["memory is off, and there is no store: nothing is kept"]),
        (builder().recovery(Recovery::default()), vec!["invalidations are to be queued, and there is no store"]),
        (
            builder().store(MemoryStore::new()).defaults(second),
            vec!["the default TTL of 1s ends before `max_staleness`"],
        ),
        (
            builder().configure("configuration_tyde", Policy::default()),
            vec!["`configuration_tyde`, and no cached function has this name; did you mean `configuration_tide`?"],
        ),
        (builder().store(MemoryStore::new()).namespace("prod"), vec![]),
    ];
    for (builder, expected) in cases {
        let told = told(builder).await;
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected), "{told}");
        }
    }
}

#[tokio::test]
async fn v01_two_caches_share_nothing_unless_they_share_a_store_and_a_namespace() {
    let store = MemoryStore::new();
    let build = async |namespace: &str| {
        Cache::builder().store(store.clone()).namespace(namespace).build().await.expect("coherent")
    };
    let (one, other, same) = (build("one").await, build("other").await, build("one").await);
    one.set("k", 1_u64, Policy::ttl(Duration::from_secs(60))).await.expect("stored");
    assert_eq!((other.get::<u64>("k").await, same.get::<u64>("k").await), (None, Some(1)));
}

#[tokio::test]
async fn v10_a_cache_that_keeps_nothing_runs_every_body() {
    let nothing = Cache::builder().l1(L1::off()).build().await.expect("coherent");
    nothing.scope(async { (assert_miss!(tide("Brest")), assert_miss!(tide("Brest"))) }).await;
}
