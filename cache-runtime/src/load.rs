//! What the body of a cached function may know of its load, and say of what it loads: the [`Load`] that it runs in.
//!
//! The handle is there for as long as a body runs, whoever runs it: the caller, a task in the background, or a task that a
//! caller with little time left behind. A hit makes none.

use crate::codec::{Value, typed};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A longer validator is not kept: it travels with every read of its entry.
const MAX_VALIDATOR_BYTES: usize = 4_096;

/// The load that is running: what it is to replace, and what is to be done with what it brings.
///
/// Each load has its own, so what is said to one changes this entry only; that of a cached function inside another one's
/// body is not that of the outer one. It is there as well in loads that nobody waits for. What is said after the body
/// has returned is not heard.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cache_runtime::{Load, cached};
/// use std::time::Duration;
///
/// #[cached(key = "auction:<id>", ttl = 60)]
/// async fn highest_bid(id: u64) -> u64 {
///     if let Some(load) = Load::current() {
///         load.add_tag("auctions");
///         // It ends in a moment.
///         load.set_ttl(Duration::from_secs(1));
///     }
///     id * 100
/// }
///
/// assert_eq!(highest_bid(7).await, 700);
/// assert!(Load::current().is_none(), "nothing is being loaded here");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Load(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    last: Last,
    said: Mutex<Said>,
}

/// What a load is to replace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Last {
    pub(crate) value: Option<Value>,
    pub(crate) validators: Option<Arc<Validators>>,
}

/// By what a source tells whether a value is still the one that it would answer with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validators {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
}

/// What a body said of its load.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) ttl: Option<Duration>,
    pub(crate) tags: Vec<String>,
    pub(crate) validators: Validators,
    pub(crate) is_not_modified: bool,
    pub(crate) is_not_stored: bool,
    pub(crate) is_failed: bool,
    pub(crate) shows_nothing_stale: bool,
}

tokio::task_local! {
    /// The load of the running code; none where a body runs that no load goes on for.
    static CURRENT: Option<Load>;
}

impl Load {
    /// The load that this code is part of. `None` where nothing is being loaded: outside a cached function, in one that is
    /// called past its cache ([`Call::bypass`](crate::Call::bypass)), in one that loads several ids at once (`batch`), and
    /// in a task that the body has spawned, which is to be given the handle.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok().flatten()
    }

    /// The value that is to be replaced, if a tier still has one that may be shown: one that is due early, or is kept past
    /// its end by `stale_while_revalidate` or `stale_if_error`. `None` if there is none, if it was removed, set or cleared,
    /// if it is of another type than `T` (which is the type that is cached: `T` of a `Result<Option<T>, E>`), and in a load
    /// that is to replace whatever is there (`…_refresh`).
    #[must_use]
    pub fn stale<T: Clone + 'static>(&self) -> Option<T> {
        typed(self.0.last.value.as_ref()?)
    }

    /// The entity tag that was kept with the stale value, as it was given to [`set_etag`](Self::set_etag).
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.0.last.validators.as_ref()?.etag.as_deref()
    }

    /// When the source had changed the stale value last, as it was given to
    /// [`set_last_modified`](Self::set_last_modified).
    #[must_use]
    pub fn last_modified(&self) -> Option<&str> {
        self.0.last.validators.as_ref()?.last_modified.as_deref()
    }

    /// Keeps an entity tag with the value, in every tier: the next load is told it. It is not looked into, and is best given
    /// as the source wrote it. One that is empty or longer than 4,096 bytes is not kept.
    pub fn set_etag(&self, etag: impl Into<String>) {
        self.said().validators.etag = fitting(etag.into());
    }

    /// Keeps with the value when the source changed it last; as [`set_etag`](Self::set_etag).
    pub fn set_last_modified(&self, at: impl Into<String>) {
        self.said().validators.last_modified = fitting(at.into());
    }

    /// The source says that the stale value still holds: it is kept for a new life, with its tags and, unless others are set,
    /// its validators; by the same commit as any other, so an invalidation meanwhile goes before it. Returns the value for
    /// the body to return; what is kept is the stale value, whatever the body makes of it. `None`, and nothing is noted, if
    /// [`stale`](Self::stale) is.
    ///
    /// The new life is that of the options, or of [`set_ttl`](Self::set_ttl).
    #[must_use = "the body has to return the value"]
    pub fn not_modified<T: Clone + 'static>(&self) -> Option<T> {
        let value = self.stale()?;
        self.said().is_not_modified = true;
        Some(value)
    }

    /// How long this value is fresh, in place of `ttl` and `ttl_from`, on every node. Zero stores nothing. Of an absence,
    /// in place of `none_ttl` if that is given.
    pub fn set_ttl(&self, ttl: Duration) {
        self.said().ttl = Some(ttl);
    }

    /// Lets the entry have a further tag, by which [`Cache::invalidate_tag`](crate::Cache::invalidate_tag) ends it. The next
    /// load says its own: tags are not handed on, but by [`not_modified`](Self::not_modified).
    pub fn add_tag(&self, tag: impl Into<String>) {
        self.said().tags.push(tag.into());
    }

    /// The value is returned to whoever waits for it, and kept nowhere. What is kept already stays as it is.
    pub fn skip_store(&self) {
        self.said().is_not_stored = true;
    }

    /// The load has failed, though what the body returns does not say so: it is not kept, and with `stale_if_error` the
    /// stale value is shown in its place, if there is one.
    pub fn fail(&self) {
        self.said().is_failed = true;
    }

    /// If this load fails, its caller is to see that: no stale value is shown in its place, whatever `stale_if_error` says.
    pub fn show_error(&self) {
        self.said().shows_nothing_stale = true;
    }

    /// To replace this.
    pub(crate) fn replacing(last: Last) -> Self {
        Self(Arc::new(Inner { last, said: Mutex::default() }))
    }

    /// Runs a body as this load, and tells what it said.
    pub(crate) async fn run<F: Future>(self, body: F) -> (F::Output, Said) {
        let output = CURRENT.scope(Some(self.clone()), body).await;
        let said = std::mem::take(&mut *self.said());
        (output, said)
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a body that nothing is loaded for: it is no part of a load that happens to be around it.
pub(crate) async fn outside<F: Future>(body: F) -> F::Output {
    CURRENT.scope(None, body).await
}

/// The same for one poll, as part of a load or of none.
pub(crate) fn beside(load: Option<Load>, run: &mut dyn FnMut()) {
    CURRENT.sync_scope(load, run);
}

impl Validators {
    /// These, and where they are silent those from before; none if nothing is said at all.
    pub(crate) fn or(self, before: Option<&Self>) -> Option<Arc<Self>> {
        let of = |field: fn(&Self) -> &Option<String>| field(&self).clone().or_else(|| field(before?).clone());
        let both = Self { etag: of(|all| &all.etag), last_modified: of(|all| &all.last_modified) };
        (both != Self::default()).then(|| Arc::new(both))
    }

    pub(crate) fn len_bytes(&self) -> usize {
        [&self.etag, &self.last_modified].into_iter().flatten().map(String::len).sum()
    }
}

fn fitting(validator: String) -> Option<String> {
    (1..=MAX_VALIDATOR_BYTES).contains(&validator.len()).then_some(validator)
}
