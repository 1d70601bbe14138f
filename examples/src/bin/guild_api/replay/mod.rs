//! Puts the service under a real workload, over HTTP, and looks for stale reads.
//!
//! Each page of a trace is one row of the database, and each request for it a read of that row through the service. One
//! request in [`WRITE_EVERY`] is a write. A read is stale if it answers with an older version of the row than the last
//! one whose write had been acknowledged before the read was sent.

mod client;
mod ledger;
mod load;
mod progress;
mod report;
mod rows;
mod trace;
mod zipf;

use crate::args::Options;
use crate::db::Db;
use crate::routes::{self, App};
use crate::seed;
use anyhow::Context;
use cache_runtime::{Builder, Cache, Eviction, L1};
use report::Report;
use rows::Rows;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use trace::Trace;

/// One request in so many is a write.
const WRITE_EVERY: usize = 50;

/// The trace that is made up if none is given.
const ZIPF_REQUESTS: usize = 200_000;

/// Serves on a free port of the loopback, replays, and reports.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let trace = trace(options)?;
    let cache = cache(options, &trace).await?;
    cache.install();
    replay(trace, cache, options.concurrency).await
}

/// Replays against a service whose writers tell `cache` what has changed.
async fn replay(trace: Trace, cache: Cache, concurrency: usize) -> anyhow::Result<Report> {
    let db = Db::temporary().await.context("no temporary database can be made")?;
    let rows = Rows::of(trace.rows);
    seed::seed(&db, rows.scale()).await.context("the database cannot be filled")?;
    let app = App { db: Arc::new(db), cache };
    let address = serve(app.clone()).await.context("cannot serve on the loopback")?;
    let begun = Instant::now();
    let tally = load::replay(address, &trace, rows, concurrency).await?;
    let elapsed = begun.elapsed();
    Ok(Report { trace: trace.title, elapsed, tally, stats: app.cache.stats(), database_reads: app.db.reads() })
}

fn trace(options: &Options) -> anyhow::Result<Trace> {
    match &options.trace {
        Some(path) => Trace::read(path, options.requests.unwrap_or(usize::MAX)),
        None => Ok(zipf::trace(options.requests.unwrap_or(ZIPF_REQUESTS))),
    }
}

/// A cache by the environment, but with a namespace of its own, for the database is new, and with a memory that is too
/// small for all rows: a tenth of them, so that both tiers and the loader have work.
async fn cache(options: &Options, trace: &Trace) -> Result<Cache, cache_runtime::Error> {
    let entries = options.l1_entries.unwrap_or_else(|| (u64::from(trace.rows) / 10).max(1));
    let eviction = if options.lru { Eviction::Lru } else { Eviction::S3Fifo };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Builder::from_env()?
        .namespace(format!("replay-{}-{}", std::process::id(), now.as_millis()))
        .l1(L1::max_entries(entries).policy(eviction))
        .build()
        .await
}

/// Serves in a task that nobody waits for: it ends with the process.
async fn serve(app: App) -> std::io::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(axum::serve(listener, routes::router(app)).into_future());
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Mutex;

    /// Tests that install a cache take turns.
    static INSTALLED: Mutex<()> = Mutex::const_new(());

    /// A replay of a few thousand requests for two hundred rows, read through the cache that is installed.
    async fn replayed(writers_tell: &Cache) -> Report {
        let pages = (0..4_000_u64).map(|at| at * at % 211);
        let trace = Trace::of("test".to_owned(), pages);
        replay(trace, writers_tell.clone(), 4).await.expect("the service answers")
    }

    async fn new_cache() -> Cache {
        Cache::builder().build().await.expect("the program is coherent")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_read_is_stale_and_most_are_hits() {
        let _turn = INSTALLED.lock().await;
        let cache = new_cache().await;
        cache.install();
        let report = replayed(&cache).await;
        assert!(report.is_clean(), "{report}");
        assert!(report.database_reads < 2_000, "{report}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_service_that_invalidates_the_wrong_cache_is_found_out() {
        let _turn = INSTALLED.lock().await;
        new_cache().await.install();
        let report = replayed(&new_cache().await).await;
        assert!(!report.is_clean(), "{report}");
    }
}
