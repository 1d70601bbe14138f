//! What options say to each other: those that contradict others, and those that do nothing without another.
//!
//! What is written as an expression cannot be compared here; the cache compares again when it finds a function's policy.

use super::args::Args;
use super::opinions::Opinions;
use crate::problems::Problems;

/// Every contradiction among the options of one attribute.
pub(super) fn check(args: &Args, problems: &mut Problems) {
    check_lengths(&args.policy, problems);
    check_company(args, problems);
    check_tiers(args, problems);
}

/// Of two durations, both in figures, the one that should be the shorter.
fn check_lengths(policy: &Opinions, problems: &mut Problems) {
    let mut refuse = |option: &str, longer: &str, allows_equal: bool, why: &str, help: &str| {
        let (Some(short_ms), Some(long_ms)) = (policy.millis(option), policy.millis(longer)) else { return };
        if let Some(opinion) =
            policy.of(option).filter(|_| short_ms > long_ms || (short_ms == long_ms && !allows_equal))
        {
            let relation = if allows_equal { "longer than" } else { "not shorter than" };
            problems.at(&opinion.value, format!("`{option}` is {relation} `{longer}`: {why}"), help);
        }
    };
    let why = "an entry has no longer life in memory than it has at all";
    refuse("l1_ttl", "ttl", true, why, "make it shorter, or leave it out: then both are one");
    let why = "who has a stale value to serve would wait no less than who has none";
    refuse("soft_timeout", "hard_timeout", false, why, "make `soft_timeout` the shorter of the two");
    let why = "an entry would expire before it is loaded anew";
    refuse("refresh_every", "ttl", false, why, "make it shorter, say half of `ttl`, or `ttl` longer");
}

/// Options that do nothing without another.
fn check_company(args: &Args, problems: &mut Problems) {
    const STALE: &[&str] = &["stale_if_error", "stale_while_revalidate"];
    const NEEDS: [(&str, &[&str], &str); 5] = [
        ("soft_timeout", STALE, "there is no stale value to serve instead of waiting"),
        ("error_backoff", &["stale_if_error"], "there is no stale value to serve between two attempts"),
        ("refresh_idle", &["refresh_every"], "there is no refreshing to end"),
        ("error_ttl", &["error_if"], "nobody says which errors are remembered"),
        ("error_if", &["error_ttl"], "nobody says for how long the errors are remembered"),
    ];
    for (option, others, why) in NEEDS {
        let is_there = |other: &&str| {
            args.given.iter().any(|given| given == other) || args.unread.iter().any(|unread| unread == other)
        };
        let alone = args.given.iter().find(|given| *given == option).filter(|_| !others.iter().any(is_there));
        if let Some(name) = alone {
            let others: Vec<String> = others.iter().map(|other| format!("`{other} = …`")).collect();
            let message = format!("`{option}` does nothing alone: {why}");
            problems.at(name, message, format!("add {}, or leave it out", others.join(" or ")));
        }
    }
}

/// Options that a tier which takes no part makes void.
fn check_tiers(args: &Args, problems: &mut Problems) {
    let both = "leave out one of the two";
    let Some(tiers) = args.policy.word("tiers") else { return };
    if let Some(codec) = args.codec.as_ref().filter(|_| args.stays_in_memory()) {
        problems.at(codec, "`codec` does nothing with `tiers = l1`: the values are not stored", both);
    }
    if let Some(lock) =
        args.policy.of("lock").filter(|_| args.stays_in_memory() && args.policy.millis("lock") != Some(0))
    {
        let message = "`lock` does nothing with `tiers = l1`: other processes could not take what this one loads";
        problems.at(&lock.value, message, both);
    }
    if let Some(error_ttl) = args.policy.of("error_ttl").filter(|_| tiers == "l2") {
        let message = "`error_ttl` does nothing with `tiers = l2`: errors are remembered in memory only";
        problems.at(&error_ttl.value, message, both);
    }
    if let Some(local) = args.policy.of("local").filter(|_| tiers == "l2") {
        problems.at(&local.value, "`local` does nothing with `tiers = l2`: memory takes no part", both);
    }
    if let Some(l1_ttl) = args.policy.of("l1_ttl").filter(|_| tiers != "both") {
        let why = if tiers == "l1" { "memory is all there is, and `ttl` its life" } else { "memory takes no part" };
        problems.at(&l1_ttl.value, format!("`l1_ttl` does nothing with `tiers = {tiers}`: {why}"), both);
    }
}
