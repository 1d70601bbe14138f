//! ARCHITECTURE.md is true: its floors, its invariants and the files it names. Sources are read as text, so that the
//! drawing cannot go stale and a broken rule is named with its file and line.

mod floors;
mod reading;

use floors::{exports, floors, module_of, uses, violations};
use reading::{files, naming, read, root, sources, text};
use std::path::Path;

#[test]
fn no_module_uses_one_of_a_floor_above_it() {
    let (floors, exports) = (floors(), exports());
    let reaching_up = |(name, code): &(String, String)| violations(name, code, &floors, &exports);
    let found: Vec<String> = sources("cache-runtime/src").iter().flat_map(reaching_up).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_module_is_on_one_floor_and_every_floor_is_of_modules() {
    let mut drawn: Vec<String> = floors().into_iter().flatten().collect();
    drawn.sort();
    let names = sources("cache-runtime/src").into_iter().map(|(name, _)| module_of(&name)[0].to_owned());
    let mut there: Vec<String> = names.filter(|module| module != "lib").collect();
    there.dedup();
    there.sort();
    there.dedup();
    assert_eq!(drawn, there);
}

#[test]
fn only_the_clock_reads_the_time() {
    assert_only("cache-runtime/src", &["Instant::now", "SystemTime::now", "clock_gettime"], &["clock.rs"]);
}

#[test]
fn only_the_redis_store_names_redis() {
    let of_ours = |code: &str| code.replace("store::redis::", "");
    let naming = naming("cache-runtime/src", &["redis::"], of_ours);
    let its_own = ["cache-runtime/src/store/redis/", "cache-runtime/src/bus/redis", "cache-runtime/src/bus/mod.rs"];
    assert!(naming.iter().all(|place| its_own.iter().any(|own| place.starts_with(own))), "{naming:#?}");
}

#[test]
fn a_task_is_spawned_only_for_a_connection_to_listen_to_recover_and_to_refresh() {
    let allowed = ["cache/listen.rs", "cache/recover.rs", "cache/refresh.rs", "store/redis/connect.rs"];
    assert_only("cache-runtime/src", &["spawn(", "spawn_on(", "spawn_blocking("], &allowed);
}

#[test]
fn stores_know_no_values_policies_or_events() {
    // `draws` is what tests alter bytes by.
    let known = ["store", "bus", "key", "stamp", "error", "clock", "breaker", "backoff", "telemetry", "draws"];
    let exports = exports();
    for (name, code) in sources("cache-runtime/src").iter().filter(|(name, _)| module_of(name)[0] == "store") {
        for (line, module) in uses(&module_of(name), code, &exports) {
            assert!(known.contains(&module.as_str()) || module.is_empty(), "{name}:{line}: a store knows `{module}`");
        }
    }
}

#[test]
fn every_loaded_value_goes_through_one_commit() {
    assert_only("cache-runtime/src/cache", &[".commit(&self.space"], &["write.rs"]);
    assert_only("cache-runtime/src", &["Envelope::open("], &["cache/explain.rs", "cache/look.rs"]);
}

#[test]
fn the_macros_spell_the_door_in_one_place() {
    assert_only("cache-macros/src", &["__private"], &["paths.rs"]);
}

#[test]
fn nothing_is_unsafe() {
    for directory in ["cache-runtime/src", "cache-macros/src", "examples/src", "tests/src", "docs/src", "benches/src"] {
        assert_only(directory, &["unsafe"], &[]);
    }
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let both = ["cache-runtime/src", "cache-macros/src"].map(sources).concat();
    // Snapshots are what the macros write.
    let ours = both.iter().filter(|(name, _)| !name.contains("/snapshots/"));
    let long = ours.filter(|(_, code)| code.lines().count() > 400).map(|(name, _)| name);
    assert_eq!(long.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_option_of_the_attribute_has_a_row_and_a_section_in_the_reference() {
    let options = known_options(&text("cache-macros/src/cached/args.rs"));
    assert!(options.contains(&"ttl".to_owned()), "the table of options is where this test looks for it: {options:?}");
    let missing = undocumented(&options, &text("docs/reference/cached.md"));
    assert_eq!(missing, Vec::<String>::new());
}

/// Those of `#[cached]`, `#[once]` and `#[concurrent_cached]` in version 4.1, with those that it refuses for older names.
#[test]
fn every_attribute_of_cached_is_mapped_for_who_comes_from_there() {
    const THEIRS: &str = "name unbound max_size ttl ttl_secs ttl_millis refresh time time_refresh size key convert \
        cache_err cache_none sync_writes sync_writes_buckets sync_lock with_cached_flag ty create result_fallback \
        unsync_reads expires force_refresh companions_vis companions in_impl result option map_error disk disk_dir \
        redis cache_prefix_block durable shards";
    let (page, redirects) = (text("docs/migration.md"), text("cache-macros/src/cached/elsewhere.rs"));
    let ours = known_options(&text("cache-macros/src/cached/args.rs"));
    let is_mapped = |name: &str| page.contains(&format!("`{name}`")) || page.contains(&format!("`{name} = "));
    let is_read = |name: &str| ours.iter().any(|own| own == name) || redirects.contains(&format!("(\"{name}\", "));
    let lost: Vec<&str> = THEIRS.split_whitespace().filter(|name| !is_mapped(name) || !is_read(name)).collect();
    assert_eq!(lost, Vec::<&str>::new());
}

#[test]
fn every_file_on_the_way_of_one_call_exists() {
    let page = text("ARCHITECTURE.md");
    let (_, section) = page.split_once("\n## One call, from the attribute to Redis\n").expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let files: Vec<&str> = section.split('`').skip(1).step_by(2).filter(|code| is_file_name(code)).collect();
    assert!(files.len() > 15, "{files:?}");
    assert_eq!(absent(&files), Vec::<&str>::new());
}

#[test]
fn every_page_that_a_source_names_exists() {
    let named = ["cache-runtime", "cache-macros", "examples", "tests/src", "benches"]
        .map(|of| files(&root().join(of)))
        .concat();
    let texts: Vec<String> = named.iter().chain([&root().join("deny.toml")]).map(|file| read(file)).collect();
    let pages = texts.iter().flat_map(|text| text.split(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c))));
    let pages: Vec<&str> = pages.filter(|word| word.starts_with("docs/") && word.ends_with(".md")).collect();
    assert!(!pages.is_empty());
    assert_eq!(absent(&pages), Vec::<&str>::new());
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let at_root =
        ["README.md", "ARCHITECTURE.md", "STYLE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|page| root().join(page));
    for page in files(&root().join("docs"))
        .into_iter()
        .chain(at_root)
        .filter(|file| file.extension().is_some_and(|e| e == "md"))
    {
        let directory = page.parent().expect("a page is in a directory");
        assert_eq!(broken_links(&read(&page), directory), Vec::<String>::new(), "{}", page.display());
    }
}

/// Fails if code outside of tests has one of these words elsewhere, or not even there.
fn assert_only(directory: &str, words: &[&str], allowed: &[&str]) {
    let places = naming(directory, words, str::to_owned);
    let file_of = |place: &str| place.rsplit_once(':').map_or_else(String::new, |(file, _)| file.to_owned());
    let mut found: Vec<String> = places.iter().map(|place| file_of(place)).collect();
    found.dedup();
    let expected: Vec<String> = allowed.iter().map(|name| format!("{directory}/{name}")).collect();
    assert_eq!(found, expected, "{words:?}: {places:#?}");
}

/// The options of `#[cached]`, as its table lists them.
fn known_options(args: &str) -> Vec<String> {
    let list = args.split_once("known: &[").and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The options that lack a row of the table or a section of their own.
fn undocumented(options: &[String], page: &str) -> Vec<String> {
    let has = |begin: String| page.lines().any(|line| line.starts_with(&begin));
    let missing = |name: &&String| !has(format!("| `{name}` |")) || !has(format!("## `{name}`"));
    options.iter().filter(missing).cloned().collect()
}

/// The relative links of a page that lead nowhere.
fn broken_links(page: &str, directory: &Path) -> Vec<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let relative = targets.filter(|target| !target.is_empty() && !target.contains("://") && !target.contains(' '));
    relative.filter(|target| !directory.join(target).exists()).map(str::to_owned).collect()
}

fn is_file_name(code: &str) -> bool {
    code.contains('/') && [".rs", ".lua", ".md"].iter().any(|end| code.ends_with(end))
}

fn absent<'a>(files: &[&'a str]) -> Vec<&'a str> {
    files.iter().filter(|file| !root().join(file).exists()).copied().collect()
}

#[test]
fn tables_read_as_written() {
    assert_eq!(known_options("x known: &[\n \"key\", \"ttl\",\n], planned: &[\"early\"]"), ["key", "ttl"]);
    let options = ["key", "ttl", "tags"].map(str::to_owned);
    assert_eq!(undocumented(&options, "| `key` | a |\n| `ttl` | b |\n## `key`\n## `tags`"), ["ttl", "tags"]);
    assert_eq!(absent(&["Cargo.toml", "no/such.rs"]), ["no/such.rs"]);
    assert_eq!(broken_links("[a](Cargo.toml) [b](no.md#c) [d](https://e.f)", &root()), ["no.md"]);
}
