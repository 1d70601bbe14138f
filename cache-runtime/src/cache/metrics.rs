//! What was counted, for whoever asks: as numbers, by function, and as a page for Prometheus.

use super::{Builder, Cache, Request, Slot};
use crate::outcome::{Outcome, is_observed, is_used, record};
use crate::telemetry::spans::Of;
use crate::telemetry::{Activity, ActivityKind, FunctionStats, Group, Metrics, Observer, Reading, Stats};
use std::sync::Arc;
use std::time::Duration;

impl Builder {
    /// Who is told of what no caller is told of. May be called several times.
    ///
    /// It is told in the midst of an operation, so it must not block on another one of the cache.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.0.push(Box::new(observer));
        self
    }

    /// Who is told of all that the cache does: every hit, miss, set, removal, eviction and expiry. May be called several
    /// times. What it does must be quick, as it is done in the caller's task; a panic in it is caught and changes nothing.
    /// It is told where nothing is locked, so it may use the cache, of which it is told in turn.
    ///
    /// Without a watcher this costs nothing. With one, a hit in memory takes about twice as long besides what the watcher
    /// does, and memory holds the text of every key.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::{Activity, ActivityKind, Cache, L1, Policy};
    /// use std::sync::{Arc, Mutex};
    /// use std::time::Duration;
    ///
    /// let gone = Arc::new(Mutex::new(Vec::new()));
    /// let told = gone.clone();
    /// let watch = move |activity: &Activity<'_>| {
    ///     if activity.kind == ActivityKind::Evict {
    ///         told.lock().unwrap().push(activity.key.to_owned());
    ///     }
    /// };
    /// let cache = Cache::builder().l1(L1::max_entries(1)).watch(watch).build().await?;
    /// for key in ["first", "second"] {
    ///     cache.set(key, 1_u64, Policy::ttl(Duration::from_secs(60))).await?;
    /// }
    /// assert_eq!(*gone.lock().unwrap(), ["first"]);
    /// # Ok(()) }
    /// ```
    pub fn watch(mut self, watcher: impl Fn(&Activity<'_>) + Send + Sync + 'static) -> Self {
        self.watchers.0.push(Box::new(watcher));
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
    /// #[cached(key = "quadruple:<n>", ttl = 60)]
    /// async fn quadruple(n: u64) -> u64 {
    ///     n * 4
    /// }
    ///
    /// let cache = Cache::builder().build().await?;
    /// assert_eq!(cache.stats_of("quadruple"), None);
    /// cache.clone().scope(quadruple(4)).await;
    /// cache.clone().scope(quadruple(4)).await;
    /// let stats = cache.stats_of("quadruple").expect("it was called");
    /// assert_eq!((stats.l1_hits, stats.misses, stats.loads), (1, 1, 1));
    /// assert_eq!(stats.template, "quadruple:<n>");
    /// # Ok(()) }
    /// ```
    pub fn stats_of(&self, name: &str) -> Option<FunctionStats> {
        self.function_stats().into_iter().find(|of| of.name == name)
    }

    /// Tells whoever observes a call how it was answered.
    pub(crate) fn answered(&self, group: Group, outcome: impl FnOnce() -> Outcome) {
        if is_used() && is_observed() {
            record(&self.meter(group).name, outcome());
        }
    }

    /// Notes that no tier had an answer.
    pub(super) fn missed(&self, request: &Request) {
        self.meter(request.group).misses.count();
        self.did(ActivityKind::Miss, request);
    }

    /// Tells the watchers what was done for a request.
    pub(super) fn did(&self, kind: ActivityKind, request: &Request) {
        if self.shared.watchers.is_any() {
            self.shared.watchers.tell(kind, &self.meter(request.group).name, request.key.as_str());
        }
    }

    /// The same of an answer with an entry, which has its key's text where there are watchers.
    pub(super) fn did_answer(&self, kind: ActivityKind, slot: &Slot) {
        if let Some(key) = slot.told_as() {
            self.shared.watchers.tell(kind, &self.meter(slot.group()).name, key);
        }
    }

    /// The same of what is about keys, or about none.
    pub(super) fn did_to<'k>(&self, kind: ActivityKind, keys: impl IntoIterator<Item = &'k str>) {
        keys.into_iter().for_each(|key| self.shared.watchers.tell(kind, "", key));
    }

    /// The text of a key as an entry in memory is to keep it.
    pub(super) fn told_as(&self, request: &Request) -> Option<Arc<str>> {
        self.shared.watchers.is_any().then(|| request.key.as_str().into())
    }

    /// What spans say of a group's calls.
    pub(crate) fn span_of(&self, group: Group) -> Of<'_> {
        let meter = self.meter(group);
        Of { function: Some(&meter.name), template: Some(&meter.template), ..self.span() }
    }

    /// What they say of every operation.
    pub(crate) fn span(&self) -> Of<'_> {
        Of { cache: &self.space.namespace, ..Of::default() }
    }

    /// All of it for Prometheus, as of now.
    pub fn metrics(&self) -> Metrics {
        let functions = self.function_stats();
        let shared = &self.shared;
        let guard = shared.guard.as_ref();
        let named = |(server, state): (Option<Arc<str>>, _)| {
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
