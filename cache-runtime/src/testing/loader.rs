//! A source that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts how often something is loaded, and how often at once. Clones count together.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cache_runtime::testing::CountingLoader;
///
/// let loader = CountingLoader::new();
/// let value = loader.load(async { 42 }).await;
/// assert_eq!((value, loader.loads(), loader.most_at_once()), (42, 1, 1));
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CountingLoader(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    loads: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl CountingLoader {
    /// One that has counted nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a load and counts it.
    pub async fn load<F: Future>(&self, load: F) -> F::Output {
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        let _running = Running::new(&self.0);
        load.await
    }

    /// How many loads have begun.
    pub fn loads(&self) -> usize {
        self.0.loads.load(Ordering::SeqCst)
    }

    /// How many loads ran at one moment, at most.
    pub fn most_at_once(&self) -> usize {
        self.0.most.load(Ordering::SeqCst)
    }
}

/// Counts a load as running until it ends, is dropped, or panics.
struct Running<'a>(&'a Counts);

impl<'a> Running<'a> {
    fn new(counts: &'a Counts) -> Self {
        let now = counts.now.fetch_add(1, Ordering::SeqCst) + 1;
        counts.most.fetch_max(now, Ordering::SeqCst);
        Self(counts)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}
