//! Functions that macros write, functions in functions, one name in many modules.

use crate::world::{Db, DbResult};
use cache_runtime::{assert_hit, cached};

macro_rules! lookups {
    ($($(#[$doc:meta])* $vis:vis $name:ident: $table:literal by $id:ident: $ty:ty;)*) => {$(
        $(#[$doc])*
        #[cached(ttl = 60, skip(db))]
        $vis async fn $name(db: &Db, $id: $ty) -> DbResult<String> {
            db.one($table, $id).await
        }
    )*};
}

lookups! {
    /// What a colour is called.
    pub(crate) colour: "colours" by code: u8;
    /// What a size is called.
    size: "sizes" by eu: i16;
    material: "materials" by name: &str;
}

macro_rules! getter {
    ($name:ident, $ttl:expr, $body:expr) => {
        #[cached(key = "getter", name = "getter", ttl = $ttl)]
        async fn $name(db: &Db) -> String {
            let read = $body;
            read(db).await
        }
    };
}

getter!(motto, 60, async |db: &Db| db.find("texts", "motto").await.unwrap_or_default());

mod billing {
    use super::*;

    #[cached(key = "billing:<id>", ttl = 60)]
    pub(super) async fn find(db: &Db, id: u64) -> DbResult<String> {
        db.one("invoices", id).await
    }
}

mod shipping {
    use super::*;

    #[cached(key = "shipping:<id>", ttl = 60)]
    pub(super) async fn find(db: &Db, id: u64) -> DbResult<String> {
        db.one("parcels", id).await
    }

    pub(super) struct Parcels;

    impl Parcels {
        #[cached(ttl = 60, skip(self, db))]
        pub(in crate::families) async fn find(&self, db: &Db, id: u64) -> DbResult<String> {
            find(db, id).await
        }
    }
}

async fn report(db: &Db, year: u16) -> Vec<String> {
    #[cached(key = "report:<year>:<month>", ttl = 3600)]
    async fn month(db: &Db, year: u16, month: u8) -> String {
        db.find("months", format!("{year}-{month}")).await.unwrap_or_default()
    }

    let mut months = Vec::new();
    for number in 1..=2 {
        months.push(month(db, year, number).await);
    }
    months
}

#[cached(key = "tree:<root>", ttl = 60)]
async fn tree(db: &Db, root: u64) -> Vec<u64> {
    #[cached(key = "children:<of>", ttl = 60)]
    async fn children(db: &Db, of: u64) -> Vec<u64> {
        let row = db.find("children", of).await.unwrap_or_default();
        row.split(',').filter_map(|child| child.parse().ok()).collect()
    }

    let mut open = vec![root];
    let mut seen = Vec::new();
    while let Some(next) = open.pop() {
        open.extend(children(db, next).await);
        seen.push(next);
    }
    seen
}

#[cached(key = "depth:<of>", ttl = 60)]
async fn depth(db: &Db, of: u64) -> usize {
    let row = db.find("children", of).await.unwrap_or_default();
    let mut deepest = 0;
    for child in row.split(',').filter_map(|child| child.parse().ok()) {
        deepest = deepest.max(Box::pin(depth(db, child)).await);
    }
    deepest + 1
}

#[cached(key = "type:<type>", ttl = 60)]
async fn of_type(r#type: &str) -> String {
    r#type.to_uppercase()
}

#[cached(key = "awkward:<key>:<value>", ttl = 60)]
async fn awkward(cache: &Db, key: String, value: u8) -> Result<String, String> {
    let call = cache.find("awkward", &key).await;
    let (shape, wire, rules) = (1, 2, 3);
    let result: String = call.ok_or("none")?;
    Ok(format!("{result}{value}{shape}{wire}{rules}"))
}

#[cfg(target_os = "none")]
#[cached(key = "elsewhere", ttl = 60)]
async fn elsewhere() -> NoSuchType {
    unreachable!()
}

#[deprecated(note = "ask `motto`")]
#[cached(key = "slogan", ttl = 60)]
#[allow(clippy::needless_return)]
async fn slogan(db: &Db) -> String {
    return db.find("texts", "slogan").await.unwrap_or_default();
}

fn db() -> Db {
    Db::with([
        ("colours", "3", "red"),
        ("sizes", "-1", "tiny"),
        ("materials", "wood", "oak"),
        ("texts", "motto", "hit"),
        ("invoices", "1", "bill"),
        ("parcels", "1", "box"),
        ("months", "2024-2", "february"),
        ("children", "1", "2,3"),
        ("children", "3", "4"),
        ("awkward", "a", "b"),
    ])
}

#[cache_runtime::test]
async fn functions_of_one_name_do_not_share_entries() {
    let db = db();
    assert_eq!(billing::find(&db, 1).await.as_deref(), Ok("bill"));
    assert_eq!(shipping::find(&db, 1).await.as_deref(), Ok("box"));
    assert_eq!(shipping::Parcels.find(&db, 1).await.as_deref(), Ok("box"));
    assert_eq!(colour(&db, 3).await.as_deref(), Ok("red"));
    assert_eq!(size(&db, -1).await.as_deref(), Ok("tiny"));
    assert_eq!(material(&db, "wood").await.as_deref(), Ok("oak"));
    assert_eq!(motto(&db).await, "hit");
}

#[cache_runtime::test]
async fn functions_that_call_themselves_and_others_are_cached() {
    let db = db();
    assert_eq!(report(&db, 2024).await, ["", "february"]);
    assert_eq!(tree(&db, 1).await, [1, 3, 4, 2]);
    assert_eq!(depth(&db, 1).await, 3);
    assert_hit!(depth(&db, 3));
    assert_eq!(of_type("a").await, "A");
    assert_eq!(awkward(&db, "a".into(), 7).await.as_deref(), Ok("b7123"));
    assert_eq!(awkward(&db, "x".into(), 7).await, Err("none".to_owned()));
    #[allow(deprecated)]
    let slogan = slogan(&db).await;
    assert_eq!(slogan, "");
}
