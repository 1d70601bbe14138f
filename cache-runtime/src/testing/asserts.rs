//! Assertions on how a call was answered.

/// Calls a cached function and asserts that a tier answered; evaluates to its value.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cache_runtime::{assert_hit, assert_miss, cached};
///
/// #[cached(key = "double:<n>", ttl = 60)]
/// async fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// assert_eq!(assert_miss!(double(4)), 8);
/// assert_eq!(assert_hit!(double(4)), 8);
/// # }
/// ```
#[macro_export]
macro_rules! assert_hit {
    ($call:expr) => {
        $crate::__assert_outcome!($call, |outcome| outcome.is_hit() && !outcome.stale, "a hit")
    };
}

/// Calls a cached function and asserts that its body ran, or another caller's run was shared; evaluates to its value.
#[macro_export]
macro_rules! assert_miss {
    ($call:expr) => {
        $crate::__assert_outcome!($call, |outcome| !outcome.is_hit() && !outcome.stale, "a miss")
    };
}

/// Calls a cached function and asserts that a stale value answered; evaluates to its value.
#[macro_export]
macro_rules! assert_stale {
    ($call:expr) => {
        $crate::__assert_outcome!($call, |outcome| outcome.stale, "a stale value")
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __assert_outcome {
    ($call:expr, |$outcome:ident| $holds:expr, $expected:literal) => {{
        let (value, observed) = $crate::observe($call).await;
        match observed {
            ::std::option::Option::Some($outcome) if $holds => {}
            ::std::option::Option::Some(outcome) => {
                ::std::panic!("{} should be {}, and was {:?}", ::std::stringify!($call), $expected, outcome)
            }
            ::std::option::Option::None => {
                ::std::panic!("{} called no cached function, or one that is not cached", ::std::stringify!($call))
            }
        }
        value
    }};
}
