//! What an entry takes up in memory besides its value: keys, book-keeping and what invalidates it included.

use super::Runtime;
use super::hit::Hit;
use crate::args::Options;
use crate::contestant::{cached, foyer, moka, ours, papaya, quick_cache};
use crate::figure::Figure;
use crate::value::{Line, Value};
use std::sync::Arc;

/// What the tables are called.
pub(crate) const LINES: &str = "memory of an entry, 64 B in place, bytes asked of the allocator";
pub(crate) const PIECES: &str = "memory of an entry, 2 KB in an Arc, bytes asked of the allocator";

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let keys = if options.is_quick { 100_000 } else { 1_000_000 };
    Ok([all::<Line>(LINES, keys), all::<Arc<[u8]>>(PIECES, keys / 10)].concat())
}

fn all<V: Value>(case: &str, keys: u64) -> Vec<Figure>
where
    ours::Ours: Hit<V>,
    cached::Ttl: Hit<V>,
{
    vec![
        of::<V, ours::Ours>(case, keys),
        of::<V, cached::Ttl>(case, keys),
        of::<V, moka::Moka<V>>(case, keys),
        of::<V, quick_cache::QuickCache<V>>(case, keys),
        of::<V, foyer::Foyer<V>>(case, keys),
        of::<V, papaya::Papaya<V>>(case, keys),
    ]
}

fn of<V: Value, H: Hit<V>>(case: &str, keys: u64) -> Figure {
    let runtime = Runtime::new();
    // What an earlier table left installed is given up here, and not while it is counted.
    drop(runtime.block_on(H::filled(1)));
    let mut held = None;
    let counted = allocation_counter::measure(|| held = Some(runtime.block_on(H::filled(keys))));
    drop(held);
    Figure::once(case, H::NAME, "bytes an entry", counted.bytes_current as f64 / keys as f64)
}
