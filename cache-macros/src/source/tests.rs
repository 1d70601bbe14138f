//! Where functions stand, by texts that are made for it and by those of this repository.

use super::{Found, Place, found};
use std::fs;
use std::path::Path;

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
                impl S<for<'a> fn(&'a u8)> { fn b() {} } unsafe impl Tr for dyn for<'z> Fn(&'z u8) { fn c() {} }\
                impl Tr for <A as Has>::T { fn d() {} }";
    let expected = [("a", Place::TraitImpl), ("b", Place::Impl), ("c", Place::TraitImpl), ("d", Place::TraitImpl)];
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
                #[cfg_attr(x, moves)] fn d() {} #[doc = concat!(\"moves\")] #[::cache_runtime::cached(key = \"]\")] fn e() {}\
                #[moves::expect] fn f() {} #[moves::cached] fn g() {} #[moves::inline::cold] impl X { fn h() {} }";
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

/// A macro that panics is a build that fails: whatever a file says, there is an answer.
#[test]
fn no_text_is_too_odd() {
    const TEXT: &str = "#![a] /* \u{e4} */ use a::{b}; #[c(d = \"}\")] impl<'a> S<'a> { pub fn f() -> char { '\\'' } }\
                        r#\"{\"# b'\"' m! { ' } // \u{1f980}\nmod g { fn h(r: R) { 1e3.r() } }";
    let places: Vec<(usize, char)> = TEXT.char_indices().collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |bound: usize| {
        // Xorshift: Marsaglia, "Xorshift RNGs", 2003.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    for _ in 0..20_000 {
        let (from, to) = (places[below(places.len())].0, places[below(places.len())].0);
        let odd = ["\"", "'", "/*", "*/", "//", "r#", "\\", "{", "}", "#", "\u{e4}", "", "fn"][below(13)];
        let text = [&TEXT[..from.min(to)], odd, &TEXT[from.max(to)..], &TEXT[from..]].concat();
        found(&text);
    }
}

/// The functions that the compiler's grammar has in modules and impls, whatever attributes they have.
fn parsed(items: &[syn::Item], found: &mut Vec<(String, Place)>) {
    for item in items {
        match item {
            syn::Item::Fn(function) => found.push((function.sig.ident.to_string(), Place::Module)),
            syn::Item::Mod(module) => parsed(module.content.as_ref().map_or(&[], |(_, items)| items), found),
            syn::Item::Impl(of) => {
                let place = if of.trait_.is_some() { Place::TraitImpl } else { Place::Impl };
                let methods = of.items.iter().filter_map(|item| match item {
                    syn::ImplItem::Fn(method) => Some((method.sig.ident.to_string(), place)),
                    _ => None,
                });
                found.extend(methods);
            }
            _ => {}
        }
    }
}

/// All sources below a folder.
fn sources(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.extend(fs::read_to_string(path));
        }
    }
}

#[test]
fn what_is_found_is_what_a_parser_finds() {
    let (mut texts, root) = (Vec::new(), Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    for folder in ["cache-macros/src", "cache-runtime/src", "tests", "examples", "benches/src"] {
        sources(&root.join(folder), &mut texts);
    }
    let mut count = 0;
    for text in texts {
        let Ok(file) = syn::parse_file(&text) else { continue };
        let mut all = Vec::new();
        parsed(&file.items, &mut all);
        let mut all = all.into_iter();
        for found in places(&text) {
            assert!(all.any(|known| known == found), "{found:?} in {text}");
            count += 1;
        }
    }
    assert!(count > 1_000, "{count} functions were found");
}
