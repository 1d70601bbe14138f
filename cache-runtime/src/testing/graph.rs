//! The graph under review: a file that stands in the repository, and a test that fails when the program is another.

use crate::cache::Graph;
use std::fs;
use std::path::Path;

/// The environment variable that makes [`assert_graph`] write the file instead of comparing: `ACCEPT_GRAPH=1`.
pub const ACCEPT_GRAPH: &str = "ACCEPT_GRAPH";

/// Asserts that a graph is the one in a file, so that what invalidates what changes only where a reviewer sees it. The
/// file's ending says in which form: `.mmd` for Mermaid, `.dot` for Graphviz, `.json`.
///
/// A path that is not absolute begins where the test is run: for cargo, in the directory of the package.
///
/// # Panics
/// If the file is absent or another, with the lines that came and went; unless the variable [`ACCEPT_GRAPH`] is set, and
/// not to `0`: then the file is written. If the file has another ending, or cannot be read or written.
///
/// ```
/// use cache_runtime::testing::assert_graph;
/// use cache_runtime::{Cache, cached};
///
/// #[cached(key = "graph:<guild_id>:names", ttl = 300, invalidate_on = ["guild_renamed"])]
/// async fn names_of_guild(guild_id: u64) -> Vec<u64> {
///     vec![guild_id]
/// }
///
/// # let directory = std::env::temp_dir().join("cache_runtime_assert_graph");
/// # std::fs::create_dir_all(&directory).expect("a directory");
/// # let file = directory.join("graph.mmd");
/// # std::fs::write(&file, Cache::in_memory().graph().within(module_path!()).mermaid()).expect("a file");
/// // In a test, `file` is something like "tests/graph.mmd".
/// assert_graph(&Cache::in_memory().graph().within(module_path!()), &file);
/// ```
#[track_caller]
pub fn assert_graph(graph: &Graph, file: impl AsRef<Path>) {
    let accepts = std::env::var(ACCEPT_GRAPH).is_ok_and(|value| !value.is_empty() && value != "0");
    if let Err(problem) = compare(graph, file.as_ref(), accepts) {
        panic!("{problem}");
    }
}

fn compare(graph: &Graph, file: &Path, accepts: bool) -> Result<(), String> {
    let shown = file.display();
    let text = match file.extension().and_then(|ending| ending.to_str()) {
        Some("mmd") => graph.mermaid(),
        Some("dot") => graph.dot(),
        Some("json") => graph.json(),
        _ => return Err(format!("`{shown}` should end in .mmd, .dot or .json, which says the form of the graph")),
    };
    if accepts {
        return fs::write(file, text).map_err(|error| format!("`{shown}` cannot be written: {error}"));
    }
    let kept = match fs::read_to_string(file) {
        // A checkout on Windows may have made other line ends.
        Ok(kept) => kept.replace("\r\n", "\n"),
        Err(error) => return Err(format!("`{shown}` cannot be read: {error}; {}", how_to_accept())),
    };
    if kept == text {
        return Ok(());
    }
    Err(format!("the graph is not the one in `{shown}`:\n\n{}\n{}", difference(&kept, &text), how_to_accept()))
}

fn how_to_accept() -> String {
    format!("if it should be as it is now, run this test with {ACCEPT_GRAPH}=1 and commit the file")
}

/// The lines that are in one of the two only, in their order, `-` before those that went and `+` before those that came.
fn difference(kept: &str, now: &str) -> String {
    let (kept, now): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), now.lines().collect());
    // common[i][j]: how many lines the rests from i and j have in common, in order.
    let mut common = vec![vec![0_usize; now.len() + 1]; kept.len() + 1];
    for i in (0..kept.len()).rev() {
        for j in (0..now.len()).rev() {
            common[i][j] = match kept[i] == now[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < kept.len() || j < now.len() {
        if i < kept.len() && j < now.len() && kept[i] == now[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == now.len() || (i < kept.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(format!("- {}\n", kept[i].trim_start()));
            i += 1;
        } else {
            lines.push(format!("+ {}\n", now[j].trim_start()));
            j += 1;
        }
    }
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn place(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("cache_runtime_graph_{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory of one's own");
        directory.join(name)
    }

    #[test]
    fn what_came_and_went_is_shown_and_nothing_else() {
        assert_eq!(difference("a\nb\nc\n", "a\nc\nd\n"), "- b\n+ d\n");
        assert_eq!(difference("", "a\n"), "+ a\n");
        assert_eq!(difference("same\n", "same\n"), "");
    }

    #[test]
    fn a_file_that_is_absent_is_a_failure_that_says_how_to_make_it() {
        let file = place("absent.mmd");
        let problem = compare(&Graph::default(), &file, false).expect_err("there is none");
        assert!(problem.contains("cannot be read") && problem.contains("ACCEPT_GRAPH=1"), "{problem}");
        compare(&Graph::default(), &file, true).expect("written");
        compare(&Graph::default(), &file, false).expect("the same");
    }

    #[test]
    fn another_graph_is_a_failure_with_the_lines_that_differ() {
        let file = place("other.json");
        let other = Graph { overlapping_keys: vec![("a".into(), "b".into())], ..Graph::default() };
        compare(&other, &file, true).expect("written");
        let problem = compare(&Graph::default(), &file, false).expect_err("another");
        assert!(problem.contains("- [\"a\", \"b\"]\n"), "{problem}");
    }

    #[test]
    fn the_ending_says_the_form() {
        let problem = compare(&Graph::default(), Path::new("graph.txt"), true).expect_err("which form?");
        assert!(problem.contains("should end in .mmd, .dot or .json"), "{problem}");
    }
}
