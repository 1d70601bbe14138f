//! The cases: each asks one question, which its file begins with, and says what a contestant has to do to take part.

pub(crate) mod batch;
pub(crate) mod cold;
pub(crate) mod crowds;
pub(crate) mod emit;
pub(crate) mod fill;
pub(crate) mod hit;
pub(crate) mod instructions;
pub(crate) mod memory;
pub(crate) mod miss;
pub(crate) mod propagation;
pub(crate) mod remote;
pub(crate) mod remote_fill;
pub(crate) mod replay;
pub(crate) mod stampede;

use crate::args::Options;
use crate::figure::Figure;
use std::future::Future;

/// A case, by the name on the command line.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(&Options) -> anyhow::Result<Vec<Figure>>,
}

pub(crate) const CASES: &[Case] = &[
    Case { name: "hit", about: "a hit in memory, in time", run: hit::run },
    Case { name: "instructions", about: "the same in instructions, by callgrind", run: instructions::run },
    Case { name: "allocations", about: "what a hit allocates", run: hit::allocations },
    Case { name: "miss", about: "a look into memory that finds nothing", run: miss::run },
    Case { name: "fill", about: "a call that memory does not answer, in time", run: fill::run },
    Case { name: "memory", about: "what an entry takes up in memory", run: memory::run },
    Case { name: "replay", about: "what a bounded memory hits of a trace", run: replay::run },
    Case { name: "stampede", about: "a thousand tasks on one cold key", run: stampede::run },
    Case { name: "cold", about: "those who wait for cold keys, and those who do not", run: cold::run },
    Case { name: "crowds", about: "the same in four processes, over Redis", run: crowds::run },
    Case { name: "remote", about: "a hit in Redis", run: remote::run },
    Case { name: "batch", about: "a hundred keys in Redis at once", run: batch::run },
    Case { name: "remote-fill", about: "a call that Redis does not answer either", run: remote_fill::run },
    Case { name: "emit", about: "an invalidation of many keys", run: emit::run },
    Case { name: "propagation", about: "until other processes' memory is right", run: propagation::run },
];

/// What this program does as another process of a case, by the words after `peer`.
pub(crate) fn play(part: &[&str]) -> anyhow::Result<()> {
    match part {
        ["nodes", contestant, url, count] => propagation::others(contestant, url, count),
        ["crowd", contestant, url] => crowds::one(contestant, url),
        _ => anyhow::bail!("`{}` is no part of a case", part.join(" ")),
    }
}

/// A runtime of one thread.
pub(crate) struct Runtime(tokio::runtime::Runtime);

impl Runtime {
    pub(crate) fn new() -> Self {
        Self(tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be started"))
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}
