//! What writers were told is done: for each path the newest version whose write was acknowledged.

use crate::model::Changed;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

#[derive(Debug, Default)]
pub(super) struct Ledger(RwLock<HashMap<String, u64>>);

impl Ledger {
    /// Notes an acknowledged write. Acknowledgements of one row may come in another order than its versions.
    pub(super) fn acknowledge(&self, written: Vec<Changed>) {
        let mut versions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for Changed { path, version } in written {
            let known = versions.entry(path).or_default();
            *known = version.max(*known);
        }
    }

    /// The version that a read sent from now on must not fall below.
    pub(super) fn acknowledged(&self, path: &str) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(path).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_acknowledgement_takes_nothing_back() {
        let ledger = Ledger::default();
        for version in [2, 4, 3] {
            ledger.acknowledge(vec![Changed { path: "/users/1".to_owned(), version }]);
        }
        assert_eq!(ledger.acknowledged("/users/1"), 4);
        assert_eq!(ledger.acknowledged("/users/2"), 0);
    }
}
