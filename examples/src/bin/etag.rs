//! A cached function over HTTP that asks its source only whether the page has changed (conditional requests).
//!
//! The entity tag of the last answer is kept with the entry. When its time has come the body sends it along, and a
//! `304 Not Modified` without a body gives the old value a new life.

use anyhow::{Context, ensure};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use cache_runtime::{Cache, Load, cached};
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

#[cached(key = "page:<path>", skip(site), ttl = "200ms", stale_if_error = "1h", early = 0)]
async fn page(site: SocketAddr, path: &str) -> anyhow::Result<String> {
    let load = Load::current();
    let known = load.as_ref().and_then(Load::etag);
    let answer = get(site, path, known).await?;
    if answer.status == StatusCode::NOT_MODIFIED {
        return load.and_then(|load| load.not_modified()).context("not modified since what?");
    }
    ensure!(answer.status == StatusCode::OK, "the site answered {}", answer.status);
    if let (Some(load), Some(etag)) = (load, answer.etag) {
        load.set_etag(etag);
    }
    Ok(answer.body)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cache = Cache::builder().build().await?;
    cache.install();
    let news = Arc::new(News::default());
    let site = serve(news.clone()).await?;
    for round in 1..=4 {
        if round == 4 {
            news.edition.fetch_add(1, Ordering::Relaxed);
        }
        println!("{}", page(site, "/news").await?);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let (asked, sent) = (news.asked.load(Ordering::Relaxed), news.sent.load(Ordering::Relaxed));
    println!("asked {asked} times, sent {sent} times");
    ensure!((asked, sent) == (4, 2), "it is sent only when it has changed");
    Ok(())
}

struct Answer {
    status: StatusCode,
    etag: Option<String>,
    body: String,
}

async fn get(site: SocketAddr, path: &str, if_none_match: Option<&str>) -> anyhow::Result<Answer> {
    let (mut requests, connection) = handshake(TokioIo::new(TcpStream::connect(site).await?)).await?;
    tokio::spawn(connection);
    let request = Request::get(path).header(header::HOST, site.to_string());
    let request = if_none_match.into_iter().fold(request, |request, etag| request.header(header::IF_NONE_MATCH, etag));
    let answer = requests.send_request(request.body(Empty::<Bytes>::new())?).await?;
    let etag = answer.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    Ok(Answer { status, etag, body: String::from_utf8(body.into())? })
}

/// A site that knows what its readers have.
#[derive(Default)]
struct News {
    edition: AtomicU64,
    asked: AtomicU64,
    sent: AtomicU64,
}

async fn serve(news: Arc<News>) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let site = listener.local_addr()?;
    let router = Router::new().route("/news", routing::get(read)).with_state(news);
    // It ends with the program.
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(site)
}

async fn read(State(news): State<Arc<News>>, headers: HeaderMap) -> Response {
    news.asked.fetch_add(1, Ordering::Relaxed);
    let edition = news.edition.load(Ordering::Relaxed);
    let etag = format!("\"edition-{edition}\"");
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    news.sent.fetch_add(1, Ordering::Relaxed);
    ([(header::ETAG, etag)], format!("edition {edition}")).into_response()
}
