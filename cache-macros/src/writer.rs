//! What the functions of writers may look like, and what their expansions have in common.

use crate::item::{Function, last_name, refuse};
use crate::paths::Door;
use crate::problems::Problems;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ReturnType, Type};

/// The function that an attribute is on, or what comes out if it is on something else.
pub(crate) fn function(
    item: &TokenStream,
    attribute: &str,
    problems: Problems,
) -> Result<(Function, Problems), TokenStream> {
    let mut problems = problems;
    match syn::parse2(item.clone()) {
        Ok(function) => Ok((function, problems)),
        Err(_) => {
            refuse(item, attribute, "give it a body; of a trait, put it on the method in the impl", &mut problems);
            let problems = problems.into_tokens();
            Err(quote!(#item #problems))
        }
    }
}

/// The function as it was, and what is wrong with its attribute. Parameters that only the attribute uses are no mistakes.
pub(crate) fn refused(function: &Function, problems: Problems) -> TokenStream {
    let problems = problems.into_tokens();
    quote!(#[allow(unused_variables)] #function #problems)
}

/// Everything that keeps a function from being a writer, whatever the options say.
pub(crate) fn check(function: &Function, attribute: &str, problems: &mut Problems) {
    let signature = &function.signature;
    if signature.asyncness.is_none() {
        let message = format!("`#[{attribute}]` is on a function that is not `async`");
        let help = match returns_a_future(function) {
            true => {
                "`#[async_trait]` makes methods such functions: put the attribute on an inherent or free `async fn` with this body, and call that from here"
            }
            false => "write `async fn`",
        };
        problems.at(&signature.fn_token, message, help);
    }
    if let Some(Type::ImplTrait(returns)) = function.returns() {
        let help = "name the type, so that `Err` can be told from what was written";
        problems.at(returns, format!("`#[{attribute}]` cannot look into `impl Trait`"), help);
    }
    if let Some(cached) = function.attributes.iter().find(|other| names(other, "cached")) {
        let message = "a cached function cannot be a writer: a hit would skip what it writes";
        problems.at(cached.path(), message, "put the two attributes on two functions");
    }
}

fn returns_a_future(function: &Function) -> bool {
    function.returns().and_then(last_name).is_some_and(|name| name == "Pin")
}

/// Whether an attribute is one of ours by its last name.
pub(crate) fn names(attribute: &Attribute, name: &str) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == name)
}

/// Where the return type is, or the name of a function without one, with the hygiene of the expansion.
pub(crate) fn at_return(function: &Function) -> Span {
    let span = function.returns().map_or_else(|| function.signature.ident.span(), |returns| returns.span());
    span.resolved_at(Span::mixed_site())
}

/// The return type, spelled.
pub(crate) fn returns(function: &Function) -> TokenStream {
    match &function.signature.output {
        ReturnType::Type(_, returns) => returns.to_token_stream(),
        ReturnType::Default => quote_spanned!(at_return(function)=> ()),
    }
}

/// The body as a future, typed like the function.
pub(crate) fn body(function: &Function, door: &Door) -> TokenStream {
    let (returns, body, span) = (returns(function), &function.body, at_return(function));
    let door = door.at(span);
    quote_spanned! {span=>
        async move {
            #[allow(unreachable_code, clippy::diverging_sub_expression)]
            if false { return #door::unreachable_return::<#returns>(); }
            #body
        }
    }
}

/// The cache that the attribute names, or the task's.
pub(crate) fn cache(cache: Option<&Expr>, function: &Function, door: &Door) -> TokenStream {
    let span = cache.map_or_else(|| at_return(function), |cache| cache.span());
    let door = door.at(span);
    match cache {
        Some(cache) => quote_spanned!(span=> #door::chosen(&#cache)),
        None => quote_spanned!(span=> #door::current()),
    }
}

/// The first token of an expression that is the returned value.
pub(crate) fn mentioned_return(tokens: impl ToTokens) -> Option<Ident> {
    tokens.into_token_stream().into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "ret" => Some(ident),
        TokenTree::Group(group) => mentioned_return(group.stream()),
        _ => None,
    })
}
