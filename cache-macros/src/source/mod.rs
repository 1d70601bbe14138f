//! Where a function stands, by the text of the file that it stands in: no token that a macro is given says so.
//!
//! What is told is certain: a function that a macro has written, or that an attribute may have moved, is not found.

mod items;
mod tokens;

pub(crate) use items::leaves_alone;

use proc_macro2::Ident;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::path::PathBuf;

/// What surrounds a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Module,
    /// An impl that is not of a trait.
    Impl,
    TraitImpl,
}

/// A function, by where its name is: line and column, from one.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    name: String,
    at: (usize, usize),
    place: Place,
}

/// A file as it was when it was read.
type Read = (Metadata, Vec<Found>);

thread_local! {
    /// A file has many functions, and is read once.
    static FILES: RefCell<HashMap<PathBuf, Read>> = RefCell::default();
}

/// Where a function stands; none if that is not certain.
pub(crate) fn place_of(name: &Ident) -> Option<Place> {
    if !proc_macro::is_available() {
        return None;
    }
    let span = name.span().unwrap();
    let (path, at, name) = (span.local_file()?, (span.line(), span.column()), name.to_string());
    let now = fs::metadata(&path).ok()?;
    FILES.with_borrow_mut(|files| {
        if !files.get(&path).is_some_and(|(then, _)| is_the_same(then, &now)) {
            let found = found(&fs::read_to_string(&path).ok()?);
            files.insert(path.clone(), (now, found));
        }
        let (_, found) = files.get(&path)?;
        found.iter().find(|found| found.at == at && found.name == name).map(|found| found.place)
    })
}

fn is_the_same(then: &Metadata, now: &Metadata) -> bool {
    then.len() == now.len() && then.modified().ok() == now.modified().ok()
}

/// The functions that are certain to stand where they seem to.
fn found(text: &str) -> Vec<Found> {
    let (mut line, mut start, mut seen) = (1, 0, 0);
    let found = items::functions(text).into_iter().map(|(name, offset, place)| {
        for (at, _) in text[seen..offset].match_indices('\n') {
            (line, start) = (line + 1, seen + at + 1);
        }
        seen = offset;
        Found { name: name.to_owned(), at: (line, text[start..offset].chars().count() + 1), place }
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::{Found, Place, found};

    fn places(text: &str) -> Vec<(String, Place)> {
        found(text).into_iter().map(|found| (found.name, found.place)).collect()
    }

    fn in_module(names: &[&str]) -> Vec<(String, Place)> {
        names.iter().map(|name| ((*name).to_owned(), Place::Module)).collect()
    }

    #[test]
    fn functions_of_modules_and_of_impls_are_found() {
        let text = "#![doc = \"x\"]\nfn a() {}\nmod m { pub(super) async fn b<'a>(c: &'a u8) -> u8 { fn no() {} } }\n\
                    impl<F: for<'x> Fn(&'x u8)> M<F> { const A: u8 = { 1 }; unsafe fn d() {} }\nextern \"C\" fn r#e() {}";
        let mut expected = in_module(&["a", "b", "r#e"]);
        expected.insert(2, ("d".to_owned(), Place::Impl));
        assert_eq!(places(text), expected);
    }

    #[test]
    fn impls_of_traits_are_told_from_others() {
        let text = "impl<T: for<'x> Fn(&'x u8)> Tr for S<T> where T: for<'y> Fn(&'y u8) { fn a() {} }\
                    impl S<for<'a> fn(&'a u8)> { fn b() {} } unsafe impl Tr for dyn for<'z> Fn(&'z u8) { fn c() {} }";
        let expected = [("a", Place::TraitImpl), ("b", Place::Impl), ("c", Place::TraitImpl)];
        assert_eq!(places(text), expected.map(|(name, place)| (name.to_owned(), place)));
    }

    #[test]
    fn where_a_name_begins_is_told_in_characters() {
        let at = |name: &str, at| Found { name: name.to_owned(), at, place: Place::Module };
        assert_eq!(found("/* ä\n */ /*ß*/ fn a() {}\n\nfn b() {}"), [at("a", (2, 14)), at("b", (4, 4))]);
    }

    #[test]
    fn what_a_macro_or_a_trait_has_is_not_found() {
        let text = "m! { fn a() {} } m!(fn b() {}); macro_rules! n { () => { fn c() {} } } trait T { fn d() {} }\
                    extern \"C\" { fn f(); } const G: () = { fn g() {} };";
        assert_eq!(places(text), []);
    }

    #[test]
    fn what_an_attribute_may_have_moved_is_not_found() {
        let text = "#[moves] fn a() {} #[cfg(b)] #[moves::it(x)] mod m { fn b() {} } #[moves] impl X { fn c() {} }\
                    #[cfg_attr(x, moves)] fn d() {} #[doc = concat!(\"moves\")] #[x::cached(key = \"]\")] fn e() {}";
        assert_eq!(places(text), in_module(&["e"]));
    }

    #[test]
    fn literals_and_comments_are_nothing() {
        let text = r####"const A: [&str; 3] = ["{", r#"}"{"#, "\"{"]; const B: [char; 3] = ['{', '\'', '\u{7b}'];
                    // {
                    /* { /* */ { */ const C: &[u8] = b"{\\"; const D: u8 = b'{'; const E: &CStr = cr##"{"#"##;
                    fn a(r: u8, b: &'static u8) -> u8 { r#fn(1.0e3, 'a, '"') } fn b() {}"####;
        assert_eq!(places(text), in_module(&["a", "b"]));
    }

    #[test]
    fn a_brace_before_a_body_hides_no_more_than_its_own_item() {
        let text = "fn a() -> A<{ 1 }> { fn no() {} } impl B<{ 1 }> { fn no() {} } const C: u8 = if X { 1 } else { 2 };\
                    use d::{e, f}; struct G<const N: usize = { 1 }> { a: fn() } fn h() {}";
        assert_eq!(places(text), in_module(&["a", "h"]));
    }
}
