//! Invalidating all that depends on one thing, whatever the number of keys: beside one pipelined `INCR` and `PUBLISH`.

use super::Runtime;
use crate::args::Options;
use crate::contestant::{by_hand, ours};
use crate::figure::{Figure, percentile};
use crate::machine::Pinned;
use crate::rounds::{Entrant, interleave};
use cache_tests::RedisServer;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// A way to invalidate many keys at once.
pub(crate) trait Invalidate: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    /// Connected, with so many entries in Redis that one invalidation is to end.
    async fn with_entries(url: &str, entries: u64) -> anyhow::Result<Self>;

    fn invalidate(&self) -> impl Future<Output = ()> + Send;
}

/// What a table is called.
pub(crate) fn title(entries: u64) -> String {
    format!("invalidation of {} keys by one event, one core", crate::figure::number(entries as f64))
}

/// So many keys depend on what is invalidated.
pub(crate) const FEW: u64 = 100;
pub(crate) const MANY: u64 = 1_000_000;

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let few = tables(options, FEW)?;
    if options.is_quick {
        return Ok(few);
    }
    Ok([few, tables(options, MANY)?].concat())
}

fn tables(options: &Options, entries: u64) -> anyhow::Result<Vec<Figure>> {
    let _pinned = Pinned::to_one_core();
    let server = RedisServer::start();
    let runtime = Rc::new(Runtime::new());
    let contestants = [
        contestant::<ours::Emitter>(&runtime, &server, entries)?,
        contestant::<by_hand::Bump>(&runtime, &server, entries)?,
        contestant::<by_hand::HeardBump>(&runtime, &server, entries)?,
    ];
    let mut figures = Vec::new();
    for (measure, concurrency) in [("µs, p50 of one at a time", 1), ("thousand/s, 64 at a time", 64)] {
        let mut entrants: Vec<_> = contestants.iter().map(|make| make(concurrency)).collect();
        figures.extend(interleave(&title(entries), measure, options.rounds, &mut entrants));
    }
    Ok(figures)
}

type Contestant = Box<dyn Fn(usize) -> Entrant>;

fn contestant<I: Invalidate>(runtime: &Rc<Runtime>, server: &RedisServer, entries: u64) -> anyhow::Result<Contestant> {
    let subject = Arc::new(runtime.block_on(I::with_entries(&server.url(), entries))?);
    let runtime = runtime.clone();
    let entrant = move |concurrency: usize| {
        let (runtime, subject) = (runtime.clone(), subject.clone());
        let round = move || match concurrency {
            1 => runtime.block_on(latency(&*subject)),
            many => runtime.block_on(throughput(&subject, many)),
        };
        Entrant { name: I::NAME.to_owned(), round: Box::new(round) }
    };
    Ok(Box::new(entrant))
}

/// The median of one at a time, in microseconds.
async fn latency<I: Invalidate>(subject: &I) -> f64 {
    let mut taken = Vec::with_capacity(1_000);
    for _ in 0..1_000 {
        let started = Instant::now();
        subject.invalidate().await;
        taken.push(started.elapsed().as_nanos() as f64 / 1_000.0);
    }
    percentile(&mut taken, 50)
}

/// Thousand invalidations a second of so many tasks.
async fn throughput<I: Invalidate>(subject: &Arc<I>, tasks: usize) -> f64 {
    let each = 10_000 / tasks;
    let started = Instant::now();
    let task = |_| {
        let subject = subject.clone();
        tokio::spawn(async move {
            for _ in 0..each {
                subject.invalidate().await;
            }
        })
    };
    for task in (0..tasks).map(task).collect::<Vec<_>>() {
        task.await.expect("no contestant panics");
    }
    (each * tasks) as f64 / started.elapsed().as_secs_f64() / 1_000.0
}
