//! What other libraries call something, and what to write here.

const SIZE: &str = "the size belongs to the cache: `Cache::builder().l1(L1::max_entries(n))`";
const TTL: &str = "write `ttl = 300`, or `ttl = \"5m\"`";
const KEY: &str = "write the key as a template: `key = \"user:<id>\"`";
const BY_TYPE: &str = "nothing is needed: `Ok` and `Some` are cached, `Err` and `None` are not, by the return type";
const ONE_LOAD: &str = "nothing is needed: one load a key at a time is the default";
const NO_LOCK: &str = "nothing is needed: a hit waits for no lock";
const CONDITION: &str =
    "return early from an uncached function that calls this one; `cache_if = path` looks at the value";
const CACHE: &str = "name the cache by an expression: `cache = self.cache`";
const STORE: &str = "the store belongs to the cache: `Cache::builder().store(RedisStore::connect(url).await?)`";
const DISK: &str = "leave it out: there is no store on disk; `Cache::builder().store(…)` takes one of your own";
const PREFIX: &str = "the prefix belongs to the cache: `Cache::builder().namespace(\"prod\")`";
const RENEW: &str = "a hit does not prolong a life; `early` and `refresh_every` load before it ends";

/// The options of `cached`, memoize, cachelito, and of Spring's annotations, that are called otherwise here.
pub(super) const ELSEWHERE: &[(&str, &str)] = &[
    ("size", SIZE),
    ("max_size", SIZE),
    ("max_entries", SIZE),
    ("capacity", SIZE),
    ("Capacity", SIZE),
    ("limit", SIZE),
    ("unbound", SIZE),
    ("time", TTL),
    ("expire", TTL),
    ("expiry", TTL),
    ("expiration", TTL),
    ("timeout", TTL),
    ("ttl_secs", TTL),
    ("ttl_millis", "write `ttl = \"1500ms\"`"),
    ("TimeToLive", TTL),
    ("expires", "write `ttl_from = path`, a function from the value to its life"),
    ("time_refresh", RENEW),
    ("refresh", RENEW),
    ("convert", KEY),
    ("key_generator", KEY),
    ("result", BY_TYPE),
    ("option", BY_TYPE),
    ("cache_err", "write `error_if = path` and `error_ttl = \"10s\"`"),
    ("cache_none", "write `none_ttl = \"10s\"`"),
    ("result_fallback", "write `stale_if_error = \"1h\"`"),
    ("sync", ONE_LOAD),
    ("sync_writes", ONE_LOAD),
    ("sync_writes_buckets", ONE_LOAD),
    ("sync_lock", NO_LOCK),
    ("unsync_reads", NO_LOCK),
    ("with_cached_flag", "leave it out: `cache_runtime::observe(call).await` tells how a call was answered"),
    ("force_refresh", "call the companion `…_refresh`, or `with(Call::refresh(), …)`"),
    ("in_impl", "nothing is needed: name a field of `self` in the key, or write `skip(self)`"),
    ("companions_vis", "leave it out: companions are as visible as their function"),
    ("unless", CONDITION),
    ("condition", CONDITION),
    ("ty", CACHE),
    ("create", CACHE),
    ("cache_names", CACHE),
    ("redis", STORE),
    ("disk", DISK),
    ("disk_dir", DISK),
    ("durable", DISK),
    ("map_error", "leave it out: a failing store is a miss, and no error of the function"),
    ("cache_prefix_block", PREFIX),
    ("namespace", PREFIX),
    ("prefix", PREFIX),
    ("SharedCache", "nothing is needed: one cache serves every call of the process"),
    ("shards", "leave it out: memory is sharded by itself"),
];
