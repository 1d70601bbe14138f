//! Which module of the runtime uses which, and what the drawing says of that.

use super::reading::{code_only, sources, text};
use std::collections::BTreeMap;

/// The floors of ARCHITECTURE.md, the uppermost first.
pub(super) fn floors() -> Vec<Vec<String>> {
    floors_in(&text("ARCHITECTURE.md"))
}

pub(super) fn floors_in(page: &str) -> Vec<Vec<String>> {
    let block =
        page.split_once("```floors\n").and_then(|(_, rest)| rest.split_once("```")).expect("a block of floors").0;
    // Name of the floor, its modules, and after two spaces what they are for.
    let modules =
        |line: &str| line.trim_end().split("  ").map(str::trim).filter(|part| !part.is_empty()).nth(1).map(words);
    block.lines().filter_map(modules).collect()
}

pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// What `lib.rs` re-exports, by name, with the module it comes from; exported macros come from nowhere.
pub(super) fn exports() -> BTreeMap<String, String> {
    let mut exports = exports_in(&code_only(&text("cache-runtime/src/lib.rs")));
    for (_, code) in sources("cache-runtime/src") {
        let exported = code.split("#[macro_export]").skip(1).filter_map(|rest| rest.split_once("macro_rules! "));
        exports.extend(exported.map(|(_, rest)| (leading_name(rest).to_owned(), String::new())));
    }
    exports
}

pub(super) fn exports_in(code: &str) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for statement in code.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next()) {
        let module = leading_name(statement);
        let names = statement[module.len()..].split(|c: char| !is_name_char(c)).filter(|name| !name.is_empty());
        for name in names {
            let known = exports.entry(name.to_owned()).or_default();
            // A derive and its trait have one name; the trait's module is what counts.
            if module != "cache_macros" {
                *known = module.to_owned();
            }
        }
    }
    exports
}

pub(super) fn violations(
    name: &str,
    code: &str,
    floors: &[Vec<String>],
    exports: &BTreeMap<String, String>,
) -> Vec<String> {
    let floor_of = |module: &str| floors.iter().position(|floor| floor.iter().any(|other| other == module));
    let module = module_of(name);
    let Some(own) = floor_of(module[0]) else { return Vec::new() };
    let judge = |(line, target): (usize, String)| match floor_of(&target) {
        Some(floor) if floor < own => Some(format!("{name}:{line}: {} reaches up to {target}", module[0])),
        None if !target.is_empty() => Some(format!("{name}:{line}: `{target}` is on no floor")),
        _ => None,
    };
    uses(&module, code, exports).into_iter().filter_map(judge).collect()
}

/// The modules of the crate's root that a file names, each with its line; what comes from none of them is empty.
pub(super) fn uses(module: &[&str], code: &str, exports: &BTreeMap<String, String>) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, rest) in from_root(code, module.len()) {
        let line = code[..at].lines().count().max(1);
        let known = |name: &str| exports.get(name).cloned().unwrap_or_else(|| name.to_owned());
        found.extend(heads(rest).into_iter().map(|name| (line, known(name))));
    }
    found
}

/// What follows each `crate::`, and each `super::…` that climbs as far as the crate's root.
pub(super) fn from_root(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let begins = |at: usize| !code[..at].ends_with(|c: char| is_name_char(c) || c == ':');
    let direct =
        code.match_indices("crate::").filter(|(at, _)| begins(*at)).map(|(at, path)| (at, &code[at + path.len()..]));
    let climbing = code.match_indices("super::").filter(|(at, _)| begins(*at)).filter_map(|(at, _)| {
        let (mut rest, mut climbed) = (&code[at..], 0);
        while let Some(shorter) = rest.strip_prefix("super::") {
            (rest, climbed) = (shorter, climbed + 1);
        }
        (climbed == depth + inline_modules(&code[..at])).then_some((at, rest))
    });
    direct.chain(climbing).collect()
}

/// How many `mod name {` are open at the end of this code.
pub(super) fn inline_modules(before: &str) -> usize {
    let mut open = Vec::new();
    for (at, c) in before.char_indices() {
        match c {
            '{' => open.push(before[..at].split_whitespace().nth_back(1) == Some("mod")),
            '}' => drop(open.pop()),
            _ => {}
        }
    }
    open.into_iter().filter(|is_module| *is_module).count()
}

/// The first name of a path, or of each path of a group.
pub(super) fn heads(path: &str) -> Vec<&str> {
    let Some(group) = path.strip_prefix('{') else { return vec![leading_name(path)] };
    let (mut depth, mut begin, mut heads) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.push(leading_name(group[begin..at].trim_start()));
                begin = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads.into_iter().filter(|head| !head.is_empty()).collect()
}

pub(super) fn leading_name(text: &str) -> &str {
    &text[..text.find(|c: char| !is_name_char(c)).unwrap_or(text.len())]
}

pub(super) fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `["store", "redis", "read"]` of `cache-runtime/src/store/redis/read.rs`.
pub(super) fn module_of(name: &str) -> Vec<&str> {
    let inside = name.split_once("/src/").map_or(name, |(_, inside)| inside).trim_end_matches(".rs");
    inside.split('/').filter(|part| *part != "mod").collect()
}

const MEMORY: &str = "cache-runtime/src/store/memory.rs";

fn found(code: &str) -> Vec<String> {
    let floors = [words("cache"), words("store"), words("error key")];
    let exports = exports_in("pub use cache::{Cache, L1}; pub use cache_macros::CacheKey;");
    violations(MEMORY, &code_only(code), &floors, &exports)
}

#[test]
fn a_path_to_a_floor_above_is_found_with_its_line() {
    let expected = ["cache-runtime/src/store/memory.rs:3: store reaches up to cache"];
    assert_eq!(found("\n\nuse crate::cache::Cells;"), expected);
    assert_eq!(found("\n\nuse crate::{error::{Error, A}, cache, key};"), expected);
    assert_eq!(found("\n\nuse crate::{\n    error,\n    Cache,\n};"), expected);
    assert_eq!(found("\n\nfn f() -> crate::L1 {}"), expected);
    assert_eq!(found("\n\nuse super::super::cache::Cells;"), expected);
    assert_eq!(found("\nmod tests {\nuse super::super::super::cache; }"), expected);
    assert_eq!(found("$crate::nowhere::f()"), ["cache-runtime/src/store/memory.rs:1: `nowhere` is on no floor"]);
}

#[test]
fn paths_to_the_own_floor_and_below_comments_and_texts_are_not() {
    assert_eq!(
        found("use crate::{error, key}; use crate::store::Store; use super::Store; use crate::CacheKey;"),
        [""; 0]
    );
    assert_eq!(found("/// [`Cache`](crate::cache::Cache)\n// crate::cache\n/* crate::cache */"), [""; 0]);
    assert_eq!(found(r##"f("crate::cache \" crate::cache", '"', 'a', r#"crate::cache"#, '\'');"##), [""; 0]);
    assert_eq!(found("mod tests { use super::super::cache; } use my_crate::cache;"), [""; 0]);
}

#[test]
fn floors_read_as_drawn() {
    let page = "text\n```floors\ndoors   scope config   how people come in\nwords   key  plain data\n```\n";
    assert_eq!(floors_in(page), [words("scope config"), words("key")]);
}
