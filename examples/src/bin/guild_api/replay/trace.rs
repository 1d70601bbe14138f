//! Reading a page trace: lines of `start count ignored id`, each for `count` consecutive pages from `start`.
//!
//! The format is that of the traces of Megiddo and Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache",
//! FAST 2003; `OLTP.lis` is one of them.

use anyhow::{Context, anyhow, bail};
use ruzstd::decoding::StreamingDecoder;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// How many pages one line may ask for: more is a mistake and not a trace.
const MAX_COUNT: u64 = 1_000_000;
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The requests to replay, in order.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) title: String,
    /// The row of each request: pages are numbered anew, in the order of their first appearance.
    pub(super) requests: Vec<u32>,
    /// How many different rows there are.
    pub(super) rows: u32,
}

impl Trace {
    /// The first requests of a file, of text or of text compressed by zstd.
    ///
    /// # Errors
    /// If the file cannot be read, asks for nothing, or a line of it is malformed; the error names the line.
    pub(super) fn read(path: &Path, limit: usize) -> anyhow::Result<Self> {
        let shown = path.display();
        let read = || -> anyhow::Result<Self> {
            let text = decompressed(BufReader::new(File::open(path)?))?;
            Self::parse(shown.to_string(), text, limit)
        };
        read().with_context(|| format!("trace `{shown}`"))
    }

    /// The trace of these pages.
    pub(super) fn of(title: String, pages: impl Iterator<Item = u64>) -> Self {
        let mut trace = Self { title, requests: Vec::new(), rows: 0 };
        let mut numbers = HashMap::new();
        for page in pages {
            trace.push(page, &mut numbers);
        }
        trace
    }

    fn parse(title: String, text: impl BufRead, limit: usize) -> anyhow::Result<Self> {
        let mut trace = Self::of(title, std::iter::empty());
        let mut numbers = HashMap::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.map_err(|error| anyhow!("line {}: {}", at + 1, unreadable(&error)))?;
            if line.trim().is_empty() {
                continue;
            }
            let pages = pages(&line).with_context(|| format!("line {}", at + 1))?;
            for page in pages.take(limit - trace.requests.len()) {
                trace.push(page, &mut numbers);
            }
            if trace.requests.len() == limit {
                break;
            }
        }
        if trace.requests.is_empty() {
            bail!("it asks for no page");
        }
        Ok(trace)
    }

    fn push(&mut self, page: u64, numbers: &mut HashMap<u64, u32>) {
        let row = *numbers.entry(page).or_insert(self.rows);
        self.rows = self.rows.max(row + 1);
        self.requests.push(row);
    }
}

fn decompressed(mut file: impl BufRead + 'static) -> anyhow::Result<Box<dyn BufRead>> {
    if !file.fill_buf()?.starts_with(&ZSTD_MAGIC) {
        return Ok(Box::new(file));
    }
    let decoder: Box<dyn Read> =
        Box::new(StreamingDecoder::new(file).map_err(|_| anyhow!("what is compressed is damaged"))?);
    Ok(Box::new(BufReader::new(decoder)))
}

fn pages(line: &str) -> anyhow::Result<impl Iterator<Item = u64>> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let &[start, count, _ignored, _id] = &fields[..] else {
        bail!("`{}` should be `start count ignored id`", excerpt(line));
    };
    let (start, count) = (number("start", start)?, number("count", count)?);
    if !(1..=MAX_COUNT).contains(&count) {
        bail!("count: `{count}` should be from 1 to {MAX_COUNT}");
    }
    let end = start.checked_add(count).with_context(|| format!("start: `{start}` is too large"))?;
    Ok(start..end)
}

fn number(name: &str, text: &str) -> anyhow::Result<u64> {
    text.parse().ok().with_context(|| format!("{name}: `{}` should be a whole number", excerpt(text)))
}

/// Decompressors tell more than fits in an error of one line.
fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::InvalidData => "it is not text".to_owned(),
        ErrorKind::Other => "what is compressed is damaged from here on".to_owned(),
        _ => error.to_string(),
    }
}

/// As much of a malformed text as fits in an error of one line.
fn excerpt(text: &str) -> String {
    text.escape_debug().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, limit: usize) -> Result<Trace, String> {
        Trace::parse("test".to_owned(), text.as_bytes(), limit).map_err(|error| format!("{error:#}"))
    }

    fn rows(text: &str, limit: usize) -> Vec<u32> {
        parsed(text, limit).expect("it is well-formed").requests
    }

    #[test]
    fn a_line_is_consecutive_pages_and_pages_are_numbered_as_they_appear() {
        assert_eq!(rows("70 3 0 1\n71 2 0 2\n\n5 1 0 3\n", usize::MAX), [0, 1, 2, 1, 2, 3]);
        assert_eq!(parsed("70 3 0 1\n5 1 0 2", usize::MAX).expect("it is well-formed").rows, 4);
    }

    #[test]
    fn the_limit_ends_it_within_a_line_too() {
        assert_eq!(rows("1 5 0 1\nnot read\n", 3), [0, 1, 2]);
    }

    #[test]
    fn a_malformed_line_is_named() {
        let problem = |text: &str| parsed(text, usize::MAX).expect_err(text);
        assert_eq!(problem("1 1 0 1\n2 x 0 1\n"), "line 2: count: `x` should be a whole number");
        assert_eq!(problem("1 1\n"), "line 1: `1 1` should be `start count ignored id`");
        assert_eq!(problem("1 0 0 1\n"), "line 1: count: `0` should be from 1 to 1000000");
        assert_eq!(problem("-1 1 0 1\n"), "line 1: start: `-1` should be a whole number");
        assert_eq!(problem("18446744073709551615 1 0 1\n"), "line 1: start: `18446744073709551615` is too large");
        assert_eq!(problem("\n\n"), "it asks for no page");
    }

    #[test]
    fn bytes_that_are_no_text_are_named_by_their_line() {
        let text: &[u8] = b"1 1 0 1\n\xff\xfe\n";
        let problem = Trace::parse("test".to_owned(), text, usize::MAX).expect_err("it is no text");
        assert_eq!(format!("{problem:#}"), "line 2: it is not text");
    }

    #[test]
    fn a_missing_file_is_named() {
        let problem = Trace::read(Path::new("no/such.lis"), usize::MAX).expect_err("it is missing");
        assert!(format!("{problem:#}").starts_with("trace `no/such.lis`: No such file"), "{problem:#}");
    }
}
