use cache_runtime::cached;
use std::ops::Range;

#[cached(key = "rows:<rows>", ttl = 300)]
async fn rows(rows: Range<u32>) -> u64 {
    rows.sum::<u32>().into()
}

fn main() {}
