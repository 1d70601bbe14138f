//! What a cached function may return, and that nothing else of it changes: A18, A19, Q02, Y01, Y02, Y04, Y08, Y10, Y17.

use cache_runtime::{Cache, Policy, assert_hit, assert_miss, cached};
use cache_tests::{Source, on_each};
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, PartialEq)]
struct Down;

type AppResult<T> = Result<T, Down>;
type Total = Result<u64, Down>;

#[cached(key = "kinds:aliased:<id>", ttl = 60)]
async fn aliased(source: &Source, id: u64) -> AppResult<u64> {
    match source.read().await {
        0 => Err(Down),
        value => Ok(value),
    }
}

#[cached(key = "kinds:bare:<id>", ttl = 60)]
async fn bare_alias(source: &Source, id: u64) -> Total {
    source.read().await.checked_sub(1).ok_or(Down)
}

#[cached(key = "kinds:maybe:<id>", ttl = 60)]
async fn maybe(source: &Source, id: u64) -> Option<u64> {
    source.read().await.checked_sub(1)
}

#[cached(key = "kinds:both:<id>", ttl = 60)]
async fn both(source: &Source, id: u64) -> Result<Option<u64>, Down> {
    match source.read().await {
        0 => Err(Down),
        1 => Ok(None),
        value => Ok(Some(value)),
    }
}

#[cached(key = "kinds:shared:<id>", ttl = 60)]
async fn shared(source: &Source, id: u64) -> Result<Arc<Vec<u64>>, Down> {
    Ok(Arc::new(vec![source.read().await]))
}

#[tokio::test]
async fn y01_the_type_decides_whether_an_error_is_cached() {
    on_each(async |_, _| {
        let source = Source::new(0);
        assert_eq!(aliased(&source, 1).await, Err(Down));
        assert_eq!(bare_alias(&source, 1).await, Err(Down));
        source.write(7);
        assert_eq!(aliased(&source, 1).await, Ok(7));
        assert_eq!(bare_alias(&source, 1).await, Ok(6));
        source.write(0);
        assert_eq!(assert_hit!(aliased(&source, 1)), Ok(7));
        assert_eq!(bare_alias_entry(1).get().await, Some(6));
    })
    .await;
}

#[tokio::test]
async fn a19_none_is_cached_only_when_asked_for() {
    on_each(async |_, _| {
        let source = Source::new(0);
        assert_eq!(assert_miss!(maybe(&source, 1)), None);
        assert_eq!(assert_miss!(maybe(&source, 1)), None);
        source.write(2);
        assert_eq!(assert_miss!(maybe(&source, 1)), Some(1));
        assert_eq!(assert_hit!(maybe(&source, 1)), Some(1));
        source.write(1);
        assert_eq!(assert_miss!(both(&source, 1)), Ok(None));
        assert_eq!(assert_miss!(both(&source, 1)), Ok(None));
    })
    .await;
}

#[tokio::test]
async fn q02_a_remembered_absence_is_a_hit() {
    let forgetful = Policy { none_ttl: Some(Duration::from_secs(5)), ..Policy::default() };
    let store = cache_runtime::MemoryStore::new();
    let build = || Cache::builder().defaults(forgetful.clone()).store(store.clone()).build();
    let (first, second) = (build().await.expect("coherent"), build().await.expect("coherent"));
    let source = Source::new(0);
    first.scope(async { assert_miss!(maybe(&source, 1)) }).await;
    let remembered = second.scope(async { assert_hit!(maybe(&source, 1)) }).await;
    assert_eq!(remembered, None, "through the store as well");
}

#[tokio::test]
async fn a_hit_on_an_arc_shares_it() {
    on_each(async |_, _| {
        let source = Source::new(7);
        let (first, second) = (shared(&source, 1).await, shared(&source, 1).await);
        assert!(Arc::ptr_eq(&first.expect("healthy"), &second.expect("healthy")));
    })
    .await;
}

#[tokio::test]
async fn a18_the_body_the_refresh_and_the_entry_can_be_called() {
    on_each(async |_, _| {
        let source = Source::new(1);
        assert_eq!(aliased(&source, 1).await, Ok(1));
        source.write(2);
        assert_eq!(aliased_uncached(&source, 1).await, Ok(2));
        assert_eq!(aliased(&source, 1).await, Ok(1));
        assert_eq!(aliased_refresh(&source, 1).await, Ok(2));
        assert_eq!(assert_hit!(aliased(&source, 1)), Ok(2));

        let entry = aliased_entry(1);
        assert_eq!(entry.key(), "kinds:aliased:1");
        entry.set(5).await.expect("set");
        assert_eq!(entry.get().await, Some(5));
        assert_eq!(assert_hit!(aliased(&source, 1)), Ok(5));
        assert!(entry.remove().await.expect("removed"));
        assert!(!entry.remove().await.expect("nothing there"));
        assert_eq!(entry.get().await, None);
        entry.set(6).await.expect("set");
        entry.expire().await.expect("expired");
        assert_miss!(aliased(&source, 1)).expect("healthy");
        let explained = entry.explain().await.to_string();
        assert!(explained.contains("kinds:aliased:1") && explained.contains("valid for"), "{explained}");
    })
    .await;
}

#[tokio::test]
async fn a_failed_refresh_leaves_what_is_cached() {
    on_each(async |_, _| {
        let source = Source::new(1);
        assert_eq!(aliased(&source, 1).await, Ok(1));
        source.write(0);
        assert_eq!(aliased_refresh(&source, 1).await, Err(Down));
        assert_eq!(assert_hit!(aliased(&source, 1)), Ok(1));
    })
    .await;
}

mod service_a {
    #[cache_runtime::cached(ttl = 60, invalidate_on = ["kinds_changed"])]
    pub(super) async fn get(id: u64) -> u64 {
        id
    }
}

mod service_b {
    #[cache_runtime::cached(ttl = 60, invalidate_on = ["kinds_other_changed"])]
    pub(super) async fn get(id: u64) -> u64 {
        id + 1
    }
}

#[tokio::test]
async fn y02_two_functions_of_one_name_share_nothing() {
    on_each(async |cache, _| {
        assert_eq!((service_a::get(1).await, service_b::get(1).await), (1, 2));
        cache.emit(cache_runtime::Event::new("kinds_changed").field("id", 1)).await.expect("acknowledged");
        assert_miss!(service_a::get(1));
        assert_hit!(service_b::get(1));
        let graph = cache.graph();
        let names: Vec<&str> = graph.functions.iter().map(|function| function.name.as_str()).collect();
        assert!(names.contains(&"behaviours::kinds::service_a::get"), "{names:?}");
        assert!(names.contains(&"behaviours::kinds::service_b::get"), "{names:?}");
    })
    .await;
}

struct Repo {
    tenant: String,
    source: Arc<Source>,
}

impl Repo {
    #[cached(key = "kinds:repo:<self.tenant>:<id>", ttl = 60)]
    async fn row(&self, id: u64) -> u64 {
        self.source.read().await + id
    }

    #[cached(key = "kinds:arc:<self.tenant>:<id>", ttl = 60)]
    async fn by_arc(self: Arc<Self>, id: u64) -> u64 {
        self.source.read().await + id
    }
}

#[tokio::test]
async fn y04_two_instances_never_serve_each_others_values() {
    on_each(async |_, _| {
        let repo = |tenant: &str, value| Arc::new(Repo { tenant: tenant.into(), source: Source::new(value) });
        let (acme, umbrella) = (repo("acme", 10), repo("umbrella", 20));
        assert_eq!((acme.row(1).await, umbrella.row(1).await), (11, 21));
        assert_eq!((acme.clone().by_arc(1).await, umbrella.clone().by_arc(1).await), (11, 21));
        assert_eq!(assert_hit!(acme.row(1)), 11);
    })
    .await;
}

#[tokio::test]
async fn y08_a_cached_future_can_be_spawned() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let call = async move { aliased(&source, 1).await };
        assert_eq!(tokio::spawn(cache.scope(call)).await.expect("no panic"), Ok(7));
    })
    .await;
}

const A_MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn y10_a_constant_or_an_expression_is_a_ttl() {
    #[cached(key = "kinds:constant", ttl = A_MINUTE)]
    async fn constant() -> u64 {
        1
    }
    #[cached(key = "kinds:expression", ttl = Duration::from_millis(1_500) * 2)]
    async fn expression() -> u64 {
        1
    }
    on_each(async |cache, _| {
        constant().await;
        expression().await;
        cache.clock().advance(Duration::from_millis(2_999));
        assert_hit!(expression());
        cache.clock().advance(Duration::from_millis(1));
        assert_miss!(expression());
        assert_hit!(constant());
    })
    .await;
}

#[cache_runtime::test]
async fn y17_a_test_has_a_cache_of_its_own(cache: Cache) {
    assert_miss!(maybe(&Source::new(2), 17));
    assert_eq!(cache.stats().loads, 1);
}

#[cache_runtime::test(flavor = "multi_thread", worker_threads = 2)]
async fn y17_and_sees_nothing_of_another(cache: Cache) -> Result<(), cache_runtime::Error> {
    assert_miss!(maybe(&Source::new(2), 17));
    cache.clear().await?;
    Ok(())
}

#[tokio::test]
async fn values_that_only_clone_stay_in_the_process() {
    #[derive(Clone, Debug, PartialEq)]
    struct Handle(Arc<str>);

    #[cached(key = "kinds:handle:<id>", ttl = 60, tiers = l1)]
    async fn handle(id: u64) -> Handle {
        Handle(format!("{id}").into())
    }
    on_each(async |cache, _| {
        assert_eq!(assert_miss!(handle(1)), Handle("1".into()));
        assert_hit!(handle(1));
        cache.clock().advance(Duration::from_secs(2));
        assert_hit!(handle(1));
        cache.remove("kinds:handle:1").await.expect("removed");
        assert_miss!(handle(1));
    })
    .await;
}

trait Database: Sync {
    const NAME: &'static str;
}

struct Postgres;
struct Mock;

impl Database for Postgres {
    const NAME: &'static str = "postgres";
}

impl Database for Mock {
    const NAME: &'static str = "mock";
}

struct Repository<D> {
    tenant: u64,
    database: std::marker::PhantomData<D>,
}

trait Named {
    async fn named(&self, id: u64) -> String;
}

impl<D: Database> Repository<D> {
    fn new() -> Self {
        Self { tenant: 7, database: std::marker::PhantomData }
    }

    #[cached(key = "kinds:repository:<self.tenant>:<id>", ttl = 60)]
    async fn of_field(&self, id: u64) -> String {
        format!("{} {id}", D::NAME)
    }

    #[cached(ttl = 60, skip(self))]
    async fn by_default(&self, id: u64) -> String {
        format!("{} {id}", D::NAME)
    }

    #[cached(key = "kinds:associated:<Self>:<id>", ttl = 60)]
    async fn associated(id: u64) -> String {
        format!("{} {id}", D::NAME)
    }
}

impl<D: Database> Named for Repository<D> {
    #[cached(key = "kinds:named:<id>", ttl = 60, skip(self), companions = false)]
    async fn named(&self, id: u64) -> String {
        format!("{} {id}", D::NAME)
    }
}

#[tokio::test]
async fn y03_y04_two_instantiations_of_a_generic_type_never_share() {
    on_each(async |_, _| {
        let (real, mock) = (Repository::<Postgres>::new(), Repository::<Mock>::new());
        assert_eq!((real.of_field(1).await, mock.of_field(1).await), ("postgres 1".into(), "mock 1".into()));
        assert_eq!((real.by_default(1).await, mock.by_default(1).await), ("postgres 1".into(), "mock 1".into()));
        assert_eq!((real.named(1).await, mock.named(1).await), ("postgres 1".into(), "mock 1".into()));
        let associated = (Repository::<Postgres>::associated(1).await, Repository::<Mock>::associated(1).await);
        assert_eq!(associated, ("postgres 1".into(), "mock 1".into()));
        assert_eq!(assert_hit!(mock.of_field(1)), "mock 1");
        let keys = [real.of_field_entry(1).key().to_owned(), mock.of_field_entry(1).key().to_owned()];
        assert!(keys.iter().all(|key| key.starts_with("kinds:repository:7:1@")), "{keys:?}");
        assert_ne!(keys[0], keys[1]);
    })
    .await;
}

#[tokio::test]
async fn a_parameter_may_be_the_cache() {
    #[cached(key = "kinds:given:<id>", ttl = 60, cache = cache)]
    async fn given(cache: &Cache, id: u64) -> u64 {
        id
    }
    let cache = Cache::in_memory();
    assert_eq!((given(&cache, 1).await, given_entry(&cache, 1).get().await), (1, Some(1)));
    assert_eq!(cache.stats().loads, 1);
}
