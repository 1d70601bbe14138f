//! Random mutations of entries: S06, S07, S09. `MUTATIONS=100000000` makes as many, `SEED=17` makes others.

use super::*;
use crate::schema::Schema;
use crate::stamp::{Partition, Stamp};
use std::str::FromStr;

/// No value of these is larger.
const LIMIT_BYTES: usize = 4_096;
const HERE: Place<'_> = Place { namespace: "prod", key: "guild:42:members" };

fn packing(compresses: bool, encrypts: bool) -> Packing {
    Packing {
        compress: compresses.then_some(Compress::Zstd { above: 64 }),
        keyring: encrypts.then(|| Keyring::new(7, [7; 32])),
        max_value_bytes: LIMIT_BYTES,
    }
}

fn header() -> Envelope<'static> {
    Envelope {
        codec: 1,
        absent: false,
        packing: 0,
        identity: 0x0123_4567_89ab_cdef,
        schema: Schema(7),
        loaded_at_ms: 1_700_000_000_000,
        ttl_ms: 300_000,
        load_cost_ms: 12,
        stamps: vec![(Partition(0), Stamp { epoch: 9, seq: 3 }), (Partition(9), Stamp { epoch: 1, seq: 0 })]
            .into_iter()
            .collect(),
        has_own_life: false,
        validators: None,
        dependencies: vec!["tag:a", "ev:member_update:guild_id=42"],
    }
}

fn value() -> Vec<u8> {
    (0..1_000_u32).flat_map(|at| (at / 7).to_le_bytes()).collect()
}

/// What a reader gets out of some bytes.
fn read<'b>(packing: &Packing, bytes: &'b [u8]) -> Result<(Envelope<'b>, Vec<u8>), Unreadable> {
    let (envelope, payload) = Envelope::open(bytes)?;
    let unpacked = packing.unpack(&envelope, payload, HERE)?.into_owned();
    Ok((envelope, unpacked))
}

#[test]
fn what_was_packed_in_any_way_is_unpacked() {
    for (compresses, encrypts) in [(false, false), (true, false), (false, true), (true, true)] {
        let packing = packing(compresses, encrypts);
        let sealed = packing.seal(header(), value(), HERE).expect("it can be");
        assert_eq!(sealed.len() < value().len(), compresses);
        assert_eq!(sealed[4], if compresses || encrypts { 2 } else { 1 }, "the format");
        let (envelope, unpacked) = read(&packing, &sealed).expect("it can be read");
        assert_eq!((unpacked, envelope.packing), (value(), u8::from(compresses) * 2 + u8::from(encrypts) * 4));
    }
}

#[test]
fn s07_an_entry_that_was_moved_to_another_key_or_namespace_is_refused() {
    let packing = packing(true, true);
    let sealed = packing.seal(header(), value(), HERE).expect("it can be");
    let (envelope, payload) = Envelope::open(&sealed).expect("it is an entry");
    for place in [Place { key: "guild:43:members", ..HERE }, Place { namespace: "test", ..HERE }] {
        assert_eq!(packing.unpack(&envelope, payload, place), Err(Unreadable::Encryption));
    }
    let older = Envelope {
        stamps: vec![(Partition(0), Stamp { epoch: 9, seq: 99 })].into_iter().collect(),
        ..envelope.clone()
    };
    assert_eq!(packing.unpack(&older, payload, HERE), Err(Unreadable::Encryption), "nor with other stamps");
    let longer = Envelope { ttl_ms: u64::MAX, ..envelope };
    assert_eq!(packing.unpack(&longer, payload, HERE), Err(Unreadable::Encryption), "nor with another TTL");
}

#[test]
fn s04_who_cannot_undo_it_takes_it_for_a_miss() {
    let packed = packing(true, true).seal(header(), value(), HERE).expect("it can be");
    assert_eq!(read(&packing(true, false), &packed), Err(Unreadable::Packing));
    let plain = packing(false, false).seal(header(), value(), HERE).expect("it can be");
    assert_eq!(
        read(&packing(false, true), &plain),
        Err(Unreadable::Encryption),
        "and whoever has keys wants them used"
    );
    let compressed = packing(true, false).seal(header(), value(), HERE).expect("it can be");
    assert_eq!(read(&packing(false, false), &compressed).map(|(_, value)| value), Ok(value()), "read by all");
}

#[test]
fn s09_no_mutation_of_an_entry_panics_takes_up_much_or_gives_a_wrong_value() {
    let mut dice = Dice(variable("SEED").unwrap_or(1));
    let rounds = variable("MUTATIONS").unwrap_or(200_000);
    let ways = [(false, false), (true, false), (false, true), (true, true)];
    let packings = ways.map(|(compresses, encrypts)| packing(compresses, encrypts));
    let sealed = packings.each_ref().map(|packing| packing.seal(header(), value(), HERE).expect("it can be"));
    for round in 0..rounds {
        let (at, reader) = (dice.below(4), dice.below(4));
        let mut bytes = sealed[at].clone();
        dice.mutate(&mut bytes, &sealed[dice.peek(4)]);
        let is_mended = dice.below(2) == 0 && mend(&mut bytes);
        let Ok((envelope, unpacked)) = read(&packings[reader], &bytes) else { continue };
        assert!(unpacked.len() <= LIMIT_BYTES + bytes.len(), "round {round}: {} bytes", unpacked.len());
        // A checksum is no signature: what was mended may be anything, unless the reader has a key.
        if !is_mended || packings[reader].keyring.is_some() {
            assert_eq!(unpacked, value(), "round {round}");
            assert_eq!(Envelope { packing: 0, ..envelope }, header(), "round {round}");
        }
    }
}

/// Makes the checksum and the payload's length fit, as somebody would who wants to be believed.
fn mend(bytes: &mut [u8]) -> bool {
    let Ok(header_bytes) = Envelope::parse(bytes).map(|(_, at)| at) else { return false };
    let Some(payload_bytes) = bytes.len().checked_sub(header_bytes + 8) else { return false };
    bytes[header_bytes..header_bytes + 4].copy_from_slice(&(payload_bytes as u32).to_le_bytes());
    let (head, payload) = bytes.split_at_mut(header_bytes + 8);
    let mut hash = crc32fast::Hasher::new();
    hash.update(&head[..header_bytes + 4]);
    hash.update(payload);
    head[header_bytes + 4..].copy_from_slice(&hash.finalize().to_le_bytes());
    true
}

fn variable<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn peek(&self, bound: usize) -> usize {
        Self(self.0 ^ 1).below(bound)
    }

    /// One to three changes: a bit, a byte, a stretch cut out, doubled or taken from another entry, the end cut off.
    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(3) {
            // Most of what can go wrong is in the header.
            let reach = if self.below(2) == 0 { bytes.len().min(160) } else { bytes.len() };
            let at = self.below(reach);
            let end = (at + self.below(40)).min(bytes.len());
            match self.below(6) {
                _ if bytes.is_empty() => return,
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.next() as u8,
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let stretch = bytes[at..end].to_vec();
                    bytes.splice(at..at, stretch);
                }
                4 => {
                    let stretch = other[at.min(other.len())..end.min(other.len())].to_vec();
                    bytes.splice(at..end, stretch);
                }
                _ => bytes.truncate(at),
            }
        }
    }
}
