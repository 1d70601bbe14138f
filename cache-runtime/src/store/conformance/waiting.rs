//! Waiting for something to come about, and for many things at once.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

/// Waits until something holds.
pub(super) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let polled = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), polled).await.is_ok(), "not within 20 s: {what}");
}

/// Awaits all of them at once. By hand, for tokio's `join!` is a feature more and would want them counted.
pub(super) async fn together<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        for (future, output) in all.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        if all.iter().all(|(_, output)| output.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    all.into_iter().filter_map(|(_, output)| output).collect()
}
