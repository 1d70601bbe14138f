//! Things that expire.

use std::collections::HashMap;

/// Things by their names, each with an end. What has ended is invisible at once and swept when the map has doubled since the last sweep.
#[derive(Debug)]
pub(super) struct Lives<T> {
    map: HashMap<Box<str>, (T, u64)>,
    sweep_at: usize,
}

impl<T: Clone> Lives<T> {
    pub(super) fn new() -> Self {
        Self { map: HashMap::new(), sweep_at: 1_024 }
    }

    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    /// The names of what is there.
    pub(super) fn names(&self, now_ms: u64) -> impl Iterator<Item = &str> {
        self.map.iter().filter(move |(_, (_, until_ms))| *until_ms > now_ms).map(|(name, _)| &**name)
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.map.remove(name);
    }

    pub(super) fn get(&self, name: &str, now_ms: u64) -> Option<T> {
        self.map.get(name).filter(|(_, until_ms)| *until_ms > now_ms).map(|(value, _)| value.clone())
    }

    /// How long something has left, of what is there.
    pub(super) fn left_ms(&self, name: &str, now_ms: u64) -> Option<u64> {
        self.map.get(name).map(|(_, until_ms)| until_ms.saturating_sub(now_ms)).filter(|left_ms| *left_ms > 0)
    }

    pub(super) fn set(&mut self, name: &str, value: T, life_ms: u64, now_ms: u64) {
        self.map.insert(name.into(), (value, now_ms.saturating_add(life_ms)));
        if self.map.len() >= self.sweep_at {
            self.map.retain(|_, (_, until_ms)| *until_ms > now_ms);
            self.sweep_at = (self.map.len() * 2).max(1_024);
        }
    }

    /// Sets a value and lets it live at least this long.
    pub(super) fn keep(&mut self, name: &str, value: T, life_ms: u64, now_ms: u64) {
        let left_ms = self.map.get(name).map_or(0, |(_, until_ms)| until_ms.saturating_sub(now_ms));
        self.set(name, value, life_ms.max(left_ms), now_ms);
    }

    /// Changes a value that is there, without prolonging its life.
    pub(super) fn replace(&mut self, name: &str, value: T, now_ms: u64) {
        if let Some((old, _)) = self.map.get_mut(name).filter(|(_, until_ms)| *until_ms > now_ms) {
            *old = value;
        }
    }
}
