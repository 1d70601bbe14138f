//! What places and buckets are made of. The model of them, in `tests/index`, has its own in the place of these.

pub(super) use std::sync::atomic::{AtomicU64, AtomicUsize};
pub(super) use std::sync::{RwLock, RwLockReadGuard};

/// So many words of a bucket are two lines of the processor's cache, which it fetches together.
pub(super) const WORDS: usize = 16;
