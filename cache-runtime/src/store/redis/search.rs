//! Looking for names: `SCAN`, a page at a time, of one server after the other. Nothing else here scans.

use super::RedisStore;
use super::connect::Link;
use super::names::{Kind, Names, Space};
use super::route::Lane;
use crate::error::StoreError;
use crate::stamp::Partition;
use crate::store::{Cursor, Page, Search};
use ::redis::cmd;
use std::pin::pin;
use std::sync::Arc;

/// How many names the server looks at before it answers: some tenths of a millisecond, for which it serves nobody else.
const LOOKED_AT: usize = 1_000;

impl RedisStore {
    pub(super) async fn page(&self, namespace: &str, search: Search<'_>) -> Result<Page, StoreError> {
        let first = Partition(search.from.partition);
        let (names, space) = (Names::new(namespace, first), Space::new(namespace));
        let glob = space.glob(search.part);
        let ask = |link: Arc<Link>| {
            let mut scan = cmd("SCAN");
            scan.arg(search.from.at).arg("MATCH").arg(&glob).arg("COUNT").arg(LOOKED_AT);
            async move { scan.query_async::<(u64, Vec<Vec<u8>>)>(&mut link.connection()).await }
        };
        let asked = pin!(self.route.ask(&names, Lane::Shared, &ask));
        let (at, found) = self.within(self.read_deadline, namespace, asked).await?;
        let next = if at == 0 { self.next_server(first) } else { Some(Cursor { partition: first.0, at }) };
        let mut page = Page { next, ..Page::default() };
        for name in found.iter().filter_map(|name| std::str::from_utf8(name).ok()) {
            match space.read(name) {
                Some((Kind::Key, text)) => page.keys.push(text.to_owned()),
                Some((Kind::Dependency, text)) => page.dependencies.push(text.to_owned()),
                None => {}
            }
        }
        Ok(page)
    }

    /// Where the names of a server begin that has not been asked yet, which are those of earlier partitions.
    fn next_server(&self, asked: Partition) -> Option<Cursor> {
        let server_of = |at: u16| self.route.server_of(Partition(at));
        let is_new = |at: &u16| (0..*at).all(|before| server_of(before) != server_of(*at));
        let partition = (asked.0 + 1..self.route.partitions()).find(is_new)?;
        Some(Cursor { partition, at: 0 })
    }
}
