use cache_runtime::cached;

#[cached(key = "<a>:<b>:<c>:<d>:<e>:<f>", ttl = 300, invalidate_on = ["changed(a, b, c, d, e, f)"])]
async fn six(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) -> u8 {
    a + b + c + d + e + f
}

fn main() {}
