//! What a writer's return type says of its success, decided by its type as in `shapes.rs`.

use crate::error::Error;
use std::marker::PhantomData;

/// A writer's return type, to be asked whether it can say that nothing was written.
#[derive(Debug)]
pub struct Written<R>(PhantomData<fn() -> R>);

impl<R> Written<R> {
    /// Of this type.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// How a return type holds what was written.
pub trait Success: Send + Sync {
    /// The return type.
    type Return;
    /// What `ret` is.
    type Value;

    /// What was written.
    ///
    /// # Errors
    /// The return type itself, if it says that nothing was.
    fn open(&self, returned: Self::Return) -> Result<Self::Value, Self::Return>;

    /// The return type again.
    fn close(&self, value: Self::Value) -> Self::Return;
}

/// A type that says no failure.
#[derive(Debug)]
pub struct Always<R>(PhantomData<fn() -> R>);

/// `Ok` or `Err`.
#[derive(Debug)]
pub struct OnOk<T, E>(PhantomData<fn() -> (T, E)>);

/// Answers for every type.
pub trait AskAlways {
    /// The answer.
    type Success;
    /// Asks.
    fn success(&self) -> Self::Success;
}

/// Answers for `Result`.
pub trait AskOnOk {
    /// The answer.
    type Success;
    /// Asks.
    fn success(&self) -> Self::Success;
}

impl<R> AskAlways for Written<R> {
    type Success = Always<R>;

    fn success(&self) -> Always<R> {
        Always(PhantomData)
    }
}

impl<T, E> AskOnOk for &Written<Result<T, E>> {
    type Success = OnOk<T, E>;

    fn success(&self) -> OnOk<T, E> {
        OnOk(PhantomData)
    }
}

impl<R> Success for Always<R> {
    type Return = R;
    type Value = R;

    fn open(&self, returned: R) -> Result<R, R> {
        Ok(returned)
    }

    fn close(&self, value: R) -> R {
        value
    }
}

impl<T, E> Success for OnOk<T, E> {
    type Return = Result<T, E>;
    type Value = T;

    fn open(&self, returned: Result<T, E>) -> Result<T, Result<T, E>> {
        returned.map_err(Err)
    }

    fn close(&self, value: T) -> Result<T, E> {
        Ok(value)
    }
}

/// A return type that can say why a guarded write was not begun.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that a guarded write was not announced",
    label = "a guarded write that cannot be announced is not begun, and its caller has to be told",
    note = "help: return a `Result` whose error implements `From<cache_runtime::Error>`, or leave out `guarded`"
)]
pub trait Refusal {
    /// Says so.
    fn refused(error: Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<Error>> Refusal for Result<T, E> {
    fn refused(error: Error) -> Self {
        Err(E::from(error))
    }
}
