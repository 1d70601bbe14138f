//! The tables of `docs/checker.md`, from files of rows.

use crate::clock::ms;
use crate::fault::Fault;
use crate::ledger::Line;
use crate::subject::{Kind, Mode};
use std::fmt::Write;

const OURS: &str = "\
| fault | struck | invalidations | eventual: reads | stale/M | longest, ms | past the bound | lost | strong: reads | stale | all reads |
|---|---|---|---|---|---|---|---|---|---|---|
";

const OTHERS: &str = "\
| subject | fault | struck | invalidations | reads | stale/M | longest, ms | on the own node | past the bound | lost |
|---|---|---|---|---|---|---|---|---|---|
";

/// Rows that were added up.
#[derive(Default)]
struct Sum {
    struck: u64,
    reads: u64,
    invalidations: u64,
    stale: u64,
    longest_ns: u64,
    own: u64,
    past_bound: u64,
    lost: u64,
}

impl Sum {
    fn of<'a>(lines: impl Iterator<Item = &'a Line>) -> Self {
        let mut sum = Self::default();
        for line in lines {
            sum.struck += line.struck;
            sum.reads += line.reads;
            sum.invalidations += line.invalidations;
            sum.stale += line.stale;
            sum.longest_ns = sum.longest_ns.max(line.longest_ns);
            sum.own += line.own;
            sum.past_bound += line.past_bound;
            sum.lost += line.lost;
        }
        sum
    }

    fn stale_per_million(&self) -> u64 {
        self.stale * 1_000_000 / self.reads.max(1)
    }
}

/// All tables that these rows make, as Markdown.
pub(crate) fn of(lines: &[Line]) -> String {
    let mut text = String::new();
    for is_over_a_cluster in [false, true] {
        let here: Vec<&Line> = lines.iter().filter(|line| line.is_over_a_cluster == is_over_a_cluster).collect();
        let (ours, others): (Vec<&Line>, Vec<&Line>) = here.into_iter().partition(|line| {
            line.subject == Kind::Ours.name() && [Mode::Eventual, Mode::Strong].map(Mode::name).contains(&&*line.mode)
        });
        let place = if is_over_a_cluster { "Over a cluster" } else { "One server" };
        if !ours.is_empty() {
            let _ = write!(text, "{place}: {}.\n\n{}\n", told(&ours), table_of_ours(&ours));
        }
        if !others.is_empty() {
            let _ = write!(text, "{place}, others: {}.\n\n{}\n", told(&others), table_of_others(&others));
        }
    }
    text
}

/// The sum of a table in words, and what in it is wrong.
fn told(lines: &[&Line]) -> String {
    let sum = Sum::of(lines.iter().copied());
    let (reads, invalidations, struck) = (grouped(sum.reads), grouped(sum.invalidations), grouped(sum.struck));
    let unclean = lines.iter().filter(|line| !line.is_clean).count();
    let unclean = if unclean == 0 { String::new() } else { format!("; {unclean} rows are NOT CLEAN") };
    format!("{reads} reads and {invalidations} invalidations in {} rows, struck {struck} times{unclean}", lines.len())
}

fn table_of_ours(lines: &[&Line]) -> String {
    let mut table = OURS.to_owned();
    for fault in Fault::ALL.map(Fault::name) {
        let of_fault: Vec<&Line> = lines.iter().copied().filter(|line| line.fault == fault).collect();
        if of_fault.is_empty() {
            continue;
        }
        let of_mode = |mode: Mode| Sum::of(of_fault.iter().copied().filter(|line| line.mode == mode.name()));
        let (all, eventual, strong) =
            (Sum::of(of_fault.iter().copied()), of_mode(Mode::Eventual), of_mode(Mode::Strong));
        let _ = writeln!(
            table,
            "| `{fault}` | {} | {} | {} | {} | {:.1} | {} | {} | {} | {} | {} |",
            grouped(all.struck),
            grouped(all.invalidations),
            grouped(eventual.reads),
            grouped(eventual.stale_per_million()),
            ms(eventual.longest_ns),
            eventual.past_bound + eventual.own,
            all.lost,
            grouped(strong.reads),
            strong.stale,
            grouped(all.reads),
        );
    }
    table
}

fn table_of_others(lines: &[&Line]) -> String {
    let mut table = OTHERS.to_owned();
    let mut named: Vec<(&str, &str, &str)> = Vec::new();
    for line in lines {
        let name = (&*line.subject, &*line.mode, &*line.fault);
        if !named.contains(&name) {
            named.push(name);
        }
    }
    for (subject, mode, fault) in named {
        let is_named = |line: &&&Line| (&*line.subject, &*line.mode, &*line.fault) == (subject, mode, fault);
        let sum = Sum::of(lines.iter().filter(is_named).copied());
        let mode = if subject == Kind::Ours.name() { format!(" {mode}") } else { String::new() };
        let _ = writeln!(
            table,
            "| {subject}{mode} | `{fault}` | {} | {} | {} | {} | {:.1} | {} | {} | {} |",
            grouped(sum.struck),
            grouped(sum.invalidations),
            grouped(sum.reads),
            grouped(sum.stale_per_million()),
            ms(sum.longest_ns),
            grouped(sum.own),
            grouped(sum.past_bound),
            grouped(sum.lost),
        );
    }
    table
}

/// For people: 12,345,678.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(subject: &str, mode: &str, reads: u64, stale: u64) -> Line {
        let [subject, mode, fault] = [subject, mode, "kill"].map(str::to_owned);
        let (longest_ns, is_clean) = (reads * 1_000_000, true);
        Line {
            subject,
            mode,
            fault,
            reads,
            stale,
            longest_ns,
            invalidations: 2,
            struck: 1,
            is_clean,
            ..Line::default()
        }
    }

    #[test]
    fn rows_of_one_fault_are_one_line_of_the_table() {
        let lines =
            [line("ours", "eventual", 1_000, 1), line("ours", "strong", 70, 0), line("ours", "eventual", 3_000, 1)];
        let text = of(&lines);
        assert!(text.starts_with("One server: 4,070 reads and 6 invalidations in 3 rows, struck 3 times.\n"), "{text}");
        let row = text.lines().rfind(|line| line.starts_with("| `")).expect("there is a row");
        assert_eq!(row, "| `kill` | 3 | 6 | 4,000 | 500 | 3000.0 | 0 | 0 | 70 | 0 | 4,070 |");
    }

    #[test]
    fn other_subjects_and_a_cluster_have_tables_of_their_own() {
        let lines = [
            Line { is_over_a_cluster: true, is_clean: false, ..line("ours", "strong", 9, 1) },
            line("moka", "eventual", 5, 1),
        ];
        let text = of(&lines);
        assert!(text.contains("| moka | `kill` | 1 | 2 | 5 | 200,000 | 5.0 | 0 | 0 | 0 |"), "{text}");
        assert!(
            text.contains(
                "Over a cluster: 9 reads and 2 invalidations in 1 rows, struck 1 times; 1 rows are NOT CLEAN"
            )
        );
    }

    #[test]
    fn thousands_are_told_apart() {
        let numbers = [0, 999, 1_000, 12_345_678].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "12,345,678"]);
    }
}
