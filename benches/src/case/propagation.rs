//! How long other processes' memory serves what was invalidated in this one: from the call until the first look that is not
//! answered with the old value, with one node beside the one that invalidates, and with a hundred.

use super::Runtime;
use crate::args::Options;
use crate::contestant::{by_hand, ours};
use crate::figure::{Figure, percentile};
use crate::peer::{Peer, now_ns, say, told};
use crate::rounds::{Entrant, interleave};
use anyhow::{Context, bail};
use cache_tests::RedisServer;
use futures_util::future::join_all;
use futures_util::poll;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;

/// A node with one entry in memory, which hears of what others invalidate.
pub(crate) trait Node: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    /// What it is called on the command line of the process that has the other nodes.
    const PART: &'static str;

    /// Connected, and hearing.
    async fn join(url: &str) -> anyhow::Result<Self>;

    /// When the value was loaded that it has. Memory answers when this is first polled.
    fn ask(&self) -> impl Future<Output = u64> + Send;

    async fn invalidate(&self);
}

/// What the tables and columns are called.
pub(crate) const ONE: &str = "from an invalidation to another process's memory, one node";
pub(crate) const HUNDRED: &str = "from an invalidation to other processes' memory, 100 nodes";
pub(crate) const P99: &str = "µs, p99";

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    Ok([table(options, ONE, 1, 200)?, table(options, HUNDRED, 100, 10)?].concat())
}

fn table(options: &Options, case: &str, nodes: usize, emits: usize) -> anyhow::Result<Vec<Figure>> {
    let server = RedisServer::start();
    let mut entrants =
        [entrant::<ours::Node>(&server, nodes, emits)?, entrant::<by_hand::Node>(&server, nodes, emits)?];
    Ok(interleave(case, ["µs, p50", P99], options.rounds, &mut entrants))
}

fn entrant<N: Node>(server: &RedisServer, nodes: usize, emits: usize) -> anyhow::Result<Entrant<2>> {
    let runtime = Runtime::new();
    let emitter = runtime.block_on(N::join(&server.url()))?;
    let mut others = Peer::start(&["nodes", N::PART, &server.url(), &nodes.to_string()])?;
    let mut emit = move || {
        others.tell("watch")?;
        others.hear()?;
        let began_ns = now_ns();
        runtime.block_on(emitter.invalidate());
        let right = others.numbers().context("the moments at which the others were right")?;
        anyhow::Ok(right.into_iter().map(move |at_ns| at_ns.saturating_sub(began_ns) as f64 / 1_000.0))
    };
    let round = move || {
        let mut taken = Vec::new();
        for _ in 0..emits {
            taken.extend(emit().expect("the other process goes on"));
        }
        [percentile(&mut taken, 50), percentile(&mut taken, 99)]
    };
    Ok(Entrant { name: N::NAME.to_owned(), round: Box::new(round) })
}

/// The process that has the other nodes: it says when each of them was right.
pub(crate) fn others(part: &str, url: &str, nodes: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let nodes = nodes.parse()?;
    match part {
        ours::Node::PART => runtime.block_on(watch::<ours::Node>(url, nodes)),
        by_hand::Node::PART => runtime.block_on(watch::<by_hand::Node>(url, nodes)),
        _ => bail!("no node is called `{part}`"),
    }
}

async fn watch<N: Node>(url: &str, count: usize) -> anyhow::Result<()> {
    let nodes = join_all((0..count).map(|_| N::join(url))).await;
    let nodes = nodes.into_iter().collect::<anyhow::Result<Vec<N>>>()?;
    say("ready")?;
    while told()?.is_some() {
        let before = join_all(nodes.iter().map(warm)).await;
        say("warm")?;
        let right = until_right(&nodes, &before).await;
        say(&right.iter().map(u64::to_string).collect::<Vec<_>>().join(" "))?;
    }
    Ok(())
}

/// What memory has of the entry, once it has it.
async fn warm<N: Node>(node: &N) -> u64 {
    loop {
        let loaded = node.ask().await;
        if let Poll::Ready(held) = poll!(pin!(node.ask()))
            && held == loaded
        {
            return held;
        }
    }
}

/// For each node, when the first look began that its memory did not answer with the old value. What is loaded then is
/// waited for when all have been looked at, so that one node's load does not keep another's look waiting.
///
/// Who looks without a pause gives way between two looks. Else the thread that hears, or the server, is queued behind the
/// one that looks whenever both are on one core, and stays there until the kernel's next tick, of 4 ms: what was found then
/// in the slowest hundredth was that wait and nothing else, and whose it was, a matter of which thread had woken which.
async fn until_right<N: Node>(nodes: &[N], before: &[u64]) -> Vec<u64> {
    let mut right = vec![0; nodes.len()];
    let mut wrong: Vec<usize> = (0..nodes.len()).collect();
    let mut asked = Vec::new();
    while !wrong.is_empty() {
        wrong.retain(|&at| {
            let (started_ns, mut call) = (now_ns(), Box::pin(nodes[at].ask()));
            match futures_util::FutureExt::now_or_never(call.as_mut()) {
                Some(loaded) if loaded == before[at] => return true,
                Some(_) => right[at] = started_ns,
                None => asked.push((at, started_ns, call)),
            }
            false
        });
        if !wrong.is_empty() {
            std::thread::yield_now();
        } else {
            for (at, started_ns, call) in asked.drain(..) {
                // It may only have asked whether the old value still holds, just before the message came.
                match call.await == before[at] {
                    true => wrong.push(at),
                    false => right[at] = started_ns,
                }
            }
        }
    }
    right
}
