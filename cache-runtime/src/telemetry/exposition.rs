//! Counts, times and gauges as the text that Prometheus reads: version 0.0.4 of its format, of which OpenMetrics is a dialect.

use super::{FunctionStats, Histogram, Stats};
use crate::breaker::BreakerState;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// What caches have counted, to be read by Prometheus: [`Display`] writes its text format.
///
/// Made by [`Cache::metrics`](crate::Cache::metrics) as of that moment. Labels are the cache's namespace, the names of
/// functions, tiers, kinds of operations and servers; keys and values are in none of them.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
/// use cache_runtime::{Cache, Metrics, cached};
///
/// #[cached(key = "tide:<harbour>", ttl = 60)]
/// async fn tide(harbour: &str) -> usize {
///     harbour.len()
/// }
///
/// let cache = Cache::builder().namespace("app").build().await?;
/// cache.clone().scope(tide("Brest")).await;
/// cache.clone().scope(tide("Brest")).await;
///
/// let page = cache.metrics().to_string();
/// assert!(page.contains("# TYPE cache_hits_total counter\n"));
/// assert!(page.contains("cache_hits_total{cache=\"app\",function=\"tide\",level=\"l1\"} 1\n"));
/// println!("content-type: {}\n\n{page}", Metrics::CONTENT_TYPE);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(crate) caches: Vec<Reading>,
}

/// What one cache has counted.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) namespace: String,
    pub(crate) stats: Stats,
    pub(crate) functions: Vec<FunctionStats>,
    /// How long the store took, by the kind of operation.
    pub(crate) store_time: Vec<(&'static str, Histogram)>,
    /// How long it took until this node heard of its own invalidations.
    pub(crate) message_delay: Histogram,
    /// How long ago a message was heard.
    pub(crate) message_age: Option<Duration>,
    /// The store, its servers, and their breakers.
    pub(crate) breakers: Vec<(&'static str, String, BreakerState)>,
}

impl Metrics {
    /// The content type of the text.
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// These and those of another cache of the process, as one page: a metric's lines have to stand together. The caches
    /// should have different namespaces, which tell them apart.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.caches.extend(other.caches);
        self
    }
}

/// A label's name, and its value as it is.
type Label<'a> = (&'static str, &'a str);

/// The value of a metric that has one.
type Gauge = fn(&Reading) -> Option<f64>;

/// What is there now.
const GAUGES: &[(&str, &str, Gauge)] = &[
    ("l1_entries", "Entries in memory now.", |of| Some(of.stats.l1_entries as f64)),
    ("l1_weight_bytes", "Bytes that the entries in memory weigh.", |of| Some(of.stats.l1_weight as f64)),
    ("flights", "Keys that are being loaded now.", |of| Some(of.stats.flights as f64)),
    ("background_tasks", "Loads that nobody waits for, under way now.", |of| Some(of.stats.background as f64)),
    ("listening", "1 if this node hears of what others invalidate, else 0.", |of| {
        Some(f64::from(u8::from(of.stats.is_listening)))
    }),
    ("may_be_behind_seconds", "How far memory's answers may be behind other nodes' invalidations.", |of| {
        Some(of.stats.may_be_behind_ms as f64 / 1e3)
    }),
    ("invalidations_waiting", "Names that are queued to be invalidated.", |of| {
        Some(of.stats.invalidations_waiting as f64)
    }),
    ("store_in_flight", "Operations of the store that are under way now.", |of| Some(of.stats.store_in_flight as f64)),
    ("slow_clones", "Functions whose values take more than a microsecond to clone.", |of| {
        Some(of.stats.slow_clones as f64)
    }),
    ("last_message_age_seconds", "How long ago a message was heard on the bus; absent before the first.", |of| {
        Some(of.message_age?.as_secs_f64())
    }),
];

impl Display for Metrics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.hits(f)?;
        let is_a_hit = |name: &str| name == "l1_hits" || name == "l2_hits";
        for (name, docs, get) in FunctionStats::SHOWN.iter().filter(|(name, ..)| !is_a_hit(name)) {
            head(f, &format!("{name}_total"), "counter", &help(docs))?;
            for (of, function) in self.functions() {
                line(
                    f,
                    &format!("{name}_total"),
                    &[("cache", &of.namespace), ("function", &function.name)],
                    get(function),
                )?;
            }
        }
        self.times(f, "load_duration_seconds", "How long the bodies of cached functions ran.", |of| of.load_time)?;
        self.times(f, "wait_duration_seconds", "How long calls waited for others' loads.", |of| of.wait_time)?;
        let retries: Shown =
            ("store_retries", &["Operations of the store that were attempted once more."], |of| of.store_retries);
        let histories: Shown = (
            "histories_lost",
            &["How often a partition of the store had begun a new history, or gone back in the one that was known."],
            |of| of.histories_lost,
        );
        for (name, docs, get) in Stats::SHOWN.iter().chain([&retries, &histories]) {
            head(f, &format!("{name}_total"), "counter", &help(docs))?;
            for of in &self.caches {
                line(f, &format!("{name}_total"), &[("cache", &of.namespace)], get(&of.stats))?;
            }
        }
        for (name, docs, get) in GAUGES {
            head(f, name, "gauge", docs)?;
            for (of, value) in self.caches.iter().filter_map(|of| Some((of, get(of)?))) {
                line(f, name, &[("cache", &of.namespace)], value)?;
            }
        }
        self.store(f)
    }
}

type Shown = super::Shown<Stats>;

impl Metrics {
    fn functions(&self) -> impl Iterator<Item = (&Reading, &FunctionStats)> {
        self.caches.iter().flat_map(|of| of.functions.iter().map(move |function| (of, function)))
    }

    /// Those of both tiers are one metric.
    fn hits(&self, f: &mut Formatter<'_>) -> fmt::Result {
        head(f, "hits_total", "counter", "Fresh answers of a tier: l1 is memory, l2 the store.")?;
        for (of, function) in self.functions() {
            for (level, hits) in [("l1", function.l1_hits), ("l2", function.l2_hits)] {
                let labels = [("cache", &*of.namespace), ("function", &function.name), ("level", level)];
                line(f, "hits_total", &labels, hits)?;
            }
        }
        Ok(())
    }

    fn times(
        &self,
        f: &mut Formatter<'_>,
        name: &str,
        help: &str,
        get: fn(&FunctionStats) -> Histogram,
    ) -> fmt::Result {
        head(f, name, "histogram", help)?;
        for (of, function) in self.functions() {
            buckets(f, name, &[("cache", &of.namespace), ("function", &function.name)], &get(function))?;
        }
        Ok(())
    }

    fn store(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = "store_duration_seconds";
        head(f, name, "histogram", "How long operations of the store took, with all attempts, whatever came of them.")?;
        for of in &self.caches {
            for (operation, times) in &of.store_time {
                buckets(f, name, &[("cache", &of.namespace), ("operation", operation)], times)?;
            }
        }
        let name = "message_delay_seconds";
        head(f, name, "histogram", "From sending an invalidation until this node heard its own message of it.")?;
        for of in &self.caches {
            buckets(f, name, &[("cache", &of.namespace)], &of.message_delay)?;
        }
        head(f, "breaker_state", "gauge", "Of each server's breaker: 0 is closed, 1 half-open, 2 open.")?;
        for of in &self.caches {
            for (store, server, state) in &of.breakers {
                let labels = [("cache", &*of.namespace), ("store", store), ("server", server)];
                let state = match state {
                    BreakerState::Closed => 0,
                    BreakerState::HalfOpen => 1,
                    BreakerState::Open => 2,
                };
                line(f, "breaker_state", &labels, state)?;
            }
        }
        Ok(())
    }
}

/// What a doc comment says, on one line.
fn help(docs: &[&str]) -> String {
    docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

fn head(f: &mut Formatter<'_>, name: &str, kind: &str, help: &str) -> fmt::Result {
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    write!(f, "# HELP cache_{name} {help}\n# TYPE cache_{name} {kind}\n")
}

fn line(f: &mut Formatter<'_>, name: &str, labels: &[Label<'_>], value: impl Display) -> fmt::Result {
    write!(f, "cache_{name}{{")?;
    for (at, (label, value)) in labels.iter().enumerate() {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        write!(f, "{}{label}=\"{value}\"", if at == 0 { "" } else { "," })?;
    }
    writeln!(f, "}} {value}")
}

fn buckets(f: &mut Formatter<'_>, name: &str, labels: &[Label<'_>], times: &Histogram) -> fmt::Result {
    for (bound, so_far) in times.buckets() {
        let bound = bound.map_or("+Inf".to_owned(), |bound| bound.as_secs_f64().to_string());
        line(f, &format!("{name}_bucket"), &[labels, &[("le", &bound)]].concat(), so_far)?;
    }
    line(f, &format!("{name}_sum"), labels, times.sum().as_secs_f64())?;
    line(f, &format!("{name}_count"), labels, times.count())
}
