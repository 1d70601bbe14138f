//! Events and cascades: M01 to M09, M11. What fails to compile (M02 to M04) is under `ui/invalidate_on`.

use cache_runtime::{Cache, CacheEvent, Error, Event, assert_hit, assert_miss, cached};
use cache_tests::{Source, on_each};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(CacheEvent)]
#[event(name = "events_member_update", cascades(StatsChanged))]
struct MemberUpdate {
    guild_id: u64,
}

#[derive(CacheEvent)]
#[event(name = "events_stats_changed")]
struct StatsChanged {
    guild_id: u64,
}

#[derive(CacheEvent)]
#[event(name = "events_permissions_changed")]
struct PermissionsChanged {
    guild_id: u64,
    user_id: u64,
}

#[derive(CacheEvent)]
#[event(name = "events_users_gone")]
struct UsersGone {
    user_ids: Vec<u64>,
}

#[derive(CacheEvent)]
#[event(name = "events_phase_ended", cascades(MemberUpdate { guild_id = self.phase_id }, StatsChanged { guild_id = self.phase_id }))]
struct PhaseEnded {
    phase_id: u64,
}

#[derive(CacheEvent)]
#[event(name = "events_nobody_listens")]
struct NobodyListens {
    #[allow(dead_code)]
    id: u64,
}

#[cached(key = "events:<guild_id>:members", ttl = 60, invalidate_on = ["events_member_update"])]
async fn members(guild_id: u64) -> u64 {
    guild_id
}

#[cached(key = "events:<guild_id>:stats", ttl = 60, invalidate_on = [StatsChanged])]
async fn stats(guild_id: u64) -> u64 {
    guild_id
}

#[cached(
    key = "events:permission:<guild_id>:<user_id>:<tool>",
    ttl = 60,
    invalidate_on = [PermissionsChanged, MemberUpdate, UsersGone(user_ids = user_id)]
)]
async fn permission(guild_id: u64, user_id: u64, tool: &str) -> bool {
    guild_id + user_id > tool.len() as u64
}

#[cached(key = "events:everything:<id>", ttl = 60, invalidate_on = [PermissionsChanged(*)])]
async fn everything(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn m01_an_event_invalidates_the_entries_that_agree_with_its_fields() {
    on_each(async |cache, _| {
        members(42).await;
        members(43).await;
        cache.emit(MemberUpdate { guild_id: 42 }).await.expect("acknowledged");
        assert_miss!(members(42));
        assert_hit!(members(43));
        cache.emit(Event::new("events_member_update").field("guild_id", 43)).await.expect("by name");
        assert_miss!(members(43));
    })
    .await;
}

#[tokio::test]
async fn m02_fewer_fields_than_values_mean_every_entry_that_agrees() {
    on_each(async |cache, _| {
        permission(1, 1, "ban").await;
        permission(1, 2, "kick").await;
        permission(2, 1, "ban").await;
        cache.emit(MemberUpdate { guild_id: 1 }).await.expect("acknowledged");
        assert_miss!(permission(1, 1, "ban"));
        assert_miss!(permission(1, 2, "kick"));
        assert_hit!(permission(2, 1, "ban"));
        cache.emit(PermissionsChanged { guild_id: 1, user_id: 2 }).await.expect("acknowledged");
        assert_hit!(permission(1, 1, "ban"));
        assert_miss!(permission(1, 2, "kick"));
    })
    .await;
}

#[tokio::test]
async fn m02_a_star_means_every_entry_of_the_function() {
    on_each(async |cache, _| {
        everything(1).await;
        everything(2).await;
        cache.emit(PermissionsChanged { guild_id: 9, user_id: 9 }).await.expect("acknowledged");
        assert_miss!(everything(1));
        assert_miss!(everything(2));
    })
    .await;
}

#[tokio::test]
async fn m03_an_event_that_nobody_knows_is_an_error_with_a_hint() {
    on_each(async |cache, _| {
        let error = cache.emit(Event::new("events_member_updat").field("guild_id", 1)).await.expect_err("misspelt");
        let expected = "no event named `events_member_updat` is declared and no cached function listens to it; did you mean \
                        `events_member_update`?";
        assert_eq!(error.to_string(), expected);
    })
    .await;
}

#[tokio::test]
async fn m04_an_event_without_a_field_that_is_needed_is_an_error_that_names_both() {
    on_each(async |cache, _| {
        members(42).await;
        let error = cache.emit(Event::new("events_member_update").field("guild", 42)).await.expect_err("renamed");
        let Error::MissingField { event, field, function } = &error else { panic!("{error}") };
        assert_eq!((event.as_str(), field.as_str()), ("events_member_update", "guild_id"));
        assert!(function.contains("cascade to `events_stats_changed`") || function.contains("members"), "{function}");
        assert_hit!(members(42));
    })
    .await;
}

#[tokio::test]
async fn m05_a_collection_in_a_field_means_each_of_its_elements() {
    on_each(async |cache, _| {
        permission(1, 1, "ban").await;
        permission(1, 2, "ban").await;
        permission(1, 3, "ban").await;
        cache.emit(UsersGone { user_ids: vec![1, 3] }).await.expect("acknowledged");
        assert_miss!(permission(1, 1, "ban"));
        assert_hit!(permission(1, 2, "ban"));
        assert_miss!(permission(1, 3, "ban"));
        cache.emit(UsersGone { user_ids: vec![] }).await.expect("nobody is gone");
        assert_hit!(permission(1, 2, "ban"));
    })
    .await;
}

#[tokio::test]
async fn m06_the_graph_lists_events_that_nobody_listens_to() {
    let graph = Cache::builder().build().await.expect("coherent").graph();
    assert!(graph.dead_events().contains(&"events_nobody_listens"), "{:?}", graph.dead_events());
    assert!(!graph.dead_events().contains(&"events_phase_ended"), "it cascades to some that are heard");
    let permission = graph.functions.iter().find(|function| function.name == "permission").expect("registered");
    assert_eq!(permission.key, "events:permission:<guild_id>:<user_id>:<tool>");
    let bound: BTreeSet<_> =
        permission.listens_to.iter().map(|(event, fields)| (event.as_str(), fields.join(","))).collect();
    let expected = [
        ("events_member_update", "guild_id".to_owned()),
        ("events_permissions_changed", "guild_id,user_id".to_owned()),
        ("events_users_gone", "user_ids".to_owned()),
    ];
    assert_eq!(bound, BTreeSet::from(expected));
    let _constructible = NobodyListens { id: 1 };
}

#[tokio::test]
async fn m07_an_event_emits_what_it_cascades_to() {
    on_each(async |cache, _| {
        members(42).await;
        stats(42).await;
        stats(43).await;
        cache.emit(MemberUpdate { guild_id: 42 }).await.expect("acknowledged");
        assert_miss!(members(42));
        assert_miss!(stats(42));
        assert_hit!(stats(43));
        cache.emit(Event::new("events_phase_ended").field("phase_id", 43)).await.expect("by name too");
        assert_miss!(stats(43));
    })
    .await;
}

#[tokio::test]
async fn m08_of_a_diamond_every_dependency_is_bumped_once() {
    use cache_runtime::testing::{FaultyStore, Operation};
    let store = FaultyStore::new(cache_runtime::MemoryStore::new());
    let cache = Cache::builder().store(store.clone()).build().await.expect("coherent");
    cache.emit(PhaseEnded { phase_id: 1 }).await.expect("acknowledged");
    assert_eq!(store.calls(Operation::Bump), 1, "one batch");
    assert_eq!(cache.stats().invalidations, 3, "the event, and two that it reaches on three ways");
}

/// What an outbox has kept of a program before or after this one.
#[tokio::test]
async fn m09_an_event_of_another_version_is_applied_whole_or_refused() {
    on_each(async |cache, _| {
        permission(1, 2, "ban").await;
        let older: Event = "events_permissions_changed?guild_id=1".parse().expect("an event");
        let error = cache.emit(older).await.expect_err("the older one had no `user_id`");
        assert!(matches!(&error, Error::MissingField { field, .. } if field == "user_id"), "{error}");
        assert_hit!(permission(1, 2, "ban"));
        assert_eq!(cache.stats().invalidations, 0, "nothing of it is applied");
        let newer: Event = "events_permissions_changed?guild_id=1&user_id=2&reason=x".parse().expect("an event");
        cache.emit(newer).await.expect("what nobody here knows is left out");
        assert_miss!(permission(1, 2, "ban"));
    })
    .await;
}

/// The older binary's event would be half an invalidation: none of a batch is applied.
#[tokio::test]
async fn m09_one_event_that_is_refused_keeps_back_its_whole_batch() {
    on_each(async |cache, _| {
        members(1).await;
        let whole = Event::new("events_member_update").field("guild_id", 1);
        let half = Event::new("events_permissions_changed").field("guild_id", 1);
        cache.emit_all([whole, half]).await.expect_err("the second lacks a field");
        assert_hit!(members(1));
    })
    .await;
}

#[tokio::test]
async fn m11_an_event_twice_or_late_brings_nothing_back() {
    on_each(async |cache, _| {
        members(42).await;
        let events = [MemberUpdate { guild_id: 42 }, MemberUpdate { guild_id: 42 }];
        cache.emit_all(events).await.expect("acknowledged");
        cache.emit(MemberUpdate { guild_id: 42 }).await.expect("acknowledged");
        assert_miss!(members(42));
        assert_hit!(members(42));
    })
    .await;
}

#[tokio::test]
async fn an_acknowledged_event_has_a_token_with_a_text_form() {
    on_each(async |cache, _| {
        let token = cache.emit(MemberUpdate { guild_id: 42 }).await.expect("acknowledged");
        assert_eq!(token.to_string().parse::<cache_runtime::Token>(), Ok(token));
    })
    .await;
}

#[tokio::test]
async fn m05_a_function_may_be_bound_by_a_whole_collection() {
    #[derive(CacheEvent)]
    #[event(name = "events_document_changed")]
    struct DocumentChanged {
        id: [u8; 4],
    }
    #[cached(key = "events:document:<id>", ttl = 60, invalidate_on = [DocumentChanged])]
    async fn document(source: Arc<Source>, id: [u8; 4]) -> u64 {
        source.read().await
    }
    on_each(async |cache, _| {
        let source = Source::new(1);
        document(source.clone(), [1, 2, 3, 4]).await;
        cache.emit(DocumentChanged { id: [1, 2, 3, 5] }).await.expect("acknowledged");
        assert_hit!(document(source.clone(), [1, 2, 3, 4]));
        cache.emit(DocumentChanged { id: [1, 2, 3, 4] }).await.expect("acknowledged");
        assert_miss!(document(source.clone(), [1, 2, 3, 4]));
    })
    .await;
}
