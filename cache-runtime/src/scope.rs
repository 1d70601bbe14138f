//! Which cache a cached function uses: its own expression, the running task's, the installed one, the embedded one.

use crate::cache::Cache;
use crate::call::{Call, with};
use crate::config;
use crate::telemetry::Notice;
use crate::token::Token;
use std::cell::RefCell;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

tokio::task_local! {
    static OF_TASK: Cache;
}

/// Whether a task was ever given a cache: most programs install theirs, and every hit asks.
static IS_SCOPED: AtomicBool = AtomicBool::new(false);

static INSTALLED: RwLock<Option<Cache>> = RwLock::new(None);
static EMBEDDED: OnceLock<Cache> = OnceLock::new();

/// How often a cache was installed.
static INSTALLATIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The cache that this thread used last, unless it was a task's, and as of which installation. So a hit waits for no
    /// lock and counts no owners; and a cache that another replaced is held until its threads call again or end.
    static NEAR: RefCell<(u64, Option<Cache>)> = const { RefCell::new((0, None)) };
}

impl Cache {
    /// Makes this the cache of every cached function of the process that names no other. A later one replaces it.
    pub fn install(&self) {
        *INSTALLED.write().unwrap_or_else(PoisonError::into_inner) = Some(self.clone());
        // After the cache: who sees the new number finds the new cache.
        INSTALLATIONS.fetch_add(1, Ordering::Release);
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
        IS_SCOPED.store(true, Ordering::Relaxed);
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
    with_current(Cache::clone)
}

/// Lets the current cache be used without taking it along.
#[inline]
pub(crate) fn with_current<T>(take: impl FnOnce(&Cache) -> T) -> T {
    let mut take = Some(take);
    let mut give = |cache: &Cache| take.take().map(|take| take(cache));
    let of_task = match IS_SCOPED.load(Ordering::Relaxed) {
        true => OF_TASK.try_with(&mut give).ok().flatten(),
        false => None,
    };
    let taken = of_task.or_else(|| with_near(&mut give));
    taken.unwrap_or_else(|| give(&found()).expect("it was given to nobody else"))
}

#[inline]
fn with_near<T>(give: &mut impl FnMut(&Cache) -> Option<T>) -> Option<T> {
    let look = |near: &RefCell<(u64, Option<Cache>)>| match &*near.try_borrow().ok()? {
        (as_of, Some(cache)) if *as_of == INSTALLATIONS.load(Ordering::Acquire) => give(cache),
        _ => None,
    };
    NEAR.try_with(look).ok().flatten()
}

/// The installed cache or the embedded one, which from now on is near.
#[cold]
fn found() -> Cache {
    // Before the cache: at worst it is looked for once more.
    let installations = INSTALLATIONS.load(Ordering::Acquire);
    let installed = INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone();
    let cache = installed.unwrap_or_else(|| EMBEDDED.get_or_init(embedded).clone());
    // What was near may be the last of its cache, which ends outside of the borrow.
    let near = (installations, Some(cache.clone()));
    let _before =
        NEAR.try_with(|place| place.try_borrow_mut().ok().map(|mut place| std::mem::replace(&mut *place, near)));
    cache
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
