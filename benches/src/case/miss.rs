//! A look into memory that finds nothing, and loads nothing.

use super::Runtime;
use crate::args::Options;
use crate::contestant::{cached, foyer, moka, ours, papaya, quick_cache};
use crate::figure::Figure;
use crate::rounds::{Entrant, interleave};
use crate::sequence::{Order, sequence};
use std::time::Instant;

/// A cache that is asked for what it does not hold.
pub(crate) trait Miss: Sized + 'static {
    const NAME: &'static str;

    /// A cache that holds the keys below `keys`.
    async fn beside(keys: u64) -> Self;

    /// Whether it holds a key.
    async fn holds(&self, key: u64) -> bool;
}

const CASE: &str = "miss in memory, 10,000 other keys";

const KEYS: u64 = 10_000;
const LOOKS: usize = 100_000;

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let mut entrants = [
        entrant::<ours::Missing>(),
        entrant::<cached::Missing>(),
        entrant::<moka::Moka<u64>>(),
        entrant::<quick_cache::QuickCache<u64>>(),
        entrant::<foyer::Foyer<u64>>(),
        entrant::<papaya::Papaya<u64>>(),
    ];
    Ok(interleave(CASE, ["ns"], options.rounds, &mut entrants))
}

fn entrant<M: Miss>() -> Entrant {
    let runtime = Runtime::new();
    let cache = runtime.block_on(M::beside(KEYS));
    let keys: Vec<u64> = sequence(KEYS, LOOKS, Order::Uniform, 1).into_iter().map(|key| KEYS + key).collect();
    let round = move || {
        runtime.block_on(async {
            let (mut found, started) = (false, Instant::now());
            for key in &keys {
                found |= cache.holds(*key).await;
            }
            assert!(!found, "{} holds what nobody put there", M::NAME);
            [started.elapsed().as_nanos() as f64 / LOOKS as f64]
        })
    };
    Entrant { name: M::NAME.to_owned(), round: Box::new(round) }
}
