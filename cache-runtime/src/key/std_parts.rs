//! [`KeyPart`] for the types of the standard library, and for UUIDs.

use super::fingerprint::Fingerprinter;
use super::parts::{KeyPart, written};
use super::writer::{KeyWriter, Style};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroU128, NonZeroUsize,
};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

macro_rules! integers {
    ($($t:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl KeyPart for $t {
            fn write(&self, key: &mut KeyWriter) {
                key.integer(u64::try_from(*self).ok(), self);
            }

            #[inline]
            fn fingerprint(&self, print: &mut Fingerprinter) {
                print.number(if <$t>::MIN == 0 { 1 } else { 2 }, self.to_le_bytes());
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

macro_rules! through {
    ($($t:ty => |$value:ident| $inner:expr),* $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl KeyPart for $t {
            fn write(&self, key: &mut KeyWriter) {
                let $value = self;
                $inner.write(key);
            }

            #[inline]
            fn fingerprint(&self, print: &mut Fingerprinter) {
                let $value = self;
                $inner.fingerprint(print);
            }
        }
    )*};
}

through! {
    String => |text| text.as_str(),
    NonZeroU8 => |n| n.get(),
    NonZeroU16 => |n| n.get(),
    NonZeroU32 => |n| n.get(),
    NonZeroU64 => |n| n.get(),
    NonZeroU128 => |n| n.get(),
    NonZeroUsize => |n| n.get(),
    NonZeroI8 => |n| n.get(),
    NonZeroI16 => |n| n.get(),
    NonZeroI32 => |n| n.get(),
    NonZeroI64 => |n| n.get(),
    NonZeroI128 => |n| n.get(),
    NonZeroIsize => |n| n.get(),
    PathBuf => |path| path.as_path(),
    Duration => |duration| duration.as_nanos(),
}

#[diagnostic::do_not_recommend]
impl KeyPart for bool {
    fn write(&self, key: &mut KeyWriter) {
        key.number(self);
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        print.kind(b'b');
        print.fixed([u8::from(*self)]);
    }
}

#[diagnostic::do_not_recommend]
impl KeyPart for str {
    fn write(&self, key: &mut KeyWriter) {
        key.text(self);
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        print.text(self);
    }
}

#[diagnostic::do_not_recommend]
impl KeyPart for char {
    fn write(&self, key: &mut KeyWriter) {
        key.char(*self);
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        print.kind(b'c');
        print.fixed(u32::from(*self).to_le_bytes());
    }
}

#[diagnostic::do_not_recommend]
impl KeyPart for () {
    fn write(&self, key: &mut KeyWriter) {
        key.open('(');
        key.close(')');
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        print.kind(b'(');
    }
}

/// The shortest text that reads back the same; all NaNs are one, `-0.0` and `0.0` are two. `f32` ends in `f`.
macro_rules! floats {
    ($($t:ty, $suffix:literal);*) => {$(
        #[diagnostic::do_not_recommend]
        impl KeyPart for $t {
            fn write(&self, key: &mut KeyWriter) {
                if key.style() == Style::Plain {
                    return key.number(self);
                }
                key.number(format_args!(concat!("{:?}", $suffix), self));
            }

            fn fingerprint(&self, print: &mut Fingerprinter) {
                let one_nan = if self.is_nan() { <$t>::NAN } else { *self };
                print.kind(b'f');
                print.fixed(one_nan.to_bits().to_le_bytes());
            }
        }
    )*};
}

floats!(f32, "f"; f64, "");

macro_rules! pointers {
    ($($t:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: KeyPart + ?Sized> KeyPart for $t {
            fn write(&self, key: &mut KeyWriter) {
                (**self).write(key);
            }

            fn fingerprint(&self, print: &mut Fingerprinter) {
                (**self).fingerprint(print);
            }

            fn elements(&self, texts: &mut Vec<String>) {
                (**self).elements(texts);
            }
        }
    )*};
}

pointers!(&T, &mut T, Box<T>, Arc<T>, Rc<T>);

#[diagnostic::do_not_recommend]
impl<T: KeyPart + ToOwned + ?Sized> KeyPart for Cow<'_, T> {
    fn write(&self, key: &mut KeyWriter) {
        (**self).write(key);
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        (**self).fingerprint(print);
    }

    fn elements(&self, texts: &mut Vec<String>) {
        (**self).elements(texts);
    }
}

#[diagnostic::do_not_recommend]
impl<T: KeyPart> KeyPart for Option<T> {
    fn write(&self, key: &mut KeyWriter) {
        match self {
            None => key.none(),
            Some(value) => key.some(|key| value.write(key)),
        }
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        print.variant(u32::from(self.is_some()));
        if let Some(value) = self {
            value.fingerprint(print);
        }
    }
}

/// Each element, and the whole, which a function may be bound by as well.
fn elements_of<'a, T: KeyPart + 'a>(
    items: impl Iterator<Item = &'a T>,
    whole: &(impl KeyPart + ?Sized),
    texts: &mut Vec<String>,
) {
    items.for_each(|item| item.elements(texts));
    texts.push(written(whole, Style::Field));
}

fn write_list<'a, T: KeyPart + 'a>(items: impl Iterator<Item = &'a T>, key: &mut KeyWriter) {
    key.open('[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            key.next();
        }
        item.write(key);
    }
    key.close(']');
}

#[diagnostic::do_not_recommend]
impl<T: KeyPart> KeyPart for [T] {
    fn write(&self, key: &mut KeyWriter) {
        write_list(self.iter(), key);
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        print.len(self.len());
        self.iter().for_each(|item| item.fingerprint(print));
    }

    fn elements(&self, texts: &mut Vec<String>) {
        elements_of(self.iter(), self, texts);
    }
}

macro_rules! like_a_slice {
    ($([$($generics:tt)*] $t:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> KeyPart for $t {
            fn write(&self, key: &mut KeyWriter) {
                self[..].write(key);
            }

            fn fingerprint(&self, print: &mut Fingerprinter) {
                self[..].fingerprint(print);
            }

            fn elements(&self, texts: &mut Vec<String>) {
                self[..].elements(texts);
            }
        }
    )*};
}

like_a_slice!([T: KeyPart] Vec<T>, [T: KeyPart, const N: usize] [T; N]);

#[diagnostic::do_not_recommend]
impl<T: KeyPart> KeyPart for BTreeSet<T> {
    fn write(&self, key: &mut KeyWriter) {
        write_list(self.iter(), key);
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        print.len(self.len());
        self.iter().for_each(|item| item.fingerprint(print));
    }

    fn elements(&self, texts: &mut Vec<String>) {
        elements_of(self.iter(), self, texts);
    }
}

/// Puts the encoded elements of an unordered collection into their one order.
fn in_order<T: KeyPart>(items: impl Iterator<Item = T>, key: &KeyWriter) -> Vec<String> {
    let mut texts: Vec<String> = items.map(|item| written(&item, key.style())).collect();
    texts.sort_unstable();
    texts
}

fn write_unordered<T: KeyPart>(items: impl Iterator<Item = T>, key: &mut KeyWriter) {
    let texts = in_order(items, key);
    key.open('[');
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            key.next();
        }
        key.encoded(text);
    }
    key.close(']');
}

fn fingerprint_unordered<T: KeyPart>(items: impl Iterator<Item = T>, print: &mut Fingerprinter) {
    let texts = in_order(items, &KeyWriter::new(Style::Key));
    print.len(texts.len());
    texts.iter().for_each(|text| print.text(text));
}

macro_rules! unordered {
    ($([$($generics:tt)*] $t:ty => |$set:ident| $items:expr),* $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> KeyPart for $t {
            fn write(&self, key: &mut KeyWriter) {
                let $set = self;
                write_unordered($items, key);
            }

            fn fingerprint(&self, print: &mut Fingerprinter) {
                let $set = self;
                fingerprint_unordered($items, print);
            }

            fn elements(&self, texts: &mut Vec<String>) {
                let $set = self;
                $items.for_each(|item| item.elements(texts));
                texts.push(written(self, Style::Field));
            }
        }
    )*};
}

unordered! {
    [T: KeyPart, S] HashSet<T, S> => |set| set.iter(),
    [K: KeyPart, V: KeyPart, S] HashMap<K, V, S> => |map| map.iter(),
    [K: KeyPart, V: KeyPart] BTreeMap<K, V> => |map| map.iter(),
}

macro_rules! tuples {
    ($(($($t:ident $at:tt),+))*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($t: KeyPart),+> KeyPart for ($($t,)+) {
            fn write(&self, key: &mut KeyWriter) {
                key.open('(');
                $(
                    if $at > 0 {
                        key.next();
                    }
                    self.$at.write(key);
                )+
                key.close(')');
            }

            fn fingerprint(&self, print: &mut Fingerprinter) {
                $(self.$at.fingerprint(print);)+
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}

macro_rules! by_text {
    ($($t:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl KeyPart for $t {
            fn write(&self, key: &mut KeyWriter) {
                key.text(&self.to_string());
            }

            fn fingerprint(&self, print: &mut Fingerprinter) {
                print.text(&self.to_string());
            }
        }
    )*};
}

by_text!(IpAddr, Ipv4Addr, Ipv6Addr);

/// As its text; one that is no text as its bytes, which no text is written like.
#[diagnostic::do_not_recommend]
impl KeyPart for Path {
    fn write(&self, key: &mut KeyWriter) {
        match self.to_str() {
            Some(text) => key.text(text),
            None => self.as_os_str().as_encoded_bytes().write(key),
        }
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        match self.to_str() {
            Some(text) => print.text(text),
            None => self.as_os_str().as_encoded_bytes().fingerprint(print),
        }
    }
}

#[cfg(feature = "uuid")]
#[diagnostic::do_not_recommend]
impl KeyPart for uuid::Uuid {
    fn write(&self, key: &mut KeyWriter) {
        key.number(self.as_hyphenated());
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        print.kind(b'd');
        print.fixed(self.into_bytes());
    }
}
