//! 128-bit fingerprints, keyed anew in each process, so that nobody outside can choose two that collide.
//!
//! Multilinear hashing, of which one multiplication by a secret is done for every word: Lemire and Kaser, "Strongly
//! Universal String Hashing is Fast", The Computer Journal 57(11), 2014. Two inputs collide with a probability of at most
//! 2⁻¹¹⁴, whoever chose them, as long as the secrets and the fingerprints stay in the process; and they do. What goes
//! beyond the words that there are secrets for is condensed first, by SipHash-1-3: Aumasson and Bernstein, "SipHash: a
//! fast short-input PRF", INDOCRYPT 2012.

use super::Id;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// Takes in typed arguments; what goes in differently comes out differently.
///
/// Text is preceded by its length and every number by its width, so that neighbours cannot run together.
pub struct Fingerprinter {
    secrets: &'static Secrets,
    sums: [u128; 2],
    at: usize,
    /// What there are no secrets left for.
    rest: Option<SipHasher13>,
}

/// A fingerprinter that has taken in what many fingerprints begin with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    secrets: &'static Secrets,
    sums: [u128; 2],
    at: usize,
}

/// How many words there are secrets for, besides the two of what is condensed.
const WORDS: usize = 32;

/// For each word its two factors, which are odd or even as they come.
type Secrets = [[u128; 2]; WORDS + 2];

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| {
    let state = RandomState::new();
    let (left, right) = (state.hash_one(0), state.hash_one(1));
    std::array::from_fn(|at| [0, 1].map(|half| sip(left, right, &[at as u64, half])))
});

/// What the numbers of a word mean, so that a value of one kind is none of another.
mod tag {
    pub(super) const TEXT: u64 = 1;
    pub(super) const BYTES: u64 = 2;
    pub(super) const KIND: u64 = 3;
    pub(super) const LEN: u64 = 4;
    pub(super) const VARIANT: u64 = 5;
    /// And above: numbers, by their width.
    pub(super) const NUMBER: u64 = 32;
}

impl Fingerprinter {
    pub(crate) fn new() -> Self {
        Self::go_on(&Begun { secrets: &SECRETS, sums: [0; 2], at: 0 })
    }

    #[inline]
    pub(crate) fn go_on(begun: &Begun) -> Self {
        Self { secrets: begun.secrets, sums: begun.sums, at: begun.at, rest: None }
    }

    /// What tells apart equal fingerprints of several spaces, as each is in one of them. That of the first is zero.
    ///
    /// A number is as good as drawn for each space: that two fingerprints of two spaces differ by just the two numbers'
    /// difference is as improbable as any one number.
    pub(crate) fn of_space(number: u64) -> u128 {
        let [left, right] = SECRETS[WORDS + 1];
        if number == 0 { 0 } else { sip(left as u64, right as u64, &[number]) }
    }

    /// What was taken in so far, to go on from more than once; a fingerprint is little enough for that.
    pub(crate) fn begin_with(id: Id) -> Begun {
        let mut print = Self::new();
        print.fixed(id.0.to_le_bytes());
        Begun { secrets: print.secrets, sums: print.sums, at: print.at }
    }

    /// Takes in a text.
    #[inline]
    pub fn text(&mut self, text: &str) {
        self.word(text.len() as u64, tag::TEXT);
        for bytes in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            self.word(u64::from_le_bytes(word), tag::BYTES);
        }
    }

    /// Takes in a number of a fixed width.
    #[inline]
    pub fn fixed<const N: usize>(&mut self, bytes: [u8; N]) {
        self.number(0, bytes);
    }

    /// Takes in what kind of value follows, where one parameter can be of several types.
    #[inline]
    pub fn kind(&mut self, kind: u8) {
        self.word(u64::from(kind), tag::KIND);
    }

    /// Takes in how many elements follow.
    #[inline]
    pub fn len(&mut self, len: usize) {
        self.word(len as u64, tag::LEN);
    }

    /// Takes in which variant of an enum follows.
    #[inline]
    pub fn variant(&mut self, index: u32) {
        self.word(u64::from(index), tag::VARIANT);
    }

    /// Takes in a number of a kind, below eight, and of a fixed width.
    #[inline]
    pub(super) fn number<const N: usize>(&mut self, kind: u64, bytes: [u8; N]) {
        let tag = tag::NUMBER * (kind + 1) + N as u64;
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word), tag);
        }
    }

    #[inline]
    pub(crate) fn finish(&self) -> Id {
        let sums = match &self.rest {
            Some(rest) => condensed(self.sums, rest, self.secrets),
            None => self.sums,
        };
        // The lower halves are not evenly distributed.
        let [left, right] = sums.map(|sum| u128::from(spread((sum >> 64) as u64)));
        Id((left << 64) | right)
    }

    /// Takes in a word and what it means.
    #[inline]
    fn word(&mut self, word: u64, tag: u64) {
        if self.at < WORDS {
            self.add(self.at, word, tag);
            self.at += 1;
        } else {
            condense(&mut self.rest, self.secrets, word, tag);
        }
    }

    #[inline]
    fn add(&mut self, at: usize, word: u64, tag: u64) {
        self.sums = added(self.sums, self.secrets[at], word, tag);
    }
}

#[inline]
fn added(mut sums: [u128; 2], secrets: [u128; 2], word: u64, tag: u64) -> [u128; 2] {
    for (sum, secret) in sums.iter_mut().zip(secrets) {
        // The tag stands above the word, as a number of more than 64 bits.
        let product = secret.wrapping_mul(u128::from(word)).wrapping_add(secret.wrapping_mul(u128::from(tag)) << 64);
        *sum = sum.wrapping_add(product);
    }
    sums
}

/// Apart from the fingerprinter, so that what it has taken in so far may stay in registers.
#[cold]
#[inline(never)]
fn condense(rest: &mut Option<SipHasher13>, secrets: &Secrets, word: u64, tag: u64) {
    let key = |half: usize| secrets[WORDS][half] as u64;
    let rest = rest.get_or_insert_with(|| SipHasher13::new_with_keys(key(0), key(1)));
    rest.write_u64(word);
    rest.write_u64(tag);
}

/// Takes in what was condensed. Apart as well: it is more than all the rest, and would be compiled into every function.
#[cold]
#[inline(never)]
fn condensed(sums: [u128; 2], rest: &SipHasher13, secrets: &Secrets) -> [u128; 2] {
    let rest = rest.finish128();
    added(added(sums, secrets[WORDS], rest.h1, 0), secrets[WORDS + 1], rest.h2, 0)
}

/// Makes each bit of three that are far apart; what differs goes on differing. A table goes by few bits, and in few bits the
/// multiples of a secret are alike if it lies near a simple fraction of the whole.
#[inline]
fn spread(sum: u64) -> u64 {
    sum ^ sum.rotate_left(25) ^ sum.rotate_left(47)
}

fn sip(left: u64, right: u64, words: &[u64]) -> u128 {
    let mut sip = SipHasher13::new_with_keys(left, right);
    words.iter().for_each(|word| sip.write_u64(*word));
    sip.finish128().as_u128()
}

pub(super) fn hash_text(namespace: &str, text: &str) -> Id {
    let mut print = Fingerprinter::new();
    print.text(namespace);
    print.text(text);
    print.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn print(take: impl FnOnce(&mut Fingerprinter)) -> u128 {
        let mut print = Fingerprinter::new();
        take(&mut print);
        print.finish().0
    }

    #[test]
    fn what_goes_in_differently_comes_out_differently() {
        let all = [
            print(|_| {}),
            print(|p| p.text("")),
            print(|p| p.text("a")),
            print(|p| p.text("a\0")),
            print(|p| (p.text("a"), p.text("")).0),
            print(|p| (p.text("ab"), p.text("c")).0),
            print(|p| (p.text("a"), p.text("bc")).0),
            print(|p| p.fixed([1, 0])),
            print(|p| p.fixed([1, 0, 0, 0])),
            print(|p| p.fixed(1_u64.to_le_bytes())),
            print(|p| p.fixed(1_u128.to_le_bytes())),
            print(|p| p.fixed((1_u128 << 64).to_le_bytes())),
            print(|p| p.number(1, 1_u64.to_le_bytes())),
            print(|p| p.kind(1)),
            print(|p| p.len(1)),
            print(|p| p.variant(1)),
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }

    #[test]
    fn beyond_the_secrets_nothing_is_lost() {
        let long = "x".repeat(8 * WORDS - 8);
        let ends = ["", "a", "b", "a longer end", "a longer enD"];
        let all: HashSet<_> = ends.iter().map(|end| print(|p| (p.text(&long), p.text(end)).0)).collect();
        assert_eq!(all.len(), ends.len());
        let cut = print(|p| (p.text(&long[1..]), p.text("xa")).0);
        assert!(!all.contains(&cut));
    }

    #[test]
    fn to_go_on_is_to_have_begun_so() {
        let begun = Fingerprinter::begin_with(Id(7));
        let mut on = Fingerprinter::go_on(&begun);
        on.text("x");
        assert_eq!({ on.finish().0 }, print(|p| (p.fixed(7_u128.to_le_bytes()), p.text("x")).1));
    }

    /// Neighbouring numbers are what most keys are, and tables go by some of the bits.
    #[test]
    fn neighbours_spread_over_every_bit() {
        for bits in [0, 57, 64, 121] {
            let buckets = |number: u64| (print(|p| p.fixed(number.to_le_bytes())) >> bits) % 128;
            let hit: HashSet<u128> = (0..2_000).map(buckets).collect();
            assert!(hit.len() > 64, "bits from {bits}: {} of 128 buckets", hit.len());
        }
    }
}
