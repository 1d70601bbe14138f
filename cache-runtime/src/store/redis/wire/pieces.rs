//! What has been read, cut into the answers that were waited for.

use super::super::reply::{Broken, Scan, array};
use bytes::{Buf, Bytes, BytesMut};

/// What a question is answered by.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    /// So many values, one after another.
    Values(usize),
    /// The beginning of an array: its first string is for all those behind, the others are for one after another.
    Array,
    /// So many of these others.
    Strings(usize),
}

/// What was answered, as it stands in what was read.
#[derive(Default)]
pub(in crate::store::redis) struct Answer {
    /// What all are told who share a question: a string, or the server's error in the place of all strings.
    pub(in crate::store::redis) common: Bytes,
    pub(in crate::store::redis) own: Bytes,
}

/// Where the cutting stands.
#[derive(Default)]
pub(super) struct Pieces {
    /// How far the next one has been gone over.
    scan: Option<Scan>,
    array: Array,
}

/// The array that has begun.
#[derive(Default)]
struct Array {
    common: Bytes,
    is_refused: bool,
    /// How many of its strings nobody has been given yet.
    left: u64,
}

impl Pieces {
    /// Takes the next answer off; none if it has not all come.
    pub(super) fn take(&mut self, wanted: Wanted, inbound: &mut BytesMut) -> Result<Option<Answer>, Broken> {
        match wanted {
            Wanted::Values(_) | Wanted::Array if self.array.left > 0 => Err(Broken),
            Wanted::Values(count) => Ok(self.cut(count, inbound)?.map(|own| Answer { common: Bytes::new(), own })),
            Wanted::Array => {
                let Some(begun) = Array::begin(inbound)? else { return Ok(None) };
                self.array = begun;
                Ok(Some(Answer::default()))
            }
            Wanted::Strings(count) => {
                let count = if self.array.is_refused { 0 } else { count };
                let left = self.array.left.checked_sub(count as u64).ok_or(Broken)?;
                let Some(own) = self.cut(count, inbound)? else { return Ok(None) };
                self.array.left = left;
                Ok(Some(Answer { common: self.array.common.clone(), own }))
            }
        }
    }

    fn cut(&mut self, values: usize, inbound: &mut BytesMut) -> Result<Option<Bytes>, Broken> {
        let Some(end) = self.scan.get_or_insert_with(|| Scan::of(values)).end(inbound)? else { return Ok(None) };
        self.scan = None;
        Ok(Some(inbound.split_to(end).freeze()))
    }
}

impl Array {
    /// Takes its beginning off, and its first string; none if they have not come.
    fn begin(inbound: &mut BytesMut) -> Result<Option<Self>, Broken> {
        let Some((count, begin)) = array(inbound)? else { return Ok(None) };
        let Some(count) = count else {
            return Ok(Some(Self { common: inbound.split_to(begin).freeze(), is_refused: true, left: 0 }));
        };
        let left = count.checked_sub(1).ok_or(Broken)?;
        let Some(len) = Scan::of(1).end(&inbound[begin..])? else { return Ok(None) };
        inbound.advance(begin);
        Ok(Some(Self { common: inbound.split_to(len).freeze(), is_refused: false, left }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    const WANTED: [Wanted; 6] =
        [Wanted::Array, Wanted::Strings(1), Wanted::Strings(2), Wanted::Values(2), Wanted::Array, Wanted::Strings(1)];
    const ANSWERS: &[u8] = b"*4\r\n$1\r\nm\r\n$1\r\na\r\n$-1\r\n$2\r\nbc\r\n+OK\r\n:7\r\n-LOADING no\r\n";

    /// What is cut off, if so many bytes come at a time, and whether something else came in between.
    fn cut(bytes: &[u8], at_once: usize) -> (Vec<(Bytes, Bytes)>, bool) {
        let (mut pieces, mut inbound, mut answers) = (Pieces::default(), BytesMut::new(), Vec::new());
        for piece in bytes.chunks(at_once) {
            inbound.extend_from_slice(piece);
            while let Some(wanted) = WANTED.get(answers.len()) {
                match pieces.take(*wanted, &mut inbound) {
                    Ok(Some(Answer { common, own })) => answers.push((common, own)),
                    Ok(None) => break,
                    Err(Broken) => return (answers, true),
                }
            }
        }
        (answers, false)
    }

    #[test]
    fn who_shares_has_what_is_common_and_his_own_in_whatever_pieces_it_comes() {
        let nothing = Bytes::new();
        let common = Bytes::from_static(b"$1\r\nm\r\n");
        let expected = vec![
            (nothing.clone(), nothing.clone()),
            (common.clone(), Bytes::from_static(b"$1\r\na\r\n")),
            (common, Bytes::from_static(b"$-1\r\n$2\r\nbc\r\n")),
            (nothing.clone(), Bytes::from_static(b"+OK\r\n:7\r\n")),
            (nothing.clone(), nothing.clone()),
            (Bytes::from_static(b"-LOADING no\r\n"), nothing),
        ];
        for at_once in 1..=ANSWERS.len() {
            assert_eq!(cut(ANSWERS, at_once), (expected.clone(), false), "{at_once}");
        }
    }

    /// What is broken is so however it comes, and nobody has anything else before it.
    #[test]
    fn no_bytes_lead_astray() {
        let mut draws = Draws::new();
        for _ in 0..20_000 {
            let mut bytes = ANSWERS.to_vec();
            draws.alter(&mut bytes);
            if !bytes.is_empty() {
                assert_eq!(cut(&bytes, bytes.len()), cut(&bytes, 1), "{bytes:?}");
            }
        }
    }
}
