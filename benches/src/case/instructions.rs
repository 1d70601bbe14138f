//! A hit in memory, in instructions: they repeat where times do not. By callgrind, which runs a contestant twice, with few
//! hits and with many; the difference is what the hits cost.

use crate::args::Options;
use crate::figure::Figure;
use anyhow::{Context, bail};
use std::env::current_exe;
use std::process::Command;

/// The contestants by the names that [`only`](super::hit::only) knows, and by those in tables.
const CONTESTANTS: &[(&str, &str)] = &[
    ("ours", "ours, bound, TTL and event"),
    ("cached-ttl", "cached, #[concurrent_cached] with TTL"),
    ("cached-bounded", "cached, #[concurrent_cached] with TTL and bound"),
    ("cached-locked", "cached, #[cached] with TTL"),
    ("moka", "moka, bound and TTL"),
    ("quick_cache", "quick_cache, bound"),
    ("foyer", "foyer, bound"),
    ("papaya", "papaya (a map, the floor)"),
];

/// What the table is called.
pub(crate) const CASE: &str = "instructions of a hit, Arc of 2 KB, 1,000 keys";

/// Enough that what is done for the first hits of an entry only is done in both.
const FEW: usize = 20_000;
const MANY: usize = 60_000;

pub(crate) fn run(_: &Options) -> anyhow::Result<Vec<Figure>> {
    let loop_itself = of_a_hit("nothing")?;
    let figure = |(contestant, name): &(&str, &str)| {
        Ok(Figure::once(CASE, name, "instructions", of_a_hit(contestant)? - loop_itself))
    };
    CONTESTANTS.iter().map(figure).collect()
}

/// Instructions of a hit and of the loop around it.
fn of_a_hit(contestant: &str) -> anyhow::Result<f64> {
    let (few, many) = (counted(contestant, FEW)?, counted(contestant, MANY)?);
    Ok((many - few) / (MANY - FEW) as f64)
}

fn counted(contestant: &str, hits: usize) -> anyhow::Result<f64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(current_exe()?);
    let output = valgrind.args(["only", contestant, &hits.to_string()]).output();
    let output = output.context("valgrind could not be started: apt-get install valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, count)| count.trim());
    match collected.and_then(|count| count.parse().ok()) {
        Some(count) if output.status.success() => Ok(count),
        _ => bail!("valgrind did not count the hits of {contestant}:\n{said}"),
    }
}
