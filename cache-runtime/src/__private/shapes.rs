//! What kind of thing a cached function returns, decided by its type and not by its spelling.
//!
//! Method resolution does it: the macro calls `.shape()` on `&&&&Returned<R>`, and the trait that needs the fewest
//! dereferences and fits `R` is the one that answers (autoref specialisation, after David Tolnay's case study).

pub use super::rules::{AskUnanswered, AskUnansweredNot};
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

    /// The value to cache, `None` for an absence; or the return type itself if it is an error.
    ///
    /// # Errors
    /// If the function failed: that is not cached.
    fn open(returned: Self::Return) -> Result<Option<Self::Value>, Self::Return>;

    /// The return type for a cached value or absence; `None` if it cannot say an absence.
    fn close(value: Option<Self::Value>) -> Option<Self::Return>;
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident<$($p:ident),+>: $asks:ident for ($($deref:tt)*) $returns:ty => $value:ty {
        open: |$opened:ident| $open:expr,
        close: |$closed:ident| $close:expr $(,)?
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<$($p),+>(PhantomData<fn() -> ($($p,)+)>);

        $(#[$doc])*
        pub trait $asks {
            /// The answer.
            type Shape;
            /// Asks.
            fn shape(&self) -> Self::Shape;
        }

        impl<$($p),+> $asks for $($deref)* Returned<$returns> {
            type Shape = $name<$($p),+>;

            fn shape(&self) -> Self::Shape {
                $name(PhantomData)
            }
        }

        impl<$($p),+> Shape for $name<$($p),+> {
            type Return = $returns;
            type Value = $value;

            fn open($opened: $returns) -> Result<Option<$value>, $returns> {
                $open
            }

            fn close($closed: Option<$value>) -> Option<$returns> {
                $close
            }
        }
    )*};
}

shapes! {
    /// A value.
    Plain<T>: AskPlain for () T => T {
        open: |value| Ok(Some(value)),
        close: |value| value,
    }
    /// A value or none.
    Maybe<T>: AskMaybe for (&) Option<T> => T {
        open: |value| Ok(value),
        close: |value| Some(value),
    }
    /// A value or an error.
    Fallible<T, E>: AskFallible for (& &) Result<T, E> => T {
        open: |result| result.map(Some).map_err(Err),
        close: |value| value.map(Ok),
    }
    /// A value, none, or an error.
    FallibleMaybe<T, E>: AskFallibleMaybe for (& & &) Result<Option<T>, E> => T {
        open: |result| result.map_err(Err),
        close: |value| Some(Ok(value)),
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
