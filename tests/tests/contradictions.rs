//! What a program's functions and events say against each other is refused when a cache is built: A14, M07, Y02.

use cache_runtime::{Cache, CacheEvent, Error, cache_put, cached, invalidates};

#[cached(key = "contra:<id>:members", ttl = 60)]
async fn members(id: String) -> Vec<u64> {
    vec![id.len() as u64]
}

#[cached(key = "contra:all:<what>", ttl = 60)]
async fn all(what: &str) -> Result<String, std::io::Error> {
    Ok(what.to_owned())
}

#[cached(key = "contra-named:a:<id>", ttl = 60, name = "contra-same")]
async fn first(id: u64) -> u64 {
    id
}

#[cached(key = "contra-named:b:<id>", ttl = 60, name = "contra-same")]
async fn second(id: u64) -> u64 {
    id
}

/// The same key for the same type is shared on purpose.
#[cached(key = "contra-shared:<id>", ttl = 60)]
async fn one_way(id: u64) -> Option<u64> {
    Some(id)
}

#[cached(key = "contra-shared:<id>", ttl = 60)]
async fn another_way(id: u64) -> Result<u64, std::io::Error> {
    Ok(id)
}

/// It could never be invalidated.
#[cached(key = "contra-bound:<id>:<extra>", ttl = 60, invalidate_on = ["contra_alone(extra)"])]
async fn bound_to_nothing(id: u64, extra: u64) -> u64 {
    id + extra
}

#[derive(CacheEvent)]
#[event(name = "contra_alone")]
struct Alone {
    id: u64,
}

struct Generic<T>(std::marker::PhantomData<T>);

impl<T: Default + ToString> Generic<T> {
    #[cached(key = "contra-generic:<id>", ttl = 60)]
    async fn associated(id: u64) -> String {
        format!("{} {id}", T::default().to_string())
    }
}

/// An integer is never a word, and a path is not a type.
#[cached(key = "contra-number:<id>", ttl = 60)]
async fn by_number(id: u64) -> std::string::String {
    id.to_string()
}

#[cached(key = "contra-number:all", ttl = 60)]
async fn of_all() -> Vec<u64> {
    Vec::new()
}

#[cached(key = "contra-number:<id>", ttl = 60)]
async fn by_the_same_number(id: u64) -> Option<String> {
    Some(id.to_string())
}

#[derive(CacheEvent)]
#[event(name = "contra_a", cascades(B))]
struct A {
    id: u64,
}

#[derive(CacheEvent)]
#[event(name = "contra_b", cascades(C))]
struct B {
    id: u64,
}

#[derive(CacheEvent)]
#[event(name = "contra_c", cascades(A))]
struct C {
    id: u64,
}

mod elsewhere {
    #[derive(cache_runtime::CacheEvent)]
    #[event(name = "contra_a")]
    pub(super) struct Other {
        pub(super) number: u32,
    }
}

#[cached(key = "contra-put:<id>", ttl = 60)]
async fn reads_what_is_put(id: u64) -> Option<u64> {
    Some(id)
}

#[cache_put(key = "contra-put:<id>", version = 2)]
async fn put_of_another_version(id: u64) -> u64 {
    id
}

#[cache_put(key = "contra-put:<id>")]
async fn put_of_another_type(id: u64) -> String {
    id.to_string()
}

#[invalidates("contra_alnoe" { id })]
async fn says_what_nobody_knows(id: u64) {}

#[cached(key = "contra-heard:<id>", ttl = 60, invalidate_on = ["contra_heard"])]
async fn hears(id: u64) -> u64 {
    id
}

#[invalidates("contra_heard")]
async fn says_too_little() {}

async fn problems() -> Vec<String> {
    match Cache::builder().build().await {
        Err(Error::Registry(problems)) => problems,
        other => panic!("it should be refused: {other:?}"),
    }
}

fn only<'a>(problems: &'a [String], about: &str) -> &'a str {
    let all: Vec<&String> = problems.iter().filter(|problem| problem.contains(about)).collect();
    assert_eq!(all.len(), 1, "{problems:#?}");
    all[0]
}

#[tokio::test]
async fn a14_overlapping_keys_of_two_types_are_refused_with_both_places() {
    let problems = problems().await;
    let problem = only(&problems, "contra:");
    for part in [
        "contradictions::members `contra:<id>:members` → Vec<u64> (tests/tests/contradictions.rs:5)",
        "contradictions::all `contra:all:<what>` → Result<String, std::io::Error> (tests/tests/contradictions.rs:10)",
        "change one key",
    ] {
        assert!(problem.contains(part), "{part}\n{problem}");
    }
}

#[tokio::test]
async fn a_name_given_twice_is_refused_with_both_places() {
    let problems = problems().await;
    let problem = only(&problems, "contra-same");
    assert!(problem.starts_with("two cached functions are named `contra-same`: "), "{problem}");
    assert!(problem.contains("contradictions::first") && problem.contains("contradictions::second"), "{problem}");
}

#[tokio::test]
async fn m07_events_that_cascade_in_a_circle_are_refused_with_the_circle() {
    let problems = problems().await;
    let problem = only(&problems, "circle");
    assert_eq!(problem, "events cascade in a circle: contra_a → contra_b → contra_c → contra_a");
}

#[tokio::test]
async fn two_different_events_of_one_name_are_refused() {
    let problems = problems().await;
    let problem = only(&problems, "two different events");
    assert!(problem.contains("`contra_a`: A (") && problem.contains(" and Other ("), "{problem}");
    let _constructible = (A { id: 1 }, B { id: 1 }, C { id: 1 }, elsewhere::Other { number: 1 });
}

#[tokio::test]
async fn keys_that_are_shared_for_one_type_are_fine() {
    assert!(!problems().await.iter().any(|problem| problem.contains("contra-shared")));
    let cache = Cache::in_memory();
    let both = cache.clone().scope(async { (one_way(1).await, another_way(1).await.ok()) }).await;
    assert_eq!((both, cache.stats().loads), ((Some(1), Some(1)), 1), "they share the entry");
}

#[tokio::test]
async fn a_binding_to_a_field_that_the_event_does_not_have_is_refused() {
    let problems = problems().await;
    let problem = only(&problems, "bound_to_nothing");
    for part in ["is bound to the field `extra` of `contra_alone`", "has no such field; its fields are `id`"] {
        assert!(problem.contains(part), "{problem}");
    }
    let _used = (Alone { id: 1 }, Cache::in_memory().scope(bound_to_nothing(1, 2)).await);
}

#[tokio::test]
async fn a_put_that_its_readers_could_not_read_is_refused() {
    let problems = problems().await;
    for (writer, part) in [
        ("put_of_another_version", "the two differ in version: 2 and 0"),
        ("put_of_another_type", "the two differ in the type of their values: String and Option<u64>"),
    ] {
        let about = |problem: &&String| problem.contains(writer) && problem.contains("reads_what_is_put");
        let problem = problems.iter().find(about).expect("it is refused");
        assert!(problem.contains(part) && problem.contains("puts entries of `contra-put:<id>`"), "{problem}");
    }
    let _callable = Cache::in_memory()
        .scope(async { (put_of_another_version(1).await, put_of_another_type(1).await, reads_what_is_put(1).await) })
        .await;
}

#[tokio::test]
async fn a_writer_that_could_only_fail_to_emit_is_refused() {
    let problems = problems().await;
    let problem = only(&problems, "says_what_nobody_knows");
    assert!(problem.contains("emits `contra_alnoe`, which no type declares and no cached function listens to; did you mean `contra_alone`?"), "{problem}");
    let problem = only(&problems, "says_too_little");
    assert!(problem.contains("emits `contra_heard` without the field `id`, which contradictions::hears"), "{problem}");
    let called = async { (says_what_nobody_knows(1).await, says_too_little().await, hears(1).await) };
    assert_eq!(Cache::in_memory().scope(called).await.2, 1);
}

#[tokio::test]
async fn an_associated_function_of_a_generic_type_has_to_name_the_type() {
    let problems = problems().await;
    let problem = only(&problems, "associated function");
    assert!(
        problem.contains("Generic<_>::associated") && problem.ends_with("name the type in its key, `<Self>`"),
        "{problem}"
    );
    let _callable = Cache::in_memory().scope(Generic::<u8>::associated(1)).await;
}

#[tokio::test]
async fn keys_that_only_look_alike_are_fine() {
    assert!(!problems().await.iter().any(|problem| problem.contains("contra-number")));
    let call = async { (by_number(1).await, by_the_same_number(1).await, of_all().await) };
    assert_eq!(Cache::in_memory().scope(call).await, ("1".into(), Some("1".into()), vec![]));
}

#[tokio::test]
async fn the_circle_ends_when_it_is_emitted_all_the_same() {
    let cache = Cache::in_memory();
    cache.emit(B { id: 1 }).await.expect("each event once");
    assert_eq!(cache.stats().invalidations, 3);
    let _used = cache
        .scope(async { (members("x".into()).await, all("x").await.is_ok(), first(1).await, second(1).await) })
        .await;
}

/// Two functions in two blocks that one macro makes.
macro_rules! twins {
    () => {
        async fn blocks(id: u64) -> u64 {
            let one = {
                #[cached(key = "contra-twin:one:<id>", ttl = 60)]
                async fn twin(id: u64) -> u64 {
                    id
                }
                twin(id).await
            };
            let other = {
                #[cached(key = "contra-twin:other:<id>", ttl = 60)]
                async fn twin(id: u64) -> u64 {
                    id
                }
                twin_entry(id).get().await.unwrap_or(0) + twin(id).await
            };
            one + other
        }
    };
}

twins!();

#[tokio::test]
async fn two_functions_of_one_name_that_one_macro_makes_are_refused() {
    let problems = problems().await;
    let problem = only(&problems, "blocks::twin");
    assert!(problem.contains("two cached functions are both `contradictions::blocks::twin`"), "{problem}");
    assert!(problem.ends_with("and nothing tells them apart; give one another name"), "{problem}");
}

#[tokio::test]
#[should_panic(expected = "nothing tells them apart")]
async fn a_companion_of_one_of_them_serves_neither() {
    Cache::in_memory().scope(blocks(1)).await;
}
