//! What callers of cached functions see while Redis is slow, gone, full or lying: a row a fault.
//!
//! Read `row.rs` first: two nodes over one Redis, readers, a writer, and a source that is always well. `fault.rs` says what
//! is done to Redis and to the wire. `docs/chaos.md` says how to run it, and what it gave.

mod fault;
mod row;
mod seen;

use fault::Fault;
use lexopt::prelude::*;
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
What callers of cached functions see while Redis is slow, gone, full or lying.
Starts the servers that it needs.

usage: chaos [options]

  --quick          each fault lasts 1.5 s, and not 6 s
  --faults <list>  of the list below, with commas (all)
  --help

faults
";

const CLOSING: &str = "
exit status: 0; 1 if a call failed or hung, something old was served past the bound, an invalidation was lost or
something did not heal; 2 if it could not be done
";

/// What to do.
struct Options {
    faults: Vec<Fault>,
    lasts: Duration,
}

fn main() -> ExitCode {
    match options() {
        Err(error) => {
            eprintln!("chaos: {error}; see --help");
            ExitCode::from(2)
        }
        Ok(None) => {
            let faults = Fault::ALL.map(|fault| format!("  {:<16} {}", fault.name(), fault.words())).join("\n");
            print!("{HELP}{faults}\n{CLOSING}");
            ExitCode::SUCCESS
        }
        Ok(Some(options)) => run(&options),
    }
}

fn run(options: &Options) -> ExitCode {
    println!("{}", row::HEADING);
    let mut is_clean = true;
    for fault in &options.faults {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let outcome =
            match runtime.map_err(anyhow::Error::from).and_then(|runtime| row::run(&runtime, *fault, options.lasts)) {
                Ok(outcome) => outcome,
                Err(error) => {
                    eprintln!("chaos: {}: {error:#}", fault.name());
                    return ExitCode::from(2);
                }
            };
        println!("{}", outcome.line());
        is_clean &= outcome.is_clean();
    }
    if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options { faults: Fault::ALL.to_vec(), lasts: Duration::from_secs(6) };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => options.lasts = Duration::from_millis(1_500),
            Long("faults") => {
                let named = |name: &str| {
                    let fault = Fault::ALL.into_iter().find(|fault| fault.name() == name);
                    fault.ok_or_else(|| lexopt::Error::Custom(format!("no fault is called `{name}`").into()))
                };
                options.faults = parser.value()?.string()?.split(',').map(named).collect::<Result<_, _>>()?;
            }
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}
