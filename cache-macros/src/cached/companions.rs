//! What `f_uncached`, `f_refresh` and `f_entry` look like from outside.

use super::model::Value;
use crate::item::{Function, last_name, type_arguments};
use crate::paths::Door;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Expr, FnArg, Type};

/// The receiver, and the parameters that the key has values of, or that say which cache and codec.
pub(crate) fn entry_inputs(function: &Function, values: &[Value], expressions: &[&Expr]) -> Vec<FnArg> {
    let parameters = function.parameters();
    let mentioned: Vec<String> =
        expressions.iter().flat_map(|expression| words(expression.to_token_stream())).collect();
    let used = |typed: &syn::PatType| {
        let parameter = parameters.iter().find(|parameter| std::ptr::eq(parameter.typed, typed));
        let names = parameter.into_iter().flat_map(|parameter| &parameter.names);
        names.into_iter().any(|name| {
            values.iter().any(|value| **name == value.placeholder.root) || mentioned.contains(&name.to_string())
        })
    };
    let kept = |input: &&FnArg| match input {
        FnArg::Receiver(_) => true,
        FnArg::Typed(typed) => used(typed),
    };
    function.signature.inputs.iter().filter(kept).cloned().collect()
}

/// Every identifier in some tokens.
pub(super) fn words(tokens: TokenStream) -> Vec<String> {
    let words = |token| match token {
        TokenTree::Ident(ident) => vec![ident.to_string()],
        TokenTree::Group(group) => words(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => Vec::new(),
    };
    tokens.into_iter().flat_map(words).collect()
}

/// The type of the cached value. Only the compiler knows it, but a signature has to spell it.
///
/// `Result<T, …>` and `Option<T>` are read as they look. Any other path may be an alias of one of them: there a constant
/// decides, which is allowed in a signature as long as no generic parameter is involved. Where one is, `…Result<T>` is
/// taken for an alias, and everything else for the value itself.
pub(crate) fn entry_value(returns: &Type, function: &Function, door: &Door) -> TokenStream {
    let name = last_name(returns).unwrap_or_default();
    let first = type_arguments(returns).next();
    match first {
        Some(first) if name == "Result" => without_option(first).to_token_stream(),
        Some(first) if name == "Option" => first.to_token_stream(),
        _ if may_be_an_alias(&name) && !mentions_a_generic(returns, function) => quote! {
            <#returns as #door::Unwrapped<{ #door::kind!(#returns) }>>::Value
        },
        Some(first) if name.ends_with("Result") => without_option(first).to_token_stream(),
        _ => returns.to_token_stream(),
    }
}

fn without_option(ty: &Type) -> &Type {
    match type_arguments(ty).next() {
        Some(inner) if last_name(ty).is_some_and(|name| name == "Option") => inner,
        _ => ty,
    }
}

/// What is plainly no alias.
fn may_be_an_alias(name: &str) -> bool {
    const NONE: [&str; 12] =
        ["", "Arc", "BTreeMap", "BTreeSet", "Box", "Cow", "HashMap", "HashSet", "Rc", "String", "Vec", "VecDeque"];
    !NONE.contains(&name) && !name.starts_with(char::is_lowercase)
}

/// Whether a type names a generic parameter, as far as the function's own tokens show: those of its impl they do not, but
/// by habit these are single capitals.
fn mentions_a_generic(ty: &Type, function: &Function) -> bool {
    let generics: Vec<String> = function.generics().into_iter().map(ToString::to_string).collect();
    let is_one = |word: &String| word == "Self" || generics.contains(word) || is_a_capital(word);
    words(ty.to_token_stream()).iter().any(is_one)
}

fn is_a_capital(word: &str) -> bool {
    word.len() == 1 && word.starts_with(|c: char| c.is_ascii_uppercase())
}
