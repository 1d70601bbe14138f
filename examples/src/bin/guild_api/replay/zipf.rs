//! A made-up trace, for when there is no file: pages by a Zipf law, always the same ones.

use super::trace::Trace;

const PAGES: usize = 50_000;
const EXPONENT: f64 = 0.9;
const SEED: u64 = 42;

/// So many requests over at most [`PAGES`] pages.
pub(super) fn trace(requests: usize) -> Trace {
    let title = format!("Zipf, exponent {EXPONENT}, {PAGES} pages, seed {SEED}");
    Trace::of(title, pages(PAGES, EXPONENT, SEED).take(requests))
}

/// Pages from zero, the n-th drawn in proportion to `1 / n^exponent`.
fn pages(count: usize, exponent: f64, seed: u64) -> impl Iterator<Item = u64> {
    let cumulated: Vec<f64> = (1..=count)
        .scan(0.0, |sum, rank| {
            *sum += (rank as f64).powf(-exponent);
            Some(*sum)
        })
        .collect();
    let total = cumulated.last().copied().unwrap_or_default();
    draws(seed).map(move |draw| {
        let rank = cumulated.partition_point(|sum| *sum <= draw * total);
        rank.min(count - 1) as u64
    })
}

/// Numbers uniform in `[0, 1)`: SplitMix64, Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014.
fn draws(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_pages() {
        let some = |seed| pages(1_000, 0.9, seed).take(100).collect::<Vec<_>>();
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
        assert_eq!(trace(1_000).requests, trace(1_000).requests);
    }

    #[test]
    fn the_first_page_is_drawn_as_often_as_the_law_says() {
        let count = 100_000;
        let first = pages(10, 1.0, 7).take(count).filter(|page| *page == 0).count();
        let share = first as f64 / count as f64;
        let harmonic: f64 = (1..=10).map(|rank| 1.0 / f64::from(rank)).sum();
        assert!((share - 1.0 / harmonic).abs() < 0.01, "{share}");
    }

    #[test]
    fn no_page_lies_outside() {
        assert!(pages(3, 0.9, 1).take(10_000).all(|page| page < 3));
    }
}
