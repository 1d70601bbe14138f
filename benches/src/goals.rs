//! The lines that are to be beaten, each as a ratio of two figures of one run, or as a figure and its limit.

mod lines;

use crate::figure::{Figure, number};
use serde::Serialize;

/// A figure by its table, its row and its column.
#[derive(Clone, Debug)]
struct Place {
    case: String,
    contestant: &'static str,
    measure: &'static str,
}

/// What a figure of ours is held against.
#[derive(Clone, Debug)]
enum Beside {
    /// The best of these, as the relation has it.
    BestOf(Vec<Place>),
    /// A number.
    Number(f64),
}

#[derive(Clone, Copy, Debug)]
enum Limit {
    /// Ours is to be at most so many times the other.
    AtMost(f64),
    /// Ours is to be at least so many times the other.
    AtLeast(f64),
    /// Ours is to be at most so much less than the other.
    WithinPoints(f64),
}

/// A line.
#[derive(Clone, Debug)]
struct Goal {
    line: &'static str,
    ours: Place,
    beside: Beside,
    limit: Limit,
}

/// A line, and what became of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) line: &'static str,
    ours: Option<f64>,
    other: Option<f64>,
    limit: String,
    ratio: Option<f64>,
    pub(crate) is_met: bool,
}

/// Every line, in the order of the page. What was not measured is not met.
pub(crate) fn judged(figures: &[Figure]) -> Vec<Verdict> {
    lines::all().iter().map(|goal| goal.judged(figures)).collect()
}

/// The table of all lines.
pub(crate) fn markdown(verdicts: &[Verdict]) -> String {
    let shown = |value: Option<f64>| value.map_or("not measured".to_owned(), number);
    let row = |verdict: &Verdict| {
        let Verdict { line, ours, other, limit, ratio, is_met } = verdict;
        let (ours, other, ratio) =
            (shown(*ours), shown(*other), ratio.map_or(String::new(), |ratio| format!("{ratio:.2}")));
        let met = if *is_met { "met" } else { "missed" };
        format!("| {line} | {ours} | {other} | {ratio} | {limit} | {met} |\n")
    };
    let rows: String = verdicts.iter().map(row).collect();
    format!("\n### Lines to beat\n\n| | ours | the other | ratio | limit | |\n|---|---|---|---|---|---|\n{rows}")
}

impl Place {
    fn find(&self, figures: &[Figure]) -> Option<f64> {
        let is_here = |figure: &&Figure| {
            figure.case == self.case && figure.contestant == self.contestant && figure.measure == self.measure
        };
        figures.iter().find(is_here).map(|figure| figure.median)
    }
}

impl Goal {
    fn judged(&self, figures: &[Figure]) -> Verdict {
        let ours = self.ours.find(figures);
        let other = match &self.beside {
            Beside::Number(number) => Some(*number),
            Beside::BestOf(places) => self.limit.best(places.iter().filter_map(|place| place.find(figures))),
        };
        let ratio = ours.zip(other).map(|(ours, other)| if other == 0.0 { ours } else { ours / other });
        let is_met = ours.zip(other).is_some_and(|(ours, other)| self.limit.admits(ours, other));
        Verdict { line: self.line, ours, other, limit: self.limit.shown(), ratio, is_met }
    }
}

impl Limit {
    fn best(self, values: impl Iterator<Item = f64>) -> Option<f64> {
        match self {
            Self::AtMost(_) => values.min_by(f64::total_cmp),
            Self::AtLeast(_) | Self::WithinPoints(_) => values.max_by(f64::total_cmp),
        }
    }

    fn admits(self, ours: f64, other: f64) -> bool {
        match self {
            Self::AtMost(limit) => ours <= limit * other,
            Self::AtLeast(limit) => ours >= limit * other,
            Self::WithinPoints(points) => ours + points >= other,
        }
    }

    fn shown(self) -> String {
        match self {
            Self::AtMost(limit) => format!("at most {}", number(limit)),
            Self::AtLeast(limit) => format!("at least {}", number(limit)),
            Self::WithinPoints(points) => format!("within {} points", number(points)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(limit: Limit) -> Goal {
        let place = |contestant| Place { case: "case".to_owned(), contestant, measure: "ns" };
        let beside = Beside::BestOf(vec![place("slow"), place("fast")]);
        Goal { line: "line", ours: place("ours"), beside, limit }
    }

    fn figures(ours: f64) -> Vec<Figure> {
        [("ours", ours), ("fast", 10.0), ("slow", 20.0)].map(|(name, ns)| Figure::once("case", name, "ns", ns)).to_vec()
    }

    #[test]
    fn ours_is_held_against_the_best_other() {
        assert!(goal(Limit::AtMost(1.05)).judged(&figures(10.5)).is_met);
        assert!(!goal(Limit::AtMost(1.05)).judged(&figures(10.6)).is_met);
        assert!(goal(Limit::AtLeast(0.85)).judged(&figures(17.0)).is_met);
        assert!(!goal(Limit::AtLeast(0.85)).judged(&figures(16.9)).is_met);
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let verdict = goal(Limit::AtMost(1.0)).judged(&[]);
        assert!(!verdict.is_met);
        assert!(markdown(&[verdict]).contains("| line | not measured | not measured |  | at most 1.00 | missed |"));
    }
}
