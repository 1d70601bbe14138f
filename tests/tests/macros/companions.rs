//! A18: a companion is that of its own function, however alike another function is in name and place.
//!
//! It finds the function by its path and by where the attribute is; here all of them are made in one line, by one macro.

use cache_runtime::{Cache, Call, cached, with};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Who has answered.
type Who = String;

struct Shelf<T>(T);

struct Box<const N: usize>;

macro_rules! namesakes {
    () => {
        #[cached(key = "companions:free:<id>", ttl = 60)]
        async fn find(id: u64) -> Who {
            format!("free {id}")
        }

        mod inner {
            use super::*;

            #[cached(key = "companions:inner:<id>", ttl = 60)]
            pub(super) async fn find(id: u64) -> Who {
                format!("inner {id}")
            }
        }

        impl Shelf<u8> {
            #[cached(key = "companions:u8:<id>", ttl = 60, skip(self))]
            async fn find(&self, id: u64) -> Who {
                format!("u8 {} {id}", self.0)
            }
        }

        impl Shelf<u16> {
            #[cached(key = "companions:u16:<id>", ttl = 60, skip(self))]
            async fn find(&self, id: u64) -> Who {
                format!("u16 {} {id}", self.0)
            }
        }

        impl<const N: usize> Box<N> {
            #[cached(key = "companions:box:<id>:<M>:<T>", ttl = 60, skip(self, with))]
            async fn find<T, const M: usize>(&self, mut id: u64, with: &mut T) -> Who
            where
                T: ToString + Send,
            {
                id += M as u64;
                let at = Self::at(id).await;
                format!("box {N} {at} {}", with.to_string())
            }

            async fn at(id: u64) -> u64 {
                id
            }
        }
    };
}

namesakes!();

/// The entry is its own: by its key, and by what the companion that refreshes and the function itself make of it.
macro_rules! serves_its_own {
    ($entry:expr, $key:expr, $refresh:expr, $call:expr, $answer:expr) => {{
        let entry = $entry;
        assert!(entry.key().starts_with($key), "{}", entry.key());
        assert_eq!(entry.get().await, None);
        assert_eq!($refresh.await, $answer);
        assert_eq!(entry.get().await.as_deref(), Some($answer));
        entry.set("put by hand".to_owned()).await.expect("kept");
        assert_eq!($call.await, "put by hand");
    }};
}

#[tokio::test]
async fn companions_of_namesakes_in_one_line_are_told_apart() {
    let (narrow, wide) = (Shelf(1_u8), Shelf(2_u16));
    let all = async {
        serves_its_own!(find_entry(7), "companions:free:7", find_refresh(7), find(7), "free 7");
        serves_its_own!(inner::find_entry(7), "companions:inner:7", inner::find_refresh(7), inner::find(7), "inner 7");
        serves_its_own!(narrow.find_entry(7), "companions:u8:7", narrow.find_refresh(7), narrow.find(7), "u8 1 7");
        serves_its_own!(wide.find_entry(7), "companions:u16:7", wide.find_refresh(7), wide.find(7), "u16 2 7");
    };
    Cache::in_memory().scope(all).await;
}

#[tokio::test]
async fn a_companion_of_a_generic_method_has_the_instantiation_of_its_call() {
    let all = async {
        assert_eq!(Box::<3>.find_refresh::<_, 1>(7, &mut "a").await, "box 3 8 a");
        assert_eq!(Box::<3>.find_refresh::<_, 2>(7, &mut 'b').await, "box 3 9 b");
        assert_eq!(Box::<4>.find_refresh::<_, 1>(7, &mut "c").await, "box 4 8 c");
        assert_eq!(Box::<3>.find::<_, 1>(7, &mut "-").await, "box 3 8 a");
        assert_eq!(Box::<3>.find::<_, 2>(7, &mut '-').await, "box 3 9 b");
        assert_eq!(Box::<4>.find::<_, 1>(7, &mut "-").await, "box 4 8 c");
        assert_ne!(Box::<4>.find_entry::<&str, 1>(7).key(), Box::<3>.find_entry::<&str, 1>(7).key());
    };
    Cache::in_memory().scope(all).await;
}

/// A method that calls itself, with companions that run its body by the name of another.
struct Tree;

impl Tree {
    #[cached(key = "companions:tree:<depth>", ttl = 60, skip(self))]
    async fn leaves(&self, depth: u32) -> u64 {
        match depth {
            0 => 1,
            _ => 2 * std::boxed::Box::pin(self.leaves(depth - 1)).await,
        }
    }
}

#[tokio::test]
async fn a_method_that_calls_itself_has_companions() {
    Cache::in_memory()
        .scope(async {
            assert_eq!(Tree.leaves_refresh(4).await, 16);
            assert_eq!(Tree.leaves(3).await, 8);
            assert_eq!(Tree.leaves_entry(2).get().await, Some(4));
        })
        .await;
}

/// Nobody calls it: its description is registered by the linker.
#[cached(key = "companions:uncalled:<id>", ttl = 60)]
async fn uncalled(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn a_companion_of_a_function_that_nobody_calls_finds_it() {
    Cache::in_memory()
        .scope(async {
            assert_eq!(uncalled_refresh(7).await, 7);
            assert_eq!(uncalled_entry(7).get().await, Some(7));
        })
        .await;
}

fn is_send(_: &impl Send) {}

#[tokio::test]
async fn a_companion_can_be_sent_as_its_function_can() {
    let tree = std::sync::Arc::new(Tree);
    is_send(&tree.leaves_refresh(1));
    is_send(&find_refresh(1));
    is_send(&tree.leaves_uncached(1));
}

/// What a caller has for as long as the body runs.
struct Permit(Arc<AtomicBool>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cached(key = "companions:permitted:<id>", ttl = 60, skip(_permit, is_over))]
async fn permitted(_permit: Permit, is_over: Arc<AtomicBool>, id: u64) -> (u64, bool) {
    tokio::task::yield_now().await;
    (id, is_over.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_companion_has_its_arguments_until_its_body_is_over() {
    let cache = Cache::builder().build().await.expect("coherent");
    let run = async {
        let permit = || {
            let is_over = Arc::new(AtomicBool::new(false));
            (Permit(is_over.clone()), is_over)
        };
        let (own, is_over) = permit();
        assert_eq!(permitted_uncached(own, is_over, 1).await, (1, false));
        let (own, is_over) = permit();
        assert_eq!(permitted_refresh(own, is_over, 1).await, (1, false));
        let (own, is_over) = permit();
        assert_eq!(permitted(own, is_over, 2).await, (2, false));
    };
    cache.scope(run).await;
}

/// How often its body was begun: there is one counter a body.
#[cached(key = "companions:begun:<of>", ttl = 60)]
async fn begun((of, _): (u64, u64)) -> u64 {
    static BEGUN: AtomicU64 = AtomicU64::new(0);
    BEGUN.fetch_add(1, Ordering::Relaxed) + of
}

/// Of an impl, which the signatures of its functions do not show; and a parameter has the function's name.
struct Counter;

impl Counter {
    #[cached(key = "companions:count:<count>", ttl = 60)]
    async fn count(count: u64) -> u64 {
        static BEGUN: AtomicU64 = AtomicU64::new(0);
        BEGUN.fetch_add(1, Ordering::Relaxed) + count
    }
}

#[tokio::test]
async fn a_function_and_its_refresh_have_one_body_where_it_is_seen_where_it_stands() {
    Cache::in_memory()
        .scope(async {
            assert_eq!((begun((1, 0)).await, begun((1, 0)).await), (1, 1));
            assert_eq!((begun_refresh((1, 0)).await, begun((1, 0)).await), (2, 2));
            assert_eq!((Counter::count(1).await, Counter::count(1).await), (1, 1));
            assert_eq!((Counter::count_refresh(1).await, Counter::count(1).await), (2, 2));
        })
        .await;
}

mod around {
    #[allow(unused_imports, reason = "of two that are called alike, the nearer is meant")]
    use super::*;

    #[cached(key = "companions:around:<id>", ttl = 60)]
    pub(super) async fn begun(id: u64) -> u64 {
        id + super::begun((10, 0)).await
    }
}

#[tokio::test]
async fn what_the_body_of_a_refresh_calls_is_no_refresh() {
    Cache::in_memory()
        .scope(async {
            let inner = nested(1).await;
            assert_eq!(nested_refresh(1).await, inner);
            assert_eq!(around::begun(1).await, around::begun_refresh(1).await);
        })
        .await;
}

#[cached(key = "companions:nested:<id>", ttl = 60)]
async fn nested(id: u64) -> u64 {
    drawn(id).await
}

#[cached(key = "companions:drawn:<id>", ttl = 60)]
async fn drawn(id: u64) -> u64 {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    DRAWN.fetch_add(1, Ordering::Relaxed) + id
}

#[cached(key = "companions:shard:<id>", ttl = 60)]
async fn shard(id: u64) -> u64 {
    static BEGUN: AtomicU64 = AtomicU64::new(0);
    BEGUN.fetch_add(1, Ordering::Relaxed) + id
}

/// What the attribute's own expressions ask, before the call has begun.
fn cache_of(id: u64) -> Cache {
    assert_eq!(shard(id).now_or_never(), Some(id), "it was loaded once");
    cache_runtime::current()
}

#[cached(key = "companions:sharded:<id>", ttl = 60, cache = cache_of(id))]
async fn sharded(id: u64) -> u64 {
    static BEGUN: AtomicU64 = AtomicU64::new(0);
    BEGUN.fetch_add(1, Ordering::Relaxed)
}

#[tokio::test]
async fn what_is_called_before_a_refresh_begins_is_no_refresh() {
    Cache::in_memory()
        .scope(async {
            assert_eq!((sharded(0).await, sharded_refresh(0).await, sharded(0).await), (0, 1, 1));
        })
        .await;
}

#[tokio::test]
async fn a_refresh_is_one_whatever_its_caller_demands() {
    Cache::in_memory()
        .scope(async {
            let before = drawn(7).await;
            for demand in [Call::bypass(), Call::only_cached(), Call::strong()] {
                let refreshed = with(demand, drawn_refresh(7)).await;
                assert!(refreshed > before && drawn(7).await == refreshed);
            }
        })
        .await;
}

/// Something in a key that cannot be written.
struct Unwritable;

impl std::fmt::Display for Unwritable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("unwritable")
    }
}

#[cached(key = "companions:unwritable:<key.to_string()>", ttl = 60)]
async fn unwritable(key: Unwritable) -> u64 {
    let _ = &key;
    1
}

#[tokio::test]
async fn a_refresh_that_fails_before_it_is_one_leaves_none_behind() {
    Cache::in_memory()
        .scope(async {
            let before = drawn(8).await;
            assert!(AssertUnwindSafe(unwritable_refresh(Unwritable)).catch_unwind().await.is_err());
            assert_eq!(drawn(8).await, before);
        })
        .await;
}
