//! The command line.

use anyhow::{Context, bail};
use lexopt::prelude::*;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
A small web service with cached functions.

usage: guild_api                         serve
       guild_api --replay [<trace>]      serve itself, replay a trace as requests, and report

options of --replay
  <trace>            lines of `start count ignored id`, as text or .zst; without it a Zipf trace is made up
  --requests <n>     replay so many requests at most
  --concurrency <n>  clients at once (16)
  --l1-entries <n>   entries in memory (a tenth of the trace's distinct keys)
  --lru              evict the least recently used from memory, instead of by S3-FIFO

environment
  GUILD_API_ADDR     where to serve (127.0.0.1:8080)
  DATABASE_URL       such as sqlite:guilds.db (a temporary database)
  REDIS_URL          the second tier, such as redis://localhost:6379 (none)
  CACHE_*            see cache_runtime::Cache::from_env

exit status: 0; 1 if the replay saw a stale read or a failed request; 2 if it could not be done
";

#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Serve,
    Replay(Options),
}

/// What to replay, and how.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) trace: Option<PathBuf>,
    pub(crate) requests: Option<usize>,
    pub(crate) concurrency: usize,
    pub(crate) l1_entries: Option<u64>,
    pub(crate) lru: bool,
}

/// Reads the command line, without the program's name.
pub(crate) fn parse(mut parser: lexopt::Parser) -> anyhow::Result<Command> {
    let mut options = Options { trace: None, requests: None, concurrency: 16, l1_entries: None, lru: false };
    let mut replay = false;
    let mut of_replay = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("replay") => replay = true,
            Long("requests") => options.requests = Some(number(&mut parser, &mut of_replay, "--requests")?),
            Long("concurrency") => options.concurrency = number(&mut parser, &mut of_replay, "--concurrency")?,
            Long("l1-entries") => {
                options.l1_entries = Some(number(&mut parser, &mut of_replay, "--l1-entries")? as u64);
            }
            Long("lru") => {
                of_replay = Some("--lru");
                options.lru = true;
            }
            Value(trace) if options.trace.is_none() => {
                of_replay = Some("a trace");
                options.trace = Some(trace.into());
            }
            unexpected => return Err(unexpected.unexpected().into()),
        }
    }
    match (replay, of_replay) {
        (true, _) => Ok(Command::Replay(options)),
        (false, None) => Ok(Command::Serve),
        (false, Some(what)) => bail!("{what} goes with --replay"),
    }
}

fn number(
    parser: &mut lexopt::Parser,
    of_replay: &mut Option<&'static str>,
    option: &'static str,
) -> anyhow::Result<usize> {
    *of_replay = Some(option);
    let text = parser.value()?.string()?;
    match text.parse().with_context(|| format!("{option}: `{text}` should be a whole number"))? {
        0 => bail!("{option}: should be at least 1"),
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(lexopt::Parser::from_args(line.split_whitespace())).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn nothing_means_serve() {
        assert_eq!(parsed(""), Ok(Command::Serve));
    }

    #[test]
    fn a_replay_takes_a_trace_and_its_options_in_any_order() {
        let trace = Some("t.zst".into());
        let expected = Options { trace, requests: Some(5), concurrency: 2, l1_entries: Some(10), lru: true };
        let expected = Ok(Command::Replay(expected));
        assert_eq!(parsed("--replay t.zst --requests 5 --concurrency 2 --l1-entries 10 --lru"), expected);
        assert_eq!(parsed("--lru --requests=5 t.zst --concurrency=2 --l1-entries=10 --replay"), expected);
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        let problem = |line: &str| parsed(line).expect_err(line);
        assert_eq!(problem("--replya"), "invalid option '--replya'");
        assert_eq!(problem("--requests 5"), "--requests goes with --replay");
        assert_eq!(problem("t.zst"), "a trace goes with --replay");
        assert_eq!(problem("--replay a b"), "unexpected argument \"b\"");
        assert_eq!(problem("--replay --concurrency 0"), "--concurrency: should be at least 1");
        let expected = "--requests: `many` should be a whole number: invalid digit found in string";
        assert_eq!(problem("--replay --requests many"), expected);
    }
}
