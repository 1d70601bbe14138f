//! The pages of this directory and the README, each as the words of an empty module, so that every Rust block in them is
//! compiled and run as a doc test.

macro_rules! pages {
    ($($name:ident = $page:literal),* $(,)?) => {$(
        #[doc = include_str!($page)]
        pub mod $name {}
    )*};
}

pages! {
    readme = "../../README.md",
    contributing = "../../CONTRIBUTING.md",
    guide_1_first_cache = "../guide/1-first-cache.md",
    guide_2_keys = "../guide/2-keys.md",
    guide_3_invalidation = "../guide/3-invalidation.md",
    guide_4_redis = "../guide/4-redis.md",
    guide_5_testing = "../guide/5-testing.md",
    guide_6_operations = "../guide/6-operations.md",
    guide_7_observability = "../guide/7-observability.md",
    reference_cached = "../reference/cached.md",
    reference_writers = "../reference/writers.md",
    reference_key = "../reference/key.md",
    reference_schema = "../reference/schema.md",
    reference_events = "../reference/events.md",
    reference_environment = "../reference/environment.md",
    reference_errors = "../reference/errors.md",
    reference_store_layout = "../reference/store-layout.md",
    protocol = "../protocol.md",
    model = "../model.md",
    design_why = "../design/why.md",
    codecs = "../codecs.md",
    compare = "../compare.md",
    migration = "../migration.md",
    replay = "../replay.md",
    checker = "../checker.md",
    chaos = "../chaos.md",
    performance = "../performance.md",
}
