//! The table, and what stands under a row that is not clean.

use crate::args::Options;
use crate::clock::ms;
use crate::goal::Amount;
use crate::judge::{Stale, Verdict};
use crate::ledger::Ledger;
use crate::row::{Outcome, Row};
use crate::subject::Kind;
use crate::table::grouped;

/// So much before a violation and after it is told of what was done.
const AROUND_NS: u64 = 2_000_000_000;

const COLUMNS: &str = "\
fault              subject        struck     reads  reads/s  inval.  stale/M  longest  windows p50 / p99 / max    own  past bound  ahead   lost  failed reads, inval.
                                                                            ms                        ms";

pub(crate) fn heading(options: &Options) -> String {
    format!(
        "{} processes of {} readers, {} writers, {} keys, {} s a row, bound {} ms, seed {}{}\n\n{COLUMNS}",
        options.nodes,
        options.readers,
        options.writers,
        options.keys,
        options.duration.as_secs(),
        options.bound.as_millis(),
        options.seed,
        if options.cluster { ", over a cluster" } else { "" }
    )
}

pub(crate) fn line(outcome: &Outcome) -> String {
    let (row, verdict) = (outcome.row, &outcome.verdict);
    let mode = if row.kind == Kind::Ours { row.mode.name() } else { "" };
    let subject = format!("{} {mode}", row.kind.name());
    format!(
        "{:<18} {:<13} {:>7} {:>9} {:>8} {:>7} {:>8} {:>8.1} {:>25} {:>6} {:>11} {:>6} {:>6} {:>13}, {:>6}{}",
        row.fault.name(),
        subject.trim_end(),
        outcome.struck.times,
        verdict.reads,
        verdict.reads_per_second(),
        verdict.invalidations,
        verdict.stale_per_million(),
        ms(verdict.longest_ns),
        windows(verdict),
        verdict.own,
        verdict.late,
        verdict.ahead,
        verdict.lost,
        outcome.failed_reads,
        outcome.failed_invalidations,
        if outcome.is_clean() { "" } else { "  NOT CLEAN" }
    )
}

fn windows(verdict: &Verdict) -> String {
    let of = |percent| verdict.window_ns(percent).map_or_else(|| "-".to_owned(), |ns| format!("{:.1}", ms(ns)));
    format!("{} / {} / {}", of(50), of(99), of(100))
}

/// Each violation that is told of, with what had been done around it.
pub(crate) fn findings(outcome: &Outcome) -> Vec<String> {
    if outcome.is_clean() {
        return Vec::new();
    }
    let mut findings = vec![format!("seed {}", outcome.seed)];
    findings.extend(outcome.emptiness.map(|why| format!("this row proves nothing: {why}")));
    for (node, seen) in &outcome.verdict.told_ahead {
        let (key, version) = (seen.key, seen.version);
        findings.push(format!("node {node} read version {version} of row {key}, which nobody had written yet"));
    }
    for stale in &outcome.verdict.told {
        findings.push(told(stale));
        let (from_ns, to_ns) = (stale.since_ns.saturating_sub(AROUND_NS), stale.seen.ended_ns + AROUND_NS);
        let around = outcome.struck.timeline.iter().filter(|(at_ns, _)| (from_ns..to_ns).contains(at_ns));
        findings.extend(around.map(|(at_ns, what)| {
            let after = ms(*at_ns) - ms(stale.since_ns);
            format!("  {after:+.3} ms: {what}")
        }));
    }
    findings.extend(outcome.kept.as_ref().map(|kept| format!("logs and database: {}", kept.display())));
    findings
}

fn told(stale: &Stale) -> String {
    let (seen, after) = (stale.seen, ms(stale.seen.started_ns - stale.since_ns));
    let why = match (stale.is_own, stale.is_late) {
        (true, _) => "on a node that had been given the acknowledgement",
        (false, true) => "past the bound",
        (false, false) => "in strong mode",
    };
    format!(
        "node {} read version {} of row {}, {why}: it began {after:.3} ms after a newer one was acknowledged, took {:.3} ms, and {} was the newest",
        stale.node,
        seen.version,
        seen.key,
        ms(seen.ended_ns - seen.started_ns),
        stale.newest
    )
}

/// What all rows of a fault come to, those of earlier checks among them, and what is lacking still.
pub(crate) fn sum(of: Row, ledger: &Ledger, goal: Amount) -> String {
    let (made, rows) = (ledger.made(of), ledger.of_fault(of).count());
    let struck = ledger.of_fault(of).map(|line| line.struck).sum();
    let lacking = goal.without(made);
    let lacking = match (lacking.is_nothing(), lacking) {
        (true, _) => String::new(),
        (false, Amount { reads, invalidations }) => {
            format!("; LACKING {} reads and {} invalidations", grouped(reads), grouped(invalidations))
        }
    };
    let (reads, invalidations) = (grouped(made.reads), grouped(made.invalidations));
    let name = format!("{} under `{}`", of.kind.name(), of.fault.name());
    format!(
        "  {name}: {reads} reads, {invalidations} invalidations, struck {} times, {rows} rows{lacking}",
        grouped(struck)
    )
}

pub(crate) fn closing(options: &Options, is_clean: bool, is_enough: bool) -> &'static str {
    match (options.subjects.iter().any(|kind| kind.is_held_to_its_word()), is_clean, is_enough) {
        (false, _, true) => "\nshown for comparison; none of these is held to its word",
        (_, true, true) => "\nclean: nothing stale that may not be",
        (_, true, false) => {
            "\nnothing stale that may not be, but LESS THAN WAS WANTED; --append goes on where it ended"
        }
        (_, false, _) => "\nNOT CLEAN",
    }
}
