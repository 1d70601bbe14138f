//! A stampede across processes: a thousand tasks in four of them on one cold key with a load of 50 ms, over one Redis.

use super::stampede::loads;
use crate::args::Options;
use crate::contestant::{by_hand, cached, ours};
use crate::figure::Figure;
use crate::peer::{Peer, now_ns, say, told};
use crate::rounds::{Entrant, interleave};
use anyhow::{Context, bail};
use cache_tests::RedisServer;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// A cache in front of [`stampede::load`](super::stampede::load), which shares what was loaded through Redis.
pub(crate) trait Crowd: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    /// What it is called on the command line of one of the four.
    const PART: &'static str;

    async fn join(url: &str) -> anyhow::Result<Self>;

    fn ask(&self, key: u64) -> impl Future<Output = u64> + Send;
}

/// What the table is called.
pub(crate) const CASE: &str = "1,000 tasks in four processes on one cold key, a load of 50 ms";

const PROCESSES: usize = 4;
const TASKS_EACH: usize = 250;

/// How long before they begin they are told to.
const NOTICE: Duration = Duration::from_millis(5);

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let server = RedisServer::start();
    let mut entrants =
        [entrant::<ours::Crowd>(&server)?, entrant::<by_hand::Crowd>(&server)?, entrant::<cached::Crowd>(&server)?];
    Ok(interleave(CASE, ["loads", "ms"], options.rounds, &mut entrants))
}

fn entrant<C: Crowd>(server: &RedisServer) -> anyhow::Result<Entrant<2>> {
    let start = || Peer::start(&["crowd", C::PART, &server.url()]);
    let mut processes = (0..PROCESSES).map(|_| start()).collect::<anyhow::Result<Vec<_>>>()?;
    let mut key = 0;
    let round = move || {
        key += 1;
        stampede(&mut processes, key).expect("the other processes go on")
    };
    Ok(Entrant { name: C::NAME.to_owned(), round: Box::new(round) })
}

/// How many loads all of them made, and after how many milliseconds the last task had its answer.
fn stampede(processes: &mut [Peer], key: u64) -> anyhow::Result<[f64; 2]> {
    let begin_ns = now_ns() + u64::try_from(NOTICE.as_nanos())?;
    for process in processes.iter_mut() {
        process.tell(&format!("{key} {begin_ns}"))?;
    }
    let (mut loads, mut ended_ns) = (0, begin_ns);
    for process in processes {
        let [of_it, its_end_ns] = process.numbers()?[..] else { bail!("it should say two numbers") };
        loads += of_it;
        ended_ns = ended_ns.max(its_end_ns);
    }
    Ok([loads as f64, (ended_ns - begin_ns) as f64 / 1e6])
}

/// One of the four.
pub(crate) fn one(part: &str, url: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match part {
        ours::Crowd::PART => runtime.block_on(ask_when_told::<ours::Crowd>(url)),
        by_hand::Crowd::PART => runtime.block_on(ask_when_told::<by_hand::Crowd>(url)),
        cached::Crowd::PART => runtime.block_on(ask_when_told::<cached::Crowd>(url)),
        _ => bail!("no crowd is called `{part}`"),
    }
}

async fn ask_when_told<C: Crowd>(url: &str) -> anyhow::Result<()> {
    let cache = Arc::new(C::join(url).await?);
    say("ready")?;
    while let Some(line) = told()? {
        let (key, begin_ns) = line.split_once(' ').context("a key and a moment")?;
        let (key, begin_ns): (u64, u64) = (key.parse()?, begin_ns.parse()?);
        std::thread::sleep(Duration::from_nanos(begin_ns.saturating_sub(now_ns())));
        let before = loads();
        let ask = |_| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.ask(key).await })
        };
        for task in (0..TASKS_EACH).map(ask).collect::<Vec<_>>() {
            assert_eq!(task.await?, key);
        }
        say(&format!("{} {}", loads() - before, now_ns()))?;
    }
    Ok(())
}

#[test]
fn the_table_says_what_is_done() {
    assert!(CASE.ends_with(&format!("a load of {} ms", super::stampede::LOAD.as_millis())));
    assert!(CASE.starts_with(&format!("{} tasks", crate::figure::number((PROCESSES * TASKS_EACH) as f64))));
}
