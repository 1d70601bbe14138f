//! The figures as pictures: an SVG a case, a panel a measure, a bar a contestant.
//!
//! A bar ends at the median, and a line over it goes from the lowest round to the highest. All bars of a panel begin at
//! zero, so that their lengths compare.

use crate::figure::{distinct, number};
use anyhow::Context;
use serde::Deserialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What `--json` wrote, as far as it is drawn.
#[derive(Debug, Deserialize)]
struct Report {
    figures: Vec<Drawn>,
}

#[derive(Clone, Debug, Deserialize)]
struct Drawn {
    case: String,
    contestant: String,
    measure: String,
    median: f64,
    min: f64,
    max: f64,
}

const WIDTH: f64 = 760.0;
const ROW: f64 = 26.0;
const BARS_FROM: f64 = 320.0;
const BARS_TO: f64 = 640.0;
const TITLE: f64 = 34.0;
const PANEL_TITLE: f64 = 28.0;

const STYLE: &str = "\
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px }
.measure { fill: #57606a }
.name { text-anchor: end }
.ours { font-weight: 600 }
.bar { fill: #afb8c1 }
.bar.ours { fill: #2563eb }
.span { stroke: #57606a; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .measure { fill: #9198a1 } .bar { fill: #484f58 } .bar.ours { fill: #4c8dff }
  .span { stroke: #9198a1 }
}
</style>
";

/// Draws every case of a file of figures into a directory, and tells which files it wrote.
pub(crate) fn draw(figures: &Path, into: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let json = std::fs::read(figures).with_context(|| format!("reading `{}`", figures.display()))?;
    let report: Report = serde_json::from_slice(&json).with_context(|| format!("`{}`", figures.display()))?;
    std::fs::create_dir_all(into)?;
    let mut written = Vec::new();
    for case in distinct(report.figures.iter().map(|figure| figure.case.as_str())) {
        let of_case: Vec<&Drawn> = report.figures.iter().filter(|figure| figure.case == case).collect();
        let path = into.join(format!("{}.svg", file_name(case)));
        std::fs::write(&path, picture(case, &of_case)).with_context(|| format!("writing `{}`", path.display()))?;
        written.push(path);
    }
    Ok(written)
}

fn picture(case: &str, figures: &[&Drawn]) -> String {
    let mut panels = String::new();
    let mut y = TITLE;
    for measure in distinct(figures.iter().map(|figure| figure.measure.as_str())) {
        let of_measure: Vec<&Drawn> = figures.iter().copied().filter(|figure| figure.measure == measure).collect();
        y = panel(&mut panels, y, measure, &of_measure);
    }
    let (title, height) = (escaped(case), y + 12.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">\n\
         {STYLE}<text class=\"title\" x=\"12\" y=\"22\">{title}</text>\n{panels}</svg>\n"
    )
}

/// Appends the bars of one measure from `y` on; tells where they end.
fn panel(to: &mut String, y: f64, measure: &str, figures: &[&Drawn]) -> f64 {
    let most = figures.iter().map(|figure| figure.median).fold(f64::MIN_POSITIVE, f64::max);
    let at = |value: f64| BARS_FROM + (BARS_TO - BARS_FROM) * (value / most).clamp(0.0, 1.1);
    push(
        to,
        format_args!("<text class=\"measure\" x=\"{BARS_FROM}\" y=\"{}\">{}</text>\n", y + 18.0, escaped(measure)),
    );
    for (row, figure) in figures.iter().enumerate() {
        let top = y + PANEL_TITLE + ROW * row as f64;
        let ours = if figure.contestant.starts_with("ours") { " ours" } else { "" };
        let (name, value) = (escaped(&figure.contestant), number(figure.median));
        let (text, middle, width) = (top + 16.0, top + 11.0, (at(figure.median) - BARS_FROM).max(1.0));
        push(to, format_args!("<text class=\"name{ours}\" x=\"{}\" y=\"{text}\">{name}</text>\n", BARS_FROM - 8.0));
        push(
            to,
            format_args!(
                "<rect class=\"bar{ours}\" x=\"{BARS_FROM}\" y=\"{}\" width=\"{width:.1}\" height=\"16\" rx=\"2\"/>\n",
                top + 3.0
            ),
        );
        let (low, high) = (at(figure.min), at(figure.max));
        if high - low > 1.0 {
            push(
                to,
                format_args!(
                    "<line class=\"span\" x1=\"{low:.1}\" y1=\"{middle}\" x2=\"{high:.1}\" y2=\"{middle}\"/>\n"
                ),
            );
        }
        let end = high.max(at(figure.median)) + 8.0;
        push(to, format_args!("<text class=\"value{ours}\" x=\"{end:.1}\" y=\"{text}\">{value}</text>\n"));
    }
    y + PANEL_TITLE + ROW * figures.len() as f64
}

fn push(to: &mut String, what: std::fmt::Arguments<'_>) {
    to.write_fmt(what).expect("a text takes what is written to it");
}

/// Letters and digits of a title, with one hyphen between words.
fn file_name(title: &str) -> String {
    let words = title.to_lowercase().replace(',', " ");
    let words = words.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(contestant: &str, median: f64) -> Drawn {
        let (case, measure) = ("hit, 2 KB <fast>".to_owned(), "ns".to_owned());
        Drawn { case, contestant: contestant.to_owned(), measure, median, min: median, max: median }
    }

    #[test]
    fn bars_are_as_long_as_their_medians() {
        let (ours, other) = (drawn("ours", 25.0), drawn("other", 100.0));
        let svg = picture("hit", &[&ours, &other]);
        assert!(svg.contains("class=\"bar ours\" x=\"320\" y=\"65\" width=\"80.0\""), "{svg}");
        assert!(svg.contains("class=\"bar\" x=\"320\" y=\"91\" width=\"320.0\""), "{svg}");
    }

    #[test]
    fn a_title_is_no_markup_and_makes_a_plain_file_name() {
        let svg = picture("hit, 2 KB <fast>", &[&drawn("ours", 1.0)]);
        assert!(svg.contains("hit, 2 KB &lt;fast>") && !svg.contains("<fast"), "{svg}");
        assert_eq!(file_name("hit in memory, 10,000 keys: µs"), "hit-in-memory-10-000-keys-s");
    }

    #[test]
    fn each_case_of_a_file_is_drawn() {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let (json, into) = (directory.path().join("figures.json"), directory.path().join("plots"));
        let figure = |case: &str| {
            let (median, min, max) = (1.0, 1.0, 2.0);
            serde_json::json!({"case": case, "contestant": "ours", "measure": "ns", "median": median, "min": min, "max": max})
        };
        let report = serde_json::json!({"machine": {}, "figures": [figure("a"), figure("b")], "lines": []});
        std::fs::write(&json, report.to_string()).expect("it can be written");
        let written = draw(&json, &into).expect("it can be drawn");
        assert_eq!(written, [into.join("a.svg"), into.join("b.svg")]);
    }
}
