//! The graph of a program, and what an event would end: M06, M10, M13. What it refuses at start-up is in
//! `contradictions.rs`: A14, M07.

use cache_runtime::testing::assert_graph;
use cache_runtime::{Cache, Event, Graph, assert_hit, assert_miss};
use cache_tests::on_each;

/// A small service, with one of everything that stands in a graph.
mod service {
    use cache_runtime::{CacheEvent, cache_put, cached, invalidates};

    #[derive(CacheEvent)]
    #[event(name = "graph_guild_left", cascades(MembersChanged))]
    pub(super) struct GuildLeft {
        pub(super) guild_id: u64,
    }

    #[derive(CacheEvent)]
    #[event(name = "graph_members_changed")]
    pub(super) struct MembersChanged {
        pub(super) guild_id: u64,
    }

    #[derive(CacheEvent)]
    #[event(name = "graph_dead")]
    pub(super) struct Dead {
        pub(super) id: u64,
    }

    #[derive(CacheEvent)]
    #[event(name = "graph_users_gone")]
    pub(super) struct UsersGone {
        pub(super) user_ids: Vec<u64>,
    }

    #[cached(key = "graph:<guild_id>:members", ttl = 60, invalidate_on = [MembersChanged])]
    pub(super) async fn members(guild_id: u64) -> Vec<u64> {
        vec![guild_id]
    }

    #[cached(
        key = "graph:<guild_id>:<user_id>:role:<name>",
        ttl = 60,
        invalidate_on = [MembersChanged, UsersGone(user_ids = user_id), "graph_roles"],
        tags = ["graph:<guild_id>"]
    )]
    pub(super) async fn role(guild_id: u64, user_id: u64, name: &str) -> String {
        format!("{guild_id}:{user_id}:{name}")
    }

    #[cached(key = "graph:settings:<guild_id>", ttl = 60)]
    pub(super) async fn settings(guild_id: u64) -> u64 {
        guild_id
    }

    #[cached(key = "graph:settings:<guild_id>", ttl = 60)]
    pub(super) async fn the_same_settings(guild_id: u64) -> u64 {
        guild_id
    }

    #[cached(key = "graph:<<\"odd\" & #1>:<id>", ttl = 60)]
    pub(super) async fn only_expires(id: u64) -> u64 {
        id
    }

    #[cached(key = "graph:post:<id>", ttl = 60, tags = ["graph:author:<return.1>"])]
    pub(super) async fn post(id: u64) -> (u64, u64) {
        (id, 7)
    }

    #[invalidates(GuildLeft { guild_id }, Dead { id = guild_id })]
    pub(super) async fn leave(guild_id: u64) -> u64 {
        guild_id
    }

    #[cache_put(key = "graph:settings:<guild_id>")]
    #[invalidates(GuildLeft { guild_id })]
    pub(super) async fn save(guild_id: u64) -> u64 {
        guild_id + 1
    }
}

fn graph() -> Graph {
    Cache::in_memory().graph().within("macros::graph::service")
}

/// The files stand beside this one. `ACCEPT_GRAPH=1` renews them.
#[test]
fn m10_the_graph_has_exactly_the_functions_events_and_edges_of_the_program_in_each_form() {
    assert_graph(&graph(), "tests/macros/graph/service.mmd");
    assert_graph(&graph(), "tests/macros/graph/service.dot");
    assert_graph(&graph(), "tests/macros/graph/service.json");
}

#[test]
fn m10_the_json_form_is_json_with_every_part() {
    let json: serde_json::Value = serde_json::from_str(&graph().json()).expect("JSON");
    let count = |section: &str| json[section].as_array().expect("a list").len();
    assert_eq!((count("functions"), count("events"), count("writers")), (6, 5, 2));
    let odd = json["functions"].as_array().expect("a list").iter().find(|function| function["name"] == "only_expires");
    assert_eq!(odd.expect("it is there")["key"], "graph:<<\"odd\" & #1>:<id>");
}

#[test]
fn m10_nothing_of_other_modules_is_within() {
    let (all, within) = (Cache::in_memory().graph(), graph());
    assert!(all.functions.len() > within.functions.len() && all.events.len() > within.events.len());
    assert_eq!(all.within("macros::graph::servic").functions, [], "half a name is no module");
    assert_eq!(all.within("macros::graph").functions, within.functions);
}

#[test]
fn m06_what_is_worth_a_look_is_listed() {
    let graph = graph();
    assert_eq!(graph.dead_events(), ["graph_dead"]);
    assert_eq!(graph.unemitted_events(), ["graph_roles", "graph_users_gone"]);
    assert_eq!(graph.never_invalidated(), ["macros::graph::service::only_expires"]);
    let path = |name: &str| format!("macros::graph::service::{name}");
    assert_eq!(graph.overlapping_keys, [(path("settings"), path("the_same_settings"))]);
    let dead = service::Dead { id: 1 };
    assert_eq!(dead.id, 1);
}

#[tokio::test]
async fn m13_a_dry_run_lists_what_an_event_would_invalidate_and_invalidates_nothing() {
    on_each(async |cache, _| {
        service::members(42).await;
        let impact = cache.explain_event(service::GuildLeft { guild_id: 42 }).expect("complete");
        assert_eq!(impact.events, ["graph_guild_left?guild_id=42", "graph_members_changed?guild_id=42"]);
        let expected = [
            "ev:graph_guild_left:",
            "ev:graph_guild_left:guild_id=42",
            "ev:graph_members_changed:",
            "ev:graph_members_changed:guild_id=42",
        ];
        assert_eq!(impact.dependencies, expected);
        let ended: Vec<_> = impact.functions.iter().map(|of| (of.name.as_str(), of.keys.concat())).collect();
        let keys = [("members", "graph:42:members".to_owned()), ("role", "graph:42:<user_id>:role:<name>".to_owned())];
        assert_eq!(ended, keys);
        assert!(
            impact.to_string().contains("ends   graph:42:members  of macros::graph::service::members\n"),
            "{impact}"
        );
        assert_hit!(service::members(42));
        assert_eq!(cache.stats().invalidations, 0);
        service::leave(42).await;
        assert_miss!(service::members(42));
    })
    .await;
}

#[tokio::test]
async fn m13_a_collection_lists_a_key_for_each_of_its_elements() {
    let impact = Cache::in_memory().explain_event(service::UsersGone { user_ids: vec![1, 3] }).expect("complete");
    let [role] = impact.functions.as_slice() else { panic!("{impact:?}") };
    assert_eq!(role.keys, ["graph:<guild_id>:1:role:<name>", "graph:<guild_id>:3:role:<name>"]);
}

#[tokio::test]
async fn m13_an_event_that_could_not_be_emitted_is_not_explained_either() {
    let cache = Cache::in_memory();
    let unknown = cache.explain_event(Event::new("graph_member_changed").field("guild_id", 1)).expect_err("misspelt");
    assert!(unknown.to_string().ends_with("did you mean `graph_members_changed`?"), "{unknown}");
    let lacking = cache.explain_event(Event::new("graph_guild_left")).expect_err("which guild?");
    assert!(lacking.to_string().contains("guild_id"), "{lacking}");
}

/// Writers replace, and readers of the same key share.
#[tokio::test]
async fn the_service_of_these_tests_works() {
    on_each(async |_, _| {
        assert_eq!((service::settings(1).await, service::save(1).await), (1, 2));
        assert_eq!(assert_hit!(service::the_same_settings(1)), 2);
        assert_eq!(service::role(1, 2, "x").await, "1:2:x");
        assert_eq!((service::post(1).await, service::only_expires(1).await), ((1, 7), 1));
    })
    .await;
}
