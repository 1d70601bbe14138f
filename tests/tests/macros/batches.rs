//! Several ids in one call: group R.

mod results;
mod sharing;
mod trips;

use cache_runtime::{CacheEvent, cached};
use cache_tests::Source;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// What the bodies were asked for.
#[derive(Default)]
struct Log(Mutex<Vec<Vec<u64>>>);

impl Log {
    fn calls(&self) -> Vec<Vec<u64>> {
        let mut calls = std::mem::take(&mut *self.0.lock().expect("no panic"));
        calls.iter_mut().for_each(|ids| ids.sort_unstable());
        calls
    }

    fn note(&self, ids: &[u64]) {
        self.0.lock().expect("no panic").push(ids.to_vec());
    }
}

#[derive(CacheEvent)]
struct BatchUserChanged {
    id: u64,
}

fn name_of(id: u64) -> String {
    format!("user {id}")
}

/// There are users up to 99.
#[cached(key = "batch:user:<id>", ttl = 600, none_ttl = 60, invalidate_on = [BatchUserChanged], batch(id = ids))]
async fn users(log: &Log, ids: &[u64]) -> Result<HashMap<u64, String>, String> {
    log.note(ids);
    if ids.contains(&13) {
        return Err("thirteen".to_owned());
    }
    Ok(ids.iter().filter(|id| **id < 100).map(|id| (*id, name_of(*id))).collect())
}

#[cached(key = "batch:user:<id>", ttl = 600, invalidate_on = [BatchUserChanged])]
async fn user(log: &Log, id: u64) -> Result<Option<String>, String> {
    log.note(&[id]);
    Ok((id < 100).then(|| name_of(id)))
}

fn expected(ids: &[u64]) -> HashMap<u64, String> {
    ids.iter().map(|id| (*id, name_of(*id))).collect()
}

#[cached(key = "batch:row:<id>", ttl = 600, batch(id = ids))]
async fn rows(source: Arc<Source>, log: Arc<Log>, ids: Vec<u64>) -> HashMap<u64, u64> {
    log.note(&ids);
    let value = source.read().await;
    ids.into_iter().map(|id| (id, value)).collect()
}

#[cached(key = "batch:row:<id>", ttl = 600, skip(source))]
async fn row(source: Arc<Source>, log: Arc<Log>, id: u64) -> u64 {
    log.note(&[id]);
    source.read().await
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Named {
    id: u64,
    name: String,
}

impl Named {
    fn id(&self) -> u64 {
        self.id
    }
}
