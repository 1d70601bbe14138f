//! Parameters with the names that an expansion might use: Y06.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

#![allow(clippy::too_many_arguments)]

use cache_runtime::cached;

#[cached(key = "<key>:<cache>:<value>:<inner>:<call>:<shape>:<wire>:<hit>", ttl = 300)]
async fn named(key: u8, cache: u8, value: u8, inner: u8, call: u8, shape: u8, wire: u8, hit: u8) -> u8 {
    key + cache + value + inner + call + shape + wire + hit
}

#[cached(ttl = 300)]
async fn by_default_key(call: u8, shape: u8, wire: u8, hit: u8, load: u8, future: u8) -> u8 {
    call + shape + wire + hit + load + future
}

#[cached(key = "<r#type>:<r#match>", ttl = 300)]
async fn raw(r#type: u8, r#match: u8) -> u8 {
    r#type + r#match
}

#[cached(ttl = 300, tags = ["type:<r#type>"], invalidate_on = ["changed(type = r#type)"])]
async fn r#move(r#type: u8) -> u8 {
    r#type
}

#[cached(ttl = 300)]
async fn call(id: u8) -> u8 {
    let (shape, wire) = (id, id);
    let call = shape + wire;
    call + id
}

/// A service with a method of each name.
pub struct Service {
    r#type: u8,
}

impl Service {
    /// Fetches.
    #[cached(key = "fetch:<self.r#type>:<hit>", ttl = 300)]
    pub async fn fetch(&self, hit: u8) -> u8 {
        hit + self.r#type
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(named(1, 1, 1, 1, 1, 1, 1, 1).await, 8);
    assert_eq!(named_refresh(1, 1, 1, 1, 1, 1, 1, 1).await, 8);
    assert_eq!(named_entry(1, 1, 1, 1, 1, 1, 1, 1).get().await, Some(8));
    assert_eq!(by_default_key(1, 1, 1, 1, 1, 1).await, 6);
    assert_eq!(by_default_key_entry(1, 1, 1, 1, 1, 1).get().await, Some(6));
    assert_eq!(raw(1, 2).await, 3);
    assert_eq!(raw_entry(1, 2).get().await, Some(3));
    assert_eq!(r#move(1).await, 1);
    assert_eq!(move_refresh(1).await, 1);
    assert_eq!(call(1).await, 3);
    assert_eq!(Service { r#type: 1 }.fetch(1).await, 2);
}
