//! What was counted, for whoever asks: as numbers, by function, and as a page for Prometheus.

use super::{Builder, Cache};
use crate::telemetry::{FunctionStats, Metrics, Observer, Reading, Stats};
use std::time::Duration;

impl Builder {
    /// Who is told of what no caller is told of. May be called several times.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.0.push(Box::new(observer));
        self
    }

    /// What is counted apart: functions that `name_of` gives one name for are counted together, as `billing` for all of a
    /// module. It is given each function's name once, by its first call. Without it each is counted for itself.
    ///
    /// Either way a thousand names are; what comes after that is `(others)`.
    pub fn metrics_by(mut self, name_of: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.metrics_by = Some(Box::new(name_of));
        self
    }
}

impl Cache {
    /// What was counted since the cache was built, and what it holds now; of all its tenants together.
    pub fn stats(&self) -> Stats {
        self.counted(&self.function_stats())
    }

    /// What was counted of each cached function that was called, in the order of their names; of all tenants together.
    pub fn function_stats(&self) -> Vec<FunctionStats> {
        self.shared.meters.read()
    }

    /// The same of one of them, by its name; none if it was not called.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::{Cache, cached};
    ///
    /// #[cached(key = "double:<n>", ttl = 60)]
    /// async fn double(n: u64) -> u64 {
    ///     n * 2
    /// }
    ///
    /// let cache = Cache::builder().build().await?;
    /// assert_eq!(cache.stats_of("double"), None);
    /// cache.clone().scope(double(4)).await;
    /// cache.clone().scope(double(4)).await;
    /// let stats = cache.stats_of("double").expect("it was called");
    /// assert_eq!((stats.l1_hits, stats.misses, stats.loads), (1, 1, 1));
    /// assert_eq!(stats.template, "double:<n>");
    /// # Ok(()) }
    /// ```
    pub fn stats_of(&self, name: &str) -> Option<FunctionStats> {
        self.function_stats().into_iter().find(|of| of.name == name)
    }

    /// All of it for Prometheus, as of now.
    pub fn metrics(&self) -> Metrics {
        let functions = self.function_stats();
        let shared = &self.shared;
        let guard = shared.guard.as_ref();
        let named = |(server, state): (Option<std::sync::Arc<str>>, _)| {
            let store = guard.map_or("", |guard| crate::store::Store::name(guard));
            (store, server.map_or(String::new(), |server| server.to_string()), state)
        };
        let reading = Reading {
            namespace: self.space.namespace.clone(),
            stats: self.counted(&functions),
            functions,
            store_time: guard.map_or(Vec::new(), |guard| guard.times()),
            message_delay: shared.echoes.times(),
            message_age: shared.echoes.age_ms(self.now_ms()).map(Duration::from_millis),
            breakers: guard.map_or(Vec::new(), |guard| guard.breakers().into_iter().map(named).collect()),
        };
        Metrics { caches: vec![reading] }
    }
}
