//! Which cache a cached function uses: its own expression, the running task's, the installed one, the embedded one.

use crate::cache::Cache;
use crate::call::{Call, with};
use crate::config;
use crate::telemetry::Notice;
use crate::token::Token;
use std::future::Future;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

tokio::task_local! {
    static OF_TASK: Cache;
}

static INSTALLED: RwLock<Option<Cache>> = RwLock::new(None);
static EMBEDDED: OnceLock<Cache> = OnceLock::new();

impl Cache {
    /// Makes this the cache of every cached function of the process that names no other. A later one replaces it.
    pub fn install(&self) {
        *INSTALLED.write().unwrap_or_else(PoisonError::into_inner) = Some(self.clone());
    }

    /// Makes this the cache of the cached functions that a future calls.
    ///
    /// Takes the cheap handle, so that the future is `'static` and `Send` whenever the inner one is. It does not reach
    /// into tasks that the future spawns.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::{Cache, cached};
    ///
    /// #[cached(key = "double:<n>", ttl = 60)]
    /// async fn double(n: u64) -> u64 {
    ///     n * 2
    /// }
    ///
    /// let cache = Cache::builder().build().await?;
    /// tokio::spawn(cache.clone().scope(double(4))).await.expect("it does not panic");
    /// assert_eq!(cache.stats().loads, 1);
    /// # Ok(()) }
    /// ```
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        OF_TASK.scope(self, future)
    }

    /// The same, and lets them answer with nothing older than the invalidation that returned the token.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::{Cache, Token, cached};
    ///
    /// #[cached(key = "double:<n>", ttl = 60, tags = ["doubles"])]
    /// async fn double(n: u64) -> u64 {
    ///     n * 2
    /// }
    ///
    /// let cache = Cache::builder().build().await?;
    /// let cookie = cache.invalidate_tag("doubles").await?.to_string();
    /// // … the next request of the same user, maybe on another node …
    /// let token: Token = cookie.parse()?;
    /// assert_eq!(cache.scope_after(token, double(4)).await, 8);
    /// # Ok(()) }
    /// ```
    pub fn scope_after<F: Future>(self, token: impl Into<Arc<Token>>, future: F) -> impl Future<Output = F::Output> {
        self.scope(with(Call::after(token), future))
    }
}

/// The cache that cached functions use here: the task's, the installed one, or the embedded one.
///
/// The embedded one is built on first use, in memory, by the rules of [`Cache::from_env`]. If the environment is
/// malformed it says so on standard error, once, and caches nothing.
pub fn current() -> Cache {
    if let Ok(cache) = OF_TASK.try_with(Cache::clone) {
        return cache;
    }
    if let Some(cache) = &*INSTALLED.read().unwrap_or_else(PoisonError::into_inner) {
        return cache.clone();
    }
    EMBEDDED.get_or_init(embedded).clone()
}

fn embedded() -> Cache {
    let complain = |notice: &Notice<'_>| {
        if let Notice::Misconfigured { problem } = notice {
            eprintln!("cache-runtime: {problem}");
        }
    };
    let (cache, problems) = config::embedded(complain);
    for problem in problems {
        eprintln!("cache-runtime: {problem}");
    }
    cache
}
