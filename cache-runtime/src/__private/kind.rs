//! The kind of a return type where a type has to be spelled, in the signature of `…_entry`.

use std::marker::PhantomData;

/// A return type, to be asked for its kind: 0 a value, 1 an option, 2 a result, 3 a result of an option.
///
/// An inherent constant shadows the trait's, so a type that is no option or result has the trait's 0.
#[derive(Debug)]
pub struct Kind<R>(PhantomData<fn() -> R>);

/// The kind of whatever has no other.
pub trait PlainKind {
    /// A value.
    const KIND: u8 = 0;
}

impl<R> PlainKind for Kind<R> {}

impl<T> Kind<Option<T>> {
    /// An option.
    pub const KIND: u8 = 1;
}

impl<T, E> Kind<Result<T, E>> {
    /// A result.
    pub const KIND: u8 = 2;
}

/// What is cached of a return type of a kind.
pub trait Unwrapped<const KIND: u8> {
    /// It.
    type Value;
}

impl<T> Unwrapped<0> for T {
    type Value = T;
}

impl<T> Unwrapped<1> for Option<T> {
    type Value = T;
}

impl<T, E> Unwrapped<2> for Result<T, E> {
    type Value = T;
}

impl<T, E> Unwrapped<3> for Result<Option<T>, E> {
    type Value = T;
}
