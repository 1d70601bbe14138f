//! Explores the model of the invalidation protocol: `docs/model.md`.

use cache_tests::model::{Config, LARGE, LIMITS, QUICK, RULES, Report, Rule, Switches, Verdict, explore};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

const HELP: &str = "\
Explores the model of the invalidation protocol, as docs/model.md describes.

    model [--quick] [--threads <n>] [--max-states <n>] [<name>…]

    --quick            the small configurations and every rule, in less than a minute; without it the large ones besides
    --threads <n>      how many explorations run at once (default 2 with --quick, 1 without)
    --max-states <n>   gives an exploration up after so many states (default 60000000, several GB)
    --list             lists the names
    --help             this text
    <name>…            only these configurations and rules

Exits with 0 if every configuration holds, every needed rule is violated without it, and every limit is one;
with 1 if not, or if an exploration was given up; with 2 if the arguments are wrong.";

/// What is to be explored, and what is expected of it.
#[derive(Clone, Copy)]
enum Task {
    Holds(&'static Config),
    Without(&'static Rule),
    Limit(&'static Config),
}

struct Arguments {
    is_quick: bool,
    lists: bool,
    threads: Option<usize>,
    max_states: usize,
    names: Vec<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match parse(&arguments).and_then(|arguments| Ok((tasks(&arguments)?, arguments))) {
        Ok((tasks, arguments)) if arguments.lists => {
            tasks.iter().for_each(|task| println!("{:<20} {}", task.name(), task.about()));
            ExitCode::SUCCESS
        }
        Ok((tasks, arguments)) => run(&tasks, &arguments),
        Err(problem) => {
            eprintln!("error: {problem}\nhelp: `--help` tells what there is");
            ExitCode::from(2)
        }
    }
}

fn parse(arguments: &[String]) -> Result<Arguments, String> {
    let mut parsed =
        Arguments { is_quick: false, lists: false, threads: None, max_states: 60_000_000, names: Vec::new() };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut number = || {
            let given = rest.next().ok_or(format!("`{argument}` needs a number"))?;
            let number = given.parse().ok().filter(|number| (1..=u32::MAX as usize).contains(number));
            number.ok_or(format!("`{given}` is not a number that `{argument}` can take"))
        };
        match argument.as_str() {
            "--quick" => parsed.is_quick = true,
            "--list" => parsed.lists = true,
            "--threads" => parsed.threads = Some(number()?),
            "--max-states" => parsed.max_states = number()?,
            option if option.starts_with('-') => return Err(format!("unknown option `{option}`")),
            name => parsed.names.push(name.to_owned()),
        }
    }
    Ok(parsed)
}

fn tasks(arguments: &Arguments) -> Result<Vec<Task>, String> {
    let quick =
        QUICK.iter().map(Task::Holds).chain(RULES.iter().map(Task::Without)).chain(LIMITS.iter().map(Task::Limit));
    let large = LARGE.iter().filter(|_| !arguments.is_quick).map(Task::Holds);
    let all: Vec<Task> = quick.chain(large).collect();
    let unknown = arguments.names.iter().find(|name| !all.iter().any(|task| task.name() == **name));
    match unknown {
        Some(name) if LARGE.iter().any(|config| config.name == *name) => Err(format!("`{name}` is not a quick one")),
        Some(name) => Err(format!("there is no configuration or rule `{name}`; `--list` lists them")),
        None if arguments.names.is_empty() => Ok(all),
        None => Ok(all.into_iter().filter(|task| arguments.names.iter().any(|name| task.name() == name)).collect()),
    }
}

/// Explores all of it, and tells of each as it ends.
fn run(tasks: &[Task], arguments: &Arguments) -> ExitCode {
    let threads = arguments.threads.unwrap_or(if arguments.is_quick { 2 } else { 1 });
    let (next, wrong, output) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = task.explore(arguments.max_states);
                    let _one_at_a_time = output.lock().unwrap_or_else(PoisonError::into_inner);
                    if !task.tell(&report) {
                        wrong.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    match wrong.into_inner() {
        0 => {
            println!("all {} as expected", tasks.len());
            ExitCode::SUCCESS
        }
        wrong => {
            println!("{wrong} of {} NOT AS EXPECTED", tasks.len());
            ExitCode::FAILURE
        }
    }
}

impl Task {
    fn name(self) -> &'static str {
        match self {
            Self::Holds(config) | Self::Limit(config) => config.name,
            Self::Without(rule) => rule.name,
        }
    }

    fn about(self) -> String {
        match self {
            Self::Holds(config) => config.about.to_owned(),
            Self::Without(rule) => format!("a rule; without it {} (in `{}`)", rule.without, rule.config),
            Self::Limit(config) => format!("a limit: {}", config.about),
        }
    }

    fn explore(self, max_states: usize) -> Report {
        let tell = |states, depth| eprintln!("{}: {states} states, {depth} steps deep", self.name());
        match self {
            Self::Holds(config) | Self::Limit(config) => explore(config, Switches::default(), max_states, &tell),
            Self::Without(rule) => rule.explore_without(max_states, &tell),
        }
    }

    /// Says what came of it; tells whether that was expected.
    fn tell(self, report: &Report) -> bool {
        let Report { states, depth, took, verdict } = report;
        let how = format!("{states} states, {depth} steps, {:.1} s", took.as_secs_f64());
        let (is_expected, found) = match (self, verdict) {
            (_, Verdict::Unfinished) => (false, format!("GIVEN UP: {how}")),
            (Self::Holds(_), Verdict::Holds) => (true, format!("holds: {how}")),
            (Self::Holds(_), Verdict::Violated(trace)) => (false, format!("VIOLATED: {how}\n{trace}")),
            (Self::Without(rule), Verdict::Holds) if !rule.is_needed => {
                (true, format!("holds without, as no promise rests on it alone: {how}"))
            }
            (Self::Without(rule), Verdict::Violated(trace)) if rule.is_needed => {
                (true, format!("violated without: {}\n  in `{}`, {how}\n{trace}", rule.without, rule.config))
            }
            (Self::Without(_), Verdict::Holds) => (false, format!("NOT VIOLATED without: {how}")),
            (Self::Without(_), Verdict::Violated(trace)) => {
                (false, format!("VIOLATED without, so it is needed: {how}\n{trace}"))
            }
            (Self::Limit(config), Verdict::Violated(trace)) => {
                (true, format!("a limit: {}\n  {how}\n{trace}", config.about))
            }
            (Self::Limit(_), Verdict::Holds) => (false, format!("HOLDS, though it is called a limit: {how}")),
        };
        println!("{:<20} {found}", self.name());
        is_expected
    }
}
