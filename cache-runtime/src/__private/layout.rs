//! How a function returns the results of several ids: in a map, or in a list that is asked whose each is.

use super::written::Success;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

/// A collection of results, taken apart and made.
#[diagnostic::on_unimplemented(
    message = "`{C}` cannot hold the results of a batch",
    label = "neither a map from ids nor, with `by`, a `Vec`",
    note = "help: return a `HashMap` or `BTreeMap` from ids to results; or a `Vec`, and say whose each is: `batch(id = ids, by = User::id)`"
)]
pub trait Layout<C>: Send + Sync {
    /// What tells the results apart.
    type Id;
    /// One result.
    type Item;
    /// Whether an id that is asked for twice has two results.
    const REPEATS: bool;

    /// The results, each with its id.
    fn take(&self, collection: C) -> Vec<(Self::Id, Self::Item)>;

    /// The collection of these.
    fn make(&self, items: Vec<(Self::Id, Self::Item)>) -> C;
}

/// What tells the results of a batch apart, made of what was asked for.
#[diagnostic::on_unimplemented(
    message = "the results of this batch are told apart by `{Self}`, and asked for by `{I}`",
    label = "`{Self}` is not made of `{I}`",
    note = "help: use one type for both, or one that implements `From<{I}>`"
)]
pub trait IdOf<I> {
    /// Makes it.
    fn of(asked: I) -> Self;
}

#[diagnostic::do_not_recommend]
impl<I, K: From<I>> IdOf<I> for K {
    fn of(asked: I) -> Self {
        Self::from(asked)
    }
}

/// In a map.
#[derive(Clone, Copy, Debug)]
pub struct Keyed;

/// In a list, whose elements say whose they are.
#[derive(Clone, Copy, Debug)]
pub struct By<F>(pub F);

/// In a list of what a function returns, by whose each element is.
pub fn by<W: Success<Value = Vec<T>>, T, K, F: Fn(&T) -> K>(_: &W, by: F) -> By<F> {
    By(by)
}

#[diagnostic::do_not_recommend]
impl<K: Eq + Hash, V, H: BuildHasher + Default> Layout<HashMap<K, V, H>> for Keyed {
    type Id = K;
    type Item = V;
    const REPEATS: bool = false;

    fn take(&self, collection: HashMap<K, V, H>) -> Vec<(K, V)> {
        collection.into_iter().collect()
    }

    fn make(&self, items: Vec<(K, V)>) -> HashMap<K, V, H> {
        items.into_iter().collect()
    }
}

#[diagnostic::do_not_recommend]
impl<K: Ord, V> Layout<BTreeMap<K, V>> for Keyed {
    type Id = K;
    type Item = V;
    const REPEATS: bool = false;

    fn take(&self, collection: BTreeMap<K, V>) -> Vec<(K, V)> {
        collection.into_iter().collect()
    }

    fn make(&self, items: Vec<(K, V)>) -> BTreeMap<K, V> {
        items.into_iter().collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T, K, F: Fn(&T) -> K + Send + Sync> Layout<Vec<T>> for By<F> {
    type Id = K;
    type Item = T;
    const REPEATS: bool = true;

    fn take(&self, collection: Vec<T>) -> Vec<(K, T)> {
        collection.into_iter().map(|item| ((self.0)(&item), item)).collect()
    }

    fn make(&self, items: Vec<(K, T)>) -> Vec<T> {
        items.into_iter().map(|(_, item)| item).collect()
    }
}
