//! An entry as it stands in a store: what was stored, when, by whom it may be read, and what it depends on.
//!
//! All numbers little-endian; the whole is guarded by a CRC-32:
//!
//! ```text
//! magic "CRTE" · format 1, 2 or 3 · codec · flags · 0 · identity u64 · schema u64 · loaded at ms u64 · ttl ms u64
//! · load cost ms u32 · stamps u16 · { partition u16 · epoch u64 · seq u64 }* · dependencies u16 · { bytes u16 · text }*
//! · payload length u32 · crc u32 · payload
//! ```
//!
//! Format 2 is the same with a payload that is packed, which flags 2 (compressed) and 4 (encrypted) say how; programs that
//! know nothing of packing do not know that format.
//!
//! Format 3 is either, of a value that its load said something of: flag 8 says that its life is its own, and two texts, each
//! written as a dependency is, stand behind the dependencies: entity tag and time of the last change, empty if there is
//! none.
//!
//! Whatever is not understood here is a miss. Golden files in `tests/golden` keep every released format readable.

use crate::few::Few;
use crate::load::Validators;
use crate::schema::Schema;
use crate::stamp::{Partition, Stamp};
use std::sync::Arc;

const MAGIC: [u8; 4] = *b"CRTE";
const FORMAT: u8 = 1;
const PACKED_FORMAT: u8 = 2;
const TOLD_FORMAT: u8 = 3;
const ABSENT: u8 = 1;
/// The payload was compressed.
pub(crate) const COMPRESSED: u8 = 2;
/// The payload was encrypted, after it was compressed if it was.
pub(crate) const ENCRYPTED: u8 = 4;
const OWN_LIFE: u8 = 8;

/// How many leading bytes tell one entry from every other: magic to identity.
pub(crate) const HEAD_BYTES: usize = 16;

/// All of an entry but its payload.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Envelope<'a> {
    /// The codec of the payload.
    pub(crate) codec: u8,
    /// Whether the value is a remembered `None`, without payload.
    pub(crate) absent: bool,
    /// What was done to the payload: [`COMPRESSED`], [`ENCRYPTED`], both or neither.
    pub(crate) packing: u8,
    /// A random name; no two commits share one.
    pub(crate) identity: u64,
    /// The fingerprint of the value's type.
    pub(crate) schema: Schema,
    /// When it was loaded, by the wall clock of the node that did.
    pub(crate) loaded_at_ms: u64,
    /// How long it may be served after that.
    pub(crate) ttl_ms: u64,
    /// How long the load took.
    pub(crate) load_cost_ms: u32,
    /// One stamp for each partition that it depends on or lies in.
    pub(crate) stamps: Few<(Partition, Stamp)>,
    /// What it depends on, for readers that come to it another way than the one that filled it.
    pub(crate) dependencies: Vec<&'a str>,
    /// Whether its life is its own, and the same for every reader whatever its function says.
    pub(crate) has_own_life: bool,
    /// By what its source tells whether it still holds.
    pub(crate) validators: Option<Arc<Validators>>,
}

/// Why bytes are no entry of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Not written by this framework, cut short, or altered.
    Corrupt,
    /// Written by another format version.
    Format,
    /// Written with another codec.
    Codec,
    /// Written for another type or version of it.
    Schema,
    /// Packed in a way that this cache does not undo, or not in the way that it says.
    Packing,
    /// Not encrypted with a key of this cache, or for another entry, or altered.
    #[cfg(feature = "encryption")]
    Encryption,
}

impl Unreadable {
    /// The same for people.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Corrupt => "the bytes are not an entry, or were altered",
            Self::Format => "written by another format version",
            Self::Codec => "written with another codec",
            Self::Schema => "written for another type or version",
            Self::Packing => "packed in a way that this cache does not undo",
            #[cfg(feature = "encryption")]
            Self::Encryption => "not encrypted with a key of this cache for this entry, or altered",
        }
    }
}

impl<'a> Envelope<'a> {
    /// The whole entry: this header and its payload.
    pub(crate) fn seal(&self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = self.header();
        bytes.reserve_exact(8 + payload.len());
        bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        let crc = checksum(&bytes, payload);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    /// All that stands before the payload's length.
    pub(crate) fn header(&self) -> Vec<u8> {
        let names: usize = self.dependencies.iter().map(|name| 2 + name.len()).sum();
        let mut bytes = Vec::with_capacity(48 + 18 * self.stamps.len() + names);
        bytes.extend_from_slice(&MAGIC);
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let flags = self.packing | flag(self.absent, ABSENT) | flag(self.has_own_life, OWN_LIFE);
        let format = match self.packing {
            _ if self.is_told() => TOLD_FORMAT,
            0 => FORMAT,
            _ => PACKED_FORMAT,
        };
        bytes.extend_from_slice(&[format, self.codec, flags, 0]);
        for number in [self.identity, self.schema.0, self.loaded_at_ms, self.ttl_ms] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.load_cost_ms.to_le_bytes());
        bytes.extend_from_slice(&(self.stamps.len() as u16).to_le_bytes());
        for (partition, stamp) in &self.stamps {
            bytes.extend_from_slice(&partition.0.to_le_bytes());
            bytes.extend_from_slice(&stamp.epoch.to_le_bytes());
            bytes.extend_from_slice(&stamp.seq.to_le_bytes());
        }
        bytes.extend_from_slice(&(self.dependencies.len() as u16).to_le_bytes());
        self.dependencies.iter().for_each(|dependency| write_text(&mut bytes, dependency));
        if self.is_told() {
            let (etag, last_modified) = match self.validators.as_deref() {
                Some(known) => (known.etag.as_deref(), known.last_modified.as_deref()),
                None => (None, None),
            };
            [etag, last_modified].iter().for_each(|validator| write_text(&mut bytes, validator.unwrap_or("")));
        }
        bytes
    }

    /// Whether its load said something of it.
    fn is_told(&self) -> bool {
        self.has_own_life || self.validators.is_some()
    }

    /// The header and the payload, if all of it is as it was sealed.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Unreadable> {
        let (envelope, at) = Self::parse(bytes)?;
        let mut reader = Reader { bytes, at };
        let payload_bytes = reader.u32()? as usize;
        let header = &bytes[..reader.at];
        let crc = reader.u32()?;
        let payload = &bytes[reader.at..];
        if payload.len() != payload_bytes || checksum(header, payload) != crc {
            return Err(Unreadable::Corrupt);
        }
        Ok((envelope, payload))
    }

    /// The header, and where it ends: not checked yet.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<(Self, usize), Unreadable> {
        let mut reader = Reader { bytes, at: 0 };
        if reader.array()? != MAGIC {
            return Err(Unreadable::Corrupt);
        }
        let [format, codec, flags, reserved] = reader.array()?;
        let is_told = format == TOLD_FORMAT;
        let packing = flags & !(ABSENT | if is_told { OWN_LIFE } else { 0 });
        let is_of_its_format = is_told || (format == FORMAT) == (packing == 0);
        if !is_known(format) || !is_of_its_format || reserved != 0 {
            return Err(Unreadable::Format);
        }
        if packing & !(COMPRESSED | ENCRYPTED) != 0 {
            return Err(Unreadable::Packing);
        }
        let envelope = Self {
            codec,
            absent: flags & ABSENT != 0,
            packing,
            identity: reader.u64()?,
            schema: Schema(reader.u64()?),
            loaded_at_ms: reader.u64()?,
            ttl_ms: reader.u64()?,
            load_cost_ms: reader.u32()?,
            stamps: reader.stamps()?,
            dependencies: reader.texts()?,
            has_own_life: flags & !packing & OWN_LIFE != 0,
            validators: if is_told { reader.validators()? } else { None },
        };
        Ok((envelope, reader.at))
    }

    /// Whether a program that expects this codec and type may decode it.
    pub(crate) fn readable_as(&self, codec: u8, schema: Schema) -> Result<(), Unreadable> {
        if self.schema != schema {
            return Err(Unreadable::Schema);
        }
        if self.codec != codec {
            return Err(Unreadable::Codec);
        }
        Ok(())
    }

    /// How long ago it was loaded, by this node's wall clock; never negative, whatever that clock says.
    pub(crate) fn age_ms(&self, wall_ms: u64) -> u64 {
        wall_ms.saturating_sub(self.loaded_at_ms)
    }

    /// How much of its life is left, by this node's wall clock; at most all of it, whatever that clock says.
    pub(crate) fn remaining_ms(&self, wall_ms: u64) -> u64 {
        self.ttl_ms.saturating_sub(self.age_ms(wall_ms))
    }
}

/// The schema of an entry, without a look at the rest of it.
pub(crate) fn schema_of(bytes: &[u8]) -> Option<Schema> {
    let mut reader = Reader { bytes, at: 0 };
    let magic: [u8; 4] = reader.array().ok()?;
    reader.at = HEAD_BYTES;
    (magic == MAGIC).then(|| reader.u64().ok().map(Schema)).flatten()
}

/// The identity in the first [`HEAD_BYTES`] of an entry.
pub(crate) fn identity_of(head: &[u8]) -> Option<u64> {
    let head: [u8; HEAD_BYTES] = head.get(..HEAD_BYTES)?.try_into().ok()?;
    let identity = head[8..].try_into().ok().map(u64::from_le_bytes)?;
    (head[..4] == MAGIC && is_known(head[4])).then_some(identity)
}

fn is_known(format: u8) -> bool {
    matches!(format, FORMAT | PACKED_FORMAT | TOLD_FORMAT)
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn checksum(header: &[u8], payload: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(header);
    hash.update(payload);
    hash.finalize()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let end = self.at + N;
        let array = self.bytes.get(self.at..end).and_then(|slice| slice.try_into().ok()).ok_or(Unreadable::Corrupt)?;
        self.at = end;
        Ok(array)
    }

    fn u16(&mut self) -> Result<u16, Unreadable> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Unreadable> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Unreadable> {
        self.array().map(u64::from_le_bytes)
    }

    fn stamps(&mut self) -> Result<Few<(Partition, Stamp)>, Unreadable> {
        // No capacity is taken from the count: it is not checked yet.
        (0..self.u16()?).map(|_| Ok((Partition(self.u16()?), Stamp { epoch: self.u64()?, seq: self.u64()? }))).collect()
    }

    fn texts(&mut self) -> Result<Vec<&'a str>, Unreadable> {
        (0..self.u16()?).map(|_| self.text()).collect()
    }

    fn validators(&mut self) -> Result<Option<Arc<Validators>>, Unreadable> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(Validators { etag: some(self.text()?), last_modified: some(self.text()?) }.or(None))
    }

    fn text(&mut self) -> Result<&'a str, Unreadable> {
        let len_bytes = usize::from(self.u16()?);
        let end = self.at + len_bytes;
        let bytes = self.bytes.get(self.at..end).ok_or(Unreadable::Corrupt)?;
        self.at = end;
        std::str::from_utf8(bytes).map_err(|_| Unreadable::Corrupt)
    }
}

#[cfg(test)]
mod tests;
