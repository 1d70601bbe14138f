//! In what order keys are asked for.

/// How popular keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// All alike.
    Uniform,
    /// The nth is asked for in proportion to 1/n.
    Zipf,
}

impl Order {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Zipf => "Zipf",
        }
    }
}

/// So many draws of the keys below `keys`, the same for the same seed.
pub(crate) fn sequence(keys: u64, draws: usize, order: Order, seed: u64) -> Vec<u64> {
    let mut random = fastrand::Rng::with_seed(seed);
    match order {
        Order::Uniform => (0..draws).map(|_| random.u64(0..keys)).collect(),
        Order::Zipf => {
            let sums: Vec<f64> = (1..=keys)
                .scan(0.0, |sum, n| {
                    Some({
                        *sum += 1.0 / n as f64;
                        *sum
                    })
                })
                .collect();
            let total = sums.last().copied().unwrap_or(0.0);
            let draw = |_| {
                let at = random.f64() * total;
                sums.partition_point(|sum| *sum < at) as u64
            };
            (0..draws).map(draw).collect()
        }
    }
}

#[test]
fn zipf_asks_for_the_first_most() {
    let draws = sequence(100, 10_000, Order::Zipf, 1);
    let count = |key: u64| draws.iter().filter(|drawn| **drawn == key).count();
    assert!(count(0) > 3 * count(9) && draws.iter().all(|key| *key < 100), "{} {}", count(0), count(9));
    assert_eq!(draws, sequence(100, 10_000, Order::Zipf, 1));
}
