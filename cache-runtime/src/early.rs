//! When to load an entry anew before it expires, so that callers seldom meet an expired one together.
//!
//! XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", PVLDB 8(8), 2015. Every
//! reader draws for itself, so nobody has to be agreed with.

/// Draws whether an entry is due, `left_ms` before it expires.
///
/// `cost_ms` is how long its last load took; `draw` is uniform in (0, 1]. A larger `beta` is earlier, 1 is neutral. The
/// chance is `exp(-left / (cost * beta))`: one that costs nothing to load is never due before it has expired.
pub(crate) fn is_due(left_ms: u64, cost_ms: u64, beta: f64, draw: f64) -> bool {
    left_ms as f64 <= -(cost_ms as f64 * beta * draw.ln())
}

/// The longest before its end that any draw can find an entry due.
pub(crate) fn longest_ms(cost_ms: u64, beta: f64) -> u64 {
    // The smallest draw is 2^-53.
    (cost_ms as f64 * beta * 53.0 * std::f64::consts::LN_2).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: f64 = 1.0 / (1_u64 << 53) as f64;

    #[test]
    fn the_chance_is_that_of_the_formula() {
        for (left_ms, cost_ms, beta) in [(100, 100, 1.0), (300, 100, 1.0), (300, 100, 2.0), (10, 100, 0.5)] {
            let draws = 100_000;
            let due =
                (1..=draws).filter(|at| is_due(left_ms, cost_ms, beta, f64::from(*at) / f64::from(draws))).count();
            let expected = (-(left_ms as f64) / (cost_ms as f64 * beta)).exp();
            assert!((due as f64 / f64::from(draws) - expected).abs() < 1e-3, "{left_ms} {cost_ms} {beta}");
        }
    }

    #[test]
    fn what_costs_nothing_is_never_early() {
        assert!(!is_due(1, 0, 1.0, SMALLEST));
        assert!(!is_due(1, 1_000, 0.0, SMALLEST), "nor what is switched off");
        assert_eq!(longest_ms(0, 1.0), 0);
    }

    #[test]
    fn nothing_is_due_before_the_longest() {
        let longest_ms = longest_ms(20, 1.5);
        assert!(!is_due(longest_ms + 1, 20, 1.5, SMALLEST));
        assert!(is_due(longest_ms - 1, 20, 1.5, SMALLEST));
    }
}
