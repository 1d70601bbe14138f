//! Keys that are readable and cannot collide: A01, A04 to A08, A10 to A12, A22, A23, Y03, Y05.

use cache_runtime::key::encode;
use cache_runtime::{Cache, CacheKey, KeyPart, Policy, cached};
use cache_tests::{Source, on_each};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

struct User {
    id: u64,
    org: Org,
}

struct Org(u32);

#[cached(key = "guild:<guild_id>:members", ttl = 60)]
async fn members(guild_id: u64) -> u64 {
    guild_id
}

#[test]
fn a01_the_key_is_what_the_template_says() {
    assert_eq!(members_entry(42).key(), "guild:42:members");
}

#[test]
fn a04_a05_fields_of_a_parameter_in_key_and_tags() {
    #[cached(key = "keys:profile:<user.id>:<user.org.0>", ttl = 60, tags = ["keys:org:<user.org.0>", "keys:user:<user.id>"])]
    async fn profile(user: &User) -> u64 {
        user.id
    }
    assert_eq!(profile_entry(&User { id: 7, org: Org(3) }).key(), "keys:profile:7:3");
}

#[test]
fn a06_texts_with_anything_in_them_never_collide() {
    #[cached(key = "keys:texts:<a>:<b>", ttl = 60)]
    async fn texts(a: &str, b: &str) -> usize {
        a.len() + b.len()
    }
    let odd = [
        "", "a", "b", ":", "a:b", "a%3Ab", "%", "%25", "{}", "\n", "\0", "🐢", "'", "''", "?", "*", "<", "/", ".", "1",
        "é",
    ];
    let mut seen = HashMap::new();
    for a in odd {
        for b in odd {
            let key = texts_entry(a, b).key().to_owned();
            assert!(key.chars().all(|c| !c.is_control()), "{key:?}");
            assert_eq!(seen.insert(key.clone(), (a, b)), None, "{key}");
        }
    }
}

#[test]
fn a06_nor_do_they_with_an_unusual_separator() {
    #[cached(key = "keys:dashes:<a>-<b>x<c>", ttl = 60)]
    async fn dashes(a: &str, b: &str, c: &str) -> usize {
        a.len() + b.len() + c.len()
    }
    let odd = ["", "-", "x", "a-b", "axb", "--", "%2D", "%%2D", "%78"];
    let mut seen = HashSet::new();
    for (a, b) in odd.iter().flat_map(|a| odd.iter().map(move |b| (a, b))) {
        for c in odd {
            assert!(seen.insert(dashes_entry(a, b, c).key().to_owned()), "{a:?} {b:?} {c:?}");
        }
    }
}

#[test]
fn a07_values_of_different_types_with_one_text_never_collide() {
    let texts = [
        encode(&1_u32),
        encode("1"),
        encode(&'1'),
        encode(&1.0_f64),
        encode("1.0"),
        encode(&1.0_f32),
        encode(&true),
        encode("true"),
        encode(&None::<u8>),
        encode("None"),
        encode(""),
        encode(&()),
        encode(&[1_u8]),
        encode(&(1_u8,)),
        encode(&Some(None::<u8>)),
    ];
    let distinct: HashSet<&String> = texts.iter().collect();
    assert_eq!(distinct.len(), texts.len(), "{texts:?}");
    assert_eq!(encode(&Some(1_u8)), "1", "and an option is as readable as what is in it");
}

mod one {
    #[cache_runtime::cached(ttl = 60)]
    pub(super) async fn find(id: u64, name: &str) -> usize {
        name.len() + id as usize
    }
}

mod two {
    #[cache_runtime::cached(ttl = 60)]
    pub(super) async fn find(id: u64, name: &str) -> usize {
        name.len() * id as usize
    }
}

#[test]
fn a08_the_default_key_is_the_path_and_every_parameter() {
    assert_eq!(one::find_entry(42, "ann").key(), "behaviours::keys::one::find:42:ann");
    assert_eq!(two::find_entry(42, "ann").key(), "behaviours::keys::two::find:42:ann");
}

struct Left;
struct Right;

impl Left {
    #[cached(ttl = 60, skip = [self])]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[cached(ttl = 60)]
    async fn count(id: u64) -> u64 {
        id
    }
}

impl Right {
    #[cached(ttl = 60, skip = [self])]
    async fn find(&self, id: u64) -> u64 {
        id + 1
    }

    #[cached(ttl = 60)]
    async fn count(id: u64) -> u64 {
        id + 1
    }
}

#[tokio::test]
async fn a08_methods_of_two_types_in_one_module_have_two_default_keys() {
    on_each(async |_, _| {
        assert_eq!((Left.find(1).await, Right.find(1).await), (1, 2));
        assert_eq!((Left::count(1).await, Right::count(1).await), (1, 2));
        assert_ne!(Left.find_entry(1).key(), Right.find_entry(1).key());
        assert_eq!(Left::count_uncached(1).await, 1);
    })
    .await;
}

#[test]
fn a10_floats_have_one_encoding_for_every_value() {
    assert_eq!(encode(&f64::NAN), encode(&-f64::NAN));
    assert_ne!(encode(&0.0_f64), encode(&-0.0_f64));
    assert_ne!(encode(&0.1_f32), encode(&0.1_f64), "which are different numbers");
}

#[test]
fn a11_the_order_of_a_map_does_not_matter() {
    let forth: HashMap<u32, &str> = (0..100).map(|at| (at, "x")).collect();
    let back: HashMap<u32, &str> = (0..100).rev().map(|at| (at, "x")).collect();
    assert_eq!(encode(&forth), encode(&back));
    assert_eq!(encode(&forth), encode(&forth.iter().map(|(k, v)| (*k, *v)).collect::<BTreeMap<_, _>>()));
    assert_eq!(encode(&HashSet::from([3, 1, 2])), encode(&HashSet::from([2, 3, 1])));
}

#[tokio::test]
async fn a12_a_key_of_ten_megabytes_keeps_its_head_and_stays_its_own() {
    #[cached(key = "keys:long:<text>", ttl = 60)]
    async fn long(text: &str) -> usize {
        text.len()
    }
    on_each(async |cache, _| {
        let (first, second) = ("x".repeat(10 << 20), "x".repeat((10 << 20) + 1));
        assert_eq!((long(&first).await, long(&second).await), (first.len(), second.len()));
        assert_eq!(long(&first).await, first.len());
        assert_eq!(cache.stats().loads, 2);
        let entry = long_entry(&first);
        assert!(entry.key().starts_with("keys:long:xxxx") && entry.key().len() <= 256, "{}", entry.key());
    })
    .await;
}

#[tokio::test]
async fn a12_the_limit_can_be_set() {
    let cache = Cache::builder().max_key_bytes(64).build().await.expect("coherent");
    let key = cache.scope(async { members_entry(u64::MAX).key().to_owned() }).await;
    assert_eq!(key, "guild:18446744073709551615:members");
    let refused = Cache::builder().max_key_bytes(63).build().await.expect_err("too short for a hash");
    assert!(refused.to_string().starts_with("max_key_bytes: "), "{refused}");
}

#[tokio::test]
async fn a22_tenants_never_mix_and_are_cleared_alone() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (acme, umbrella) = (cache.tenant("acme").expect("a name"), cache.tenant("umbrella").expect("a name"));
        acme.clone().scope(of_tenant(source.clone(), 1)).await;
        source.write(2);
        assert_eq!(umbrella.clone().scope(of_tenant(source.clone(), 1)).await, 2);
        assert_eq!(acme.clone().scope(of_tenant(source.clone(), 1)).await, 1);
        acme.clear().await.expect("acknowledged");
        source.write(3);
        assert_eq!(acme.scope(of_tenant(source.clone(), 1)).await, 3);
        assert_eq!(umbrella.scope(of_tenant(source.clone(), 1)).await, 2);
        assert!(cache.tenant("a/b").is_err() && cache.tenant("").is_err());
    })
    .await;
}

#[cached(key = "keys:tenants:<id>", ttl = 60)]
async fn of_tenant(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[tokio::test]
async fn a23_a_namespace_that_begins_like_another_is_another() {
    on_each(async |cache, _| {
        let (short, long) = (cache.tenant("users").expect("a name"), cache.tenant("usersAbc").expect("a name"));
        let minute = Policy::ttl(Duration::from_secs(60));
        long.set("x", 1_u64, minute).await.expect("set");
        short.clear().await.expect("acknowledged");
        assert_eq!(long.get::<u64>("x").await, Some(1));
    })
    .await;
}

#[tokio::test]
async fn y03_two_instantiations_have_two_entries() {
    #[cached(key = "keys:size:<T>", ttl = 60)]
    async fn size<T: Send>() -> usize {
        size_of::<T>()
    }
    on_each(async |_, _| {
        assert_eq!((size::<u8>().await, size::<u64>().await), (1, 8));
        assert_eq!(size::<u8>().await, 1);
    })
    .await;
}

#[derive(CacheKey)]
struct GuildId(u64);

#[derive(CacheKey)]
enum Scope {
    Global,
    Guild(GuildId),
    Range { from: u32, to: u32 },
}

#[derive(CacheKey)]
struct Page<T> {
    of: T,
    number: u32,
    #[key(skip)]
    #[allow(dead_code)]
    trace: String,
}

#[test]
fn y05_types_of_ones_own_stand_in_keys() {
    assert_eq!(encode(&GuildId(42)), "42");
    assert_eq!(encode(&Scope::Global), ".Global");
    assert_eq!(encode(&Scope::Guild(GuildId(42))), ".Guild(42)");
    assert_eq!(encode(&Scope::Range { from: 1, to: 2 }), ".Range(1,2)");
    assert_eq!(encode(&Page { of: "a", number: 2, trace: "t".into() }), "(a,2)");
    assert_ne!(encode(&Scope::Global), encode(".Global"));
}

#[test]
fn y05_so_do_the_types_everybody_has() {
    fn is_a_part<T: KeyPart + ?Sized>(_: &T) {}
    let id = uuid::Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8);
    assert_eq!(encode(&id), "67e55044-10b1-426f-9247-bb680e5fe0c8");
    assert_ne!(encode(&id), encode(&id.to_string()));
    assert_eq!(encode(&(1_u8, "a", Some('c'))), "(1,a,'c')");
    assert_eq!(encode(&[1, 2, 3][..]), "[1,2,3]");
    is_a_part(&Arc::new(vec![Box::new(1_u128)]));
    is_a_part(&std::borrow::Cow::Borrowed("x"));
    is_a_part(&std::net::Ipv6Addr::LOCALHOST);
    is_a_part(&Duration::from_secs(1));
}

#[tokio::test]
async fn a06_a_text_that_looks_like_a_shortened_key_is_another() {
    #[cached(key = "keys:long:<name>", ttl = 60)]
    async fn long(name: &str) -> usize {
        name.len()
    }
    let name = "x".repeat(300);
    let short = long_entry(&name).key().strip_prefix("keys:long:").expect("its head").to_owned();
    assert!(short.contains('~') && long_entry(&short).key() != long_entry(&name).key());
    let cache = Cache::in_memory();
    let lens = cache.scope(async { (long(&name).await, long(&short).await) }).await;
    assert_eq!(lens, (300, short.len()));
}

#[tokio::test]
async fn a07_one_parameter_of_several_types_is_told_apart_in_memory_too() {
    #[cached(key = "keys:any:<x>", ttl = 60)]
    async fn any(x: impl cache_runtime::KeyPart + Send + Sync) -> String {
        cache_runtime::key::encode(&x)
    }
    let cache = Cache::in_memory();
    let both = cache.scope(async { (any(97_u32).await, any('a').await) }).await;
    assert_eq!(both, ("97".to_owned(), "'a'".to_owned()));
}

#[test]
fn a06_an_absent_value_is_another_than_a_present_absent_one_before_a_question_mark() {
    #[cached(key = "keys:asked:<a>?x", ttl = 60)]
    async fn asked(a: Option<Option<u32>>) -> bool {
        a.is_some()
    }
    assert_ne!(asked_entry(None).key(), asked_entry(Some(None)).key());
}
