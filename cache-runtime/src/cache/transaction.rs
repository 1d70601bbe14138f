//! Invalidations that wait for somebody else's commit: kept while a transaction is open, performed once it is through,
//! forgotten if it is not.
//!
//! A read between the write and its commit still sees the old row. An invalidation from that moment would only make it be
//! loaded, and kept, once more.

use super::Cache;
use super::announce::Announced;
use super::remove::check_events;
use crate::error::Error;
use crate::event::Event;
use crate::key::Key;
use crate::telemetry::Notice;
use crate::token::Token;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Events that are emitted when a transaction has committed, and not before; see [`Cache::deferred`].
///
/// Dropped without [`commit`](Self::commit), it emits nothing: that is what a rollback, an early return and a panic come
/// to. What was [announced](Self::announce) stays uncached then until the announcement runs out, after a minute.
#[must_use = "nothing is emitted without `commit`"]
pub struct Deferred {
    cache: Cache,
    books: Arc<Books>,
}

/// What is owed to each cache; none once the transaction has ended.
struct Books(Mutex<Option<Vec<Account>>>);

/// What is owed to one cache.
struct Account {
    cache: Cache,
    events: Vec<Event>,
    keys: Vec<Key>,
    announced: Vec<Announced>,
}

tokio::task_local! {
    /// The transaction that the running code is part of.
    static OPEN: Arc<Books>;
}

impl Cache {
    /// Events to be emitted when a transaction of a database has committed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::{Cache, CacheEvent};
    ///
    /// #[derive(CacheEvent)]
    /// struct MemberUpdate {
    ///     guild_id: u64,
    /// }
    ///
    /// let cache = Cache::builder().build().await?;
    /// let changes = cache.deferred();
    /// // … the transaction begins, and writes …
    /// changes.emit(MemberUpdate { guild_id: 42 })?;
    /// // … the database commits here …
    /// changes.commit().await?;
    /// # Ok(()) }
    /// ```
    pub fn deferred(&self) -> Deferred {
        Deferred { cache: self.clone(), books: Arc::new(Books(Mutex::new(Some(Vec::new())))) }
    }

    /// Runs the work of a transaction, whose commit is the last thing it does. What it emits through its argument, and what
    /// writers with `#[invalidates]` or `#[cache_put]` do in it, happens after it has returned `Ok`; after `Err`, a panic
    /// or a dropped future, nothing of it does.
    ///
    /// A transaction inside another is a part of it: its invalidations wait for the outer one. Neither reaches into tasks
    /// that are spawned.
    ///
    /// # Errors
    /// The work's own; then nothing was emitted. Or [`Error::NotInvalidated`], made into the error of the work: then the
    /// work was done, and its invalidation was not.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::{Cache, CacheEvent};
    ///
    /// #[derive(CacheEvent)]
    /// struct MemberUpdate {
    ///     guild_id: u64,
    /// }
    ///
    /// let cache = Cache::builder().build().await?;
    /// let members: Result<u64, Box<dyn std::error::Error>> = cache
    ///     .transaction(|changes| async move {
    ///         // … begin, write …
    ///         changes.emit(MemberUpdate { guild_id: 42 })?;
    ///         // … commit …
    ///         Ok(7)
    ///     })
    ///     .await;
    /// assert_eq!(members?, 7);
    /// # Ok(()) }
    /// ```
    pub async fn transaction<T, E, F>(&self, work: impl FnOnce(Deferred) -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let changes = self.deferred();
        let outer = OPEN.try_with(Arc::clone).ok();
        let books = changes.books.clone();
        match OPEN.scope(books.clone(), work(Deferred { cache: self.clone(), books })).await {
            Ok(done) => match outer {
                Some(outer) => {
                    outer.take_over(changes.books.close());
                    Ok(done)
                }
                None => changes.commit().await.map(|_| done).map_err(E::from),
            },
            Err(failed) => {
                if let Err(error) = changes.rollback().await {
                    self.not_invalidated("a transaction that was rolled back", &error);
                }
                Err(failed)
            }
        }
    }
}

impl Cache {
    /// Tells of an invalidation that nobody else is told of.
    pub(crate) fn not_invalidated(&self, by: &str, error: &Error) {
        self.tell(&Notice::NotInvalidated { by, error });
    }
}

impl Deferred {
    /// Emits an event after the commit.
    ///
    /// # Errors
    /// If the event is unknown here or lacks a field that a cached function is bound to, as [`Cache::emit`] would say after
    /// the commit; or if the transaction has ended.
    pub fn emit(&self, event: impl Into<Event>) -> Result<(), Error> {
        self.books.owe_event(&self.cache, event.into())
    }

    /// Announces what was deferred so far, before the commit: from now on it is loaded on every call and kept nowhere, so
    /// that a writer that dies between its commit and its invalidation leaves nothing old. See [`Cache::announce`].
    ///
    /// # Errors
    /// If the store did not take it; then the transaction should be rolled back.
    pub async fn announce(&self) -> Result<(), Error> {
        self.books.announce().await
    }

    /// Runs a future whose writers, those with `#[invalidates]` or `#[cache_put]`, are part of this transaction.
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        OPEN.scope(self.books.clone(), future)
    }

    /// Emits everything, after the database has committed, and returns when it holds.
    ///
    /// # Errors
    /// [`Error::NotInvalidated`] if the store did not do it. What could be done of it was.
    pub async fn commit(self) -> Result<Token, Error> {
        let mut steps = Vec::new();
        let mut failed = None;
        for account in self.books.close() {
            match account.settle().await {
                Ok(tokens) => steps.extend(tokens.iter().flat_map(Token::steps).copied()),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            None => Ok(Token::of(steps)),
            Some(error) => Err(Error::NotInvalidated { cause: Box::new(error) }),
        }
    }

    /// Emits nothing, and lets what was announced be cached again.
    ///
    /// # Errors
    /// If the store did not take that; then what was announced stays uncached until the announcement runs out.
    pub async fn rollback(self) -> Result<(), Error> {
        let mut failed = None;
        for announced in self.books.close().into_iter().flat_map(|account| account.announced) {
            failed = announced.settle().await.err().or(failed);
        }
        failed.map_or(Ok(()), Err)
    }
}

/// Lets an open transaction of this task emit an event; gives it back if there is none.
pub(crate) fn defer_event(cache: &Cache, event: Event) -> Result<Result<(), Error>, Event> {
    match OPEN.try_with(Arc::clone) {
        Ok(books) => Ok(books.owe_event(cache, event)),
        Err(_) => Err(event),
    }
}

/// Lets an open transaction of this task remove a key; tells whether there is one.
pub(crate) fn defer_removal(cache: &Cache, key: &Key) -> bool {
    OPEN.try_with(|books| books.owe(cache, |account| account.keys.push(key.clone()))).unwrap_or(false)
}

/// Announces what the open transaction of this task has deferred, if there is one.
pub(crate) async fn announce_deferred() -> Result<(), Error> {
    match OPEN.try_with(Arc::clone) {
        Ok(books) => books.announce().await,
        Err(_) => Ok(()),
    }
}

impl Books {
    fn owe_event(&self, cache: &Cache, event: Event) -> Result<(), Error> {
        // Now, while there is still time to roll back.
        check_events(vec![event.clone()])?;
        match self.owe(cache, |account| account.events.push(event)) {
            true => Ok(()),
            false => Err(Error::TransactionEnded),
        }
    }

    /// Tells whether the transaction is still open.
    fn owe(&self, cache: &Cache, enter: impl FnOnce(&mut Account)) -> bool {
        let mut books = self.lock();
        let Some(accounts) = &mut *books else { return false };
        let at = accounts.iter().position(|account| account.is_of(cache)).unwrap_or_else(|| {
            accounts.push(Account::new(cache));
            accounts.len() - 1
        });
        enter(&mut accounts[at]);
        true
    }

    async fn announce(&self) -> Result<(), Error> {
        let pending: Vec<(Cache, Vec<Event>)> = match &mut *self.lock() {
            Some(accounts) => accounts.iter_mut().map(Account::take_events).collect(),
            None => return Err(Error::TransactionEnded),
        };
        for (cache, events) in pending.into_iter().filter(|(_, events)| !events.is_empty()) {
            match cache.announce_events(events.clone()).await {
                Ok(announced) => drop(self.owe(&cache, |account| account.announced.push(announced))),
                Err(error) => {
                    // Who commits all the same shall not lose them.
                    self.owe(&cache, |account| account.events.extend(events));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn take_over(&self, accounts: Vec<Account>) {
        for account in accounts {
            let Account { cache, events, keys, announced } = account;
            self.owe(&cache, |own| {
                own.events.extend(events);
                own.keys.extend(keys);
                own.announced.extend(announced);
            });
        }
    }

    fn close(&self) -> Vec<Account> {
        self.lock().take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Account>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn new(cache: &Cache) -> Self {
        Self { cache: cache.clone(), events: Vec::new(), keys: Vec::new(), announced: Vec::new() }
    }

    fn is_of(&self, cache: &Cache) -> bool {
        Arc::ptr_eq(&self.cache.shared, &cache.shared) && Arc::ptr_eq(&self.cache.space, &cache.space)
    }

    fn take_events(&mut self) -> (Cache, Vec<Event>) {
        (self.cache.clone(), std::mem::take(&mut self.events))
    }

    /// All of it, whatever part of it fails; the first failure is told.
    async fn settle(self) -> Result<Vec<Token>, Error> {
        let mut tokens = vec![self.cache.emit_events(self.events).await];
        for announced in self.announced {
            tokens.push(announced.settle().await);
        }
        for key in self.keys {
            tokens.push(self.cache.remove_key(&key).await.map(|_| Token::default()));
        }
        tokens.into_iter().collect()
    }
}

impl std::fmt::Debug for Deferred {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deferred").field("cache", &self.cache).finish_non_exhaustive()
    }
}
