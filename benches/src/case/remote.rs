//! A hit in Redis, of 2 KB: one round trip with its checks, beside a `GET` with the same decode and no checks.

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

/// A cache whose entries are in Redis and nowhere else.
pub(crate) trait Remote: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    /// Connected, with the keys below `keys` in Redis.
    async fn filled(url: &str, keys: u64) -> anyhow::Result<Self>;

    fn fetch(&self, key: u64) -> impl Future<Output = Guild> + Send;
}

/// What the tables are called.
pub(crate) const ONE_CORE: &str = "hit in Redis, 2 KB, client and server on one core";
const ALL_CORES: &str = "hit in Redis, 2 KB, all cores";

const KEYS: u64 = 1_000;

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let pinned = {
        let _pinned = Pinned::to_one_core();
        table(options, ONE_CORE)?
    };
    Ok([pinned, table(options, ALL_CORES)?].concat())
}

fn table(options: &Options, case: &str) -> anyhow::Result<Vec<Figure>> {
    let server = RedisServer::start();
    let runtime = Rc::new(Runtime::new());
    let contestants = vec![
        contestant::<ours::Remote<1>>(&runtime, &server)?,
        contestant::<ours::Remote<3>>(&runtime, &server)?,
        contestant::<by_hand::Remote>(&runtime, &server)?,
        contestant::<cached::Remote>(&runtime, &server)?,
        #[cfg(hitbox)]
        contestant::<crate::contestant::hitbox::Remote>(&runtime, &server)?,
    ];
    Ok(interleaved(case, &[Pace::One, Pace::SixtyFour, Pace::More], options.rounds, &contestants))
}

fn contestant<R: Remote>(runtime: &Rc<Runtime>, server: &RedisServer) -> anyhow::Result<Contestant> {
    let remote = Arc::new(runtime.block_on(R::filled(&server.url(), KEYS))?);
    let fetch = move |at: u64| {
        let remote = remote.clone();
        async move { remote.fetch(at % KEYS).await }
    };
    Ok(pace::contestant(runtime, R::NAME, 2_000, fetch))
}
