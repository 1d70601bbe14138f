//! What a server sends over a connection that has subscribed, as it lies in what was read: RESP2, as far as it comes there.

use std::ops::Range;

/// Something that was sent, whole.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// Where its first strings lie, if it is an array; nothing at all in the place of a number.
    parts: [Range<usize>; PARTS],
    count: usize,
    pub(super) len_bytes: usize,
}

/// What does not follow the protocol, or comes where it cannot be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// The parts of a message: what it is, the channel, and what was published there.
const PARTS: usize = 3;

/// More parts than anything that comes there has.
const MAX_PARTS: usize = 16;

/// The longest string that a server accepts.
const MAX_STRING_BYTES: usize = 512 << 20;

/// More digits than a length has.
const MAX_LINE_BYTES: usize = 4 << 10;

impl Frame {
    /// The frame at the beginning of some bytes; none if it is not all there yet.
    pub(super) fn at_head(bytes: &[u8]) -> Result<Option<Self>, Broken> {
        let Some((kind, text, mut at)) = line(bytes, 0)? else { return Ok(None) };
        let mut frame = Self::default();
        match kind {
            b'*' => {}
            b'+' | b'-' | b':' => return Ok(Some(Self { len_bytes: at, ..frame })),
            _ => return Err(Broken),
        }
        frame.count = number(text).filter(|count| *count <= MAX_PARTS).ok_or(Broken)?;
        for part in 0..frame.count {
            let Some((kind, text, begin)) = line(bytes, at)? else { return Ok(None) };
            at = match kind {
                b'$' => {
                    let end = begin + number(text).filter(|len| *len <= MAX_STRING_BYTES).ok_or(Broken)?;
                    match bytes.get(end..end + 2) {
                        Some(b"\r\n") => {}
                        Some(_) => return Err(Broken),
                        None => return Ok(None),
                    }
                    if let Some(place) = frame.parts.get_mut(part) {
                        *place = begin..end;
                    }
                    end + 2
                }
                b':' => begin,
                _ => return Err(Broken),
            };
        }
        Ok(Some(Self { len_bytes: at, ..frame }))
    }

    /// The channel of a message and what was published there; none if it is something else.
    pub(super) fn message<'b>(&self, bytes: &'b [u8]) -> Option<(&'b [u8], &'b [u8])> {
        let [kind, channel, payload] = self.parts.each_ref().map(|part| bytes.get(part.clone()).unwrap_or_default());
        (self.count == PARTS && kind == b"message").then_some((channel, payload))
    }
}

/// What it begins with, the rest of it, and where the next one begins.
type Line<'b> = (u8, &'b [u8], usize);

/// The line that begins there; none if its end has not come yet.
fn line(bytes: &[u8], at: usize) -> Result<Option<Line<'_>>, Broken> {
    let Some((kind, rest)) = bytes.get(at..).and_then(<[u8]>::split_first) else { return Ok(None) };
    match rest.iter().take(MAX_LINE_BYTES).position(|byte| *byte == b'\r') {
        Some(end) => match rest.get(end + 1) {
            None => Ok(None),
            Some(b'\n') => Ok(Some((*kind, &rest[..end], at + 1 + end + 2))),
            Some(_) => Err(Broken),
        },
        None if rest.len() >= MAX_LINE_BYTES => Err(Broken),
        None => Ok(None),
    }
}

/// A length: nothing but digits, and not so many that it is none.
fn number(text: &[u8]) -> Option<usize> {
    let digit = |number: usize, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + usize::from(byte - b'0'));
    (1..=10).contains(&text.len()).then_some(text)?.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    const MESSAGE: &[u8] = b"*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$4\r\na\r\nb\r\n";

    #[test]
    fn a_message_is_found_once_all_of_it_has_come() {
        for len in 0..MESSAGE.len() {
            assert_eq!(Frame::at_head(&MESSAGE[..len]), Ok(None), "{len}");
        }
        let and_more = [MESSAGE, b"*3\r\n$7"].concat();
        let frame = Frame::at_head(&and_more).expect("it follows the protocol").expect("all has come");
        assert_eq!(frame.len_bytes, MESSAGE.len());
        assert_eq!(frame.message(&and_more), Some((&b"ch"[..], &b"a\r\nb"[..])));
    }

    /// Whatever comes is a frame within what came, or broken, or not all there.
    #[test]
    fn no_bytes_lead_astray() {
        let mut draws = Draws::new();
        for _ in 0..200_000 {
            let mut bytes = [MESSAGE, MESSAGE].concat();
            draws.alter(&mut bytes);
            if let Ok(Some(frame)) = Frame::at_head(&bytes) {
                assert!((1..=bytes.len()).contains(&frame.len_bytes), "{frame:?}");
                assert!(frame.parts.iter().all(|part| part.end <= frame.len_bytes), "{frame:?}");
                frame.message(&bytes);
            }
        }
    }

    #[test]
    fn what_else_comes_is_no_message_and_is_gone_past() {
        let others = [
            &b"+OK\r\n"[..],
            b"-WRONGPASS invalid username-password pair\r\n",
            b"*2\r\n$4\r\npong\r\n$0\r\n\r\n",
            b"*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n",
            b"*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$2\r\nch\r\n$1\r\na\r\n",
        ];
        for bytes in others {
            let frame = Frame::at_head(bytes).expect("it follows the protocol").expect("all has come");
            assert_eq!((frame.len_bytes, frame.message(bytes)), (bytes.len(), None));
        }
    }

    #[test]
    fn what_does_not_follow_the_protocol_is_refused_and_never_waited_for() {
        let long = [b"+", "x".repeat(MAX_LINE_BYTES + 1).as_bytes()].concat();
        let broken = [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"*x\r\n",
            b"*-1\r\n",
            b"*17\r\n",
            b"*99999999999999999999\r\n",
            b"*1\r\n$-1\r\n",
            b"*1\r\n$999999999\r\n",
            b"*1\r\n*1\r\n",
            b"*1\r\n$1\r\nab\r\n",
            b"*3\rx",
            &long,
        ];
        for bytes in broken {
            assert_eq!(Frame::at_head(bytes), Err(Broken), "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
