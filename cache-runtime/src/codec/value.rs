//! How values lie in memory: by themselves; or, where a function returns an `Arc`, as what that points to, so that a hit has
//! one box less to go to.
//!
//! Both are told apart by the type of what lies there. So whoever knows a type finds its value, however it was put in.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A cached value of some type.
pub type Value = Arc<dyn Content>;

/// What lies in memory: an [`Own`], or what the `Arc`s of a function point to.
pub trait Content: Any + Send + Sync {
    /// Puts itself into `asked`, if that is an `Option` of an `Arc` of it.
    fn share(self: Arc<Self>, asked: &mut dyn Any);
}

impl<U: Any + Send + Sync> Content for U {
    fn share(self: Arc<Self>, asked: &mut dyn Any) {
        if let Some(asked) = asked.downcast_mut::<Option<Arc<U>>>() {
            *asked = Some(self);
        }
    }
}

impl dyn Content {
    /// Whether it is of this type.
    #[inline]
    pub(crate) fn is<U: Any>(&self) -> bool {
        self.downcast_ref::<U>().is_some()
    }

    /// It, if it is of this type.
    #[inline]
    pub(crate) fn downcast_ref<U: Any>(&self) -> Option<&U> {
        (self as &dyn Any).downcast_ref()
    }
}

impl fmt::Debug for dyn Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content")
    }
}

/// A value that lies there by itself.
#[derive(Clone, Copy, Debug)]
pub struct Own<T>(pub(crate) T);

/// How the values of a function lie in memory.
pub trait Holding<T>: Send + Sync + 'static {
    /// Puts a value in.
    fn hold(value: T) -> Value
    where
        T: Send + Sync + 'static;

    /// A value of this type, however it lies there.
    fn give(value: &Value) -> Option<T>
    where
        T: Clone + 'static;

    /// Bytes that a value takes up, if so many encode it.
    fn weight(encoded_bytes: usize) -> usize;
}

/// By themselves.
#[derive(Clone, Copy, Debug)]
pub enum Whole {}

/// As what an `Arc` points to.
#[derive(Clone, Copy, Debug)]
pub enum Pointee {}

impl<T> Holding<T> for Whole {
    fn hold(value: T) -> Value
    where
        T: Send + Sync + 'static,
    {
        Arc::new(Own(value))
    }

    #[inline]
    fn give(value: &Value) -> Option<T>
    where
        T: Clone + 'static,
    {
        match value.downcast_ref::<Own<T>>() {
            Some(own) => Some(own.0.clone()),
            None => shared(value),
        }
    }

    fn weight(encoded_bytes: usize) -> usize {
        weight_of::<T>(encoded_bytes)
    }
}

impl<U: Send + Sync + 'static> Holding<Arc<U>> for Pointee {
    fn hold(value: Arc<U>) -> Value {
        value
    }

    #[inline]
    fn give(value: &Value) -> Option<Arc<U>> {
        let any: Arc<dyn Any + Send + Sync> = value.clone();
        any.downcast().map_or_else(|_| by_itself(value), Some)
    }

    fn weight(encoded_bytes: usize) -> usize {
        weight_of::<U>(encoded_bytes)
    }
}

/// An `Arc` that lies there by itself.
#[cold]
fn by_itself<T: Clone + 'static>(value: &Value) -> Option<T> {
    value.downcast_ref::<Own<T>>().map(|own| own.0.clone())
}

/// A value of this type, however it lies there.
pub(crate) fn typed<T: Clone + 'static>(value: &Value) -> Option<T> {
    <Whole as Holding<T>>::give(value)
}

/// The same, without a clone if nobody else has it.
pub(crate) fn taken<T: Clone + Send + Sync + 'static>(value: Value) -> Option<T> {
    if !value.is::<Own<T>>() {
        return shared(&value);
    }
    let any: Arc<dyn Any + Send + Sync> = value;
    any.downcast::<Own<T>>().ok().map(|own| Arc::unwrap_or_clone(own).0)
}

/// Whether there is a value of this type.
pub(crate) fn is_typed<T: 'static>(value: &Value) -> bool {
    value.is::<Own<T>>() || shared::<T>(value).is_some()
}

/// The `Arc` that is asked for, if it points to what lies there.
#[cold]
fn shared<T: 'static>(value: &Value) -> Option<T> {
    let mut asked = None::<T>;
    value.clone().share(&mut asked);
    asked
}

/// What owns nothing is as large as it is; what it owns is about as large as when it is written.
fn weight_of<T>(encoded_bytes: usize) -> usize {
    size_of::<T>() + if std::mem::needs_drop::<T>() { encoded_bytes } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_arc_points_to_lies_there_without_a_box_around_it() {
        let value = Arc::new(7_u64);
        let held = Pointee::hold(value.clone());
        assert_eq!(Arc::as_ptr(&held).cast::<u64>(), Arc::as_ptr(&value));
        assert_eq!(<Pointee as Holding<Arc<u64>>>::weight(8), 8);
    }

    #[test]
    fn whoever_knows_the_type_is_given_it_however_it_lies_there() {
        let value = Arc::new("seven".to_owned());
        for held in [Pointee::hold(value.clone()), Whole::hold(value.clone())] {
            let given: Option<Arc<String>> = Pointee::give(&held);
            assert!(given.is_some_and(|given| Arc::ptr_eq(&given, &value)));
            let given: Option<Arc<String>> = Whole::give(&held);
            assert!(given.is_some_and(|given| Arc::ptr_eq(&given, &value)));
            assert!(is_typed::<Arc<String>>(&held));
            assert!(!is_typed::<String>(&held) && !is_typed::<Arc<u64>>(&held));
            assert_eq!(typed::<String>(&held), None);
            let other: Option<Arc<u64>> = Pointee::give(&held);
            assert_eq!(other, None);
            assert!(taken::<Arc<String>>(held).is_some_and(|taken| Arc::ptr_eq(&taken, &value)));
        }
        assert_eq!(Arc::strong_count(&value), 1, "nothing was kept");
    }

    #[test]
    fn a_value_by_itself_is_no_arc() {
        let held = Whole::hold("seven".to_owned());
        assert_eq!(typed::<Arc<String>>(&held), None);
        let given: Option<Arc<String>> = Pointee::give(&held);
        assert_eq!(given, None);
        assert_eq!(taken::<String>(held), Some("seven".to_owned()));
    }
}
