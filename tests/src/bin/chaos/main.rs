//! What callers of cached functions see while Redis is slow, gone, full or lying: a row a fault.
//!
//! Read `row.rs` first: two nodes over one Redis, readers, a writer, and a source that is always well. `fault.rs` says what
//! is done to Redis and to the wire, `cluster.rs` what to a cluster, `subject.rs` whose callers are looked at. `docs/chaos.md` says how to run it, and what it gave.

mod cluster;
mod fault;
mod row;
mod seen;
mod subject;

use fault::Fault;
use lexopt::prelude::*;
use std::process::ExitCode;
use std::time::Duration;
use subject::Kind;

const HELP: &str = "\
What callers of cached functions see while Redis is slow, gone, full or lying.
Starts the servers that it needs.

usage: chaos [options]

  --quick          each fault lasts 1.5 s, and not 6 s
  --faults <list>  of the list below, with commas (all)
  --caches <list>  ours, cached, by-hand, with commas (ours)
  --help

faults
";

const CLOSING: &str = "
exit status: 0; 1 if a call failed, hung or waited longer for Redis than its deadline, something old was served past the bound, an invalidation was lost or
something did not heal; 2 if it could not be done
";

/// What to do.
struct Options {
    faults: Vec<Fault>,
    kinds: Vec<Kind>,
    lasts: Duration,
}

fn main() -> ExitCode {
    match options() {
        Err(error) => {
            eprintln!("chaos: {error}; see --help");
            ExitCode::from(2)
        }
        Ok(None) => {
            let faults = Fault::all()
                .iter()
                .map(|fault| format!("  {:<16} {}", fault.name(), fault.words()))
                .collect::<Vec<_>>()
                .join("\n");
            print!("{HELP}{faults}\n{CLOSING}");
            ExitCode::SUCCESS
        }
        Ok(Some(options)) => run(&options),
    }
}

fn run(options: &Options) -> ExitCode {
    println!("{}", row::HEADING);
    let mut is_clean = true;
    for (kind, fault) in options.rows() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let outcome = runtime.map_err(anyhow::Error::from);
        match outcome.and_then(|runtime| row::run(&runtime, kind, fault, options.lasts)) {
            Ok(outcome) => {
                println!("{}", outcome.line());
                is_clean &= outcome.is_clean() || !kind.is_held_to_its_word();
            }
            Err(error) if !kind.is_held_to_its_word() => {
                println!("{:<8} {:<15} takes no part: {error:#}", kind.name(), fault.name());
            }
            Err(error) => {
                eprintln!("chaos: {}: {error:#}", fault.name());
                return ExitCode::from(2);
            }
        }
    }
    if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

impl Options {
    fn rows(&self) -> impl Iterator<Item = (Kind, Fault)> {
        let takes_part = |kind: Kind, fault: Fault| kind.knows_clusters() || !fault.is_of_cluster();
        let all = self.kinds.iter().flat_map(|kind| self.faults.iter().map(|fault| (*kind, *fault)));
        all.filter(move |(kind, fault)| takes_part(*kind, *fault))
    }
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options { faults: Fault::all(), kinds: vec![Kind::Ours], lasts: Duration::from_secs(6) };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => options.lasts = Duration::from_millis(1_500),
            Long("faults") => {
                let named = |name: &str| {
                    let fault = Fault::all().into_iter().find(|fault| fault.name() == name);
                    fault.ok_or_else(|| lexopt::Error::Custom(format!("no fault is called `{name}`").into()))
                };
                options.faults = parser.value()?.string()?.split(',').map(named).collect::<Result<_, _>>()?;
            }
            Long("caches") => {
                let named = |name: &str| {
                    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
                    kind.ok_or_else(|| lexopt::Error::Custom(format!("no cache is called `{name}`").into()))
                };
                options.kinds = parser.value()?.string()?.split(',').map(named).collect::<Result<_, _>>()?;
            }
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}
