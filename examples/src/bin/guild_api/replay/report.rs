//! What the replay found, as a table that ends with the number of stale reads.

use super::client::Refused;
use super::load::Tally;
use cache_runtime::Stats;
use std::fmt;
use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Report {
    pub(super) trace: String,
    pub(super) elapsed: Duration,
    pub(super) tally: Tally,
    pub(super) stats: Stats,
    pub(super) database_reads: u64,
}

impl Report {
    /// Whether no read was stale and no request failed.
    pub(crate) fn is_clean(&self) -> bool {
        self.tally.stale.is_empty() && self.tally.refused.is_empty()
    }

    fn reads(&self) -> u64 {
        let Tally { l1, l2, flights, loads, .. } = &self.tally;
        [l1, l2, flights, loads].iter().map(|latencies| latencies.len() as u64).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { writes, refused, stale, .. } = &self.tally;
        let reads = self.reads();
        let requests = reads + writes + refused.len() as u64;
        let seconds = self.elapsed.as_secs_f64();
        writeln!(f, "trace                {}", self.trace)?;
        row(f, "requests", requests, &format!("{} reads, {} writes", grouped(reads), grouped(*writes)))?;
        writeln!(f, "{:<20} {seconds:>12.2}", "seconds")?;
        row(f, "requests/s", (requests as f64 / seconds) as u64, "")?;
        self.tiers(f)?;
        self.troubles(f)?;
        self.latencies(f)?;
        writeln!(f, "stale reads: {}", stale.len())
    }
}

impl Report {
    fn tiers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tally, stats, database_reads, .. } = self;
        let reads = self.reads();
        let share = |of: &[Duration]| format!("{:.1} % of reads", 100.0 * of.len() as f64 / reads.max(1) as f64);
        row(f, "hits in L1", tally.l1.len() as u64, &share(&tally.l1))?;
        row(f, "hits in L2", tally.l2.len() as u64, &share(&tally.l2))?;
        row(f, "loads", tally.loads.len() as u64, &share(&tally.loads))?;
        row(f, "deduplicated loads", tally.flights.len() as u64, "reads that shared another's load")?;
        let saved = format!("to read; {} saved", grouped(reads.saturating_sub(*database_reads)));
        row(f, "database queries", *database_reads, &saved)?;
        row(f, "invalidations", stats.invalidations, "events with their cascades")?;
        row(f, "evictions", stats.evictions, "from L1, for room")
    }

    /// Rows for what should not have happened, if it did.
    fn troubles(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { not_announced, refused, stale, .. } = &self.tally;
        if self.stats.store_errors > 0 {
            row(f, "store errors", self.stats.store_errors, "each of them a miss or a fill that was not kept")?;
        }
        if let Some(first) = not_announced.first() {
            row(f, "not announced", not_announced.len() as u64, &format!("writes; the first: {first}"))?;
        }
        if let Some(Refused(first)) = refused.first() {
            row(f, "failed requests", refused.len() as u64, &format!("the first: {first}"))?;
        }
        match stale.first() {
            Some(first) => row(f, "stale reads", stale.len() as u64, &format!("the first: {first}")),
            None => Ok(()),
        }
    }

    fn latencies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { l1, l2, loads, .. } = &self.tally;
        writeln!(f, "{:<20} {:>12} {:>12}", "latency", "p50", "p99")?;
        latency(f, "  cached reads", [&l1[..], &l2[..]].concat())?;
        latency(f, "    from L1", l1.clone())?;
        latency(f, "    from L2", l2.clone())?;
        latency(f, "  uncached reads", loads.clone())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, value: u64, note: &str) -> fmt::Result {
    writeln!(f, "{}", format!("{name:<20} {:>12}   {note}", grouped(value)).trim_end())
}

fn latency(f: &mut fmt::Formatter<'_>, name: &str, mut latencies: Vec<Duration>) -> fmt::Result {
    latencies.sort_unstable();
    let shown = |share| match percentile(&latencies, share) {
        Some(latency) => format!("{} µs", grouped(latency.as_micros() as u64)),
        None => "-".to_owned(),
    };
    writeln!(f, "{name:<20} {:>12} {:>12}", shown(0.5), shown(0.99))
}

/// The smallest of the sorted values that at least this share of them does not exceed.
fn percentile(sorted: &[Duration], share: f64) -> Option<Duration> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(count: u64) -> Vec<Duration> {
        (1..=count).map(Duration::from_millis).collect()
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        assert_eq!(percentile(&millis(100), 0.5), Some(Duration::from_millis(50)));
        assert_eq!(percentile(&millis(100), 0.99), Some(Duration::from_millis(99)));
        assert_eq!(percentile(&millis(1), 0.99), Some(Duration::from_millis(1)));
        assert_eq!(percentile(&millis(3), 0.5), Some(Duration::from_millis(2)));
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0, 999, 1_000, 914_145, 1_234_567].map(grouped), ["0", "999", "1,000", "914,145", "1,234,567"]);
    }

    #[test]
    fn the_last_line_is_the_number_of_stale_reads() {
        let tally = Tally { l1: millis(10), stale: vec![String::new(); 3], ..Tally::default() };
        let report = Report {
            trace: "test".to_owned(),
            elapsed: Duration::from_secs(1),
            tally,
            stats: Stats::default(),
            database_reads: 4,
        };
        assert!(report.to_string().ends_with("\nstale reads: 3\n"));
        assert!(!report.is_clean());
    }
}
