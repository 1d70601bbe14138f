//! Every option of the policy, in every form.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::cached;
use std::time::Duration;

const SHARE: f64 = 0.25;
const LEASE: Duration = Duration::from_secs(3);

#[cached(
    key = "policies:everything:<id>",
    ttl = 300,
    l1_ttl = "30s",
    jitter = 0.1,
    early = 2,
    stale_while_revalidate = "1m",
    stale_if_error = "1h",
    error_backoff = "5s",
    soft_timeout = "200ms",
    hard_timeout = 2,
    lock = true,
    min_load = "2ms",
    refresh_every = "2m",
    refresh_idle = "20m"
)]
async fn everything(id: u64) -> Result<u64, std::io::Error> {
    Ok(id)
}

#[cached(
    key = "policies:expressions:<id>",
    ttl = LEASE * 100,
    l1_ttl = LEASE * 10,
    jitter = SHARE,
    early = SHARE * 2.0,
    stale_while_revalidate = LEASE,
    soft_timeout = LEASE / 10,
    hard_timeout = LEASE / 2,
    lock = LEASE,
    refresh_every = LEASE * 20
)]
async fn expressions(id: u64) -> u64 {
    id
}

#[cached(key = "policies:off:<id>", ttl = 60, jitter = 0, early = 0.0, lock = false, tiers = l1)]
async fn switched_off(id: u64) -> u64 {
    id
}

#[cached(key = "policies:as-long:<id>", ttl = 60, l1_ttl = "1m", jitter = 0.999)]
async fn as_long(id: u64) -> u64 {
    id
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(everything(1).await.expect("it does not fail"), 1);
    assert_eq!(expressions(1).await + switched_off(1).await + as_long(1).await, 3);
}
