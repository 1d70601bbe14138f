//! Looks for stale reads from outside: nodes of several caches over one Redis and one database, while Redis, the nodes
//! and what is between them fail.
//!
//! Read `row.rs` first: it is one run under one fault. Then `node.rs`, what a node does; `fault/`, what is done to it;
//! and `judge/`, what counts as stale. `docs/checker.md` says how to run it, and how to put another cache in.

mod args;
mod clock;
mod fault;
mod judge;
mod log;
mod node;
mod nodes;
mod progress;
mod report;
mod row;
mod source;
mod subject;

use anyhow::Context;
use args::{Command, Options};
use row::Row;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(status) => status,
        Err(error) => {
            eprintln!("checker: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    match args::parse(lexopt::Parser::from_env()).context("see --help")? {
        Command::Help => {
            print!("{}", args::help());
            Ok(ExitCode::SUCCESS)
        }
        Command::Node(plan) => {
            node::run(&plan)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check(options) => check(&options),
    }
}

/// Runs all rows, one after the other.
fn check(options: &Options) -> anyhow::Result<ExitCode> {
    let rows = rows(options);
    println!("{}", report::heading(options));
    let mut is_clean = true;
    for (at, row) in rows.iter().enumerate() {
        let outcome = row.run(options, &format!("{} of {}", at + 1, rows.len()))?;
        println!("{}", report::line(&outcome));
        for finding in report::findings(&outcome) {
            println!("  {finding}");
        }
        is_clean &= outcome.is_clean();
    }
    println!("{}", report::closing(options, is_clean));
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Every subject under every fault that can reach it.
fn rows(options: &Options) -> Vec<Row> {
    let mut rows = Vec::new();
    for &kind in &options.subjects {
        for mode in kind.modes(&options.modes) {
            let reaching = options.faults.iter().filter(|fault| kind.is_shared() || !fault.needs_sharing());
            rows.extend(reaching.map(|&fault| Row { kind, mode, fault }));
        }
    }
    rows
}
