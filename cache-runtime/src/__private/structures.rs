//! Whether the structure of a stored type is known, decided by its type as in `shapes.rs`.

use super::shapes::Shape;
use crate::schema::{CacheSchema, Schema, Structure};
use std::marker::PhantomData;

/// A stored type, to be asked for its structure.
#[derive(Debug)]
pub struct Stored<T: ?Sized>(PhantomData<fn() -> Box<T>>);

impl<T: ?Sized> Stored<T> {
    /// Of this type.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// What is stored of a function's values.
pub fn stored<S: Shape>(_: &S) -> Stored<S::Value> {
    Stored::new()
}

/// Answers for every type: it has a name.
pub trait AskNamed {
    /// What makes its fingerprint.
    fn schema(&self) -> fn(u32) -> Schema;
    /// Tells it as a part of another.
    fn describe(&self, structure: &mut Structure);
}

/// Answers for those whose structure is known.
pub trait AskStructured {
    /// What makes its fingerprint.
    fn schema(&self) -> fn(u32) -> Schema;
    /// Tells it as a part of another.
    fn describe(&self, structure: &mut Structure);
}

impl<T: ?Sized> AskNamed for Stored<T> {
    fn schema(&self) -> fn(u32) -> Schema {
        Schema::of::<T>
    }

    fn describe(&self, structure: &mut Structure) {
        structure.named::<T>();
    }
}

impl<T: CacheSchema + ?Sized> AskStructured for &Stored<T> {
    fn schema(&self) -> fn(u32) -> Schema {
        Schema::of_stored::<T>
    }

    fn describe(&self, structure: &mut Structure) {
        T::describe(structure);
    }
}
