//! Values without their types, so that the engine is compiled once: what it must know of a type is a [`Wire`].

use super::value::{Holding, Own, Value, Whole, is_typed, typed};
use super::{AnyCodec, Codec, Output};
use crate::error::CodecError;
use crate::schema::Schema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// What can be kept in memory and in a store.
///
/// Implemented for every type that serde can write and read, that can be cloned and shared between threads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "cannot be cached",
    note = "help: it and all it holds must be `Clone + Send + Sync` without borrows, and derive `serde::Serialize` and `serde::Deserialize`; with `tiers = l1` serde is not needed"
)]
pub trait Cacheable: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {}

// So that the type is named, and not one bound of it after the other.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Cacheable for T {}

/// What can be kept in memory only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in memory",
    label = "cannot be kept in memory",
    note = "help: it and all it holds must be `Clone + Send + Sync` without borrows; one that cannot be cloned can be returned in an `Arc`"
)]
pub trait Keepable: Clone + Send + Sync + 'static {}

// As above.
#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Keepable for T {}

/// What the engine has to know of the type of a cached value.
pub trait Wire: Send + Sync {
    /// The codec's number in entries, given the cache's own; `None` if values never leave the process.
    fn codec(&self, cache: AnyCodec) -> Option<u8>;

    /// The type's fingerprint in entries.
    fn schema(&self) -> Schema;

    /// Writes a value.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    fn encode(&self, cache: AnyCodec, value: &Value, output: &mut Output) -> Result<(), CodecError>;

    /// Reads a value.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    fn decode(&self, cache: AnyCodec, bytes: &[u8]) -> Result<Value, CodecError>;

    /// Whether a value in memory is of this type.
    fn knows(&self, value: &Value) -> bool;

    /// Bytes that a value takes up in memory, if so many encode it: about as many as it points to, if it points anywhere.
    fn weight(&self, encoded_bytes: usize) -> usize;
}

/// Which codec a function uses.
pub trait CodecChoice: Send + Sync + 'static {
    /// Its number, given the cache's own.
    fn id(&self, cache: AnyCodec) -> u8;

    /// Writes a value.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    fn encode<T: Serialize>(&self, cache: AnyCodec, value: &T, output: &mut Output) -> Result<(), CodecError>;

    /// Reads a value.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    fn decode<T: DeserializeOwned>(&self, cache: AnyCodec, bytes: &[u8]) -> Result<T, CodecError>;
}

/// The codec of the cache.
#[derive(Clone, Copy, Debug)]
pub struct CacheCodec;

impl CodecChoice for CacheCodec {
    fn id(&self, cache: AnyCodec) -> u8 {
        cache.id()
    }

    fn encode<T: Serialize>(&self, cache: AnyCodec, value: &T, output: &mut Output) -> Result<(), CodecError> {
        cache.encode(value, output)
    }

    fn decode<T: DeserializeOwned>(&self, cache: AnyCodec, bytes: &[u8]) -> Result<T, CodecError> {
        cache.decode(bytes)
    }
}

/// The codec that the attribute names.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<C>(pub C);

impl<C: Codec> CodecChoice for Chosen<C> {
    fn id(&self, _: AnyCodec) -> u8 {
        C::ID
    }

    fn encode<T: Serialize>(&self, _: AnyCodec, value: &T, output: &mut Output) -> Result<(), CodecError> {
        self.0.encode(value, output)
    }

    fn decode<T: DeserializeOwned>(&self, _: AnyCodec, bytes: &[u8]) -> Result<T, CodecError> {
        self.0.decode(bytes)
    }
}

/// The engine asks a wire first whether it knows a value.
const OF_ITS_TYPE: &str = "the engine only passes values of the wire's type";

/// Values that can be stored.
#[derive(Debug)]
pub struct TypedWire<T, C, H = Whole> {
    codec: C,
    version: u32,
    schema: fn(u32) -> Schema,
    of: PhantomData<fn() -> (T, H)>,
}

impl<T: Cacheable, C: CodecChoice, H: Holding<T>> TypedWire<T, C, H> {
    pub(crate) fn new(codec: C, version: u32) -> Self {
        Self::of_schema(codec, version, Schema::of::<T>)
    }

    /// Of a type whose fingerprint is made by `schema`.
    pub(crate) fn of_schema(codec: C, version: u32, schema: fn(u32) -> Schema) -> Self {
        Self { codec, version, schema, of: PhantomData }
    }
}

impl<T: Cacheable, C: CodecChoice, H: Holding<T>> Wire for TypedWire<T, C, H> {
    fn codec(&self, cache: AnyCodec) -> Option<u8> {
        // Zero is the codec of a build that has none.
        Some(self.codec.id(cache)).filter(|id| *id != 0)
    }

    fn schema(&self) -> Schema {
        Schema::remembered(self.schema, self.version)
    }

    fn encode(&self, cache: AnyCodec, value: &Value, output: &mut Output) -> Result<(), CodecError> {
        match value.downcast_ref::<Own<T>>() {
            Some(value) => self.codec.encode(cache, &value.0, output),
            None => self.codec.encode(cache, &typed::<T>(value).expect(OF_ITS_TYPE), output),
        }
    }

    fn decode(&self, cache: AnyCodec, bytes: &[u8]) -> Result<Value, CodecError> {
        Ok(H::hold(self.codec.decode(cache, bytes)?))
    }

    fn knows(&self, value: &Value) -> bool {
        is_typed::<T>(value)
    }

    fn weight(&self, encoded_bytes: usize) -> usize {
        H::weight(encoded_bytes)
    }
}

/// Values that stay in the process.
#[derive(Debug)]
pub struct LocalWire<T, H = Whole>(PhantomData<fn() -> (T, H)>);

impl<T: Clone + Send + Sync + 'static, H: Holding<T>> LocalWire<T, H> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Clone + Send + Sync + 'static, H: Holding<T>> Wire for LocalWire<T, H> {
    fn codec(&self, _: AnyCodec) -> Option<u8> {
        None
    }

    fn schema(&self) -> Schema {
        Schema(0)
    }

    fn encode(&self, _: AnyCodec, _: &Value, _: &mut Output) -> Result<(), CodecError> {
        Err(super::failed("none", "values with `tiers = l1` are not stored"))
    }

    fn decode(&self, _: AnyCodec, _: &[u8]) -> Result<Value, CodecError> {
        Err(super::failed("none", "values with `tiers = l1` are not stored"))
    }

    fn knows(&self, value: &Value) -> bool {
        is_typed::<T>(value)
    }

    fn weight(&self, encoded_bytes: usize) -> usize {
        H::weight(encoded_bytes)
    }
}
