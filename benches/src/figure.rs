//! What was measured: a median with what it lies between, of one contestant in one case.

use serde::Serialize;

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) case: String,
    pub(crate) contestant: String,
    /// With its unit: `ns`, `thousand/s`.
    pub(crate) measure: &'static str,
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Figure {
    /// Of what the rounds gave.
    pub(crate) fn of_rounds(case: &str, contestant: &str, measure: &'static str, mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let (min, max) = (rounds.first().copied().unwrap_or(f64::NAN), rounds.last().copied().unwrap_or(f64::NAN));
        let median = rounds.get(rounds.len() / 2).copied().unwrap_or(f64::NAN);
        Self { case: case.to_owned(), contestant: contestant.to_owned(), measure, median, min, max }
    }

    /// Of what was counted once.
    pub(crate) fn once(case: &str, contestant: &str, measure: &'static str, value: f64) -> Self {
        Self::of_rounds(case, contestant, measure, vec![value])
    }

    fn shown(&self) -> String {
        if self.min.to_bits() == self.max.to_bits() {
            return number(self.median);
        }
        format!("{} ({} to {})", number(self.median), number(self.min), number(self.max))
    }
}

/// The value that so many of a hundred do not exceed. Sorts them.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len() * percent / 100).min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// A table a case: a row a contestant, a column a measure.
pub(crate) fn markdown(figures: &[Figure]) -> String {
    let of = |case: &str| figures.iter().filter(|figure| figure.case == case).collect::<Vec<_>>();
    let cases = distinct(figures.iter().map(|figure| figure.case.as_str()));
    cases.into_iter().map(|case| table(case, &of(case))).collect()
}

fn table(case: &str, figures: &[&Figure]) -> String {
    let measures = distinct(figures.iter().map(|figure| figure.measure));
    let contestants = distinct(figures.iter().map(|figure| figure.contestant.as_str()));
    let cell = |contestant: &str, measure: &str| {
        let found = figures.iter().find(|figure| figure.contestant == contestant && figure.measure == measure);
        found.map_or(String::new(), |figure| figure.shown())
    };
    let row = |contestant: &str| {
        let cells: Vec<String> = measures.iter().map(|measure| cell(contestant, measure)).collect();
        format!("| {contestant} | {} |\n", cells.join(" | "))
    };
    let rows: String = contestants.into_iter().map(row).collect();
    format!("\n### {case}\n\n| | {} |\n|---|{}\n{rows}", measures.join(" | "), "---|".repeat(measures.len()))
}

/// Each once, in the order of their first appearance.
pub(crate) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// Three digits that say something.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => with_commas(value.round()),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn with_commas(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let grouped: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|chunk| str::from_utf8(chunk).ok()).collect();
    format!("{}{}", if value < 0.0 { "-" } else { "" }, grouped.join(","))
}

#[test]
fn numbers_are_grouped_and_rounded() {
    let shown = [1_234_567.4, 999.6, 42.04, 1.0, 0.126].map(number);
    assert_eq!(shown, ["1,234,567", "1,000", "42.0", "1.00", "0.13"]);
}

#[test]
fn a_case_is_a_table_of_medians() {
    let figures = [
        Figure::of_rounds("l1", "ours", "ns", vec![3.0, 1.0, 2.0]),
        Figure::once("l1", "ours", "allocations", 0.0),
        Figure::once("l1", "other", "ns", 4.0),
    ];
    let expected = "\n### l1\n\n| | ns | allocations |\n|---|---|---|\n\
                    | ours | 2.00 (1.00 to 3.00) | 0.00 |\n| other | 4.00 |  |\n";
    assert_eq!(markdown(&figures), expected);
}

#[test]
fn percentiles_are_values_that_were_there() {
    let mut values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
    assert_eq!((percentile(&mut values, 50), percentile(&mut values, 99)), (51.0, 100.0));
    assert_eq!(percentile(&mut [7.0], 99), 7.0);
}
