//! Whether a function returns `Arc`s, decided by its type as in `shapes.rs`: what they point to is what memory holds.
//!
//! Asked only where the return type is written like one, for the sake of who compiles the others.

use super::shapes::{Fails, Shape};
use crate::codec::Pointee;
use std::sync::Arc;

/// A shape whose values are `Arc`s.
#[derive(Clone, Copy, Debug)]
pub struct Pointing<S>(S);

/// Answers for shapes whose values are `Arc`s of what has a size.
pub trait AskPointing {
    /// The answer.
    type Shape;
    /// Asks.
    fn pointing(&self) -> Self::Shape;
}

/// Answers for every shape.
pub trait AskPointingNot {
    /// The answer.
    type Shape;
    /// Asks.
    fn pointing(&self) -> Self::Shape;
}

impl<S: Shape<Value = Arc<U>> + Copy, U: Send + Sync + 'static> AskPointing for &S {
    type Shape = Pointing<S>;

    #[inline]
    fn pointing(&self) -> Pointing<S> {
        Pointing(**self)
    }
}

impl<S: Shape + Copy> AskPointingNot for S {
    type Shape = S;

    #[inline]
    fn pointing(&self) -> S {
        *self
    }
}

impl<S: Shape<Value = Arc<U>>, U: Send + Sync + 'static> Shape for Pointing<S> {
    type Return = S::Return;
    type Value = Arc<U>;
    type Error = S::Error;
    type Hold = Pointee;

    fn open(returned: S::Return) -> Result<Option<Arc<U>>, S::Return> {
        S::open(returned)
    }

    #[inline]
    fn close(value: Option<Arc<U>>) -> Option<S::Return> {
        S::close(value)
    }

    fn error(failed: &S::Return) -> Option<&S::Error> {
        S::error(failed)
    }

    fn fail(error: S::Error) -> S::Return {
        S::fail(error)
    }
}

#[diagnostic::do_not_recommend]
impl<S: Fails + Shape<Value = Arc<U>>, U: Send + Sync + 'static> Fails for Pointing<S> {
    type Failure = S::Failure;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::__private::Returned;
    use crate::__private::shapes::{AskFallible as _, AskFallibleMaybe as _, AskMaybe as _, AskPlain as _};

    /// The same name for another thing.
    mod elsewhere {
        #[derive(Clone)]
        pub(super) struct Arc<T>(#[allow(dead_code)] pub(super) T);
    }

    fn is_pointing<S: Shape<Hold: 'static>>(_: S) -> bool {
        std::any::TypeId::of::<S::Hold>() == std::any::TypeId::of::<Pointee>()
    }

    macro_rules! asked {
        ($returns:ty) => {
            is_pointing((&&(&&&&Returned::<$returns>::new()).shape()).pointing())
        };
    }

    #[test]
    #[allow(clippy::needless_borrow, reason = "the number of borrows is what is tested")]
    fn the_type_decides_and_not_its_spelling() {
        assert!(asked!(Arc<u8>));
        assert!(asked!(Option<Arc<u8>>));
        assert!(asked!(Result<Arc<u8>, String>));
        assert!(asked!(Result<Option<Arc<u8>>, String>));
        assert!(!asked!(elsewhere::Arc<u8>));
        assert!(!asked!(Arc<str>));
        assert!(!asked!(Arc<dyn Send + Sync>));
        assert!(!asked!(Arc<std::cell::Cell<u8>>));
        assert!(!asked!(u8));
    }
}
