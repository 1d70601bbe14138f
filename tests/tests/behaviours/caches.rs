//! Which cache a function uses, and caches by environment variables: section 2 of the API, V02, V09.

use cache_runtime::{Builder, Cache, Error, MemoryStore, Policy, RedisStore, assert_hit, assert_miss, cached};
use cache_tests::Source;
use std::time::Duration;

#[cached(key = "caches:row:<id>", ttl = 60)]
async fn row(source: &Source, id: u64) -> u64 {
    source.read().await
}

struct Service {
    cache: Cache,
    source: std::sync::Arc<Source>,
}

impl Service {
    #[cached(key = "caches:own:<id>", ttl = 60, cache = self.cache, skip = [self])]
    async fn row(&self, id: u64) -> u64 {
        self.source.read().await
    }
}

async fn plain() -> Cache {
    Cache::builder().build().await.expect("coherent")
}

#[tokio::test]
async fn an_expression_wins_over_the_task_and_the_task_over_the_installed() {
    let (own, task, installed) = (plain().await, plain().await, plain().await);
    installed.install();
    let service = Service { cache: own.clone(), source: Source::new(7) };
    let source = Source::new(7);
    task.clone().scope(async { (service.row(1).await, row(&source, 1).await) }).await;
    row(&source, 1).await;
    assert_eq!((own.stats().loads, task.stats().loads, installed.stats().loads), (1, 1, 1));
}

#[tokio::test]
async fn v02_defaults_attribute_configuration_in_this_order() {
    #[cached(key = "caches:unspecified")]
    async fn unspecified() -> u64 {
        1
    }
    #[cached(key = "caches:specified", ttl = 20, name = "caches-specified")]
    async fn specified() -> u64 {
        1
    }
    #[cached(key = "caches:configured", ttl = 20, name = "caches-configured")]
    async fn configured() -> u64 {
        1
    }
    let cache = Cache::builder()
        .clock(cache_runtime::Clock::manual())
        .defaults(Policy::ttl(Duration::from_secs(10)))
        .configure("caches-configured", Policy::ttl(Duration::from_secs(30)))
        .build()
        .await
        .expect("coherent");
    let test = async {
        unspecified().await;
        specified().await;
        configured().await;
        cache.clock().advance(Duration::from_secs(10));
        assert_miss!(unspecified());
        assert_hit!(specified());
        cache.clock().advance(Duration::from_secs(10));
        assert_miss!(specified());
        assert_hit!(configured());
        cache.clock().advance(Duration::from_secs(10));
        assert_miss!(configured());
    };
    cache.clone().scope(test).await;
}

#[tokio::test]
async fn a_function_without_any_ttl_runs_uncached_and_says_so_once() {
    #[cached(key = "caches:no-ttl")]
    async fn forgotten(source: &Source) -> u64 {
        source.read().await
    }
    let (tell, told) = std::sync::mpsc::channel();
    let observer =
        move |notice: &cache_runtime::Notice<'_>| tell.send(format!("{notice:?}")).expect("somebody listens");
    let cache = Cache::builder().observer(observer).build().await.expect("coherent");
    let source = Source::new(7);
    for _ in 0..3 {
        assert_eq!(cache.clone().scope(forgotten(&source)).await, 7);
    }
    assert_eq!(source.reads(), 3);
    let told: Vec<String> = told.try_iter().collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("no ttl for `behaviours::caches::"), "{told:?}");
}

async fn from(variables: &[(&str, &str)]) -> Result<Cache, Error> {
    Builder::from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))?
        .build()
        .await
}

#[tokio::test]
async fn the_environment_describes_a_cache() {
    #[cached(key = "caches:by-env", name = "caches_by_env")]
    async fn by_env(source: &Source) -> u64 {
        source.read().await
    }
    let variables = [
        ("CACHE_KEY_PREFIX", "prod:"),
        ("CACHE_MEMORY_SIZE", "64MB"),
        ("CACHE_CACHES_BY_ENV_TTL", "1h"),
        ("REDIS_URL", ""),
    ];
    let cache = from(&variables).await.expect("well-formed");
    let source = Source::new(7);
    cache.clone().scope(async { (by_env(&source).await, assert_hit!(by_env(&source))) }).await;
    assert!(format!("{cache:?}").contains("\"prod\""), "{cache:?}");

    let off = from(&[("CACHE_ENABLED", "false"), ("CACHE_DEFAULT_TTL", "5m")]).await.expect("well-formed");
    off.scope(async { (by_env(&source).await, by_env(&source).await) }).await;
    assert_eq!(source.reads(), 3);
}

#[tokio::test]
async fn a_malformed_variable_is_an_error_that_names_it() {
    let cases = [
        ("CACHE_MEMORY_SIZE", "lots", "`lots` should be a size such as `256MB`, or a number of entries"),
        ("CACHE_DEFAULT_TTL", "5x", "`5x` should be seconds, or a duration such as `5m` or `1h30m`"),
        ("CACHE_ENABLED", "maybe", "`maybe` should be `true` or `false`"),
        ("CACHE_KEY_PREFIX", "a b", "`a b` should be of letters"),
        ("CACHE_CACHES_BY_ENVV_TTL", "5m", "no cached function has this name; did you mean `CACHE_CACHES_BY_ENV_TTL`?"),
        ("REDIS_URL", "no url", "store address: "),
        ("REDIS_URL", "http://localhost", "store address: "),
    ];
    for (name, value, problem) in cases {
        let error = from(&[(name, value)]).await.expect_err(name).to_string();
        assert!(error.starts_with(&format!("{name}: ")) && error.contains(problem), "{error}");
    }
}

#[tokio::test]
async fn waiting_for_replicas_where_there_can_be_none_is_an_error() {
    let without = Cache::builder().wait_replicas(1).build().await.expect_err("no store");
    assert!(without.to_string().contains("wait_replicas"), "{without}");
    let memory = Cache::builder().store(MemoryStore::new()).wait_replicas(1).build().await;
    assert!(matches!(memory, Err(Error::Configuration { .. })));
    let redis = RedisStore::lazy("redis://127.0.0.1:1").expect("an address");
    Cache::builder().store(redis).wait_replicas(1).build().await.expect("a server may have replicas");
}
