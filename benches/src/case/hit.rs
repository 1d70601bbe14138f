//! A hit in memory: how long it takes, how many a second two threads get, and what it allocates.

use crate::args::Options;
use crate::case::Runtime;
use crate::contestant::{cached, foyer, moka, ours, papaya, quick_cache};
use crate::figure::Figure;
use crate::rounds::{Entrant, interleave};
use crate::sequence::{Order, sequence};
use crate::value::{Guild, Value};
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

/// A cache that is asked for what it holds.
pub(crate) trait Hit<V>: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    /// A cache that holds the keys below `keys`.
    async fn filled(keys: u64) -> Self;

    /// What it holds of a key.
    async fn hit(&self, key: u64) -> V;
}

/// What the tables are called that others name.
pub(crate) const ONE_THREAD: &str = "hit in memory, Arc of 2 KB, 10,000 keys, uniform, one thread";
pub(crate) const TWO_THREADS: &str = "hit in memory, Arc of 2 KB, 10,000 keys, uniform, two threads";
pub(crate) const SCALING: &str =
    "hit in memory, Arc of 2 KB, 10,000 keys, uniform: two threads beside twice one thread";
pub(crate) const ALLOCATIONS: &str = "allocations of a hit, Arc of 2 KB";

/// One shape of load.
#[derive(Clone, Copy)]
struct Shape {
    keys: u64,
    order: Order,
    threads: usize,
}

/// hitbox, where it is built; it cannot keep an `Arc`.
macro_rules! with_hitbox {
    ($value:ty, $shape:expr) => {
        vec![
            #[cfg(hitbox)]
            entrant::<$value, crate::contestant::hitbox::Hitbox>($shape),
        ]
    };
}

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let uniform = Shape { keys: 10_000, order: Order::Uniform, threads: 1 };
    let mut figures = Vec::new();
    for shape in [uniform, Shape { order: Order::Zipf, ..uniform }, Shape { threads: 2, ..uniform }] {
        figures.extend(table::<Arc<Guild>>(options, shape, Vec::new()));
    }
    figures.extend(scaling(options));
    figures.extend(table::<u64>(options, uniform, with_hitbox!(u64, uniform)));
    figures.extend(table::<Guild>(options, uniform, with_hitbox!(Guild, uniform)));
    if !options.is_quick {
        let million = Shape { keys: 1_000_000, ..uniform };
        figures.extend(table::<u64>(options, million, with_hitbox!(u64, million)));
    }
    Ok(figures)
}

/// What a hit allocates, in a cache of ten thousand.
pub(crate) fn allocations(_: &Options) -> anyhow::Result<Vec<Figure>> {
    fn of<V: Value, H: Hit<V>>() -> Figure {
        let runtime = Runtime::new();
        let cache = runtime.block_on(H::filled(10_000));
        let keys = sequence(10_000, 100_000, Order::Uniform, 1);
        let hits = |keys: &[u64]| {
            runtime.block_on(async {
                for key in keys {
                    black_box(cache.hit(*key).await);
                }
            });
        };
        hits(&keys);
        let counted = allocation_counter::measure(|| hits(&keys));
        let case = format!("allocations of a hit, {}", V::LABEL);
        Figure::once(&case, H::NAME, "allocations", counted.count_total as f64 / keys.len() as f64)
    }
    fn all<V: Value>() -> Vec<Figure>
    where
        ours::Ours: Hit<V>,
        cached::Ttl: Hit<V>,
        cached::Bounded: Hit<V>,
        cached::Locked: Hit<V>,
        moka::Moka<V>: Hit<V>,
        quick_cache::QuickCache<V>: Hit<V>,
        foyer::Foyer<V>: Hit<V>,
        papaya::Papaya<V>: Hit<V>,
    {
        vec![
            of::<V, ours::Ours>(),
            of::<V, cached::Ttl>(),
            of::<V, cached::Bounded>(),
            of::<V, cached::Locked>(),
            of::<V, moka::Moka<V>>(),
            of::<V, quick_cache::QuickCache<V>>(),
            of::<V, foyer::Foyer<V>>(),
            of::<V, papaya::Papaya<V>>(),
        ]
    }
    Ok([all::<Arc<Guild>>(), all::<u64>()].concat())
}

/// Hits of one contestant and nothing else, for an instrument that counts instructions.
pub(crate) fn only(contestant: &str, hits: usize) -> anyhow::Result<()> {
    fn of<H: Hit<Arc<Guild>>>(hits: usize) {
        let runtime = Runtime::new();
        let cache = runtime.block_on(H::filled(1_000));
        let keys = sequence(1_000, hits, Order::Uniform, 1);
        runtime.block_on(async {
            for key in &keys {
                black_box(cache.hit(*key).await);
            }
        });
    }
    match contestant {
        "ours" => of::<ours::Ours>(hits),
        "cached-ttl" => of::<cached::Ttl>(hits),
        "cached-bounded" => of::<cached::Bounded>(hits),
        "cached-locked" => of::<cached::Locked>(hits),
        "moka" => of::<moka::Moka<_>>(hits),
        "quick_cache" => of::<quick_cache::QuickCache<_>>(hits),
        "foyer" => of::<foyer::Foyer<_>>(hits),
        "papaya" => of::<papaya::Papaya<_>>(hits),
        "nothing" => of::<Nothing>(hits),
        other => anyhow::bail!("no contestant is called `{other}`"),
    }
    Ok(())
}

/// What a loop costs that asks nobody.
struct Nothing(Arc<Guild>);

impl Hit<Arc<Guild>> for Nothing {
    const NAME: &'static str = "nothing";

    async fn filled(_: u64) -> Self {
        Self(Value::of(0))
    }

    async fn hit(&self, _: u64) -> Arc<Guild> {
        self.0.clone()
    }
}

fn table<V: Value>(options: &Options, shape: Shape, further: Vec<Entrant>) -> Vec<Figure>
where
    ours::Ours: Hit<V>,
    cached::Ttl: Hit<V>,
    cached::Bounded: Hit<V>,
    cached::Locked: Hit<V>,
    moka::Moka<V>: Hit<V>,
    quick_cache::QuickCache<V>: Hit<V>,
    foyer::Foyer<V>: Hit<V>,
    papaya::Papaya<V>: Hit<V>,
{
    let mut entrants = vec![
        entrant::<V, ours::Ours>(shape),
        entrant::<V, cached::Ttl>(shape),
        entrant::<V, cached::Bounded>(shape),
        entrant::<V, cached::Locked>(shape),
        entrant::<V, moka::Moka<V>>(shape),
        entrant::<V, quick_cache::QuickCache<V>>(shape),
        entrant::<V, foyer::Foyer<V>>(shape),
        entrant::<V, papaya::Papaya<V>>(shape),
    ];
    entrants.extend(further);
    interleave(&shape.title(V::LABEL), [shape.measure()], options.rounds, &mut entrants)
}

/// How much of twice one thread's hits two threads get, each measured next to the other.
fn scaling(options: &Options) -> Vec<Figure> {
    fn entrant<H: Hit<Arc<Guild>>>() -> Entrant {
        let cache = Arc::new(Runtime::new().block_on(H::filled(10_000)));
        let sequences = [1, 2].map(|seed| sequence(10_000, 200_000, Order::Uniform, seed));
        let round = move || [together(&cache, &sequences) / (2.0 * together(&cache, &sequences[..1]))];
        Entrant { name: H::NAME.to_owned(), round: Box::new(round) }
    }
    let mut entrants = [
        entrant::<ours::Ours>(),
        entrant::<cached::Ttl>(),
        entrant::<cached::Bounded>(),
        entrant::<moka::Moka<_>>(),
        entrant::<quick_cache::QuickCache<_>>(),
        entrant::<foyer::Foyer<_>>(),
        entrant::<papaya::Papaya<_>>(),
    ];
    interleave(SCALING, ["of twice one thread"], options.rounds, &mut entrants)
}

impl Shape {
    fn title(self, value: &str) -> String {
        let keys = if self.keys >= 1_000_000 { "a million keys" } else { "10,000 keys" };
        let threads = if self.threads == 1 { "one thread" } else { "two threads" };
        format!("hit in memory, {value}, {keys}, {}, {threads}", self.order.name())
    }

    fn measure(self) -> &'static str {
        if self.threads == 1 { "ns" } else { "million/s" }
    }
}

fn entrant<V: Value, H: Hit<V>>(shape: Shape) -> Entrant {
    let hits = 200_000;
    let cache = Arc::new(Runtime::new().block_on(H::filled(shape.keys)));
    let sequences: Vec<_> = (0..shape.threads).map(|at| sequence(shape.keys, hits, shape.order, at as u64)).collect();
    let runtime = Runtime::new();
    let round = move || match &sequences[..] {
        [keys] => [timed(&runtime, &*cache, keys) / hits as f64],
        all => [together(&cache, all)],
    };
    Entrant { name: H::NAME.to_owned(), round: Box::new(round) }
}

/// Nanoseconds for all of them.
fn timed<V, H: Hit<V>>(runtime: &Runtime, cache: &H, keys: &[u64]) -> f64 {
    runtime.block_on(async {
        let started = Instant::now();
        for key in keys {
            black_box(cache.hit(*key).await);
        }
        started.elapsed().as_nanos() as f64
    })
}

/// Million hits a second of as many threads as there are sequences.
fn together<V, H: Hit<V>>(cache: &Arc<H>, sequences: &[Vec<u64>]) -> f64 {
    let barrier = Barrier::new(sequences.len());
    let rate = |keys: &Vec<u64>| {
        let runtime = Runtime::new();
        barrier.wait();
        keys.len() as f64 * 1_000.0 / timed(&runtime, &**cache, keys)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = sequences.iter().map(|keys| scope.spawn(|| rate(keys))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no round panics")).sum()
    })
}

#[test]
fn tables_are_called_what_others_name_them() {
    let one = Shape { keys: 10_000, order: Order::Uniform, threads: 1 };
    assert_eq!(one.title(<Arc<Guild>>::LABEL), ONE_THREAD);
    assert_eq!(Shape { threads: 2, ..one }.title(<Arc<Guild>>::LABEL), TWO_THREADS);
    assert_eq!(format!("allocations of a hit, {}", <Arc<Guild>>::LABEL), ALLOCATIONS);
}
