//! What the figures were measured on, and how a case keeps to one core of it.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;
use std::fs::read_to_string;

/// The machine and how busy it was.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    /// The load averages of 1, 5 and 15 minutes when the measurements began.
    pub(crate) load_before: String,
    pub(crate) load_after: String,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let about = read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            processor: model.map_or("unknown", |(_, model)| model).to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            load_before: load(),
            load_after: String::new(),
        }
    }

    pub(crate) fn shown(&self) -> String {
        let Self { processor, cores, load_before, load_after } = self;
        format!("{processor}, {cores} cores; load average {load_before} before and {load_after} after")
    }
}

/// The load averages of 1, 5 and 15 minutes.
pub(crate) fn load() -> String {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// This thread, and whatever is started by it, on one core until it is dropped.
pub(crate) struct Pinned(Option<CpuSet>);

impl Pinned {
    pub(crate) fn to_one_core() -> Self {
        let before = sched_getaffinity(None).ok();
        let first = before.as_ref().and_then(|set| (0..CpuSet::MAX_CPU).find(|core| set.is_set(*core)));
        let mut one = CpuSet::new();
        if let Some(core) = first {
            one.set(core);
        }
        let is_pinned = first.is_some() && sched_setaffinity(None, &one).is_ok();
        if !is_pinned {
            eprintln!("this case could not be kept to one core");
        }
        Self(before.filter(|_| is_pinned))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _as_it_was = sched_setaffinity(None, before);
        }
    }
}
