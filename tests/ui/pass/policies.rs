//! Every option of the policy, in every form.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::{Unanswered, cached};
use std::sync::Arc;
use std::time::Duration;

/// Why there is no answer.
#[derive(Debug)]
pub struct Failure;

impl From<Unanswered> for Failure {
    fn from(_: Unanswered) -> Self {
        Self
    }
}

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
async fn everything(id: u64) -> Result<u64, Failure> {
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
async fn expressions(id: u64) -> Result<u64, Failure> {
    Ok(id)
}

#[cached(key = "policies:off:<id>", ttl = 60, jitter = 0, early = 0.0, lock = false, tiers = l1)]
async fn switched_off(id: u64) -> u64 {
    id
}

#[cached(key = "policies:as-long:<id>", ttl = 60, l1_ttl = "1m", jitter = 0.999)]
async fn as_long(id: u64) -> u64 {
    id
}

fn seconds(id: &u64) -> Duration {
    Duration::from_secs(*id)
}

fn is_odd(id: &u64) -> bool {
    id % 2 == 1
}

mod paths {
    //! Rules elsewhere, and generic ones.

    pub(crate) fn is_full<T>(list: &[T]) -> bool {
        !list.is_empty()
    }
}

#[cached(key = "policies:by-value:<id>", ttl_from = seconds, cache_if = is_odd, none_ttl = 5)]
async fn by_value(id: u64) -> Result<Option<Arc<u64>>, String> {
    Ok(Some(Arc::new(id)))
}

#[cached(key = "policies:generic:<T>:<id>", ttl = 60, cache_if = paths::is_full::<T>, tags = ["all:<return.len()>"])]
async fn generic<T>(id: u64) -> Vec<T>
where
    T: Clone + Send + Sync + From<u8> + serde::Serialize + serde::de::DeserializeOwned + 'static,
{
    vec![T::from(u8::try_from(id).unwrap_or(0))]
}

type Fallible<T> = Result<T, Fault>;

/// What may go wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// For good.
    Gone,
}

impl Fault {
    fn is_lasting(&self) -> bool {
        matches!(self, Self::Gone)
    }
}

#[cached(key = "policies:remembered:<id>", ttl = 60, error_ttl = "5s", error_if = Fault::is_lasting)]
async fn remembered(id: u64) -> Fallible<Option<u64>> {
    if id == 0 { Err(Fault::Gone) } else { Ok(Some(id)) }
}

/// With rules of its own.
pub struct Ruled;

impl Ruled {
    fn is_fine(_: &u64) -> bool {
        true
    }

    #[cached(key = "policies:own-rule:<id>", ttl = 60, cache_if = Self::is_fine, skip(self))]
    async fn own_rule(&self, id: u64) -> u64 {
        id
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(everything(1).await.expect("it does not fail"), 1);
    assert_eq!(expressions(1).await.expect("it does not fail") + switched_off(1).await + as_long(1).await, 3);
    assert_eq!(by_value(1).await, Ok(Some(Arc::new(1))));
    assert_eq!(generic::<u64>(1).await, [1]);
    assert_eq!(Ruled.own_rule(1).await, 1);
    assert_eq!((remembered(0).await, remembered(1).await), (Err(Fault::Gone), Ok(Some(1))));
}
