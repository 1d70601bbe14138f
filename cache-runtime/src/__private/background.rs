//! Loads that outlive their call: what they need is owned, and the types decide whether that can be had.
//!
//! A cached function borrows its arguments, and a task of its own must not. So the expansion asks of every argument
//! whether it can be kept (`Clone`, or what a reference points to has an owned form), and of the future whether it can be
//! sent. If one of them cannot, there is no [`Loader`], and whoever needs the load runs it himself.

use super::shapes::Shape;
use super::work::{Sent, Work};
use crate::cache::{Forerunner, Lead, Slot};
use std::borrow::Borrow;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

/// The load of one call, for anybody to run.
pub type Loader<S> = Arc<dyn Loads<S>>;

/// What a [`Loader`] can do.
pub trait Loads<S: Shape>: Send + Sync {
    /// Finds or loads the answer.
    fn answer(&self, work: Work<S>) -> Sent<S::Return>;

    /// Loads an entry anew that is still served.
    fn renew(&self, work: Work<S>, lead: Renewal, current: Current) -> Sent<()>;

    /// Loads an entry anew in periods, ahead of its readers.
    fn run_ahead(&self, work: Work<S>, front: Front) -> Sent<()>;

    /// What is left of an answer that nobody waits for any more.
    fn finish(&self, answer: Sent<S::Return>) -> Sent<()>;
}

/// The duty to load an entry anew.
#[doc(hidden)]
pub struct Renewal(pub(super) Lead);

/// The entry that is served meanwhile.
#[doc(hidden)]
pub struct Current(pub(super) Arc<Slot>);

/// The right to load an entry ahead of its readers.
#[doc(hidden)]
pub struct Front(pub(super) Forerunner);

struct Owned<F>(F);

impl<S, F, L> Loads<S> for Owned<F>
where
    S: Shape<Value: Clone + Send + Sync + 'static, Return: Send> + 'static,
    F: Fn() -> L + Clone + Send + Sync + 'static,
    L: Future<Output = S::Return> + Send + 'static,
{
    fn answer(&self, work: Work<S>) -> Sent<S::Return> {
        let (load, cache) = ((self.0)(), work.cache.clone());
        Box::pin(cache.scope(async move { work.answer(None, load).await }))
    }

    fn renew(&self, work: Work<S>, lead: Renewal, current: Current) -> Sent<()> {
        let load = (self.0)();
        Box::pin(async move { work.renew(lead.0, &current.0, load).await })
    }

    fn run_ahead(&self, work: Work<S>, front: Front) -> Sent<()> {
        let load = self.0.clone();
        Box::pin(async move {
            while let Some((lead, current)) = front.0.next().await {
                work.renew(lead, &current, load()).await;
            }
        })
    }

    fn finish(&self, answer: Sent<S::Return>) -> Sent<()> {
        Box::pin(async move { drop(answer.await) })
    }
}

/// A load, to be asked whether it can be sent.
pub struct Sendable<S, F>(F, PhantomData<fn() -> S>);

impl<S, F> Sendable<S, F> {
    /// Of this shape; `load` is called for every load.
    pub fn new(_: &S, load: F) -> Self {
        Self(load, PhantomData)
    }
}

impl<S, F> std::fmt::Debug for Sendable<S, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sendable").finish_non_exhaustive()
    }
}

/// Asks a load for its [`Loader`].
pub trait AskLoader {
    /// The shape of what it returns.
    type Shape: Shape;
    /// The answer.
    fn loader(&self) -> Option<Loader<Self::Shape>>;
}

impl<S, F, L> AskLoader for &Sendable<S, F>
where
    S: Shape<Value: Clone + Send + Sync + 'static, Return: Send> + 'static,
    F: Fn() -> L + Clone + Send + Sync + 'static,
    L: Future<Output = S::Return> + Send + 'static,
{
    type Shape = S;

    fn loader(&self) -> Option<Loader<S>> {
        Some(Arc::new(Owned(self.0.clone())))
    }
}

/// The answer of a load that cannot be sent.
pub trait AskLoaderNot {
    /// The shape of what it returns.
    type Shape: Shape;
    /// The answer.
    fn loader(&self) -> Option<Loader<Self::Shape>>;
}

impl<S: Shape, F> AskLoaderNot for Sendable<S, F> {
    type Shape = S;

    fn loader(&self) -> Option<Loader<S>> {
        None
    }
}

/// An argument that a load has of its own.
pub trait Kept<T: ?Sized>: Send + Sync + 'static {
    /// The argument, for a function that takes a reference.
    fn lend(&self) -> &T;
}

/// An argument that a load has of its own, and can give away each time.
pub trait Given<T>: Send + Sync + 'static {
    /// The argument.
    fn give(&self) -> T;
}

/// What a reference pointed to.
pub struct Lent<T: ToOwned + ?Sized>(T::Owned);

impl<T> Kept<T> for Lent<T>
where
    T: ToOwned<Owned: Send + Sync + 'static> + ?Sized + 'static,
{
    fn lend(&self) -> &T {
        self.0.borrow()
    }
}

/// A value.
pub struct Copied<T>(T);

impl<T: Clone + Send + Sync + 'static> Given<T> for Copied<T> {
    fn give(&self) -> T {
        self.0.clone()
    }
}

/// What cannot be kept: there is none of it.
pub enum Nothing {}

impl<T: ?Sized> Kept<T> for Nothing {
    fn lend(&self) -> &T {
        match *self {}
    }
}

impl<T> Given<T> for Nothing {
    fn give(&self) -> T {
        match *self {}
    }
}

/// A reference, to be asked whether what it points to can be kept.
pub struct Reference<'a, T: ?Sized>(pub &'a T);

/// A value, to be asked whether it can be kept.
pub struct Own<'a, T>(pub &'a T);

/// Asks an argument to be kept.
pub trait AskKept {
    /// What it is kept as.
    type Kept;
    /// The answer.
    fn kept(&self) -> Option<Self::Kept>;
}

impl<T> AskKept for &Reference<'_, T>
where
    T: ToOwned<Owned: Send + Sync + 'static> + ?Sized + 'static,
{
    type Kept = Lent<T>;

    fn kept(&self) -> Option<Lent<T>> {
        Some(Lent(self.0.to_owned()))
    }
}

impl<T: Clone + Send + Sync + 'static> AskKept for &Own<'_, T> {
    type Kept = Copied<T>;

    fn kept(&self) -> Option<Copied<T>> {
        Some(Copied(self.0.clone()))
    }
}

/// The answer of an argument that cannot be kept.
pub trait AskKeptNot {
    /// The answer.
    fn kept(&self) -> Option<Nothing>;
}

impl<T: ?Sized> AskKeptNot for Reference<'_, T> {
    fn kept(&self) -> Option<Nothing> {
        None
    }
}

impl<T> AskKeptNot for Own<'_, T> {
    fn kept(&self) -> Option<Nothing> {
        None
    }
}
