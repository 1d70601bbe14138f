//! Set-ups that are coherent and hardly meant. Each is told once, when the cache is built.

use crate::policy::L1;
use crate::policy::Policy;
use crate::registry;
use crate::store::Store;
use std::collections::HashMap;
use std::time::Duration;

/// What a builder was told, as far as there is advice on it.
pub(super) struct Setup<'a> {
    pub(super) namespace: &'a str,
    pub(super) l1: L1,
    pub(super) store: Option<&'a dyn Store>,
    pub(super) max_staleness: Duration,
    pub(super) defaults: &'a Policy,
    pub(super) configured: &'a HashMap<String, Policy>,
    pub(super) queues: bool,
    pub(super) packs: bool,
}

/// A sentence for each thing that is hardly meant.
pub(super) fn advice(setup: &Setup<'_>) -> Vec<String> {
    let mut advice = match setup.store {
        Some(store) => on_the_store(setup, store),
        None => without_a_store(setup),
    };
    let mut configured: Vec<&String> = setup.configured.keys().collect();
    configured.sort();
    for name in configured {
        if let Err(similar) = registry::check_function(name) {
            let hint = similar.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            advice.push(format!("a policy is configured for `{name}`, and no cached function has this name{hint}"));
        }
    }
    advice
}

fn on_the_store(setup: &Setup<'_>, store: &dyn Store) -> Vec<String> {
    let mut advice = Vec::new();
    let name = store.name();
    if setup.namespace.is_empty() && name != "memory" {
        advice.push(format!(
            "there is no namespace: whatever else uses the store `{name}` shares entries with this cache"
        ));
    }
    if !setup.l1.is_off() && store.bus().is_none() {
        advice.push(format!(
            "the store `{name}` tells of nothing: memory may be behind other nodes for all of `max_staleness`, {:?}",
            setup.max_staleness
        ));
    }
    let ttl = setup.defaults.ttl.filter(|ttl| *ttl <= setup.max_staleness);
    advice.extend(ttl.map(|ttl| {
        format!(
            "the default TTL of {ttl:?} ends before `max_staleness`, {:?}, which does nothing then",
            setup.max_staleness
        )
    }));
    advice
}

fn without_a_store(setup: &Setup<'_>) -> Vec<String> {
    let of_no_effect = |what: &str| format!("{what}, and there is no store: it has no effect");
    let mut advice = Vec::new();
    if setup.l1.is_off() {
        advice.push("memory is off, and there is no store: nothing is kept".to_owned());
    }
    if setup.queues {
        advice.push(of_no_effect("invalidations are to be queued"));
    }
    if setup.packs {
        advice.push(of_no_effect("values are to be compressed or encrypted"));
    }
    advice
}
