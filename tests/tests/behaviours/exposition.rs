//! The page for Prometheus is one that it reads: a strict reader of the format, as its specification has it, and U02.

use cache_runtime::{Cache, MemoryStore, cached};
use std::collections::{BTreeMap, BTreeSet};

#[cached(key = "exposition:<id>", ttl = 60)]
async fn exposed(id: u64) -> u64 {
    id
}

#[cached(key = "exposition:odd:<id>", ttl = 60)]
async fn oddly_named(id: u64) -> u64 {
    id
}

/// A label that has to be escaped.
const ODD: &str = "quoted \"and\\\nbroken";

/// Names and values.
type Labels = Vec<(String, String)>;

/// A metric, and its samples by name and labels.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    samples: BTreeMap<(String, Labels), f64>,
}

/// Reads a page.
///
/// # Panics
/// If it is none.
fn read(page: &str) -> BTreeMap<String, Family> {
    assert!(page.ends_with('\n'), "the last line ends as well");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut open = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, text) = help.split_once(' ').expect("a help has a text");
            assert!(!text.trim().is_empty(), "{line}");
            let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} "))).expect("its type");
            let family = Family { kind: kind.to_owned(), ..Family::default() };
            assert!(families.insert(name.to_owned(), family).is_none(), "{name} is on the page twice");
            open = name.to_owned();
            continue;
        }
        let (name, labels, value) = sample(line);
        let family = families.get_mut(&open).expect("its head comes first");
        let suffixes: &[&str] = if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        assert!(suffixes.iter().any(|suffix| name == format!("{open}{suffix}")), "{line} is under {open}");
        assert!(family.samples.insert((name, labels), value).is_none(), "twice: {line}");
    }
    families
}

fn sample(line: &str) -> (String, Labels, f64) {
    let (name, rest) = line.split_once('{').expect("every sample has labels");
    assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{line}");
    let mut labels = Vec::new();
    let mut rest = rest;
    loop {
        let (label, quoted) = rest.split_once("=\"").expect("a label has a value");
        let (value, after) = unquoted(quoted);
        labels.push((label.to_owned(), value));
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => {
                let value = after.strip_prefix("} ").expect("the labels end").parse().expect("a number");
                return (name.to_owned(), labels, value);
            }
        }
    }
}

/// What stands in quotes, and what comes after them.
fn unquoted(text: &str) -> (String, &str) {
    let (mut value, mut chars) = (String::new(), text.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match chars.next().expect("something is escaped").1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                other => panic!("\\{other} is no escape"),
            }),
            plain => value.push(plain),
        }
    }
    panic!("the quotes do not end: {text}")
}

async fn used(namespace: &str) -> Cache {
    let odd = |name: &str| if name == "oddly_named" { ODD.to_owned() } else { name.to_owned() };
    let builder = Cache::builder().namespace(namespace).store(MemoryStore::new()).metrics_by(odd);
    let cache = builder.build().await.expect("coherent");
    cache.clone().scope(exposed(1)).await;
    cache.clone().scope(exposed(1)).await;
    cache.clone().scope(oddly_named(1)).await;
    cache.clear().await.expect("acknowledged");
    cache
}

#[tokio::test]
async fn the_page_is_one_that_prometheus_reads() {
    let cache = used("one").await;
    let families = read(&cache.metrics().to_string());
    for (name, family) in &families {
        match &*family.kind {
            "counter" => assert!(name.ends_with("_total"), "{name}"),
            "gauge" => assert!(!name.ends_with("_total"), "{name}"),
            "histogram" => assert_is_histogram(name, family),
            other => panic!("{name} is a {other}"),
        }
    }
    let odd = families["cache_misses_total"].samples.keys().any(|(_, labels)| labels[1].1 == ODD);
    assert!(odd, "what was escaped is read back");
}

fn assert_is_histogram(name: &str, family: &Family) {
    let mut buckets: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for ((_, labels), count) in family.samples.iter().filter(|((of, _), _)| of.ends_with("_bucket")) {
        let (bound, others) = labels.split_last().expect("a bucket has a bound");
        assert_eq!(bound.0, "le");
        let bound = if bound.1 == "+Inf" { f64::INFINITY } else { bound.1.parse().expect("a number") };
        buckets.entry(others.to_vec()).or_default().push((bound, *count));
    }
    for (labels, mut buckets) in buckets {
        buckets.sort_by(|left, right| left.0.total_cmp(&right.0));
        assert!(buckets.is_sorted_by_key(|(_, count)| *count), "{name} {labels:?}: {buckets:?}");
        let (last, count) = buckets[buckets.len() - 1];
        assert_eq!(last, f64::INFINITY);
        assert_eq!(family.samples[&(format!("{name}_count"), labels.clone())], count);
        assert!(family.samples.contains_key(&(format!("{name}_sum"), labels)));
    }
}

#[tokio::test]
async fn caches_of_one_process_make_one_page() {
    let (one, two) = (used("one").await, used("two").await);
    let families = read(&one.metrics().and(two.metrics()).to_string());
    let hits = &families["cache_hits_total"];
    let caches: BTreeSet<_> = hits.samples.keys().map(|(_, labels)| labels[0].clone()).collect();
    assert_eq!(caches.len(), 2, "{caches:?}");
    let l1 =
        [("cache", "two"), ("function", "exposed"), ("level", "l1")].map(|(of, is)| (of.to_owned(), is.to_owned()));
    assert_eq!(hits.samples[&("cache_hits_total".to_owned(), l1.to_vec())], 1.0);
}

/// U02: every counter of `Stats` is on the page, so that a new one cannot be forgotten.
#[tokio::test]
async fn u02_every_count_is_on_the_page() {
    let cache = used("one").await;
    let families = read(&cache.metrics().to_string());
    let debug = format!("{:?}", cache.stats());
    let fields: Vec<&str> = debug
        .split(['{', ','])
        .skip(1)
        .filter_map(|field| field.trim().split_once(':'))
        .map(|(name, _)| name)
        .collect();
    assert!(fields.len() > 30, "{debug}");
    let elsewhere = [
        ("l1_hits", "hits_total"),
        ("l2_hits", "hits_total"),
        ("l1_weight", "l1_weight_bytes"),
        ("background", "background_tasks"),
        ("is_listening", "listening"),
        ("may_be_behind_ms", "may_be_behind_seconds"),
        ("breakers_open", "breaker_state"),
    ];
    for field in fields {
        let named = elsewhere.iter().find(|(of, _)| *of == field).map(|(_, name)| format!("cache_{name}"));
        let names =
            named.map_or_else(|| vec![format!("cache_{field}_total"), format!("cache_{field}")], |name| vec![name]);
        assert!(names.iter().any(|name| families.contains_key(name)), "{field} is not on the page");
    }
}

/// U02: and every metric has a row in the guide, which says what to do about it.
#[tokio::test]
async fn every_metric_has_a_row_in_the_guide() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/7-observability.md"));
    let page = page.expect("the guide is there");
    let rows: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    let cache = used("one").await;
    for family in read(&cache.metrics().to_string()).keys() {
        let name = format!("`{}`", family.trim_start_matches("cache_"));
        assert!(rows.iter().any(|row| row.contains(&name)), "{name} has no row");
    }
}
