#![deny(warnings, clippy::pedantic, missing_docs)]
//! Secrets wherever they may stand.

use cache_runtime::{CacheEvent, CacheKey, cache_put, cached};

#[derive(Clone, CacheKey)]
struct Token(#[key(secret)] String);

#[derive(CacheKey)]
enum Login {
    Password {
        user: u64,
        #[key(secret)]
        password: String,
    },
    Token(#[key(secret)] Token),
}

#[derive(CacheEvent)]
struct Ended {
    #[event(secret)]
    token: String,
}

struct Gate;

impl Gate {
    #[cached(key = "gate:<login>", ttl = 60, skip(self))]
    async fn open(&self, login: &Login) -> bool {
        match login {
            Login::Password { user, password } => *user > 0 && !password.is_empty(),
            Login::Token(token) => token.0.is_empty(),
        }
    }
}

#[cached(key = "session:<token>", ttl = 60, invalidate_on = [Ended], tags = ["session:<token>"])]
async fn session(#[key(secret)] token: &str) -> Option<usize> {
    Some(token.len())
}

#[cache_put(key = "session:<token>")]
async fn renew(#[key(secret)] token: &str) -> Option<usize> {
    Some(token.len())
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let gate = Gate;
        assert!(!gate.open(&Login::Token(Token("hunter2".into()))).await);
        assert!(gate.open(&Login::Password { user: 1, password: "hunter2".into() }).await);
        assert_eq!((session("hunter2").await, renew("hunter2").await), (Some(7), Some(7)));
        let ended = Ended { token: "hunter2".into() };
        assert!(!cache_runtime::Event::from(ended).to_string().contains("hunter2"));
    });
}
