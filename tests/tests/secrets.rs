//! What is `#[key(secret)]` stands nowhere as it is: A13, U10. This process has a key for it; `secrets_without_key.rs` has
//! none.

use cache_runtime::testing::{FaultyStore, Operation};
use cache_runtime::{
    Activity, Builder, Cache, CacheEvent, CacheKey, Error, Event, Notice, assert_hit, assert_miss, cache_put, cached,
    invalidates, key,
};
use cache_tests::RedisServer;
use std::sync::{Arc, Mutex};

const KEY: [u8; 32] = [7; 32];

/// No part of it may be found anywhere.
const SECRET: &str = "hunter2.Pa55word";

#[derive(Clone, CacheKey)]
struct Credentials {
    user: u64,
    #[key(secret)]
    password: String,
}

#[derive(Clone, CacheKey)]
struct Token(#[key(secret)] String);

#[derive(CacheEvent)]
#[event(name = "secret_session_ended")]
struct SessionEnded {
    #[event(secret)]
    token: String,
}

#[derive(CacheEvent)]
#[event(name = "secret_tokens_revoked")]
struct TokensRevoked {
    tokens: Vec<Token>,
}

#[cached(key = "secret:session:<token>", ttl = 60, invalidate_on = [SessionEnded], tags = ["secret:tag:<token>"])]
async fn session(#[key(secret)] token: &str) -> Result<usize, String> {
    if token.is_empty() { Err("no token".to_owned()) } else { Ok(token.len()) }
}

#[cached(key = "secret:login:<credentials>", ttl = 60)]
async fn login(credentials: Credentials) -> u64 {
    credentials.user + credentials.password.len() as u64
}

#[cached(key = "secret:grant:<token>", ttl = 60, invalidate_on = [TokensRevoked(tokens = token)])]
async fn grant(token: Token) -> usize {
    token.0.len()
}

#[cached(ttl = 60)]
async fn by_default(#[key(secret)] token: String) -> usize {
    token.len()
}

#[cached(key = "secret:several:<token>", ttl = 60, batch(token = tokens))]
async fn several(#[key(secret)] tokens: Vec<String>) -> std::collections::HashMap<String, usize> {
    tokens.into_iter().map(|token| (token.clone(), token.len())).collect()
}

#[cache_put(key = "secret:session:<token>")]
async fn renew(#[key(secret)] token: &str) -> Result<usize, String> {
    Ok(token.len() + 1)
}

#[invalidates(SessionEnded { token = token.to_owned() })]
async fn log_out(token: &str) -> usize {
    token.len()
}

/// All that a cache tells anybody, as text.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<String>>);

impl Said {
    fn note(&self, what: impl std::fmt::Debug) {
        self.0.lock().expect("no panic").push_str(&format!("{what:?}\n"));
    }
}

fn builder(said: &Said) -> Builder {
    let (said, watched) = (said.clone(), said.clone());
    let builder = Cache::builder().secret_key(KEY).namespace("secret");
    builder
        .observer(move |notice: &Notice<'_>| said.note(notice))
        .watch(move |activity: &Activity<'_>| watched.note(activity))
}

async fn use_all() {
    let credentials = Credentials { user: 1, password: SECRET.to_owned() };
    assert_eq!(session(SECRET).await, Ok(SECRET.len()));
    session("").await.expect_err("no token");
    assert_eq!(login(credentials).await, 1 + SECRET.len() as u64);
    assert_eq!(grant(Token(SECRET.to_owned())).await, SECRET.len());
    assert_eq!(by_default(SECRET.to_owned()).await, SECRET.len());
    assert_eq!(several(vec![SECRET.to_owned(), "b".to_owned()]).await.len(), 2);
    assert_eq!(renew(SECRET).await, Ok(SECRET.len() + 1));
}

#[tokio::test]
async fn a13_u10_the_secret_is_in_no_key_notice_error_explanation_event_graph_or_store() {
    let redis = RedisServer::start();
    let store = FaultyStore::new(cache_runtime::RedisStore::connect(&redis.url()).await.expect("a server"));
    let said = Said::default();
    let cache = builder(&said).store(store.clone()).build().await.expect("it has a key");
    cache.clone().scope(use_all()).await;
    let told = async {
        let entry = session_entry(SECRET);
        (entry.key().to_owned(), format!("{entry:?}"), entry.explain().await)
    };
    said.note(cache.clone().scope(told).await);
    said.note((cache.stats(), cache.graph(), cache.graph().json(), cache.graph().mermaid(), cache.graph().dot()));
    said.note((cache.metrics().to_string(), cache.function_stats()));
    let ended = Event::from(SessionEnded { token: SECRET.to_owned() });
    said.note((&ended, ended.to_string(), cache.explain_event(ended.clone()).expect("complete")));
    let revoked = Event::from(TokensRevoked { tokens: vec![Token(SECRET.to_owned())] });
    said.note((&revoked, revoked.to_string(), cache.explain_event(revoked.clone()).expect("complete")));
    said.note((key::secret(SECRET), key::encode(&Token(SECRET.to_owned()))));
    // What fails tells as much as what does not.
    for operation in [Operation::Read, Operation::Begin, Operation::Commit, Operation::Put, Operation::Bump] {
        store.fail(operation);
    }
    let failed = cache.emit(SessionEnded { token: SECRET.to_owned() }).await.expect_err("the store fails");
    let plain = cache.emit(Event::new("secret_session_ended").field("token", SECRET)).await.expect_err("in plain");
    cache.clone().scope(use_all()).await;
    said.note((failed.to_string(), failed, plain.to_string(), plain));
    store.heal();

    let all = said.0.lock().expect("no panic").clone();
    assert!(
        all.contains("secret:session:!") && all.contains("StoreFailed") && all.contains("Miss"),
        "it looks where there is something: {all}"
    );
    assert!(!all.contains("hunter2") && !all.contains("Pa55word"), "{all}");
    let snapshot = redis.snapshot();
    let stored = String::from_utf8_lossy(&snapshot);
    assert!(stored.contains("secret:session:!") && stored.contains("ev:secret_session_ended:token=!"));
    assert!(!stored.contains("hunter2") && !stored.contains("Pa55word"));
}

#[tokio::test]
async fn a13_nodes_with_one_key_share_entries_that_differ_in_the_secret() {
    let store = cache_runtime::MemoryStore::new();
    let node = async || builder(&Said::default()).store(store.clone()).build().await.expect("it has a key");
    let (one, other) = (node().await, node().await);
    one.scope(async { assert_miss!(session(SECRET)) }).await.expect("loaded");
    other.clone().scope(async { assert_hit!(session(SECRET)) }).await.expect("kept");
    other.clone().scope(async { assert_miss!(session("hunter2.Pa55worD")) }).await.expect("loaded");
    let hash = key::encode(&key::secret(SECRET));
    assert!(other.remove(&format!("secret:session:{hash}")).await.expect("acknowledged"));
}

#[tokio::test]
async fn a13_events_and_tags_with_the_secret_end_its_entries_and_no_others() {
    let cache = builder(&Said::default()).build().await.expect("it has a key");
    cache
        .clone()
        .scope(async {
            let (one, other) = (SECRET, "another");
            session(one).await.expect("loaded");
            session(other).await.expect("loaded");
            log_out(one).await;
            assert_miss!(session(one)).expect("loaded");
            assert_hit!(session(other)).expect("kept");
            cache.emit(Event::new("secret_session_ended").secret("token", one)).await.expect("acknowledged");
            assert_miss!(session(one)).expect("loaded");
            // As an outbox would have kept it.
            let kept: Event =
                Event::from(SessionEnded { token: one.to_owned() }).to_string().parse().expect("an event");
            cache.emit(kept).await.expect("acknowledged");
            assert_miss!(session(one)).expect("loaded");
            let tag = format!("secret:tag:{}", key::encode(&key::secret(one)));
            cache.invalidate_tag(&tag).await.expect("acknowledged");
            assert_miss!(session(one)).expect("loaded");
            assert_hit!(session(other)).expect("kept");

            grant(Token(one.to_owned())).await;
            grant(Token(other.to_owned())).await;
            cache.emit(TokensRevoked { tokens: vec![Token(one.to_owned())] }).await.expect("acknowledged");
            assert_miss!(grant(Token(one.to_owned())));
            assert_hit!(grant(Token(other.to_owned())));
        })
        .await;
}

#[tokio::test]
async fn a13_an_event_that_has_it_in_plain_is_refused_and_tells_who_wants_it_hidden() {
    let cache = builder(&Said::default()).build().await.expect("it has a key");
    let error = cache.emit(Event::new("secret_session_ended").field("token", "abc")).await.expect_err("in plain");
    let Error::SecretField { event, field, function, is_secret } = &error else { panic!("{error}") };
    assert_eq!((event.as_str(), field.as_str(), *is_secret), ("secret_session_ended", "token", true));
    assert!(function.starts_with("secrets::session ("), "{function}");
    let expected = "event `secret_session_ended` has the field `token` in plain, and `secrets::session (";
    assert!(error.to_string().starts_with(expected) && error.to_string().contains("as a secret; mark both"), "{error}");
    assert_eq!(cache.stats().invalidations, 0);
}

#[tokio::test]
async fn a13_another_key_in_one_process_and_one_that_is_short_are_refused() {
    drop(builder(&Said::default()).build().await.expect("the first"));
    let another = Cache::builder().secret_key([8; 32]).build().await.expect_err("another");
    assert!(another.to_string().starts_with("secret_key: this process uses another key already"), "{another}");
    let short = Cache::builder().secret_key("hunter2").build().await.expect_err("short");
    assert_eq!(short.to_string(), "secret_key: a key that keeps secrets has at least 16 bytes, and this one 7");
    let variables = [("CACHE_SECRET_KEY".to_owned(), "hunter2".to_owned())];
    let short = Builder::from_variables(variables).expect("read").build().await.expect_err("short");
    assert_eq!(short.to_string(), "CACHE_SECRET_KEY: a key that keeps secrets has at least 16 bytes, and this one 7");
    builder(&Said::default()).build().await.expect("the same once more");
}
