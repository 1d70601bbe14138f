//! A call for a key that Redis does not hold, in front of a load that costs nothing: 2 KB are looked for, loaded, stored.

use super::Runtime;
use crate::args::Options;
use crate::contestant::{by_hand, cached, ours};
use crate::figure::Figure;
use crate::machine::Pinned;
use crate::pace::{self, Contestant, Pace, interleaved};
use crate::value::Guild;
use cache_tests::RedisServer;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A cache whose entries are in Redis and nowhere else, in front of a load that costs nothing.
pub(crate) trait RemoteFill: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    async fn empty(url: &str) -> anyhow::Result<Self>;

    /// What it has of a key, or loads and stores.
    fn call(&self, key: u64) -> impl Future<Output = Guild> + Send;
}

const CASE: &str = "fill of Redis, 2 KB, client and server on one core";

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let _pinned = Pinned::to_one_core();
    let server = RedisServer::start();
    let runtime = Rc::new(Runtime::new());
    let contestants = [
        contestant::<ours::RemoteFilled>(&runtime, &server)?,
        contestant::<by_hand::RemoteFilled>(&runtime, &server)?,
        contestant::<cached::RemoteFilled>(&runtime, &server)?,
    ];
    Ok(interleaved(CASE, &[Pace::One, Pace::SixtyFour], options.rounds, &contestants))
}

fn contestant<R: RemoteFill>(runtime: &Rc<Runtime>, server: &RedisServer) -> anyhow::Result<Contestant> {
    let remote = Arc::new(runtime.block_on(R::empty(&server.url()))?);
    let next = Arc::new(AtomicU64::new(0));
    let call = move |_| {
        let (remote, key) = (remote.clone(), next.fetch_add(1, Ordering::Relaxed));
        async move { remote.call(key).await }
    };
    Ok(pace::contestant(runtime, R::NAME, 500, call))
}
