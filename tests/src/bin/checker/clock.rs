//! A time that the nodes of one machine agree on: CLOCK_MONOTONIC counts for all of them alike, whoever moves the wall
//! clock, and goes on while one of them is stopped. `std::time::Instant` is the same clock, but cannot leave its process.

use rustix::time::{ClockId, clock_gettime};

/// A moment of the machine.
pub(crate) fn now_ns() -> u64 {
    ns(ClockId::Monotonic)
}

/// What the wall clock says, asked of the kernel: a library that was put in between has no say.
pub(crate) fn wall_ns() -> u64 {
    ns(ClockId::Realtime)
}

fn ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// For people.
pub(crate) fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}
