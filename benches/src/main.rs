//! This project beside its alternatives: what a hit, a miss, a fill and an invalidation cost in each of them.
//!
//! `docs/performance.md` says how to run it, and what it gave.

#![allow(unreachable_pub, reason = "the attributes of the contestants write public items")]

mod args;
mod case;
mod contestant;
mod figure;
mod goals;
mod machine;
mod pace;
mod peer;
mod plot;
mod rounds;
mod sequence;
mod value;

use anyhow::Context;
use args::{Command, Options};
use case::Case;
use figure::Figure;
use goals::Verdict;
use machine::Machine;
use serde::Serialize;
use std::process::ExitCode;

fn main() -> ExitCode {
    let done = args::parse(lexopt::Parser::from_env()).and_then(perform);
    done.unwrap_or_else(|error| {
        eprintln!("cache-benches: {error:#}");
        ExitCode::from(2)
    })
}

fn perform(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Help => print!("{}", args::help()),
        Command::Only { contestant, hits } => case::hit::only(&contestant, hits)?,
        Command::Peer(part) => case::play(&part.iter().map(String::as_str).collect::<Vec<_>>())?,
        Command::Plot { figures, into } => {
            for path in plot::draw(&figures, &into)? {
                println!("{}", path.display());
            }
        }
        Command::Measure { options, cases, judges } => {
            let report = measure(&options, &cases, judges)?;
            if report.lines.iter().any(|line| !line.is_met) {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is written as JSON.
#[derive(Serialize)]
struct Report {
    machine: Machine,
    figures: Vec<Figure>,
    /// Empty if nobody asked for a judgement.
    lines: Vec<Verdict>,
}

fn measure(options: &Options, cases: &[&Case], judges: bool) -> anyhow::Result<Report> {
    let mut report = Report { machine: Machine::look(), figures: Vec::new(), lines: Vec::new() };
    for case in cases {
        eprintln!("{} (load average {})", case.name, machine::load());
        let figures = (case.run)(options).with_context(|| format!("case `{}`", case.name))?;
        print!("{}", figure::markdown(&figures));
        report.figures.extend(figures);
    }
    if judges {
        report.lines = goals::judged(&report.figures);
        print!("{}", goals::markdown(&report.lines));
    }
    report.machine.load_after = machine::load();
    println!("\n{}", report.machine.shown());
    if let Some(path) = &options.json {
        let written = serde_json::to_vec_pretty(&report).map_err(anyhow::Error::from);
        let written = written.and_then(|json| Ok(std::fs::write(path, json)?));
        written.with_context(|| format!("writing `{}`", path.display()))?;
    }
    Ok(report)
}
