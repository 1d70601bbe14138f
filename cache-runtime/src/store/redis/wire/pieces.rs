//! What has been read, cut into the answers that were waited for.

use super::super::reply::{Broken, Scan, array};
use bytes::{Buf, Bytes, BytesMut};

/// What a question is answered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// So many values, one after another.
    Values(usize),
    /// The beginning of an array, whose strings are for those behind.
    Array,
    /// So many of the strings of the array that has begun.
    Strings(usize),
}

/// What has come of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Answer(Bytes),
    /// The server's error in the place of an array: the answer of all who share it.
    Refusal(Bytes),
}

/// Where the cutting stands.
#[derive(Default)]
pub(super) struct Pieces {
    /// How far the next one has been gone over.
    scan: Option<Scan>,
    /// How many strings of the array nobody has been given yet.
    left: u64,
}

impl Pieces {
    /// Takes the next answer off; none if it has not all come.
    pub(super) fn take(&mut self, wanted: Wanted, inbound: &mut BytesMut) -> Result<Option<Piece>, Broken> {
        let values = match wanted {
            Wanted::Array => return self.begin(inbound),
            Wanted::Values(_) if self.left > 0 => return Err(Broken),
            Wanted::Strings(count) if self.left < count as u64 => return Err(Broken),
            Wanted::Values(count) | Wanted::Strings(count) => count,
        };
        let Some(end) = self.scan.get_or_insert_with(|| Scan::of(values)).end(inbound)? else { return Ok(None) };
        self.scan = None;
        if let Wanted::Strings(count) = wanted {
            self.left -= count as u64;
        }
        Ok(Some(Piece::Answer(inbound.split_to(end).freeze())))
    }

    fn begin(&mut self, inbound: &mut BytesMut) -> Result<Option<Piece>, Broken> {
        if self.left > 0 {
            return Err(Broken);
        }
        let Some((count, end)) = array(inbound)? else { return Ok(None) };
        let Some(count) = count else { return Ok(Some(Piece::Refusal(inbound.split_to(end).freeze()))) };
        self.left = count;
        inbound.advance(end);
        Ok(Some(Piece::Answer(Bytes::new())))
    }
}
