//! The command line.

use crate::fault::{self, Fault};
use crate::goal::{Amount, Count};
use crate::node::Plan;
use crate::subject::{Kind, Mode};
use anyhow::{Context, bail};
use lexopt::prelude::*;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

const HELP: &str = "\
Looks for stale reads: several nodes with a cache each, over one Redis and one
database, while servers, connections and nodes fail. Starts what it needs.

usage: checker [options]

  --seconds <n>      how long each row lasts at least (20)
  --reads <n>        so many reads of each fault, in all modes together: the last
                     of its rows goes on until then (`10M`, `500k`)
  --invalidations <n>  the same of acknowledged invalidations
  --at-most <n>      how many seconds such a row lasts at most (ten times --seconds)
  --faults <list>    `all`, or of the list below, with commas (all)
  --subjects <list>  ours, cached, moka, or all, with commas (ours)
  --mode <list>      of ours: strong, eventual, l1-off, or both, with commas (both)
  --processes <n>    nodes, each a process with its own memory (3)
  --readers <n>      tasks that read, in each node (24)
  --writers <n>      tasks that write and invalidate, in all nodes together (18)
  --keys <n>         rows of the database (24)
  --bound-ms <n>     how long other nodes may serve what was invalidated (1000)
  --cluster          over a cluster of three primaries with a replica each
  --seed <n>         of what is drawn; the rest is up to the machine (1)
  --append <file>    appends a line of JSON for each row; with --reads or
                     --invalidations, what is there of a fault counts already
  --table <file>     runs nothing: prints what such a file holds, as tables; may be
                     given several times
  --help

faults
";

const CLOSING: &str = "
exit status: 0; 1 if ours served what it may not, or a row proves nothing; 2 if it could not be done
";

/// How a node is told what to do; not for people.
const NODE: &str = "run-node";

#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Check(Options),
    Table(Vec<PathBuf>),
    Node(Box<Plan>),
}

/// What to check, and how hard.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) duration: Duration,
    pub(crate) faults: Vec<Fault>,
    pub(crate) subjects: Vec<Kind>,
    pub(crate) modes: Vec<Mode>,
    pub(crate) nodes: u32,
    pub(crate) readers: u32,
    pub(crate) writers: u32,
    pub(crate) keys: u32,
    pub(crate) bound: Duration,
    pub(crate) cluster: bool,
    pub(crate) seed: u64,
    /// What is wanted of each fault.
    pub(crate) goal: Amount,
    pub(crate) at_most: Option<Duration>,
    /// Where rows are added to those of other checks.
    pub(crate) append: Option<PathBuf>,
}

impl Options {
    /// How long a row may last of a fault that was not shown enough yet.
    pub(crate) fn longest(&self) -> Duration {
        self.at_most.unwrap_or(self.duration * 10).max(self.duration)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(20),
            faults: Vec::new(),
            subjects: vec![Kind::Ours],
            modes: vec![Mode::Strong, Mode::Eventual],
            nodes: 3,
            readers: 24,
            writers: 18,
            keys: 24,
            bound: Duration::from_secs(1),
            cluster: false,
            seed: 1,
            goal: Amount::default(),
            at_most: None,
            append: None,
        }
    }
}

pub(crate) fn help() -> String {
    let faults = Fault::ALL.iter().map(|fault| format!("  {:<18} {}\n", fault.name(), fault.words()));
    format!("{HELP}{}{CLOSING}", faults.collect::<String>())
}

/// Reads the command line.
pub(crate) fn parse(mut parser: lexopt::Parser) -> anyhow::Result<Command> {
    let (mut options, mut tables) = (Options::default(), Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("seconds") => options.duration = Duration::from_secs(number(&mut parser, "--seconds", 1..=86_400)?),
            Long("faults") => options.faults = faults(&text(&mut parser)?)?,
            Long("subjects") => options.subjects = subjects(&text(&mut parser)?)?,
            Long("mode") => options.modes = modes(&text(&mut parser)?)?,
            Long("processes") => options.nodes = number(&mut parser, "--processes", 1..=64)?,
            Long("readers") => options.readers = number(&mut parser, "--readers", 1..=1_000)?,
            Long("writers") => options.writers = number(&mut parser, "--writers", 1..=1_000)?,
            Long("keys") => options.keys = number(&mut parser, "--keys", 1..=1_000_000)?,
            Long("bound-ms") => options.bound = Duration::from_millis(number(&mut parser, "--bound-ms", 20..=60_000)?),
            Long("seed") => options.seed = number(&mut parser, "--seed", 0..=u64::MAX)?,
            Long("cluster") => options.cluster = true,
            Long("reads") => options.goal.reads = count(&mut parser, "--reads")?,
            Long("invalidations") => options.goal.invalidations = count(&mut parser, "--invalidations")?,
            Long("at-most") => {
                options.at_most = Some(Duration::from_secs(number(&mut parser, "--at-most", 1..=86_400)?));
            }
            Long("append") => options.append = Some(parser.value()?.into()),
            Long("table") => tables.push(parser.value()?.into()),
            Value(word) if word == NODE => {
                let plan = text(&mut parser)?;
                return Ok(Command::Node(serde_json::from_str(&plan).context("the plan of a node")?));
            }
            unexpected => return Err(unexpected.unexpected().into()),
        }
    }
    if !tables.is_empty() {
        return Ok(Command::Table(tables));
    }
    settle(&mut options)?;
    Ok(Command::Check(options))
}

/// What follows from all of them together: the faults, unless they are named, and what none of these can mean.
fn settle(options: &mut Options) -> anyhow::Result<()> {
    let cluster = options.cluster;
    if options.faults.is_empty() {
        options.faults = Fault::all().into_iter().filter(|fault| fault.is_of(cluster)).collect();
    }
    let place = if cluster { "a cluster" } else { "one server" };
    if let Some(fault) = options.faults.iter().find(|fault| !fault.is_of(cluster)) {
        bail!("--faults: `{}` is not done to {place}", fault.name());
    }
    if let Some(kind) = options.subjects.iter().find(|kind| cluster && !kind.is_held_to_its_word()) {
        bail!("--cluster: {} does not speak to one", kind.name());
    }
    Ok(())
}

/// The arguments that make this program a node.
pub(crate) fn of_node(plan: &Plan) -> anyhow::Result<[String; 2]> {
    Ok([NODE.to_owned(), serde_json::to_string(plan)?])
}

fn text(parser: &mut lexopt::Parser) -> anyhow::Result<String> {
    Ok(parser.value()?.string()?)
}

fn number<N>(parser: &mut lexopt::Parser, option: &str, range: std::ops::RangeInclusive<N>) -> anyhow::Result<N>
where
    N: FromStr + PartialOrd + std::fmt::Display,
{
    let text = text(parser)?;
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => bail!("{option}: `{text}` should be a whole number from {} to {}", range.start(), range.end()),
    }
}

fn count(parser: &mut lexopt::Parser, option: &str) -> anyhow::Result<u64> {
    let count: anyhow::Result<Count> = text(parser)?.parse();
    Ok(count.with_context(|| option.to_owned())?.0)
}

fn faults(list: &str) -> anyhow::Result<Vec<Fault>> {
    if list == "all" {
        return Ok(Vec::new());
    }
    let fault = |name: &str| {
        let known = || Fault::ALL.map(Fault::name).join(", ");
        let fault = Fault::ALL.into_iter().find(|fault| fault.name() == name);
        let fault = fault.with_context(|| format!("--faults: `{name}` should be `all` or of {}", known()))?;
        match fault {
            Fault::Clock => fault::clock::library().map(|_| fault).context(
                "--faults: `clock` needs libfaketime: apt-get install libfaketime, or CHECKER_FAKETIME=<its path>",
            ),
            _ => Ok(fault),
        }
    };
    list.split(',').map(fault).collect()
}

fn subjects(list: &str) -> anyhow::Result<Vec<Kind>> {
    let mut subjects = Vec::new();
    for name in list.split(',') {
        subjects.extend(match name {
            "ours" => vec![Kind::Ours],
            "cached" => vec![Kind::Cached],
            "moka" => vec![Kind::Moka, Kind::TwoTiers],
            "all" => vec![Kind::Ours, Kind::Cached, Kind::Moka, Kind::TwoTiers],
            // Two that check the checker; not for people.
            "database" => vec![Kind::Database],
            "broken" => vec![Kind::Broken],
            _ => bail!("--subjects: `{name}` should be ours, cached, moka or all"),
        });
    }
    Ok(subjects)
}

fn modes(list: &str) -> anyhow::Result<Vec<Mode>> {
    let mut modes = Vec::new();
    for name in list.split(',') {
        modes.extend(match name {
            "eventual" => vec![Mode::Eventual],
            "strong" => vec![Mode::Strong],
            "l1-off" => vec![Mode::L1Off],
            "both" => vec![Mode::Strong, Mode::Eventual],
            _ => bail!("--mode: `{name}` should be eventual, strong, l1-off or both"),
        });
    }
    Ok(modes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> anyhow::Result<Command> {
        parse(lexopt::Parser::from_iter(std::iter::once(&"checker").chain(words)))
    }

    #[test]
    fn options_are_read() {
        let Ok(Command::Check(options)) = parsed(&["--faults", "none,kill", "--seconds=3", "--mode", "strong"]) else {
            panic!("they are right");
        };
        assert_eq!(options.faults, [Fault::None, Fault::Kill]);
        assert_eq!((options.duration, options.modes), (Duration::from_secs(3), vec![Mode::Strong]));
    }

    #[test]
    fn a_row_lasts_no_longer_than_is_said_and_no_shorter() {
        let longest = |words: &[&str]| match parsed(words) {
            Ok(Command::Check(options)) => options.longest().as_secs(),
            _ => panic!("they are right"),
        };
        assert_eq!(longest(&["--seconds=3", "--reads=10M"]), 30);
        assert_eq!(longest(&["--seconds=3", "--at-most=60"]), 60);
        assert_eq!(longest(&["--seconds=30", "--at-most=10"]), 30);
    }

    #[test]
    fn a_mistake_is_named() {
        let told = |words: &[&str]| parsed(words).expect_err("it is wrong").to_string();
        assert_eq!(told(&["--seconds", "0"]), "--seconds: `0` should be a whole number from 1 to 86400");
        assert!(told(&["--faults", "kill,nine"]).starts_with("--faults: `nine` should be `all` or of none, kill, "));
        assert_eq!(told(&["--subjects", "his"]), "--subjects: `his` should be ours, cached, moka or all");
        assert_eq!(told(&["--mode", "weak"]), "--mode: `weak` should be eventual, strong, l1-off or both");
        assert_eq!(told(&["--cluster", "--faults", "evict"]), "--faults: `evict` is not done to a cluster");
        assert_eq!(told(&["--faults", "move"]), "--faults: `move` is not done to one server");
        assert_eq!(told(&["--cluster", "--subjects", "all"]), "--cluster: cached does not speak to one");
        assert_eq!(
            format!("{:#}", parsed(&["--reads", "many"]).expect_err("it is wrong")),
            "--reads: `many` should be a number such as 500k or 10M"
        );
        assert!(told(&["--what"]).contains("--what"));
    }
}
