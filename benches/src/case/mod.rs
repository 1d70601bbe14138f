//! The cases: each asks one question, which its file begins with, and says what a contestant has to do to take part.

pub(crate) mod emit;
pub(crate) mod hit;
pub(crate) mod instructions;
pub(crate) mod memory;
pub(crate) mod remote;
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
    Case { name: "memory", about: "what an entry takes up in memory", run: memory::run },
    Case { name: "replay", about: "what a bounded memory hits of a trace", run: replay::run },
    Case { name: "stampede", about: "a thousand tasks on one cold key", run: stampede::run },
    Case { name: "remote", about: "a hit in Redis", run: remote::run },
    Case { name: "emit", about: "an invalidation of many keys", run: emit::run },
];

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
