//! One process among several that share a store: it calls a cached function when it is told to, and says what becomes of
//! it. `tests/tests/processes.rs` starts it, and kills, stops and resumes it.
//!
//!     peer <url of the store> <lease in ms> <deadline of the store in ms>
//!
//! Each line that it reads is an order, each line that it says an answer. It ends with its input.
//!
//! | order | |
//! |---|---|
//! | `call <tasks>` | so many tasks call at once; `answered <tasks> <value>` when all have the value |
//! | `await lease` | `waits` when a call waits for the lease of another process |
//! | `load <value>` | the load under way ends with this value; it had said `loading` when it began |

use anyhow::{Context, bail};
use cache_runtime::{Cache, Policy, RedisStore, Stats, cached};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};

/// What loads end with, in the order in which they were told.
type Values = Arc<Mutex<mpsc::UnboundedReceiver<u64>>>;

#[cached(key = "peer:row", ttl = 3_600)]
async fn row(values: Values) -> u64 {
    println!("loading");
    values.lock().await.recv().await.expect("the order comes before the end of the input")
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, lease_ms, deadline_ms] = &arguments[..] else {
        bail!("usage: peer <url of the store> <lease in ms> <deadline of the store in ms>");
    };
    let [lease, deadline] = [lease_ms.parse()?, deadline_ms.parse()?].map(Duration::from_millis);
    let store = RedisStore::connect(url).await?.with_read_deadline(deadline).with_write_deadline(deadline);
    let leased = Policy { lock: Some(lease), ..Policy::default() };
    Cache::builder().store(store).configure("row", leased).build().await?.install();
    until(|stats| stats.is_listening).await;
    println!("ready");
    obey().await
}

async fn obey() -> anyhow::Result<()> {
    let (told, values) = mpsc::unbounded_channel();
    let values = Arc::new(Mutex::new(values));
    let mut orders = orders();
    while let Some(order) = orders.recv().await {
        match order.split_once(' ').context("an order is two words")? {
            ("call", tasks) => drop(tokio::spawn(call(tasks.parse()?, values.clone()))),
            ("await", "lease") => {
                until(|stats| stats.leases_awaited > 0).await;
                println!("waits");
            }
            ("load", value) => told.send(value.parse()?)?,
            _ => bail!("`{order}` is no order"),
        }
    }
    Ok(())
}

/// Waits until the cache says that something has come about.
async fn until(is_so: impl Fn(&Stats) -> bool) {
    while !is_so(&cache_runtime::current().stats()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn call(tasks: usize, values: Values) {
    let calls: Vec<_> = (0..tasks).map(|_| tokio::spawn(row(values.clone()))).collect();
    let mut answers = BTreeSet::new();
    for call in calls {
        answers.insert(call.await.expect("a load does not panic").to_string());
    }
    println!("answered {tasks} {}", answers.into_iter().collect::<Vec<_>>().join(" "));
}

/// The lines of the input. They are read by a thread, which ends with the input or the program.
fn orders() -> mpsc::UnboundedReceiver<String> {
    let (told, orders) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if told.send(line).is_err() {
                return;
            }
        }
    });
    orders
}
