//! A row that counts its reads, and can be made to answer late.

use cache_runtime::testing::CountingLoader;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// A versioned row, as a database would hold it.
#[derive(Debug, Default)]
pub struct Source {
    value: AtomicU64,
    loader: CountingLoader,
    gates: Mutex<VecDeque<Arc<Passage>>>,
}

#[derive(Debug)]
struct Passage {
    reached: Semaphore,
    open: Semaphore,
}

/// A read that has the old value in its hands and waits.
#[derive(Debug)]
pub struct Gate(Arc<Passage>);

impl Source {
    /// A row with a first value.
    pub fn new(value: u64) -> Arc<Self> {
        Arc::new(Self { value: AtomicU64::new(value), ..Self::default() })
    }

    /// Reads the row; if a gate is up, waits there after reading.
    pub async fn read(&self) -> u64 {
        let read = async {
            let value = self.value.load(Ordering::SeqCst);
            let gate = self.gates.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            if let Some(gate) = gate {
                gate.reached.add_permits(1);
                gate.open.acquire().await.expect("gates are not closed").forget();
            }
            value
        };
        self.loader.load(read).await
    }

    /// Writes the row.
    pub fn write(&self, value: u64) {
        self.value.store(value, Ordering::SeqCst);
    }

    /// Writes the next version, and returns the one before.
    pub fn write_next(&self) -> u64 {
        self.value.fetch_add(1, Ordering::SeqCst)
    }

    /// Makes the next read that has no gate yet wait.
    pub fn hold(&self) -> Gate {
        let passage = Arc::new(Passage { reached: Semaphore::new(0), open: Semaphore::new(0) });
        self.gates.lock().unwrap_or_else(PoisonError::into_inner).push_back(passage.clone());
        Gate(passage)
    }

    /// How often it was read.
    pub fn reads(&self) -> usize {
        self.loader.loads()
    }

    /// How many reads ran at one moment, at most.
    pub fn most_at_once(&self) -> usize {
        self.loader.most_at_once()
    }
}

impl Gate {
    /// Waits until a read has come here.
    pub async fn reached(&self) {
        self.0.reached.acquire().await.expect("gates are not closed").forget();
    }

    /// Lets the read go on.
    pub fn release(&self) {
        self.0.open.add_permits(1);
    }
}
