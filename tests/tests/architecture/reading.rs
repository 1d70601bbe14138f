//! Sources as text: where they are, and what of them is code.

use std::fs;
use std::path::{Path, PathBuf};

/// Where code outside of tests has one of these words.
pub(super) fn naming(directory: &str, words: &[&str], seen_as: impl Fn(&str) -> String) -> Vec<String> {
    let mut places = Vec::new();
    let is_test = |name: &str| name.ends_with("/tests.rs") || name.contains("/snapshots/");
    for (name, code) in sources(directory).iter().filter(|(name, _)| !is_test(name)) {
        for (at, line) in without_tests(code).lines().map(&seen_as).enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                places.push(format!("{name}:{}", at + 1));
            }
        }
    }
    places
}

/// Every Rust file below a directory, as its name from the root and its code.
pub(super) fn sources(directory: &str) -> Vec<(String, String)> {
    let named = |file: PathBuf| {
        let name = file.strip_prefix(root()).map(|name| name.to_string_lossy().replace('\\', "/"));
        (name.expect("it was found below the root"), code_only(&read(&file)))
    };
    files(&root().join(directory))
        .into_iter()
        .filter(|file| file.extension().is_some_and(|e| e == "rs"))
        .map(named)
        .collect()
}

/// Code without its `#[cfg(test)] mod … { … }`, which stands last in a file.
pub(super) fn without_tests(code: &str) -> &str {
    code.split("#[cfg(test)]\nmod tests {").next().unwrap_or(code)
}

/// Code without comments, texts and characters, line for line.
pub(super) fn code_only(text: &str) -> String {
    let (mut code, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(c) = rest.chars().next() {
        let dead = dead_bytes(rest);
        match dead {
            0 => code.push(c),
            _ => code.extend(rest[..dead].chars().filter(|c| *c == '\n').chain([' '])),
        }
        rest = &rest[dead.max(c.len_utf8())..];
    }
    code
}

/// How many bytes of a comment or literal the text begins with.
pub(super) fn dead_bytes(text: &str) -> usize {
    let until = |begin: usize, end: &str| text[begin..].find(end).map_or(text.len(), |at| begin + at + end.len());
    match text.as_bytes() {
        [b'/', b'/', ..] => text.find('\n').unwrap_or(text.len()),
        [b'/', b'*', ..] => until(2, "*/"),
        [b'r', b'#', b'"', ..] => until(3, "\"#"),
        [b'"', ..] => {
            let mut escaped = false;
            let end = text[1..].find(|c| {
                let was_escaped = escaped;
                escaped = !was_escaped && c == '\\';
                !was_escaped && c == '"'
            });
            end.map_or(text.len(), |at| at + 2)
        }
        [b'\'', b'\\', ..] => until(3, "'"),
        [b'\'', ..] => match text.char_indices().nth(2) {
            Some((at, '\'')) => at + 1,
            _ => 0,
        },
        _ => 0,
    }
}

/// The text files below a directory, in order.
pub(super) fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    let is_text =
        |path: &PathBuf| path.extension().is_some_and(|end| ["rs", "md", "toml", "lua"].iter().any(|e| end == *e));
    let below =
        |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path].into_iter().filter(is_text).collect() };
    paths.into_iter().flat_map(below).collect()
}

pub(super) fn text(name: &str) -> String {
    read(&root().join(name))
}

pub(super) fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a member").to_owned()
}

#[test]
fn comments_and_literals_are_no_code() {
    let code = code_only("a // b\n/* c\nd */ e \"f \\\" g\" '\"' h '\\'' 'i: r#\"j \" k\"# l");
    assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["a", "e", "h", "'i:", "l"]);
    assert_eq!(code.lines().count(), 3);
}
