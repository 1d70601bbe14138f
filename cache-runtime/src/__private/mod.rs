//! What generated code calls. Free to change with any release; the macros of the same version are its only users.

pub mod background;
mod batch;
mod call;
mod desk;
mod frame;
mod kind;
mod layout;
mod pointing;
mod put;
mod rules;
pub mod shapes;
pub mod structures;
mod work;
mod write;
pub mod written;

pub use background::{Given, Kept, Loader, Own, Reference, Sendable};
pub use batch::{Batch, items};
pub use call::{Call, NamedCall, Place, Wired, chosen, current, local_wire, tag_of, wire};
pub use frame::{Begun, Fetch, lazily, refreshing};
pub use kind::{Kind, PlainKind, Unwrapped};
pub use layout::{By, Keyed, Layout, by};
pub use put::PutCall;
pub use rules::{Rules, TimesOut, Unanswering, assert_times_out};
pub use shapes::{Returned, Shape};
pub use structures::{Stored, stored};
pub use write::{Guarded, Write};
pub use written::{Refusal, Success, Written};

pub use crate::codec::{CacheCodec, Cacheable, Chosen};
pub use crate::event::{CacheEvent, Cascade, CascadeFields, Event, EventDeclaration};
pub use crate::function::{Binding, EventRef, Fields, Function, FunctionSpec};
pub use crate::key::{Fingerprinter, KeyPart, KeyWriter, Part, Piece, Template, part, secret};
pub use crate::policy::{Consistency, Eviction, L1, Policy, Tiers};
pub use crate::registry::{RegisteredEvent, RegisteredFunction, RegisteredPut, RegisteredSecret, RegisteredWriter};

pub use crate::schema::{CacheSchema, Schema, Structure};
#[cfg(feature = "testing")]
pub use crate::testing;
pub use crate::writer::{Emitted, Writer, WriterSpec};
pub use crate::{Cache, Entry};
pub use inventory;
pub use std::any::type_name;
pub use std::clone::Clone;
pub use std::default::Default;
pub use std::future::Future;
pub use std::iter::{IntoIterator, Iterator};
pub use std::option::Option::{self, None, Some};
pub use std::pin::pin;
pub use std::result::Result::{Err, Ok};
pub use std::sync::Arc;
pub use std::time::Duration;
pub use std::{file, line, vec};

/// Makes a cached function known to the program before its first call.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit {
    ($function:expr) => {
        $crate::__private::inventory::submit! { $crate::__private::RegisteredFunction($function) }
    };
}

/// Makes an event known to the program before the first is emitted.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit_event {
    ($declaration:expr) => {
        $crate::__private::inventory::submit! { $crate::__private::RegisteredEvent($declaration) }
    };
}

/// Makes a writer known to the program before its first call.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit_writer {
    ($writer:expr) => {
        $crate::__private::inventory::submit! { $crate::__private::RegisteredWriter($writer) }
    };
}

/// Makes a function whose values replace entries known to the program before its first call.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit_put {
    ($function:expr) => {
        $crate::__private::inventory::submit! { $crate::__private::RegisteredPut($function) }
    };
}

/// Makes something with a secret value known to the program before a cache is built.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit_secret {
    ($of:expr) => {
        $crate::__private::inventory::submit! {
            $crate::__private::RegisteredSecret {
                of: $of, file: $crate::__private::file!(), line: $crate::__private::line!(),
            }
        }
    };
}

/// The kind of a return type, as a constant.
#[doc(hidden)]
#[macro_export]
macro_rules! __kind {
    ($returns:ty) => {{
        use $crate::__private::PlainKind as _;
        const OUTER: u8 = <$crate::__private::Kind<$returns>>::KIND;
        type Inner = <$returns as $crate::__private::Unwrapped<OUTER>>::Value;
        const INNER: u8 = <$crate::__private::Kind<Inner>>::KIND;
        if OUTER == 2 && INNER == 1 { 3 } else { OUTER }
    }};
}

pub use crate::{
    __kind as kind, __submit as submit, __submit_event as submit_event, __submit_put as submit_put,
    __submit_secret as submit_secret, __submit_writer as submit_writer,
};

/// The name of a type parameter, as a key value.
pub struct TypeName<T: ?Sized>(std::marker::PhantomData<fn() -> T>);

impl<T: ?Sized> TypeName<T> {
    /// Of this type.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized> KeyPart for TypeName<T> {
    fn write(&self, key: &mut KeyWriter) {
        key.text(&std::any::type_name::<T>().replace("::", "."));
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        print.text(std::any::type_name::<T>());
    }
}

/// What the receiver's type adds to a key: nothing, unless it is generic.
pub struct ReceiverType<T: ?Sized>(std::marker::PhantomData<fn() -> T>);

impl<T: ?Sized> ReceiverType<T> {
    /// Of this type.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized> KeyPart for ReceiverType<T> {
    fn write(&self, key: &mut KeyWriter) {
        let name = std::any::type_name::<T>();
        if name.contains('<') {
            // No value contains it.
            key.open('@');
            key.text(&name.replace("::", "."));
        }
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        print.text(std::any::type_name::<T>());
    }
}

/// The type of a never-run return, so that a wrong body is reported in the body.
pub fn unreachable_return<R>() -> R {
    unreachable!("only its type is used")
}

/// What `ttl = <expression>` may be: a duration, or whole seconds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a duration",
    label = "neither a `Duration` nor whole seconds",
    note = "help: write a `Duration`, or whole seconds as an integer"
)]
pub trait IntoTtl {
    /// As a duration.
    fn into_ttl(self) -> Duration;
}

#[diagnostic::do_not_recommend]
impl IntoTtl for Duration {
    fn into_ttl(self) -> Duration {
        self
    }
}

macro_rules! seconds {
    ($($t:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoTtl for $t {
            fn into_ttl(self) -> Duration {
                Duration::from_secs(u64::try_from(self).unwrap_or(0))
            }
        }
    )*};
}

seconds!(u8, u16, u32, u64, i32, i64, usize);

/// A life that the attribute says in so many words.
pub const fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// See [`IntoTtl`].
pub fn to_duration(ttl: impl IntoTtl) -> Duration {
    ttl.into_ttl()
}

/// What `jitter = <expression>` and `early = <expression>` may be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an `f64`",
    label = "not an `f64`",
    note = "help: write an `f64`, as `0.1`"
)]
pub trait IntoRatio {
    /// As a number.
    fn into_ratio(self) -> f64;
}

#[diagnostic::do_not_recommend]
impl IntoRatio for f64 {
    fn into_ratio(self) -> f64 {
        self
    }
}

/// See [`IntoRatio`].
pub fn to_ratio(ratio: impl IntoRatio) -> f64 {
    ratio.into_ratio()
}

/// Fails to compile unless an event has a field that the key has a value of the same name for.
#[track_caller]
pub const fn assert_shares(event: &EventDeclaration, values: &[&str], message: &'static str) {
    let mut at = 0;
    while at < values.len() {
        if contains(event.fields, values[at]) {
            return;
        }
        at += 1;
    }
    panic!("{}", message);
}

/// Fails to compile unless every field of a cascade's target is a field of the event.
#[track_caller]
pub const fn assert_cascade(event: &EventDeclaration, target: &EventDeclaration, message: &'static str) {
    assert_mapped(event, target, &[], message);
}

/// Fails to compile unless every field of a cascade's target is mapped or a field of the event.
#[track_caller]
pub const fn assert_mapped(
    event: &EventDeclaration,
    target: &EventDeclaration,
    mapped: &[&str],
    message: &'static str,
) {
    let mut at = 0;
    while at < target.fields.len() {
        if !contains(event.fields, target.fields[at]) && !contains(mapped, target.fields[at]) {
            panic!("{}", message);
        }
        at += 1;
    }
}

const fn contains(names: &[&str], name: &str) -> bool {
    let mut at = 0;
    while at < names.len() {
        if same(names[at].as_bytes(), name.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

/// `==` is not const yet.
const fn same(left: &[u8], right: &[u8]) -> bool {
    let mut at = 0;
    while at < left.len() && at < right.len() && left[at] == right[at] {
        at += 1;
    }
    at == left.len() && at == right.len()
}
