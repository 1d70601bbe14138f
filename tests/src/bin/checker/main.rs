//! Looks for stale reads from outside: nodes of several caches over one Redis and one database, while Redis, the nodes
//! and what is between them fail.
//!
//! Read `row.rs` first: it is one run under one fault. Then `node.rs`, what a node does; `fault/`, what is done to it;
//! and `judge/`, what counts as stale. `docs/checker.md` says how to run it, and how to put another cache in.

mod args;
mod clock;
mod fault;
mod goal;
mod judge;
mod ledger;
mod log;
mod node;
mod nodes;
mod progress;
mod report;
mod row;
mod source;
mod subject;
mod table;

use anyhow::Context;
use args::{Command, Options};
use goal::Amount;
use ledger::{Ledger, Line};
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
        Command::Table(files) => {
            let lines = files.iter().map(|file| ledger::read(file)).collect::<anyhow::Result<Vec<_>>>()?;
            print!("{}", table::of(&lines.concat()));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Runs all rows, one after the other.
fn check(options: &Options) -> anyhow::Result<ExitCode> {
    let rows = rows(options);
    let mut ledger = Ledger::open(options)?;
    println!("{}", report::heading(options));
    let (mut is_clean, mut is_enough) = (true, true);
    for (at, row) in rows.iter().enumerate() {
        let is_last_of_fault = rows.get(at + 1).is_none_or(|next| (next.kind, next.fault) != (row.kind, row.fault));
        let lacking = options.goal.without(ledger.made(*row));
        // What an earlier check has left is not done again, if there is enough of it.
        let is_done = !options.goal.is_nothing() && ledger.has(*row);
        if !is_done || (is_last_of_fault && !lacking.is_nothing()) {
            let wanted = if is_last_of_fault { lacking } else { Amount::default() };
            let outcome = row.run(options, wanted, &format!("{} of {}", at + 1, rows.len()))?;
            println!("{}", report::line(&outcome));
            for finding in report::findings(&outcome) {
                println!("  {finding}");
            }
            ledger.add(Line::of(&outcome, options), options)?;
        }
        if is_last_of_fault {
            is_enough &= options.goal.without(ledger.made(*row)).is_nothing();
            is_clean &= ledger.of_fault(*row).all(|line| line.is_clean);
            println!("{}", report::sum(*row, &ledger, options.goal));
        }
    }
    println!("{}", report::closing(options, is_clean, is_enough));
    Ok(if is_clean && is_enough { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Every subject under every fault that can reach it, the modes of a fault one after the other.
fn rows(options: &Options) -> Vec<Row> {
    let mut rows = Vec::new();
    for &kind in &options.subjects {
        let reaching = options.faults.iter().filter(|fault| kind.is_shared() || !fault.needs_sharing());
        for &fault in reaching {
            rows.extend(kind.modes(&options.modes).into_iter().map(|mode| Row { kind, mode, fault }));
        }
    }
    rows
}
