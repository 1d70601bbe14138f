//! What arbitrary bytes are given to: entries of a store, arguments of keys, and texts that are read back.
//!
//! Each takes any bytes and panics if something is not as it should be. `fuzz/` gives them to libFuzzer, `main.rs` beside
//! this file to a mutator of its own.

use bytes::Bytes;
use cache_runtime::warmup::Checkpoint;
use cache_runtime::{Cache, Clock, Compress, Event, Keyring, L1, MemoryStore, Policy, Token, cached};
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;
use tokio::runtime::Runtime;

/// One thing that bytes are given to.
pub(crate) struct Target {
    /// As it is called on the command line, and its corpus.
    pub(crate) name: &'static str,
    /// Panics if something is not as it should be.
    pub(crate) run: fn(&[u8]),
    /// Inputs that lead far into it.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
}

/// All there are.
pub(crate) const ALL: [Target; 3] = [
    Target { name: "entry", run: entry, seeds: entries },
    Target { name: "key", run: key, seeds: arguments },
    Target { name: "text", run: text, seeds: texts },
];

/// No value may be larger.
const LIMIT_BYTES: usize = 64 << 10;
const NAMESPACE: &str = "fuzz";

type Value = (u64, String, Vec<u64>);

fn value() -> Value {
    (7, "a text that repeats itself; ".repeat(40), (0..50).collect())
}

/// A store that holds what it is told, and caches that read it: plain, compressing, encrypting, and both.
struct Readers {
    runtime: Runtime,
    store: MemoryStore,
    caches: [Cache; 4],
}

thread_local! {
    static READERS: Readers = Readers::new();
}

impl Readers {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let store = MemoryStore::with_clock(Clock::manual());
        let cache = |compresses: bool, encrypts: bool| {
            let builder = Cache::builder().namespace(NAMESPACE).clock(Clock::manual()).store(store.clone());
            let builder = builder.l1(L1::off()).max_value_bytes(LIMIT_BYTES);
            let builder = if compresses { builder.compress(Compress::Zstd { above: 64 }) } else { builder };
            if encrypts { builder.encrypt(Keyring::new(1, [7; 32])) } else { builder }
        };
        let built = |builder: cache_runtime::Builder| runtime.block_on(builder.build()).expect("coherent");
        let caches = [(false, false), (true, false), (false, true), (true, true)].map(|(c, e)| built(cache(c, e)));
        for (at, cache) in caches.iter().enumerate() {
            let policy = Policy::ttl(Duration::from_secs(86_400));
            runtime.block_on(cache.set(&name(at), value(), policy)).expect("it is stored");
        }
        Self { runtime, store, caches }
    }
}

fn name(at: usize) -> String {
    format!("value:{at}")
}

/// The first byte says who reads, and whose entry it is; the rest is the entry.
fn entry(input: &[u8]) {
    let Some((which, bytes)) = input.split_first() else { return };
    let (reader, of) = (usize::from(which % 4), usize::from(which / 4 % 4));
    READERS.with(|readers| {
        readers.store.overwrite(NAMESPACE, &name(of), Bytes::copy_from_slice(bytes));
        let read = readers.runtime.block_on(readers.caches[reader].get::<Value>(&name(of)));
        let Some((number, text, list)) = read else { return };
        assert!(text.len() + list.len() <= LIMIT_BYTES, "{} and {}", text.len(), list.len());
        // The checksum is no signature: who has no key may be shown anything that parses.
        assert!(reader < 2 || (number, text, list) == value(), "another value, in spite of the key");
    });
}

fn entries() -> Vec<Vec<u8>> {
    READERS.with(|readers| {
        let stored = |at: usize| readers.store.bytes(NAMESPACE, &name(at)).unwrap_or_default();
        (0..4).map(|at| [&[(at + at * 4) as u8][..], &stored(at)].concat()).collect()
    })
}

#[cached(key = "fuzz:pair:<left>:<right>", ttl = 60)]
async fn pair(left: &str, right: &str) -> u64 {
    (left.len() + right.len()) as u64
}

#[cached(key = "fuzz:list:<list>", ttl = 60)]
async fn listed(list: Vec<Option<String>>) -> u64 {
    list.len() as u64
}

/// Two lists of arguments: their keys are the same if they are, and only then.
fn key(input: &[u8]) {
    let texts: Vec<String> =
        input.split(|byte| *byte == 0xff).map(|part| String::from_utf8_lossy(part).into()).collect();
    let [one, two, three, four, ..] = &texts[..] else { return };
    let (left, right) = (pair_entry(one, two), pair_entry(three, four));
    assert_eq!(left.key() == right.key(), (one, two) == (three, four), "{:?} and {:?}", left.key(), right.key());
    let optional = |text: &String| (text != "-").then(|| text.clone());
    let lists = [&texts[..2], &texts[2..]].map(|half| half.iter().map(optional).collect::<Vec<_>>());
    let [left, right] = [&lists[0], &lists[1]].map(|list| listed_entry(list.clone()));
    assert_eq!(left.key() == right.key(), lists[0] == lists[1], "{:?} and {:?}", left.key(), right.key());
}

fn arguments() -> Vec<Vec<u8>> {
    let of = |parts: [&str; 4]| parts.map(str::as_bytes).join(&0xff);
    vec![of(["a", "b:c", "a:b", "c"]), of(["", "-", "-", ""]), of(["%3A", ":", "\n\0", "\u{1f980}"])]
}

/// Texts that others wrote: an event of an outbox, a token of a cookie, a checkpoint of a warm-up.
fn text(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    reads_back::<Event>(text);
    reads_back::<Checkpoint>(text);
    reads_back::<Token>(text);
}

fn reads_back<T: FromStr + Display>(text: &str) {
    let Ok(read) = text.parse::<T>() else { return };
    let written = read.to_string();
    let again = written.parse::<T>().map(|again| again.to_string()).ok();
    assert_eq!(again.as_ref(), Some(&written), "{text:?} was read");
}

fn texts() -> Vec<Vec<u8>> {
    let event = Event::new("member_update").field("guild_id", 42_u64).field("name", "a b&c=d%").to_string();
    let token = READERS.with(|readers| readers.runtime.block_on(readers.caches[0].invalidate_tag("t")));
    let token = token.map(|token| token.to_string()).unwrap_or_default();
    [event, token, "guilds:all members:1200".to_owned()].map(String::into_bytes).to_vec()
}
