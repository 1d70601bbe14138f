//! A program that sets nothing up has a cache all the same: the embedded one, in memory.

use cache_runtime::{assert_hit, assert_miss, cached};
use std::process::{Command, Output};

#[cached(key = "embedded:<id>", ttl = 60)]
async fn double(id: u64) -> u64 {
    id * 2
}

#[tokio::test]
async fn the_attribute_works_without_any_set_up() {
    // A child of the tests below runs this in a malformed environment.
    if std::env::var_os("CACHE_MEMORY_SIZE").is_some() {
        assert_eq!((double(4).await, double(4).await), (8, 8));
        assert_eq!(cache_runtime::current().stats().loads, 0, "nothing is cached");
        return;
    }
    assert_eq!(assert_miss!(double(4)), 8);
    assert_eq!(assert_hit!(double(4)), 8);
    assert_eq!(double_entry(4).get().await, Some(8));
}

fn in_an_environment(name: &str, value: &str) -> Output {
    let this = std::env::current_exe().expect("a test has a path");
    let mut child = Command::new(this);
    child.args(["--exact", "the_attribute_works_without_any_set_up", "--nocapture"]).env(name, value);
    child.output().expect("it runs")
}

#[test]
fn a_malformed_environment_is_complained_about_and_fails_no_call() {
    let output = in_an_environment("CACHE_MEMORY_SIZE", "lots");
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = "cache-runtime: CACHE_MEMORY_SIZE: `lots` should be a size such as `256MB`, or a number of entries; \
                    nothing is cached";
    assert!(said.contains(expected), "{said}");
    assert_eq!(said.matches("cache-runtime:").count(), 1, "once: {said}");
    assert!(output.status.success(), "{said}");
}
