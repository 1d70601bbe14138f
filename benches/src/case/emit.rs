//! Invalidating all that depends on one thing, whatever the number of keys: beside one pipelined `INCR` and `PUBLISH`.

use super::Runtime;
use crate::args::Options;
use crate::contestant::{by_hand, ours};
use crate::figure::Figure;
use crate::machine::Pinned;
use crate::pace::{self, Contestant, Pace, interleaved};
use cache_tests::RedisServer;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

/// A way to invalidate many keys at once.
pub(crate) trait Invalidate: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    /// Connected, with so many entries in Redis that one invalidation is to end.
    async fn with_entries(url: &str, entries: u64) -> anyhow::Result<Self>;

    fn invalidate(&self) -> impl Future<Output = ()> + Send;
}

/// What a table is called.
pub(crate) fn title(entries: u64, cores: &str) -> String {
    format!("invalidation of {} keys by one event, {cores}", crate::figure::number(entries as f64))
}

/// The server on the core of who emits and hears, which one thread does, or on another.
pub(crate) const ONE_CORE: &str = "one core";
pub(crate) const ALL_CORES: &str = "all cores";

/// So many keys depend on what is invalidated.
pub(crate) const FEW: u64 = 100;
pub(crate) const MANY: u64 = 1_000_000;

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let few = [pinned(options, FEW)?, table(options, FEW, ALL_CORES)?].concat();
    if options.is_quick {
        return Ok(few);
    }
    Ok([few, pinned(options, MANY)?, table(options, MANY, ALL_CORES)?].concat())
}

fn pinned(options: &Options, entries: u64) -> anyhow::Result<Vec<Figure>> {
    let _pinned = Pinned::to_one_core();
    table(options, entries, ONE_CORE)
}

fn table(options: &Options, entries: u64, cores: &str) -> anyhow::Result<Vec<Figure>> {
    let server = RedisServer::start();
    let runtime = Rc::new(Runtime::new());
    let contestants = [
        contestant::<ours::Emitter>(&runtime, &server, entries)?,
        contestant::<by_hand::Bump>(&runtime, &server, entries)?,
        contestant::<by_hand::HeardBump>(&runtime, &server, entries)?,
    ];
    Ok(interleaved(&title(entries, cores), &[Pace::One, Pace::SixtyFour], options.rounds, &contestants))
}

fn contestant<I: Invalidate>(runtime: &Rc<Runtime>, server: &RedisServer, entries: u64) -> anyhow::Result<Contestant> {
    let subject = Arc::new(runtime.block_on(I::with_entries(&server.url(), entries))?);
    let invalidate = move |_| {
        let subject = subject.clone();
        async move { subject.invalidate().await }
    };
    Ok(pace::contestant(runtime, I::NAME, 1_000, invalidate))
}
