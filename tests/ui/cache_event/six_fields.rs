use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
struct Updated {
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
}

fn main() {}
