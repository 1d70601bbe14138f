//! Reads that are asked at once share one `MGET`, which costs a server less than one for each.
//!
//! What each asks for is of one moment, as it would be alone: an `MGET` is performed as a whole. So what all of them ask for
//! is asked for once.

use super::super::names::{Place, begin_mget};
use super::KEPT_BYTES;
use super::traffic::write_whole;

/// No more join than that there are so many names: a server does nothing else meanwhile. Who asks for more asks alone.
const MAX_NAMES: usize = 512;

/// What is asked together and has not been written.
#[derive(Default)]
pub(super) struct Shared {
    /// What all of it is of; nothing that anything is of, if it is to be alone.
    of: String,
    arguments: Vec<u8>,
    names: usize,
}

impl Shared {
    pub(super) fn is_empty(&self) -> bool {
        self.names == 0
    }

    /// Whether so many names may join what is there.
    pub(super) fn takes(&self, of: Option<&str>, names: usize) -> bool {
        !self.is_empty() && of.is_some_and(|of| self.of == of) && self.names + names <= MAX_NAMES
    }

    /// `common` is what everybody asks for who joins what is of the same.
    pub(super) fn join<'n>(&mut self, of: Option<&str>, common: Place<'n>, names: impl Iterator<Item = Place<'n>>) {
        let common = self.is_empty().then(|| {
            of.unwrap_or_default().clone_into(&mut self.of);
            common
        });
        let names = common.into_iter().chain(names);
        let mut count = 0;
        write_whole(&mut self.arguments, |arguments| count = names.map(|name| name.write(arguments)).count());
        self.names += count;
    }

    /// Writes it as one command, behind what is there.
    pub(super) fn close(&mut self, out: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        begin_mget(out, std::mem::take(&mut self.names));
        out.append(&mut self.arguments);
        self.arguments.shrink_to(KEPT_BYTES);
    }
}
