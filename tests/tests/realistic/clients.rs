//! Clients of other services: generic over who carries the request, with retries and tokens.

use crate::world::{Db, Http, HttpError};
use cache_runtime::{assert_hit, cached};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt::Display;
use std::sync::Arc;

struct Client<H> {
    http: H,
    base: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Token {
    secret: String,
    scopes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<H: Http> Client<H> {
    #[cached(key = "GET <self.base>:<path>", ttl = 30)]
    async fn text(&self, path: &str) -> Result<String, HttpError> {
        self.http.get(path).await
    }

    #[cached(key = "json:<self.base>:<path>:<T>", ttl = 30)]
    async fn json<T>(&self, path: &str) -> Result<T, HttpError>
    where
        T: DeserializeOwned + Serialize + Clone + Send + Sync + 'static,
    {
        let body = self.text(path).await?;
        serde_json::from_str(&body).map_err(|_| HttpError::Status(502))
    }

    #[cached(key = "page:<self.base>:<path>:<cursor>:<T>", ttl = 30)]
    async fn page<T: DeserializeOwned + Serialize + Clone + Send + Sync + 'static>(
        &self,
        path: &str,
        cursor: Option<String>,
    ) -> Result<Page<T>, HttpError> {
        let path = format!("{path}?cursor={}", cursor.unwrap_or_default());
        let body = self.http.get(&path).await?;
        serde_json::from_str(&body).map_err(|_| HttpError::Status(502))
    }

    #[cached(
        key = "token:<self.base>:<scopes>",
        ttl = "50m",
        l1_ttl = "1m",
        soft_timeout = "100ms",
        stale_if_error = "10m"
    )]
    async fn token(&self, scopes: &[&str]) -> Result<Token, HttpError> {
        let secret = self.http.get("/token").await?;
        Ok(Token { secret, scopes: scopes.iter().map(ToString::to_string).collect() })
    }

    #[cached(key = "etag:<self.base>:<path.as_ref()>", ttl = 5)]
    async fn etag(&self, path: impl AsRef<str> + Send + Sync) -> Option<u32> {
        let body = self.http.get(path.as_ref()).await.ok()?;
        Some(body.bytes().map(u32::from).sum())
    }

    #[cached(key = "retried:<self.base>:<path>:<ATTEMPTS>", ttl = 5)]
    async fn retried<const ATTEMPTS: usize>(&self, path: &str) -> Result<String, HttpError> {
        let mut last = HttpError::Timeout;
        for _ in 0..ATTEMPTS {
            match self.http.get(path).await {
                Ok(body) => return Ok(body),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

#[cached(key = "rate:<from>:<to>", ttl = "10m", skip(H))]
async fn exchange_rate<H: Http>(client: &Client<H>, from: &str, to: &str) -> Result<f64, HttpError> {
    let body = client.text(&format!("/rates/{from}/{to}")).await?;
    body.trim().parse().map_err(|_| HttpError::Status(502))
}

#[cached(key = "converted:<amount>:<from>:<to>", ttl = 60, skip(H))]
async fn converted<H>(client: Arc<Client<H>>, amount: f64, from: String, to: String) -> Result<f64, HttpError>
where
    H: Http + 'static,
{
    Ok(exchange_rate(&client, &from, &to).await? * amount)
}

#[cached(key = "shortened:<url.to_string()>", ttl = "1d", skip(U))]
async fn shortened<U: Display + Send + Sync>(db: &Db, url: U) -> String {
    match db.find("short", &url).await {
        Some(short) => short,
        None => url.to_string(),
    }
}

#[cached(ttl = 60, skip(db))]
async fn first_answer<const N: usize>(db: &Db, urls: [&str; N]) -> Option<String> {
    for url in urls {
        if let Ok(body) = db.get(url).await {
            return Some(body);
        }
    }
    None
}

fn client() -> Client<Db> {
    let rows = [
        ("http", "/v", "[1,2]"),
        ("http", "/list?cursor=", r#"{"items":["a"],"next":"n"}"#),
        ("http", "/token", "s3cret"),
        ("http", "/rates/EUR/USD", "1.25"),
        ("short", "https://example.org/long", "https://ex.org/1"),
    ];
    Client { http: Db::with(rows), base: "https://api.test".into() }
}

#[cache_runtime::test]
async fn two_types_read_from_one_address_are_two_entries() {
    let client = client();
    assert_eq!(client.json::<Vec<u8>>("/v").await, Ok(vec![1, 2]));
    assert_eq!(client.json::<(u16, u16)>("/v").await, Ok((1, 2)));
    assert_eq!(client.http.queries(), 1, "the text was there already");
    let page = client.page::<String>("/list", None).await.expect("a page");
    assert_eq!(page, Page { items: vec!["a".into()], next: Some("n".into()) });
    assert_eq!(client.token(&["read"]).await.expect("a token").scopes, ["read"]);
    assert_eq!(client.etag("/token").await, client.etag("/token".to_owned()).await);
    assert_eq!(client.retried::<3>("/none").await, Err(HttpError::Status(404)));
    assert_eq!(client.retried::<0>("/none").await, Err(HttpError::Timeout));
}

#[cache_runtime::test]
async fn rates_are_asked_for_once() {
    let client = Arc::new(client());
    assert_eq!(converted(client.clone(), 4.0, "EUR".into(), "USD".into()).await, Ok(5.0));
    assert_hit!(exchange_rate(&client, "EUR", "USD")).expect("what was kept");
    assert_eq!(shortened(&client.http, "https://example.org/long").await, "https://ex.org/1");
    assert_eq!(first_answer(&client.http, ["/none", "/token"]).await.as_deref(), Some("s3cret"));
}
