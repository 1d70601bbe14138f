//! What is cached: a number, the members of a guild in about 2 KB, and the same shared.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A kind of value, made from its key.
pub(crate) trait Value: Clone + Send + Sync + 'static {
    const LABEL: &'static str;

    fn of(key: u64) -> Self;
}

/// Fifty members: 51 allocations, and 1,951 bytes by bincode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(hitbox, derive(hitbox_derive::CacheableResponse))]
pub(crate) struct Guild {
    pub(crate) members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) joined_ms: u64,
}

impl Value for u64 {
    const LABEL: &'static str = "u64";

    fn of(key: u64) -> Self {
        key
    }
}

impl Value for Guild {
    const LABEL: &'static str = "2 KB";

    fn of(key: u64) -> Self {
        let member = |at: u64| Member {
            id: 80_351_110_224_678_912 + key * 50 + at,
            name: format!("member {:013}", key * 50 + at),
            joined_ms: 1_700_000_000_000 + at,
        };
        Self { members: (0..50).map(member).collect() }
    }
}

impl Value for Arc<Guild> {
    const LABEL: &'static str = "Arc of 2 KB";

    fn of(key: u64) -> Self {
        Self::new(Guild::of(key))
    }
}

/// 64 bytes without a pointer, for counting what a cache adds to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line([u64; 8]);

impl Value for Line {
    const LABEL: &'static str = "64 B";

    fn of(key: u64) -> Self {
        Self([key; 8])
    }
}

/// 2 KB in one allocation, for the same.
impl Value for Arc<[u8]> {
    const LABEL: &'static str = "2 KB in one piece";

    fn of(key: u64) -> Self {
        vec![key as u8; 2_048].into()
    }
}

#[test]
fn a_guild_is_as_large_as_the_page_says() {
    let bytes = bincode::serde::encode_to_vec(Guild::of(7), bincode::config::standard()).expect("it can be encoded");
    assert_eq!(bytes.len(), 1_951);
}
