//! A hundred keys in Redis at once, with their checks, beside the ways to get them by hand, which check nothing.

use super::Runtime;
use crate::args::Options;
use crate::contestant::{by_hand, ours};
use crate::figure::Figure;
use crate::machine::Pinned;
use crate::pace::{self, Contestant, Pace, interleaved};
use crate::value::Guild;
use cache_tests::RedisServer;
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

/// A way to get many entries that are in Redis and nowhere else.
pub(crate) trait Batch: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    /// Connected, with the keys below `keys` in Redis.
    async fn filled(url: &str, keys: u64) -> anyhow::Result<Self>;

    fn fetch(&self, keys: Vec<u64>) -> impl Future<Output = HashMap<u64, Guild>> + Send;
}

/// What the table is called.
pub(crate) const CASE: &str = "100 keys in Redis at once, 2 KB each, client and server on one core";

const KEYS: u64 = 1_000;
const AT_ONCE: u64 = 100;

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let _pinned = Pinned::to_one_core();
    let server = RedisServer::start();
    let runtime = Rc::new(Runtime::new());
    let contestants = [
        contestant::<ours::Batched>(&runtime, &server)?,
        contestant::<by_hand::Mget>(&runtime, &server)?,
        contestant::<by_hand::Pipeline>(&runtime, &server)?,
        contestant::<by_hand::Joined>(&runtime, &server)?,
    ];
    Ok(interleaved(CASE, &[Pace::One], options.rounds, &contestants))
}

fn contestant<B: Batch>(runtime: &Rc<Runtime>, server: &RedisServer) -> anyhow::Result<Contestant> {
    let batch = Arc::new(runtime.block_on(B::filled(&server.url(), KEYS))?);
    let fetch = move |at: u64| {
        let (batch, first) = (batch.clone(), at * AT_ONCE % KEYS);
        async move {
            let found = batch.fetch((first..first + AT_ONCE).collect()).await;
            assert_eq!(found.len() as u64, AT_ONCE, "{}", B::NAME);
        }
    };
    Ok(pace::contestant(runtime, B::NAME, 300, fetch))
}
