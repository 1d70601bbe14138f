//! The command line.

use crate::case::{CASES, Case};
use anyhow::{Context, bail};
use lexopt::prelude::*;
use std::path::PathBuf;

const HELP: &str = "\
Measures this project beside its alternatives, in interleaved rounds.

usage: cache-benches [options] <case>... | all | goals
       cache-benches plot <figures.json> <directory>

  --rounds <n>    rounds of each contestant (15)
  --quick         without what takes minutes: a million keys
  --trace <file>  a page trace for the replay, `start count ignored id` a line, plain or by zstd
                  (the environment's CACHE_TRACE)
  --json <file>   writes the figures there as well
  --help

cases
";

/// What to measure.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) is_quick: bool,
    pub(crate) trace: Option<PathBuf>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) asked: Vec<String>,
}

pub(crate) enum Command {
    Help,
    Measure {
        options: Options,
        cases: Vec<&'static Case>,
        judges: bool,
    },
    /// What was measured before, as pictures.
    Plot {
        figures: PathBuf,
        into: PathBuf,
    },
    /// The hits of one contestant, under an instrument.
    Only {
        contestant: String,
        hits: usize,
    },
    /// A part in a case that another process measures.
    Peer(Vec<String>),
}

pub(crate) fn help() -> String {
    let cases = CASES.iter().map(|case| format!("  {:<13} {}\n", case.name, case.about));
    let goals = "\ngoals: measures all, and exits with 0 only if every line that is to be beaten is\n\
                 plot: draws what --json wrote, an SVG a case\n";
    format!("{HELP}{}{goals}", cases.collect::<String>())
}

pub(crate) fn parse(mut parser: lexopt::Parser) -> anyhow::Result<Command> {
    let trace = std::env::var_os("CACHE_TRACE").map(PathBuf::from);
    let mut options = Options { rounds: 15, is_quick: false, trace, json: None, asked: Vec::new() };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("rounds") => options.rounds = parser.value()?.parse().context("--rounds")?,
            Long("quick") => options.is_quick = true,
            Long("trace") => options.trace = Some(parser.value()?.into()),
            Long("json") => options.json = Some(parser.value()?.into()),
            Value(case) => options.asked.push(case.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    command(options)
}

fn command(options: Options) -> anyhow::Result<Command> {
    let asked: Vec<&str> = options.asked.iter().map(String::as_str).collect();
    let (cases, judges) = match &asked[..] {
        [] => bail!("name a case, or `all`, or `goals`; --help lists them"),
        ["only", contestant, hits] => {
            return Ok(Command::Only { contestant: (*contestant).to_owned(), hits: hits.parse()? });
        }
        ["peer", ..] => return Ok(Command::Peer(options.asked[1..].to_vec())),
        ["plot", figures, into] => {
            return Ok(Command::Plot { figures: figures.into(), into: into.into() });
        }
        ["all"] => (CASES.iter().collect(), false),
        ["goals"] => (CASES.iter().collect(), true),
        names => (names.iter().map(|name| find(name)).collect::<anyhow::Result<_>>()?, false),
    };
    Ok(Command::Measure { options, cases, judges })
}

fn find(name: &str) -> anyhow::Result<&'static Case> {
    CASES
        .iter()
        .find(|case| case.name == name)
        .with_context(|| format!("no case is called `{name}`; --help lists them"))
}
