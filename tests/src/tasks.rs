//! Calls as tasks of their own, in tests on a current-thread runtime.

use cache_runtime::Cache;
use cache_runtime::testing::Node;
use tokio::task::JoinHandle;

/// Begins a call as a task of its own, up to where it cannot go on by itself.
pub async fn begin<T: Send + 'static>(cache: &Cache, call: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let call = tokio::spawn(cache.clone().scope(call));
    Node::settle().await;
    call
}
