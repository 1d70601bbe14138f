//! One call of a function whose returned value is the new entry.

use super::call::{Call, Wired};
use super::rules::Rules;
use super::shapes::Shape;
use crate::cache::{Cache, Request, defer_removal};
use crate::codec::Holding;
use crate::function::Function;
use crate::key::Part;
use std::future::Future;
use std::pin::Pin;

/// A call with the key that its value goes to.
#[derive(Debug)]
pub struct PutCall {
    cache: Cache,
    function: &'static Function,
    request: Request,
    /// Whether there is a TTL, and the cache is on.
    is_kept: bool,
}

impl Call {
    /// Makes the key's text, and finds what the entry depends on and how long it is kept.
    pub fn put_to(self, values: &[Part<'_>]) -> PutCall {
        let (cache, function, print) = self.settled(values);
        let request = Request::of_put(&cache, function, print, values);
        let is_kept = cache.is_open() && request.is_kept();
        PutCall { cache, function, request, is_kept }
    }
}

impl PutCall {
    /// Runs the body, and puts what it returns in place of the entry. An error leaves the entry; an absence removes it.
    ///
    /// In a transaction, which may yet be rolled back, nothing is put: the entry is removed behind the commit.
    pub async fn put<S, A, F>(mut self, _: S, wire: Wired<A>, rules: Rules<S>, load: Pin<&mut F>) -> S::Return
    where
        S: Shape<Value: Clone + Send + Sync + 'static>,
        F: Future<Output = S::Return>,
    {
        self.request.has_late_tags = rules.values.tags.is_some();
        let turn = if self.is_kept { Some(self.cache.begin_put(&self.request).await) } else { None };
        let value = match S::open(load.await) {
            Ok(value) => value,
            Err(failed) => return failed,
        };
        let key = &self.request.key;
        let done = match (turn, &value) {
            _ if defer_removal(&self.cache, key) => Ok(()),
            (Some(turn), Some(value)) => {
                self.cache.put_value(&self.request, &*wire.made(), turn, rules.values.apply(value, S::Hold::hold)).await
            }
            _ => self.cache.remove_key(key).await.map(drop),
        };
        if let Err(error) = done {
            self.cache.not_invalidated(self.function.path(), &error);
        }
        S::close(value).expect("what a shape opened it can close")
    }
}
