//! What the macros say to who uses them wrongly, a folder an option, and what they accept under the strictest lints.
//!
//! After a change of wording: `TRYBUILD=overwrite cargo test -p cache-tests --test ui`, then read every changed `.stderr`.

#[test]
fn uses_compile_and_misuses_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/[!p]*/*.rs");
}
