//! The protocol itself, before any code of it: in every small world no read is given something too old, and without any
//! one of its rules one is. What the worlds are: `docs/model.md`.

use cache_tests::model::{LIMITS, QUICK, RULES, Switches, Verdict, config, explore};

const MAX_STATES: usize = 3_000_000;

fn assert_holds(name: &str) {
    let config = config(name).expect("it is one of the quick configurations");
    let report = explore(config, Switches::default(), MAX_STATES, &|_, _| {});
    match report.verdict {
        Verdict::Holds => println!("{name}: {} states, {} steps", report.states, report.depth),
        Verdict::Violated(trace) => panic!("`{name}` is violated:\n{trace}"),
        Verdict::Unfinished => panic!("`{name}` has more than {MAX_STATES} states"),
    }
}

fn assert_is_for_something(name: &str) {
    let rule = RULES.iter().find(|rule| rule.name == name).expect("it is a rule");
    match rule.explore_without(MAX_STATES, &|_, _| {}).verdict {
        Verdict::Violated(trace) if rule.is_needed => println!("without `{name}`:\n{trace}"),
        Verdict::Violated(trace) => panic!("`{name}` is needed, and listed as if it were not:\n{trace}"),
        Verdict::Holds => assert!(!rule.is_needed, "without `{name}` nothing is violated"),
        Verdict::Unfinished => panic!("without `{name}` there are more than {MAX_STATES} states"),
    }
}

/// A test for each name, and one that there is no other.
macro_rules! each {
    ($all:ident: $list:expr => $assert:ident; $($test:ident = $name:literal),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                $assert($name);
            }
        )*

        #[test]
        fn $all() {
            assert_eq!($list.iter().map(|one| one.name).collect::<Vec<_>>(), [$($name),*]);
        }
    };
}

each! {
    every_configuration_is_tested: QUICK => assert_holds;
    nothing_old_is_read_in_strong = "strong",
    nothing_old_is_read_in_strong_parts = "strong-parts",
    nothing_old_is_read_in_flights = "flights",
    nothing_old_is_read_in_joined = "joined",
    nothing_old_is_read_in_memory = "memory",
    nothing_old_is_read_in_messages = "messages",
    nothing_old_is_read_in_late_messages = "late-messages",
    nothing_old_is_read_in_partitions = "partitions",
    nothing_old_is_read_in_two_tags = "two-tags",
    nothing_old_is_read_in_removal = "removal",
    nothing_old_is_read_in_removal_elsewhere = "removal-elsewhere",
    nothing_old_is_read_in_set = "set",
    nothing_old_is_read_in_evictions = "evictions",
    nothing_old_is_read_in_failover = "failover",
    nothing_old_is_read_in_outlived = "outlived",
    nothing_old_is_read_in_clears = "clears",
    nothing_old_is_read_in_clears_heard = "clears-heard",
    nothing_old_is_read_in_failures = "failures",
    nothing_old_is_read_in_own_bumps = "own-bumps",
    nothing_old_is_read_in_crash = "crash",
    nothing_old_is_read_in_token = "token",
    nothing_old_is_read_in_by_hand = "by-hand",
    nothing_old_is_read_in_guarded = "guarded",
    nothing_old_is_read_in_guarded_deaths = "guarded-deaths",
    nothing_old_is_read_in_guarded_failures = "guarded-failures",
}

each! {
    every_rule_is_tested: RULES => assert_is_for_something;
    without_stamp_before_load = "stamp-before-load",
    without_absent_is_invalid = "absent-is-invalid",
    without_new_epoch = "new-epoch",
    without_adopt = "adopt",
    without_incarnation = "incarnation",
    without_check_at_read = "check-at-read",
    without_lease = "lease",
    without_lease_from_request = "lease-from-request",
    without_old_epoch = "old-epoch",
    without_lost_bump = "lost-bump",
    without_cells_before_read = "cells-before-read",
    without_cells_by_maximum = "cells-by-maximum",
    without_own_under_way = "own-under-way",
    without_head = "head",
    without_joiner_marks = "joiner-marks",
    without_joiner_times = "joiner-times",
    without_gap = "gap",
    without_awaited = "awaited",
    without_unknown_epoch = "unknown-epoch",
    without_intent = "intent",
    without_dirty_load = "dirty-load",
    without_settles_all = "settles-all",
    without_lists = "lists",
    without_fence_on_removal = "fence-on-removal",
    without_meta_first = "meta-first",
}

#[test]
fn what_the_protocol_does_not_cover_is_what_its_page_says() {
    for limit in LIMITS {
        let report = explore(limit, Switches::default(), MAX_STATES, &|_, _| {});
        assert!(matches!(report.verdict, Verdict::Violated(_)), "`{}` holds: it is no limit any more", limit.name);
    }
}
