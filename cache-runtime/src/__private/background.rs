//! Loads that outlive their call: what they need is owned, and the types decide whether that can be had.
//!
//! A cached function borrows its arguments, and a task of its own must not. So the expansion asks of every argument
//! whether it can be kept (`Clone`, or what a reference points to has an owned form), and of the future whether it can be
//! sent. If one of them cannot, there is no [`Loader`], and whoever needs the load runs it himself.

use super::frame::Course;
use super::rules::Rules;
use super::shapes::Shape;
use super::work::{ANSWERED, Job, Limits, Work};
use crate::cache::{Forerunner, Lead, Slot};
use crate::telemetry::spans::{self, Operation};
use futures_util::FutureExt as _;
use std::borrow::Borrow;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;

/// The load of one call, for anybody to run.
pub type Loader<S> = Arc<dyn Loads<S>>;

/// A boxed future that can be sent to another task.
pub(super) type Sent<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a [`Loader`] can do.
pub trait Loads<S: Shape>: Send + Sync {
    /// Finds or loads the answer. If that takes too long the caller gets something else, and the load goes on.
    fn answer_within(&self, work: Work, rules: Rules<S>, limits: Limits) -> Sent<S::Return>;

    /// Loads an entry anew that is still served.
    fn renew(&self, work: Work, rules: Rules<S>, lead: Renewal, current: Current) -> Sent<()>;

    /// Loads an entry anew in periods, ahead of its readers.
    fn run_ahead(&self, work: Work, rules: Rules<S>, front: Front) -> Sent<()>;
}

/// A [`Loader`] without its types, as far as renewing an entry goes.
pub(super) trait Renews: Send + Sync {
    /// Loads an entry anew that is still served.
    fn renew(&self, work: Work, lead: Lead, current: Arc<Slot>) -> Sent<()>;
}

/// A loader with the rules of its function.
pub(super) struct Ruled<S: Shape>(pub(super) Loader<S>, pub(super) Rules<S>);

impl<S: Shape> Renews for Ruled<S> {
    fn renew(&self, work: Work, lead: Lead, current: Arc<Slot>) -> Sent<()> {
        self.0.renew(work, self.1, Renewal(lead), Current(current))
    }
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
    fn answer_within(&self, mut work: Work, rules: Rules<S>, limits: Limits) -> Sent<S::Return> {
        let load = (self.0)();
        Box::pin(async move {
            let sight = work.watched();
            let mut whole = work.cache.clone().scope(performed(work.clone(), Job::Answer, rules, load)).boxed();
            match work.wait(whole.as_mut(), &sight, limits, &rules).await {
                Ok(returned) => returned.expect(ANSWERED),
                Err(shown) => {
                    // One that waits for another's load has nothing to go on with.
                    if sight.leads() {
                        work.cache.in_background(async move { drop(whole.await) });
                    }
                    rules.say(shown, None).expect(ANSWERED)
                }
            }
        })
    }

    fn renew(&self, work: Work, rules: Rules<S>, lead: Renewal, current: Current) -> Sent<()> {
        let load = (self.0)();
        Box::pin(async move { drop(performed(work, Job::Renew(lead.0, current.0), rules, load).await) })
    }

    fn run_ahead(&self, work: Work, rules: Rules<S>, front: Front) -> Sent<()> {
        let load = self.0.clone();
        Box::pin(async move {
            while let Some((lead, current)) = front.0.next().await {
                let renewal = performed(work.clone(), Job::Renew(lead, current), rules, load());
                drop(spans::around(Operation::Refresh, work.span(), renewal).await);
            }
        })
    }
}

async fn performed<S, F>(work: Work, job: Job, rules: Rules<S>, load: F) -> Option<S::Return>
where
    S: Shape<Value: Clone + Send + Sync + 'static> + 'static,
    F: Future<Output = S::Return>,
{
    let (mut course, mut load, mut returned) = (Course::of(work, job, rules, None), pin!(load), None);
    poll_fn(|context| course.poll(context, &mut |context| load.as_mut().poll(context), &mut returned)).await
}

impl Work {
    /// Has the entry loaded ahead of its readers from now on, if its function wants that and nobody does it.
    pub(super) fn run_ahead<S: Shape>(&self, loader: &Loader<S>, rules: Rules<S>) {
        if self.request.policy.refresh_every.is_some()
            && self.cache.has_background()
            && let Some(forerunner) = self.cache.run_ahead(&self.request)
        {
            self.cache.in_front(loader.run_ahead(self.clone(), rules, Front(forerunner)));
        }
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
