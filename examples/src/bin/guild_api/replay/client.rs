//! One connection to the service, kept alive, with one request under way at a time.

use super::rows::Write;
use crate::model::Written;
use crate::routes::TIER;
use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

#[derive(Debug)]
pub(super) struct Client {
    requests: SendRequest<Full<Bytes>>,
    host: String,
}

/// What a read was answered with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    pub(super) tier: Tier,
    pub(super) version: u64,
    pub(super) latency: Duration,
}

/// Who answered a read, as the service says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    L1,
    L2,
    Flight,
    /// The database, whether or not the cache is on.
    Load,
}

/// A request was not served; the status says why.
#[derive(Debug)]
pub(super) struct Refused(pub(super) StatusCode);

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends with the client; what goes wrong on it, the request that is under way reports.
        tokio::spawn(connection);
        Ok(Self { requests, host: address.to_string() })
    }

    pub(super) async fn read(&mut self, path: &str) -> anyhow::Result<Result<Read, Refused>> {
        let request = Request::get(path).header(HOST, &self.host).body(Full::default())?;
        let sent = Instant::now();
        let (parts, body) = self.send(request).await.with_context(|| format!("GET {path}"))?;
        let latency = sent.elapsed();
        if parts.status != StatusCode::OK {
            return Ok(Err(Refused(parts.status)));
        }
        let Versioned { version } = serde_json::from_slice(&body).with_context(|| format!("GET {path}"))?;
        let tier = match parts.headers.get(TIER).map(|tier| tier.as_bytes()) {
            Some(b"l1") => Tier::L1,
            Some(b"l2") => Tier::L2,
            Some(b"flight") => Tier::Flight,
            Some(b"load" | b"off") => Tier::Load,
            other => bail!("GET {path}: no known {TIER}: {other:?}"),
        };
        Ok(Ok(Read { tier, version, latency }))
    }

    pub(super) async fn write(&mut self, write: Write) -> anyhow::Result<Result<Written, Refused>> {
        let context = || format!("{} {}", write.method, write.path);
        let request = Request::builder().method(&write.method).uri(&write.path).header(HOST, &self.host);
        let request = request.header(CONTENT_TYPE, "application/json").body(Full::from(write.body.clone()))?;
        let (parts, body) = self.send(request).await.with_context(context)?;
        match parts.status {
            StatusCode::OK | StatusCode::ACCEPTED => Ok(Ok(serde_json::from_slice(&body).with_context(context)?)),
            status => Ok(Err(Refused(status))),
        }
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<(hyper::http::response::Parts, Bytes)> {
        self.requests.ready().await?;
        let (parts, body) = self.requests.send_request(request).await?.into_parts();
        Ok((parts, body.collect().await?.to_bytes()))
    }
}

/// The part of every answer that the replay looks at.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}
