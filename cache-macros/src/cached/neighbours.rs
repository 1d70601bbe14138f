//! Companions by the name of their function, where a path leads to it: of a module that is `self::…`, of an impl
//! `Self::…`. Elsewhere nobody knows where a function stands, and a companion has the body again.

use super::companions::words;
use super::expand::at_return;
use super::model::Model;
use crate::source::{Place, leaves_alone};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{FnArg, Pat, PatIdent, Signature, Visibility};

/// The function as a companion calls it, and the companion's signature, in which every parameter is a name; none if its
/// attributes may make another of it.
pub(super) fn call_of_function(model: &Model) -> Option<(Signature, TokenStream)> {
    let function = &model.function;
    let is_itself = function.attributes.iter().all(|attribute| {
        let segments = &attribute.path().segments;
        segments.len() == 1 && segments.last().is_some_and(|last| leaves_alone(&last.ident.to_string()))
    });
    let mut signature = function.signature.clone();
    for (at, input) in signature.inputs.iter_mut().enumerate() {
        if let FnArg::Typed(typed) = input
            && only_name(&typed.pat).is_none()
        {
            let name = format_ident!("argument{at}", span = Span::mixed_site());
            *typed.pat = syn::parse_quote!(#name);
        }
    }
    let call = call(model, &signature, &function.signature.ident)?;
    is_itself.then_some((signature, call))
}

/// The body by the name of `…_uncached`.
pub(super) fn call_of_uncached(model: &Model) -> Option<TokenStream> {
    let signature = &model.function.signature;
    call(model, signature, &format_ident!("{}_uncached", signature.ident))
}

fn call(model: &Model, signature: &Signature, callee: &Ident) -> Option<TokenStream> {
    let arguments: Vec<_> = signature.inputs.iter().map(argument).collect::<Option<_>>()?;
    let generics = model.function.generics();
    let generics = (!generics.is_empty()).then(|| quote!(::<#(#generics),*>));
    let path = path(model)?;
    Some(quote_spanned!(at_return(model)=> #path::#callee #generics(#(#arguments),*)))
}

/// What leads to what stands beside a function.
fn path(model: &Model) -> Option<TokenStream> {
    match model.place {
        Some(Place::Module) => Some(quote!(self)),
        Some(Place::Impl) => Some(quote!(Self)),
        // Where it has no companions.
        Some(Place::TraitImpl) => None,
        // What is not even visible to its module may be of a trait's impl, where nothing of that name may stand: that is
        // said once, and not at the call as well.
        None => (is_visible(model) && is_of_an_impl(model)).then(|| quote!(Self)),
    }
}

fn is_visible(model: &Model) -> bool {
    !matches!(model.function.visibility, Visibility::Inherited)
}

/// As far as the signature shows it.
fn is_of_an_impl(model: &Model) -> bool {
    let signature = &model.function.signature;
    signature.receiver().is_some() || words(signature.to_token_stream()).iter().any(|word| word == "Self")
}

fn argument(input: &FnArg) -> Option<TokenStream> {
    match input {
        FnArg::Receiver(receiver) => receiver.attrs.is_empty().then(|| receiver.self_token.to_token_stream()),
        FnArg::Typed(typed) => Some(only_name(&typed.pat).filter(|_| typed.attrs.is_empty())?.to_token_stream()),
    }
}

/// What a parameter is called that is no more than a name.
fn only_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(PatIdent { ident, by_ref: None, subpat: None, .. }) => Some(ident),
        _ => None,
    }
}
