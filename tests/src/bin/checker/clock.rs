//! A time that the nodes of one machine agree on: CLOCK_MONOTONIC counts for all of them alike, whoever moves the wall
//! clock, and goes on while one of them is stopped. `std::time::Instant` is the same clock, but cannot leave its process.

use rustix::time::{ClockId, clock_gettime};
use std::time::{SystemTime, UNIX_EPOCH};

/// A moment of the machine.
pub(crate) fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// How far the wall clock is ahead of the other, which nobody moves: by so much more or less later, it has jumped.
pub(crate) fn wall_ahead_ns() -> i128 {
    let wall_ns = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    wall_ns.cast_signed() - i128::from(now_ns())
}

/// For people.
pub(crate) fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}
