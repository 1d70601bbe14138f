//! What a bounded memory hits of a recorded trace: telling the policy of a sample of the hits must not cost hits.

use super::Runtime;
use crate::args::Options;
use crate::contestant::{foyer, moka, ours, quick_cache};
use crate::figure::Figure;
use anyhow::Context;
use ruzstd::decoding::StreamingDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::Instant;

/// A bounded cache in front of a load that costs nothing.
pub(crate) trait Replay: Sized {
    const NAME: &'static str;

    async fn holding(entries: u64) -> Self;

    /// Asks for a page, which is kept if it was not there; tells whether it was.
    async fn ask(&self, page: u64) -> bool;
}

pub(crate) const SIZES: [u64; 3] = [1_000, 10_000, 50_000];

/// What the tables are called.
pub(crate) fn title(entries: u64) -> String {
    format!("replay of a trace, memory of {} entries", crate::figure::number(entries as f64))
}

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let Some(path) = &options.trace else {
        eprintln!("  left out: --trace names no trace");
        return Ok(Vec::new());
    };
    let pages = pages(path).with_context(|| format!("trace `{}`", path.display()))?;
    Ok(SIZES.iter().flat_map(|size| table(*size, &pages)).collect())
}

fn table(size: u64, pages: &[u64]) -> Vec<Figure> {
    [
        of::<ours::Replayed>(size, pages),
        of::<moka::Replayed>(size, pages),
        of::<quick_cache::Replayed>(size, pages),
        of::<foyer::Replayed<foyer::Lru>>(size, pages),
        of::<foyer::Replayed<foyer::Lfu>>(size, pages),
    ]
    .concat()
}

fn of<R: Replay>(size: u64, pages: &[u64]) -> Vec<Figure> {
    Runtime::new().block_on(async {
        let cache = R::holding(size).await;
        let (mut hits, started) = (0_u64, Instant::now());
        for page in pages {
            hits += u64::from(cache.ask(*page).await);
        }
        let seconds = started.elapsed().as_secs_f64();
        vec![
            Figure::once(&title(size), R::NAME, "hits of 100", hits as f64 * 100.0 / pages.len() as f64),
            Figure::once(&title(size), R::NAME, "thousand/s", pages.len() as f64 / seconds / 1_000.0),
        ]
    })
}

/// The pages of a trace of lines `start count ignored id`, each for `count` pages from `start`.
fn pages(path: &Path) -> anyhow::Result<Vec<u64>> {
    let mut file = BufReader::new(File::open(path)?);
    let is_packed = file.fill_buf()?.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    let text: Box<dyn Read> = if is_packed { Box::new(StreamingDecoder::new(file)?) } else { Box::new(file) };
    let mut pages = Vec::new();
    for line in BufReader::new(text).lines() {
        let line = line?;
        let mut fields = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(start)), Some(Ok(count))) = (fields.next(), fields.next()) else {
            anyhow::bail!("`{line}` should be `start count ignored id`");
        };
        pages.extend(start..start + count.min(1_000_000));
    }
    Ok(pages)
}
