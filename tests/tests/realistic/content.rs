//! What a site shows: documents, media, counters, everything that is read more often than written.

use crate::world::Db;
use cache_runtime::{assert_hit, cached};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Block {
    Text { body: String },
    Image { url: String, alt: Option<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Document {
    title: String,
    blocks: Vec<Block>,
    related: Option<Box<Document>>,
}

mod settings {
    use std::time::Duration;

    pub(super) const SHORT: Duration = Duration::from_millis(1500);

    pub(super) fn long() -> Duration {
        Duration::from_secs(24 * 60 * 60)
    }
}

struct Site {
    db: Db,
    drafts: bool,
    host: Host,
}

struct Host {
    name: String,
    port: u16,
}

impl Host {
    fn authority(&self) -> String {
        format!("{}:{}", self.name, self.port)
    }
}

impl Site {
    #[cached(key = "document:<self.host.name>:<self.drafts>:<path>", ttl = settings::long())]
    async fn document(&self, path: &str) -> Option<Document> {
        let title = self.db.find("documents", path).await?;
        let blocks = vec![Block::Text { body: title.clone() }, Block::Image { url: path.to_owned(), alt: None }];
        Some(Document { title, blocks, related: None })
    }

    #[cached(key = "menu:<self.host.authority()>", ttl = settings::SHORT)]
    async fn menu(&self) -> VecDeque<(String, String)> {
        self.db.all("documents").await.into()
    }

    #[cached(key = "breadcrumbs:<self.host.port>:<path>", ttl = 60, companions = false)]
    async fn breadcrumbs(&self, path: &std::path::Path) -> Vec<String> {
        path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    }

    #[cached(key = "visits:<self.host.name>:<day>", ttl = 5, early = 0, consistency = strong)]
    async fn visits(&self, day: u32) -> u128 {
        self.db.find("visits", day).await.map_or(0, |visits| visits.len() as u128)
    }

    #[cached(ttl = 60, skip(self), min_load = "5ms")]
    async fn words(self: &Arc<Self>, path: String) -> BTreeMap<char, HashSet<String>> {
        let mut words = BTreeMap::<_, HashSet<_>>::new();
        if let Some(document) = self.document(&path).await {
            for word in document.title.split_whitespace() {
                words.entry(word.chars().next().unwrap_or(' ')).or_default().insert(word.to_owned());
            }
        }
        words
    }

    #[cached(key = "sitemap:<pages.start>-<pages.end>", ttl = "1h", codec = cache_runtime::Json, skip(host))]
    async fn sitemap(host: &Host, pages: std::ops::Range<u32>) -> String {
        pages.map(|page| format!("https://{}/{page}\n", host.authority())).collect()
    }
}

#[cached(key = "image:<hash>:<format>", ttl = "30d", tiers = l1)]
async fn image(hash: [u8; 4], format: Option<Format>) -> bytes::Bytes {
    let format = format.unwrap_or(Format::Png);
    bytes::Bytes::from(format!("{hash:?} as {format:?}"))
}

#[derive(Debug, Clone, Copy, cache_runtime::CacheKey)]
enum Format {
    Png,
    #[allow(dead_code)]
    Jpeg {
        quality: u8,
    },
}

#[cached(key = "since:<since>", ttl = 10, refresh_every = "5s")]
async fn changed_since(db: Arc<Db>, since: Duration) -> Vec<String> {
    db.all("changes").await.into_iter().filter(|_| !since.is_zero()).map(|(key, _)| key).collect()
}

#[cached(key = "now:<zone>", ttl = 1, tiers = l1)]
async fn now(zone: &str) -> (SystemTime, String) {
    (SystemTime::UNIX_EPOCH, zone.to_owned())
}

#[cached(key = "matrix:<n>", ttl = 60)]
async fn matrix(n: usize) -> Result<Arc<Vec<Vec<f32>>>, String> {
    if n == 0 {
        return Err("empty".into());
    }
    Ok(Arc::new((0..n).map(|row| (0..n).map(|column| if row == column { 1.0 } else { 0.0 }).collect()).collect()))
}

#[cached(key = "unread:<user_id>:<folder>", ttl = 30, none_ttl = 5)]
async fn unread(db: &Db, user_id: u64, folder: Option<Rc<str>>) -> Option<u32> {
    let row = db.find("mail", user_id);
    row.await?.parse().ok().filter(|_| folder.is_none())
}

#[cached(key = "digest:<text>", ttl = 60)]
async fn digest(mut text: String, #[allow(unused_variables)] salt: Option<&dyn std::fmt::Debug>) -> u64 {
    text.push('!');
    text.bytes().map(u64::from).sum()
}

fn site() -> Arc<Site> {
    let db = Db::with([("documents", "/", "Home sweet home"), ("visits", "1", "xxx"), ("mail", "1", "4")]);
    Arc::new(Site { db, drafts: false, host: Host { name: "example.org".into(), port: 80 } })
}

#[cache_runtime::test]
async fn documents_are_kept() {
    let site = site();
    let document = site.document("/").await.expect("a document");
    assert_eq!(document.blocks.len(), 2);
    assert_hit!(site.document("/"));
    assert_eq!(site.words("/".into()).await[&'H'].len(), 1);
    assert_eq!(site.menu().await.len(), 1);
    assert_eq!(site.breadcrumbs("a/b".as_ref()).await, ["a", "b"]);
    assert_eq!(site.visits(1).await, 3);
    assert_eq!(Site::sitemap(&site.host, 1..3).await.lines().count(), 2);
}

#[cache_runtime::test]
async fn values_of_every_kind_are_kept() {
    assert_eq!(&image([1, 2, 3, 4], None).await[..], b"[1, 2, 3, 4] as Png");
    assert_eq!(now("UTC").await.1, "UTC");
    assert_eq!(matrix(2).await.expect("a matrix")[1], [0.0, 1.0]);
    assert_eq!(matrix(0).await, Err("empty".to_owned()));
    let site = site();
    assert_eq!(unread(&site.db, 1, None).await, Some(4));
    assert_eq!(digest("a".into(), None).await, 130);
    assert_eq!(changed_since(Arc::new(Db::default()), Duration::ZERO).await, [""; 0]);
}
