//! The checker finds nothing in this cache, and can find something.

use std::process::{Command, Output};

#[test]
fn nothing_stale_that_may_not_be_is_served_while_servers_and_nodes_fail() {
    let faults = ["--faults", "restart-snapshot,paused-process", "--bound-ms", "300"];
    let checked = checked(&[&faults[..], &["--mode", "eventual,strong", "--seconds", "3"]].concat());
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
}

#[test]
fn nor_over_a_cluster_whose_primaries_are_killed() {
    let checked = checked(&["--cluster", "--faults", "kill", "--mode", "strong", "--seconds", "3"]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
}

#[test]
fn a_cache_that_puts_an_old_value_back_is_caught() {
    let checked = checked(&["--faults", "none", "--subjects", "broken", "--seconds", "3"]);
    assert_eq!(checked.status.code(), Some(1), "{}", said(&checked));
    assert!(said(&checked).contains("on a node that had been given the acknowledgement"), "{}", said(&checked));
}

#[test]
fn without_a_cache_nothing_is_found() {
    let checked = checked(&["--faults", "none", "--subjects", "database", "--seconds", "3"]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
}

#[test]
fn a_fault_is_shown_as_much_as_is_wanted_and_what_was_shown_before_counts() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let rows = directory.path().join("rows.jsonl").display().to_string();
    let wanted = |reads: &str| {
        let subject = ["--subjects", "database", "--faults", "none", "--seconds", "1", "--append", &rows];
        checked(&[&subject[..], &["--reads", reads, "--at-most", "2"]].concat())
    };
    let lines = || std::fs::read_to_string(&rows).expect("there are rows").lines().count();
    let lacking = wanted("100G");
    assert_eq!(lacking.status.code(), Some(1), "{}", said(&lacking));
    assert!(
        said(&lacking).contains("LACKING") && said(&lacking).contains("LESS THAN WAS WANTED"),
        "{}",
        said(&lacking)
    );
    assert_eq!(lines(), 1);
    let enough = wanted("1");
    assert_eq!(enough.status.code(), Some(0), "{}", said(&enough));
    assert_eq!(lines(), 1, "what was shown before is enough");
    let table = checked(&["--table", &rows]);
    assert_eq!(table.status.code(), Some(0), "{}", said(&table));
    assert!(said(&table).contains("\n| database | `none` | 0 | "), "{}", said(&table));
}

#[test]
fn a_wrong_argument_is_named() {
    let checked = checked(&["--faults", "flood"]);
    assert_eq!(checked.status.code(), Some(2), "{}", said(&checked));
    assert!(said(&checked).contains("`flood` should be `all` or of none, kill"), "{}", said(&checked));
}

fn checked(arguments: &[&str]) -> Output {
    // It keeps the logs of a row in which it found something.
    let directory = tempfile::tempdir().expect("a directory can be made");
    let mut checker = Command::new(env!("CARGO_BIN_EXE_checker"));
    checker
        .args(["--processes", "2", "--readers", "3", "--writers", "2"])
        .args(arguments)
        .env("TMPDIR", directory.path());
    checker.output().expect("the checker can be run")
}

fn said(checked: &Output) -> String {
    [&checked.stdout, &checked.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}
