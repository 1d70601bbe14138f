//! Arbitrary bytes for whatever reads bytes of others, mutated from a kept corpus for as long as is said.
//!
//! `targets.rs` says to what they are given. The same are targets of libFuzzer in `fuzz/`, which follows the branches that
//! its inputs take and needs a nightly compiler; this follows nothing, and runs everywhere.

mod targets;

use lexopt::prelude::*;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use targets::Target;

const HELP: &str = "\
Arbitrary bytes for whatever reads bytes of others, mutated from the corpus in fuzz/corpus.

usage: fuzz [options]

  --seconds <n>    how long, shared by the targets (60)
  --target <name>  entry, key or text (all)
  --seed <n>       of the mutations (1)
  --renew          writes the inputs that lead far into the targets to the corpus, and ends
  --help

exit status: 0; 1 if something was not as it should be: its input is kept in fuzz/artifacts; 2 if it could not be done
";

struct Options {
    lasts: Duration,
    target: Option<String>,
    seed: u64,
    renews: bool,
}

fn main() -> ExitCode {
    match options() {
        Ok(Some(options)) => run(&options).unwrap_or_else(|error| {
            eprintln!("fuzz: {error:#}");
            ExitCode::from(2)
        }),
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("fuzz: {error}; see --help");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let wanted = |target: &&Target| options.target.as_ref().is_none_or(|name| name == target.name);
    let chosen: Vec<&Target> = targets::ALL.iter().filter(wanted).collect();
    anyhow::ensure!(!chosen.is_empty(), "no target has this name; there are entry, key and text");
    for target in &chosen {
        if options.renews {
            renew(target)?;
        } else if !stands(target, options, options.lasts / chosen.len() as u32)? {
            return Ok(ExitCode::from(1));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether nothing was amiss with the corpus, and with what was made of it in so long.
fn stands(target: &Target, options: &Options, lasts: Duration) -> anyhow::Result<bool> {
    let corpus = corpus(target)?;
    let (mut rng, began, mut runs) = (fastrand::Rng::with_seed(options.seed), Instant::now(), 0_u64);
    for input in &corpus {
        if !holds(target, input)? {
            return Ok(false);
        }
    }
    while began.elapsed() < lasts {
        for _ in 0..256 {
            let mut input = corpus[rng.usize(..corpus.len())].clone();
            mutate(&mut input, &corpus[rng.usize(..corpus.len())], &mut rng);
            runs += 1;
            if !holds(target, &input)? {
                return Ok(false);
            }
        }
    }
    println!("{}: {} inputs of the corpus, {runs} mutations in {:?}", target.name, corpus.len(), began.elapsed());
    Ok(true)
}

fn holds(target: &Target, input: &[u8]) -> anyhow::Result<bool> {
    if std::panic::catch_unwind(|| (target.run)(input)).is_ok() {
        return Ok(true);
    }
    let kept = directory("artifacts").join(target.name);
    std::fs::create_dir_all(directory("artifacts"))?;
    std::fs::write(&kept, input)?;
    eprintln!("fuzz: {}: the input is kept in {}", target.name, kept.display());
    Ok(false)
}

/// One to three changes: a bit, a byte, a stretch cut out, doubled, taken from another input, the end cut off.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut fastrand::Rng) {
    for _ in 0..=rng.usize(..3) {
        if bytes.is_empty() {
            return bytes.push(rng.u8(..));
        }
        // Most of what can go wrong is at the beginning.
        let reach = if rng.bool() { bytes.len().min(160) } else { bytes.len() };
        let at = rng.usize(..reach);
        let end = (at + rng.usize(..40)).min(bytes.len());
        match rng.u8(..6) {
            0 => bytes[at] ^= 1 << rng.u8(..8),
            1 => bytes[at] = rng.u8(..),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let stretch = bytes[at..end].to_vec();
                bytes.splice(at..at, stretch);
            }
            4 => {
                let stretch = other[at.min(other.len())..end.min(other.len())].to_vec();
                bytes.splice(at..end, stretch);
            }
            _ => bytes.truncate(at),
        }
    }
}

fn corpus(target: &Target) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut files: Vec<PathBuf> = match std::fs::read_dir(directory("corpus").join(target.name)) {
        Ok(found) => found.filter_map(Result::ok).map(|file| file.path()).collect(),
        Err(_absent) => Vec::new(),
    };
    files.sort();
    let mut inputs: Vec<Vec<u8>> = files.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    inputs.extend((target.seeds)());
    Ok(inputs)
}

fn renew(target: &Target) -> anyhow::Result<()> {
    let directory = directory("corpus").join(target.name);
    std::fs::create_dir_all(&directory)?;
    for (at, seed) in (target.seeds)().iter().enumerate() {
        std::fs::write(directory.join(format!("seed-{at}")), seed)?;
    }
    Ok(())
}

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(name)
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options { lasts: Duration::from_secs(60), target: None, seed: 1, renews: false };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seconds") => options.lasts = Duration::from_secs(parser.value()?.parse()?),
            Long("target") => options.target = Some(parser.value()?.string()?),
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("renew") => options.renews = true,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}
