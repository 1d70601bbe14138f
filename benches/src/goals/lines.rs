//! The lines themselves.

use super::{Beside, Goal, Limit, Place};
use crate::case::{batch, crowds, emit, hit, instructions, memory, propagation, remote, replay, stampede};
use crate::pace::{ONE as P50, SIXTY_FOUR as RATE};

const OURS: &str = "ours, bound, TTL and event";
const TTL: &str = "cached, #[concurrent_cached] with TTL";
const BOUNDED: &str = "cached, #[concurrent_cached] with TTL and bound";
const FLOOR: &str = "papaya (a map, the floor)";
const GET: &str = "redis-rs, GET and bincode";

pub(super) fn all() -> Vec<Goal> {
    [hits(), memory_held(), replays(), stampedes(), remote_hits(), invalidations()].concat()
}

fn hits() -> Vec<Goal> {
    let instructions = |contestant| place(instructions::CASE, contestant, "instructions");
    let ns = |contestant| place(hit::ONE_THREAD, contestant, "ns");
    let rate = |contestant| place(hit::TWO_THREADS, contestant, "million/s");
    vec![
        goal(
            "hit in memory: instructions beside `cached` with TTL",
            instructions(OURS),
            instructions(TTL),
            Limit::AtMost(1.05),
        ),
        goal("hit in memory: ns beside `cached` with TTL", ns(OURS), ns(TTL), Limit::AtMost(0.9)),
        goal("hit in memory: ns beside a bare map", ns(OURS), ns(FLOOR), Limit::AtMost(2.0)),
        goal("hit in memory: ns beside `cached` with TTL and bound", ns(OURS), ns(BOUNDED), Limit::AtMost(0.5)),
        goal("hit in memory: two threads beside `cached` with TTL", rate(OURS), rate(TTL), Limit::AtLeast(1.0)),
        Goal {
            line: "hit in memory: two threads beside twice one thread",
            ours: place(hit::SCALING, OURS, "of twice one thread"),
            beside: Beside::Number(1.0),
            limit: Limit::AtLeast(0.85),
        },
        Goal {
            line: "hit in memory: allocations",
            ours: place(hit::ALLOCATIONS, OURS, "allocations"),
            beside: Beside::Number(0.0),
            limit: Limit::AtMost(0.0),
        },
    ]
}

fn memory_held() -> Vec<Goal> {
    let bytes = |case, contestant| place(case, contestant, "bytes an entry");
    let moka = "moka, bound and TTL";
    vec![
        goal(
            "memory: bytes beside moka with TTL",
            bytes(memory::LINES, OURS),
            bytes(memory::LINES, moka),
            Limit::AtMost(1.25),
        ),
        Goal {
            line: "memory: bytes beside the payload of 2 KB",
            ours: bytes(memory::PIECES, OURS),
            // The value, the counts beside it and the key.
            beside: Beside::Number(2_048.0 + 16.0 + 8.0),
            limit: Limit::AtMost(1.2),
        },
    ]
}

fn replays() -> Vec<Goal> {
    let at = |size, contestant| place(&replay::title(size), contestant, "hits of 100");
    let line = |size| match size {
        1_000 => "hits of the trace, 1,000 entries, beside the best",
        10_000 => "hits of the trace, 10,000 entries, beside the best",
        _ => "hits of the trace, 50,000 entries, beside the best",
    };
    let goal = |size: u64| Goal {
        line: line(size),
        ours: at(size, "ours"),
        beside: Beside::BestOf(
            ["moka", "quick_cache", "foyer, LRU", "foyer, LFU"].map(|other| at(size, other)).to_vec(),
        ),
        limit: Limit::WithinPoints(1.0),
    };
    replay::SIZES.map(goal).to_vec()
}

fn stampedes() -> Vec<Goal> {
    let one = |measure| place(stampede::CASE, "ours", measure);
    let four = |measure| place(crowds::CASE, "ours, lock", measure);
    let goal = |line, ours, number, limit| Goal { line, ours, beside: Beside::Number(number), limit };
    vec![
        goal("1,000 tasks on one cold key: loads", one("loads"), 1.0, Limit::AtMost(1.0)),
        goal("1,000 tasks on one cold key: ms beside the load's own", one("ms"), 50.0, Limit::AtMost(1.1)),
        goal("the same in four processes: loads", four("loads"), 1.0, Limit::AtMost(1.0)),
        goal("the same in four processes: ms beside the load's own", four("ms"), 50.0, Limit::AtMost(1.1)),
    ]
}

fn remote_hits() -> Vec<Goal> {
    let at = |contestant, measure| place(remote::ONE_CORE, contestant, measure);
    let (one, three, cached) = ("ours, one dependency", "ours, three dependencies", "cached, AsyncRedisCache");
    #[cfg(hitbox)]
    let hitbox = "hitbox, RedisBackend";
    vec![
        #[cfg(hitbox)]
        goal("hit in Redis: p50 beside hitbox", at(one, P50), at(hitbox, P50), Limit::AtMost(1.0)),
        #[cfg(hitbox)]
        goal("hit in Redis: throughput beside hitbox", at(one, RATE), at(hitbox, RATE), Limit::AtLeast(1.0)),
        goal("hit in Redis: p50 beside a plain GET", at(one, P50), at(GET, P50), Limit::AtMost(1.06)),
        goal("hit in Redis: throughput beside a plain GET", at(one, RATE), at(GET, RATE), Limit::AtLeast(0.85)),
        goal("the same with three dependencies: p50", at(three, P50), at(GET, P50), Limit::AtMost(1.12)),
        goal("the same with three dependencies: throughput", at(three, RATE), at(GET, RATE), Limit::AtLeast(0.75)),
        goal("hit in Redis: p50 beside `cached`", at(one, P50), at(cached, P50), Limit::AtMost(1.0)),
        goal("hit in Redis: throughput beside `cached`", at(one, RATE), at(cached, RATE), Limit::AtLeast(1.0)),
        goal(
            "100 keys in Redis: p50 beside one MGET",
            place(batch::CASE, "ours, one dependency each", P50),
            place(batch::CASE, "redis-rs, one MGET and bincode", P50),
            Limit::AtMost(1.15),
        ),
    ]
}

fn invalidations() -> Vec<Goal> {
    let (unheard, heard) = ("redis-rs, INCR and PUBLISH, unheard", "redis-rs, INCR and PUBLISH, heard");
    let beside = |line, (entries, cores), by_hand, measure, limit| {
        let at = |contestant| place(&emit::title(entries, cores), contestant, measure);
        goal(line, at("ours, emit"), at(by_hand), limit)
    };
    let until_right = |line, case, limit_us| Goal {
        line,
        ours: place(case, "ours, emit", propagation::P99),
        beside: Beside::Number(limit_us),
        limit: Limit::AtMost(1.0),
    };
    let (slower, less) = (Limit::AtMost(1.3), Limit::AtLeast(1.0 / 1.3));
    let (few, many) = ((emit::FEW, emit::ALL_CORES), (emit::MANY, emit::ALL_CORES));
    let (few_on_one, many_on_one) = ((emit::FEW, emit::ONE_CORE), (emit::MANY, emit::ONE_CORE));
    vec![
        beside("emit for 100 keys, all cores: p50 beside INCR and PUBLISH", few, unheard, P50, slower),
        beside("emit for 100 keys, all cores: throughput", few, unheard, RATE, less),
        beside("emit for 1,000,000 keys, all cores: p50 beside INCR and PUBLISH", many, unheard, P50, slower),
        beside("emit for 1,000,000 keys, all cores: throughput", many, unheard, RATE, less),
        beside(
            "emit on one core: p50 beside INCR and PUBLISH that are heard there too",
            few_on_one,
            heard,
            P50,
            slower,
        ),
        beside("emit on one core: p50 beside INCR and PUBLISH that nobody hears", few_on_one, unheard, P50, slower),
        beside("emit on one core: throughput", few_on_one, unheard, RATE, less),
        beside(
            "emit on one core for 1,000,000 keys: p50 beside INCR and PUBLISH that nobody hears",
            many_on_one,
            unheard,
            P50,
            slower,
        ),
        beside("emit on one core for 1,000,000 keys: throughput", many_on_one, unheard, RATE, less),
        until_right("another process's memory is right within 2 ms, p99 in µs", propagation::ONE, 2_000.0),
        until_right("the memory of 100 nodes is right within 10 ms, p99 in µs", propagation::HUNDRED, 10_000.0),
    ]
}

fn goal(line: &'static str, ours: Place, other: Place, limit: Limit) -> Goal {
    Goal { line, ours, beside: Beside::BestOf(vec![other]), limit }
}

fn place(case: &str, contestant: &'static str, measure: &'static str) -> Place {
    Place { case: case.to_owned(), contestant, measure }
}
