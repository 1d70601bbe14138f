//! What rows came to, in a file that is only ever appended to: a line of JSON for each. A check that was cut short goes on
//! from it, and the tables of `docs/checker.md` are made of it.

use crate::args::Options;
use crate::goal::Amount;
use crate::row::{Outcome, Row};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) subject: String,
    pub(crate) mode: String,
    pub(crate) fault: String,
    pub(crate) is_over_a_cluster: bool,
    pub(crate) seed: u64,
    pub(crate) struck: u64,
    pub(crate) reads: u64,
    pub(crate) invalidations: u64,
    pub(crate) stale: u64,
    pub(crate) longest_ns: u64,
    pub(crate) own: u64,
    pub(crate) past_bound: u64,
    pub(crate) ahead: u64,
    pub(crate) lost: u64,
    pub(crate) failed_reads: u64,
    pub(crate) failed_invalidations: u64,
    pub(crate) is_clean: bool,
}

impl Line {
    pub(crate) fn of(outcome: &Outcome, options: &Options) -> Self {
        let (row, verdict) = (outcome.row, &outcome.verdict);
        Self {
            subject: row.kind.name().to_owned(),
            mode: row.mode.name().to_owned(),
            fault: row.fault.name().to_owned(),
            is_over_a_cluster: options.cluster,
            seed: outcome.seed,
            struck: outcome.struck.times,
            reads: verdict.reads,
            invalidations: verdict.invalidations,
            stale: verdict.stale,
            longest_ns: verdict.longest_ns,
            own: verdict.own,
            past_bound: verdict.late,
            ahead: verdict.ahead,
            lost: verdict.lost,
            failed_reads: outcome.failed_reads,
            failed_invalidations: outcome.failed_invalidations,
            is_clean: outcome.is_clean(),
        }
    }

    pub(crate) fn made(&self) -> Amount {
        Amount { reads: self.reads, invalidations: self.invalidations }
    }
}

/// The rows so far, of earlier checks as well if there is a file.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    lines: Vec<Line>,
    is_over_a_cluster: bool,
}

impl Ledger {
    /// With what earlier checks have left.
    pub(crate) fn open(options: &Options) -> anyhow::Result<Self> {
        let is_there = options.append.as_deref().filter(|path| path.exists());
        let lines = is_there.map_or(Ok(Vec::new()), read)?;
        Ok(Self { lines, is_over_a_cluster: options.cluster })
    }

    pub(crate) fn add(&mut self, line: Line, options: &Options) -> anyhow::Result<()> {
        if let Some(path) = &options.append {
            let mut file = OpenOptions::new().create(true).append(true).open(path);
            let text = serde_json::to_string(&line)? + "\n";
            // At once, so that a check which is cut short leaves whole lines.
            let written = file.as_mut().map_err(|error| std::io::Error::new(error.kind(), error.to_string()));
            written.and_then(|file| file.write_all(text.as_bytes())).with_context(|| path.display().to_string())?;
        }
        self.lines.push(line);
        Ok(())
    }

    /// What a subject has been shown of a fault, in all modes together.
    pub(crate) fn made(&self, of: Row) -> Amount {
        let mut made = Amount::default();
        self.of_fault(of).for_each(|line| made.add(line.made()));
        made
    }

    pub(crate) fn has(&self, row: Row) -> bool {
        self.of_fault(row).any(|line| line.mode == row.mode.name())
    }

    pub(crate) fn of_fault(&self, of: Row) -> impl Iterator<Item = &Line> {
        let is_alike = move |line: &&Line| {
            let is_of = line.subject == of.kind.name() && line.fault == of.fault.name();
            is_of && line.is_over_a_cluster == self.is_over_a_cluster
        };
        self.lines.iter().filter(is_alike)
    }
}

/// All lines of a file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Line>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let line = |(at, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), at + 1))
    };
    text.lines().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;
    use crate::subject::{Kind, Mode};

    #[test]
    fn what_an_earlier_check_has_left_counts() {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let options = Options { append: Some(directory.path().join("rows")), ..Options::default() };
        let line = |mode: &str, fault: &str, is_over_a_cluster, reads| Line {
            subject: "ours".to_owned(),
            mode: mode.to_owned(),
            fault: fault.to_owned(),
            is_over_a_cluster,
            reads,
            invalidations: 1,
            ..Line::default()
        };
        let mut ledger = Ledger::open(&options).expect("there need not be a file");
        for line in
            [line("strong", "kill", false, 3), line("eventual", "pause", false, 5), line("eventual", "kill", true, 7)]
        {
            ledger.add(line, &options).expect("it can be written");
        }
        let kill = Row { kind: Kind::Ours, mode: Mode::Eventual, fault: Fault::Kill };
        let mut again = Ledger::open(&options).expect("it can be read");
        assert_eq!(again.made(kill), Amount { reads: 3, invalidations: 1 });
        assert!(again.has(Row { mode: Mode::Strong, ..kill }) && !again.has(kill));
        again.add(line("eventual", "kill", false, 20), &options).expect("it can be written");
        assert_eq!(Ledger::open(&options).expect("it can be read").made(kill), Amount { reads: 23, invalidations: 2 });
    }

    #[test]
    fn a_file_of_something_else_is_told_by_its_line() {
        let file = tempfile::NamedTempFile::new().expect("a file can be made");
        let good = serde_json::to_string(&Line::default()).expect("it can be written");
        std::fs::write(file.path(), format!("{good}\nnot a row\n")).expect("it can be written");
        assert!(read(file.path()).expect_err("it is wrong").to_string().ends_with(":2"));
    }
}
