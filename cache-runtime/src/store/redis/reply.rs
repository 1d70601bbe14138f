//! What a server answers, in RESP2: where an answer ends, and the strings in it. Nothing is copied.

use redis::{ErrorKind, RedisResult, Value, parse_redis_value};
use std::ops::Range;

/// What does not follow the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// The longest string that a server accepts.
const MAX_STRING_BYTES: u64 = 512 << 20;

/// More digits than a length has.
const MAX_DIGITS: usize = 12;

/// More than a server says of an error.
const MAX_LINE_BYTES: usize = 64 << 10;

/// Goes over answers as they arrive, and goes on where it was when there is more of them.
#[derive(Debug)]
pub(super) struct Scan {
    at: usize,
    /// How many values are to come: an array is as many as it has.
    values: u64,
}

impl Scan {
    pub(super) fn of(answers: usize) -> Self {
        Self { at: 0, values: answers as u64 }
    }

    /// Where all of it ends; none if that has not come yet.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Broken> {
        while self.values > 0 {
            let Some((kind, begin)) = head(bytes, self.at)? else { return Ok(None) };
            self.at = match kind {
                Head::Line | Head::Nothing => begin,
                Head::String(len) => match bytes.get(begin + len..begin + len + 2) {
                    None => return Ok(None),
                    Some(b"\r\n") => begin + len + 2,
                    Some(_) => return Err(Broken),
                },
                Head::Array(count) => {
                    self.values = self.values.checked_add(count).ok_or(Broken)?;
                    begin
                }
            };
            self.values -= 1;
        }
        Ok(Some(self.at))
    }
}

/// What a value begins with.
enum Head {
    /// A number, a state or an error: there is no more of it.
    Line,
    Nothing,
    String(usize),
    Array(u64),
}

/// What the value there begins with, and where that ends; none if it has not all come.
#[inline]
fn head(bytes: &[u8], at: usize) -> Result<Option<(Head, usize)>, Broken> {
    let Some(kind) = bytes.get(at) else { return Ok(None) };
    match kind {
        b'$' | b'*' => {}
        b'+' | b'-' | b':' => return line(bytes, at),
        _ => return Err(Broken),
    }
    let Some((count, begin)) = count(bytes, at + 1)? else { return Ok(None) };
    let head = match (kind, count) {
        (_, None) => Head::Nothing,
        (b'*', Some(count)) => Head::Array(count),
        (_, Some(len)) if len <= MAX_STRING_BYTES => Head::String(len as usize),
        (_, Some(_)) => return Err(Broken),
    };
    Ok(Some((head, begin)))
}

/// How many values an array has that begins there, or none if the server refused; and where that line ends.
pub(super) fn array(bytes: &[u8]) -> Result<Option<Counted>, Broken> {
    match head(bytes, 0)? {
        Some((Head::Array(count), end)) => Ok(Some((Some(count), end))),
        Some((Head::Line, end)) if bytes[0] == b'-' => Ok(Some((None, end))),
        Some(_) => Err(Broken),
        None => Ok(None),
    }
}

fn line(bytes: &[u8], at: usize) -> Result<Option<(Head, usize)>, Broken> {
    let rest = &bytes[at..];
    match rest.iter().take(MAX_LINE_BYTES).position(|byte| *byte == b'\r') {
        Some(end) => match rest.get(end + 1) {
            None => Ok(None),
            Some(b'\n') => Ok(Some((Head::Line, at + end + 2))),
            Some(_) => Err(Broken),
        },
        None if rest.len() >= MAX_LINE_BYTES => Err(Broken),
        None => Ok(None),
    }
}

/// A count, if there is one, and where its line ends.
pub(super) type Counted = (Option<u64>, usize);

#[inline]
fn count(bytes: &[u8], begin: usize) -> Result<Option<Counted>, Broken> {
    let (mut at, mut count) = (begin, 0);
    loop {
        match bytes.get(at) {
            Some(digit @ b'0'..=b'9') if at - begin < MAX_DIGITS => count = count * 10 + u64::from(digit - b'0'),
            Some(b'\r') if at > begin => break,
            Some(b'-') if at == begin => return nothing(bytes, begin),
            Some(_) => return Err(Broken),
            None => return Ok(None),
        }
        at += 1;
    }
    match bytes.get(at + 1) {
        Some(b'\n') => Ok(Some((Some(count), at + 2))),
        Some(_) => Err(Broken),
        None => Ok(None),
    }
}

fn nothing(bytes: &[u8], begin: usize) -> Result<Option<Counted>, Broken> {
    const NOTHING: &[u8] = b"-1\r\n";
    let there = &bytes[begin..];
    match there.get(..NOTHING.len()) {
        Some(NOTHING) => Ok(Some((None, begin + NOTHING.len()))),
        Some(_) => Err(Broken),
        None if NOTHING.starts_with(there) => Ok(None),
        None => Err(Broken),
    }
}

/// Arrays in arrays, of which the deepest that is asked for has three.
const MAX_DEPTH: usize = 8;

/// An answer that is all there, as the redis crate has it: its own parser clears a buffer of 8 KiB for each.
pub(super) fn value(answer: &[u8]) -> RedisResult<Value> {
    value_at(answer, 0, MAX_DEPTH).map(|(value, _)| value)
}

fn value_at(answer: &[u8], at: usize, depth: usize) -> RedisResult<(Value, usize)> {
    let Ok(Some((head, begin))) = head(answer, at) else { return Err(refusal(&[])) };
    Ok(match head {
        Head::Line => (line_value(&answer[at..begin])?, begin),
        Head::Nothing => (Value::Nil, begin),
        Head::String(len) => {
            let bytes = answer.get(begin..begin + len).ok_or_else(|| refusal(&[]))?;
            (Value::BulkString(bytes.to_vec()), begin + len + 2)
        }
        Head::Array(_) if depth == 0 => return Err(refusal(&[])),
        Head::Array(count) => {
            // What is not there is not made room for.
            let mut values = Vec::with_capacity(usize::try_from(count).unwrap_or(usize::MAX).min(answer.len() / 4));
            let mut at = begin;
            for _ in 0..count {
                let (value, end) = value_at(answer, at, depth - 1)?;
                values.push(value);
                at = end;
            }
            (Value::Array(values), at)
        }
    })
}

/// A number or a state; or an error, which is seldom, and which the redis crate knows.
fn line_value(line: &[u8]) -> RedisResult<Value> {
    let text = std::str::from_utf8(&line[1..line.len() - 2]).ok();
    Ok(match (line[0], text) {
        (b'+', Some("OK")) => Value::Okay,
        (b'+', Some(text)) => Value::SimpleString(text.to_owned()),
        (b':', Some(text)) => text.parse().map(Value::Int).or_else(|_| parse_redis_value(line))?,
        _ => parse_redis_value(line)?,
    })
}

/// The strings of an array that is all there, each by its place in the answer; none for what is no string.
pub(super) struct Strings<'b> {
    bytes: &'b [u8],
    at: usize,
    left: u64,
}

impl<'b> Strings<'b> {
    /// # Errors
    /// If the server refused, or answered something else.
    pub(super) fn of(answer: &'b [u8]) -> RedisResult<Self> {
        match head(answer, 0) {
            Ok(Some((Head::Array(left), at))) => Ok(Self { bytes: answer, at, left }),
            _ => Err(refusal(answer)),
        }
    }

    /// The same of strings that stand there one after another, without the array that they are from.
    pub(super) fn listed(answer: &'b [u8], count: usize) -> Self {
        Self { bytes: answer, at: 0, left: count as u64 }
    }

    /// The string behind the last one: another answer. None if it is no string.
    ///
    /// # Errors
    /// If the server refused.
    pub(super) fn one_behind(mut self) -> RedisResult<Option<Range<usize>>> {
        self.by_ref().for_each(drop);
        if self.bytes.get(self.at) == Some(&b'-') {
            return Err(refusal(&self.bytes[self.at..]));
        }
        self.left = 1;
        Ok(self.next().flatten())
    }
}

/// A string by itself; none if it is absent.
///
/// # Errors
/// If the server refused.
pub(super) fn string(answer: &[u8]) -> RedisResult<Option<&[u8]>> {
    match answer.first() {
        Some(b'-') => Err(refusal(answer)),
        _ => Ok(Strings::listed(answer, 1).next().flatten().map(|place| &answer[place])),
    }
}

#[cold]
fn refusal(answer: &[u8]) -> redis::RedisError {
    let said = parse_redis_value(answer).and_then(Value::extract_error);
    said.err().unwrap_or_else(|| (ErrorKind::UnexpectedReturnType, "the server answered something else").into())
}

impl Iterator for Strings<'_> {
    type Item = Option<Range<usize>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let (kind, begin) = head(self.bytes, self.at).ok()??;
        let (place, end) = match kind {
            Head::String(len) => (Some(begin..begin + len), begin + len + 2),
            Head::Line | Head::Nothing => (None, begin),
            // Not asked for by anybody; whatever is in it counts as nothing.
            Head::Array(_) => {
                let mut scan = Scan { at: self.at, values: 1 };
                (None, scan.end(self.bytes).ok()??)
            }
        };
        self.at = end;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    const ANSWER: &[u8] = b"*4\r\n$4\r\na\r\nb\r\n$-1\r\n*2\r\n:7\r\n$1\r\nx\r\n$0\r\n\r\n";

    #[test]
    fn an_answer_ends_where_its_last_value_does_in_whatever_pieces_it_comes() {
        for answers in [1, 3] {
            let all = ANSWER.repeat(answers);
            let and_more = [&all[..], b"+OK\r\n"].concat();
            let mut scan = Scan::of(answers);
            for len in 0..all.len() {
                assert_eq!(scan.end(&and_more[..len]), Ok(None), "{len}");
                assert_eq!(Scan::of(answers).end(&and_more[..len]), Ok(None), "{len}");
            }
            assert_eq!(scan.end(&and_more), Ok(Some(all.len())));
        }
        for line in [&b"+OK\r\n"[..], b"-ERR no\r\n", b":-12\r\n", b"$-1\r\n", b"*-1\r\n", b"*0\r\n"] {
            assert_eq!(Scan::of(1).end(line), Ok(Some(line.len())), "{line:?}");
        }
    }

    #[test]
    fn the_strings_of_an_array_are_told_by_their_places() {
        let strings = Strings::of(ANSWER).expect("it is an array");
        assert_eq!(strings.left, 4);
        let strings: Vec<_> = strings.map(|place| place.map(|place| &ANSWER[place])).collect();
        assert_eq!(strings, [Some(&b"a\r\nb"[..]), None, None, Some(b"")]);
    }

    #[test]
    fn what_is_answered_next_stands_behind_them() {
        let behind = |answers: &[u8]| Strings::of(answers).expect("it is an array").one_behind();
        assert_eq!(behind(b"*2\r\n$-1\r\n$1\r\nx\r\n$2\r\nyz\r\n").expect("it is a string"), Some(20..22));
        assert_eq!(behind(b"*0\r\n$-1\r\n").expect("there is nothing"), None);
        assert_eq!(behind(b"*0\r\n-WRONGTYPE no\r\n").expect_err("refused").code(), Some("WRONGTYPE"));
    }

    #[test]
    fn a_value_is_what_the_redis_crate_takes_it_for() {
        let answers = [
            ANSWER,
            b"+OK\r\n",
            b"+PONG\r\n",
            b":-12\r\n",
            b":9223372036854775807\r\n",
            b"$-1\r\n",
            b"$0\r\n\r\n",
            b"*-1\r\n",
            b"*0\r\n",
            b"*3\r\n-ERR no\r\n+x\r\n*1\r\n*1\r\n:1\r\n",
            b"-MOVED 7 127.0.0.1:7000\r\n",
        ];
        for answer in answers {
            let theirs = parse_redis_value(answer).expect("it is a value");
            assert_eq!(value(answer).expect("it is a value"), theirs, "{answer:?}");
        }
        let nested = b"*1\r\n".repeat(100_000);
        assert!(value(&[&nested[..], b":1\r\n"].concat()).is_err(), "nobody asks for that");
        assert!(value(b":12345678901234567890\r\n").is_err() && value(b"").is_err());
    }

    #[test]
    fn what_is_no_array_is_told_as_the_server_said_it() {
        let told = |answer: &[u8]| Strings::of(answer).err().expect("it is none");
        assert_eq!(told(b"-READONLY no\r\n").code(), Some("READONLY"));
        assert_eq!(told(b"+OK\r\n").kind(), ErrorKind::UnexpectedReturnType);
        assert_eq!(told(b"*-1\r\n").kind(), ErrorKind::UnexpectedReturnType);
    }

    #[test]
    fn what_does_not_follow_the_protocol_is_refused_and_never_waited_for() {
        let long = [b"+", "x".repeat(MAX_LINE_BYTES + 1).as_bytes()].concat();
        let broken = [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"*x\r\n",
            b"*\r\n",
            b"$-2\r\n",
            b"*-x",
            b"$99999999999999999999\r\n",
            b"$999999999\r\n",
            b"$1\r\nab\r\n",
            b"$1\rx",
            b"*1\r\n>1\r\n",
            &long,
        ];
        for bytes in broken {
            assert_eq!(Scan::of(1).end(bytes), Err(Broken), "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    /// Whatever comes ends within what came, or is broken, or is not all there; and it is what the redis crate reads there.
    #[test]
    fn no_bytes_lead_astray() {
        let mut draws = Draws::new();
        for _ in 0..100_000 {
            let mut bytes = [ANSWER, ANSWER].concat();
            draws.alter(&mut bytes);
            let Ok(Some(end)) = Scan::of(1).end(&bytes) else { continue };
            assert!((1..=bytes.len()).contains(&end), "{bytes:?}");
            if let Ok(strings) = Strings::of(&bytes[..end]) {
                let count = strings.left as usize;
                assert_eq!(strings.flatten().filter(|place| place.end > end).count(), 0, "{bytes:?}");
                assert_eq!(Strings::of(&bytes[..end]).expect("as before").count(), count, "{bytes:?}");
            }
        }
    }
}
