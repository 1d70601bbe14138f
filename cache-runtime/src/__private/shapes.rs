//! What kind of thing a cached function returns, decided by its type and not by its spelling.
//!
//! Method resolution does it: the macro calls `.shape()` on `&&&&Returned<R>`, and the trait that needs the fewest
//! dereferences and fits `R` is the one that answers (autoref specialisation, after David Tolnay's case study).

pub use super::pointing::{AskPointing, AskPointingNot};
pub use super::rules::{AskUnanswered, AskUnansweredNot};
use crate::codec::{Holding, Whole};
use std::convert::Infallible;
use std::marker::PhantomData;

/// A return type, to be asked for its shape.
#[derive(Debug)]
pub struct Returned<R>(PhantomData<fn() -> R>);

impl<R> Returned<R> {
    /// Of this type.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// How a return type holds a cached value.
pub trait Shape: Send + Sync {
    /// The return type.
    type Return;
    /// What is cached of it.
    type Value;
    /// What it may fail with.
    type Error;
    /// How its values lie in memory.
    type Hold: Holding<Self::Value>;

    /// The value to cache, `None` for an absence; or the return type itself if it is an error.
    ///
    /// # Errors
    /// If the function failed: that is not cached.
    fn open(returned: Self::Return) -> Result<Option<Self::Value>, Self::Return>;

    /// The return type for a cached value or absence; `None` if it cannot say an absence.
    fn close(value: Option<Self::Value>) -> Option<Self::Return>;

    /// The error in a return that [`open`](Self::open) gave back.
    fn error(failed: &Self::Return) -> Option<&Self::Error>;

    /// The return type for an error.
    fn fail(error: Self::Error) -> Self::Return;
}

/// A return type with errors.
#[diagnostic::on_unimplemented(
    message = "the errors of a function that returns no `Result` cannot be remembered",
    label = "this function has no errors",
    note = "help: return a `Result`, or leave out `error_if` and `error_ttl`"
)]
pub trait Fails: Shape<Error = <Self as Fails>::Failure> {
    /// The errors. Those of the shape are `Infallible` where there are none, and who takes others would be told of it.
    type Failure;
}

// A list of those that do is of no use to who returns no `Result`.
#[diagnostic::do_not_recommend]
impl<T, E> Fails for Fallible<T, E> {
    type Failure = E;
}
#[diagnostic::do_not_recommend]
impl<T, E> Fails for FallibleMaybe<T, E> {
    type Failure = E;
}

/// An error that can be remembered.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be remembered",
    label = "cannot be remembered",
    note = "help: it must be `Clone + Send + Sync` without borrows; one that cannot be cloned can be returned in an `Arc`"
)]
pub trait Rememberable: Clone + Send + Sync + 'static {}

// So that the type is named, and not one bound of it after the other.
#[diagnostic::do_not_recommend]
impl<E: Clone + Send + Sync + 'static> Rememberable for E {}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident<$($p:ident),+>: $asks:ident for ($($deref:tt)*) $returns:ty => $value:ty, $error:ty {
        open: |$opened:ident| $open:expr,
        close: |$closed:ident| $close:expr,
        error: |$failed:ident| $found:expr,
        fail: |$fault:ident| $fail:expr $(,)?
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<$($p),+>(PhantomData<fn() -> ($($p,)+)>);

        // Derived, they would ask the same of what is returned.
        impl<$($p),+> Clone for $name<$($p),+> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$($p),+> Copy for $name<$($p),+> {}

        $(#[$doc])*
        pub trait $asks {
            /// The answer.
            type Shape;
            /// Asks.
            fn shape(&self) -> Self::Shape;
        }

        impl<$($p),+> $asks for $($deref)* Returned<$returns> {
            type Shape = $name<$($p),+>;

            #[inline]
            fn shape(&self) -> Self::Shape {
                $name(PhantomData)
            }
        }

        impl<$($p),+> Shape for $name<$($p),+> {
            type Return = $returns;
            type Value = $value;
            type Error = $error;
            type Hold = Whole;

            fn open($opened: $returns) -> Result<Option<$value>, $returns> {
                $open
            }

            #[inline]
            fn close($closed: Option<$value>) -> Option<$returns> {
                $close
            }

            fn error($failed: &$returns) -> Option<&$error> {
                $found
            }

            fn fail($fault: $error) -> $returns {
                $fail
            }
        }
    )*};
}

shapes! {
    /// A value.
    Plain<T>: AskPlain for () T => T, Infallible {
        open: |value| Ok(Some(value)),
        close: |value| value,
        error: |_value| None,
        fail: |never| match never {},
    }
    /// A value or none.
    Maybe<T>: AskMaybe for (&) Option<T> => T, Infallible {
        open: |value| Ok(value),
        close: |value| Some(value),
        error: |_value| None,
        fail: |never| match never {},
    }
    /// A value or an error.
    Fallible<T, E>: AskFallible for (& &) Result<T, E> => T, E {
        open: |result| result.map(Some).map_err(Err),
        close: |value| value.map(Ok),
        error: |result| result.as_ref().err(),
        fail: |error| Err(error),
    }
    /// A value, none, or an error.
    FallibleMaybe<T, E>: AskFallibleMaybe for (& & &) Result<Option<T>, E> => T, E {
        open: |result| result.map_err(Err),
        close: |value| Some(Ok(value)),
        error: |result| result.as_ref().err(),
        fail: |error| Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Aliased = Result<u8, String>;

    fn name_of<S>(_: S) -> &'static str {
        std::any::type_name::<S>().split('<').next().and_then(|path| path.rsplit("::").next()).unwrap_or("")
    }

    #[test]
    #[allow(clippy::needless_borrow, reason = "the number of borrows is what is tested")]
    fn the_type_decides_and_not_its_spelling() {
        assert_eq!(name_of((&&&&Returned::<u8>::new()).shape()), "Plain");
        assert_eq!(name_of((&&&&Returned::<Option<u8>>::new()).shape()), "Maybe");
        assert_eq!(name_of((&&&&Returned::<Aliased>::new()).shape()), "Fallible");
        assert_eq!(name_of((&&&&Returned::<Result<Option<u8>, ()>>::new()).shape()), "FallibleMaybe");
    }
}
