//! A call for a key that memory does not hold, in front of a load that costs nothing: look-up, load, and room for it.

use super::Runtime;
use crate::args::Options;
use crate::contestant::{cached, foyer, moka, ours, papaya, quick_cache};
use crate::figure::Figure;
use crate::rounds::{Entrant, interleave};
use std::hint::black_box;
use std::time::Instant;

/// A cache in front of a load that costs nothing.
pub(crate) trait Fill: Sized + 'static {
    const NAME: &'static str;

    /// An empty one, with room for so many entries if it is bounded.
    async fn holding(entries: u64) -> Self;

    /// What it has of a key, or loads and keeps.
    async fn call(&self, key: u64) -> u64;
}

const CASE: &str = "fill of memory, u64, 10,000 entries and as many evicted as filled";

const ENTRIES: u64 = 10_000;
const FILLS: u64 = 20_000;

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let mut entrants = [
        entrant::<ours::Filled>(),
        entrant::<cached::Filled>(),
        entrant::<cached::FilledTtl>(),
        entrant::<moka::Filled>(),
        entrant::<quick_cache::Filled>(),
        entrant::<foyer::Filled>(),
        entrant::<papaya::Papaya<u64>>(),
    ];
    Ok(interleave(CASE, ["ns"], options.rounds, &mut entrants))
}

fn entrant<F: Fill>() -> Entrant {
    let runtime = Runtime::new();
    let cache = runtime.block_on(F::holding(ENTRIES));
    let mut next = 0;
    let round = move || {
        let keys = next..next + FILLS;
        next += FILLS;
        runtime.block_on(async {
            let started = Instant::now();
            for key in keys {
                black_box(cache.call(key).await);
            }
            [started.elapsed().as_nanos() as f64 / FILLS as f64]
        })
    };
    Entrant { name: F::NAME.to_owned(), round: Box::new(round) }
}
