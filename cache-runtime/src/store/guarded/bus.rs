//! The bus of a guarded store: whoever is heard is alive.

use super::Guard;
use crate::bus::{Bus, Feed, Heard, Told};
use crate::stamp::Partition;
use std::sync::Arc;

/// How listening is attempted again is for whoever listens; here messages are noticed.
pub(super) fn guarded(inner: Arc<dyn Bus>, guard: Arc<Guard>) -> Arc<dyn Bus> {
    Arc::new(GuardedBus { inner, guard })
}

struct GuardedBus {
    inner: Arc<dyn Bus>,
    guard: Arc<Guard>,
}

struct GuardedFeed {
    inner: Box<dyn Feed>,
    guard: Arc<Guard>,
}

impl Bus for GuardedBus {
    fn listen<'a>(&'a self, namespace: &'a str) -> Told<'a, Box<dyn Feed>> {
        Box::pin(async move {
            let inner = self.inner.listen(namespace).await?;
            if self.guard.inner.partitions() == 1 {
                self.guard.heard(Partition(0));
            }
            Ok(Box::new(GuardedFeed { inner, guard: self.guard.clone() }) as Box<dyn Feed>)
        })
    }
}

impl Feed for GuardedFeed {
    fn next(&mut self) -> Told<'_, Heard> {
        Box::pin(async move {
            let heard = self.inner.next().await?;
            if let Heard::Step(message) = &heard {
                self.guard.heard(message.partition);
            }
            Ok(heard)
        })
    }
}

impl Guard {
    fn heard(&self, partition: Partition) {
        self.circuits.heard(&*self.inner, partition);
    }
}
