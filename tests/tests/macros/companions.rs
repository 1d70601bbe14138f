//! A18: a companion is that of its own function, however alike another function is in name and place.
//!
//! It finds the function by its path and by where the attribute is; here all of them are made in one line, by one macro.

use cache_runtime::{Cache, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
