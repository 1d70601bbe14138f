//! `f_uncached`, `f_refresh` and `f_entry`, from facts to tokens. Nobody need call them, so what they have to be checked for
//! is kept little: the function is described once, and they find it.

use super::expand::{at_return, load_after, opened, parts, ruled};
use super::model::Model;
use super::{neighbours, rules};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Signature;
use syn::ext::IdentExt;

pub(super) fn companions(model: &Model) -> TokenStream {
    let (uncached, refresh, entry) = (uncached(model), refresh(model), entry(model));
    quote!(#uncached #refresh #entry)
}

pub(super) fn uncached(model: &Model) -> TokenStream {
    let signature = model.function.signature.clone();
    future(model, signature, "uncached", "The body of `{}`, uncached.", load_after(model, &held(model)))
}

fn refresh(model: &Model) -> TokenStream {
    const DOC: &str = "Runs the body of `{}` and replaces what is cached.";
    let span = at_return(model);
    let door = model.door.at(span);
    if let Some((signature, call)) = neighbours::call_of_function(model) {
        let ident = signature.ident.unraw().to_string();
        let body = quote_spanned!(span=> #door::refreshing(#ident, #call));
        return future(model, signature, "refresh", DOC, body);
    }
    let (parts, found, prelude) = (parts(model), found(model), prelude(model));
    let load = neighbours::call_of_uncached(model).unwrap_or_else(|| load_after(model, &held(model)));
    let body = quote_spanned! {span=>
        #door::lazily(move || {
            #found
            #prelude
            (call.named(&[#(#parts),*]).begin_refresh(shape, wire, rules), #load)
        })
    };
    future(model, model.function.signature.clone(), "refresh", DOC, body)
}

/// A companion that is awaited. An `async fn` that is `pub` is compiled whether anybody calls it or not; a function that
/// returns a future, and may be inlined, only where it is called.
fn future(model: &Model, mut signature: Signature, suffix: &str, doc: &str, body: TokenStream) -> TokenStream {
    let visibility = &model.function.visibility;
    let doc = doc.replace("{}", &signature.ident.to_string());
    signature.ident = format_ident!("{}_{suffix}", signature.ident);
    signature.asyncness = None;
    let (door, returns, attributes) = (&model.door, &model.returns, attributes(model));
    // By the edition of these tokens, the future has every lifetime of the signature.
    signature.output = syn::ReturnType::Type(
        syn::Token![->](Span::mixed_site()),
        Box::new(syn::Type::Verbatim(quote_spanned!(Span::mixed_site()=> impl #door::Future<Output = #returns>))),
    );
    // Its braces are the attribute's, which is underlined where a companion may not stand.
    quote! {
        #[doc = #doc]
        #attributes
        #visibility #signature { #body }
    }
}

/// An `async fn` has its arguments for as long as it runs, used or not.
fn held(model: &Model) -> TokenStream {
    let parameters = model.function.parameters();
    let names = parameters.iter().flat_map(|parameter| &parameter.names);
    let receiver = model.function.receiver().map(|receiver| receiver.self_token);
    let held = names.map(|name| quote!(#name)).chain(receiver.map(|this| quote!(#this)));
    let held = held.map(|name| quote_spanned!(Span::mixed_site()=> let _ = &#name;));
    quote!(#(#held)*)
}

fn entry(model: &Model) -> TokenStream {
    let (door, visibility, value) = (&model.door, &model.function.visibility, &model.entry_value);
    let mut signature = model.function.signature.clone();
    let doc = format!("A handle on the entry of `{}`.", signature.ident);
    signature.ident = format_ident!("{}_entry", signature.ident);
    signature.asyncness = None;
    signature.inputs = model.entry_inputs.iter().cloned().collect();
    signature.output = syn::parse_quote!(-> #door::Entry<#value>);
    let (attributes, parts, span) = (attributes(model), parts(model), at_return(model));
    let last = quote_spanned!(span=> call.named(&[#(#parts),*]).entry(&shape, wire, rules));
    let (found, prelude) = (found(model), prelude(model));
    quote! {
        #[doc = #doc]
        #attributes
        #visibility #signature { #found #prelude #last }
    }
}

/// What decides whether the function exists goes for its companions too; its lints were reported once already. A crate may
/// forbid what is allowed here, so that is no more than there is reason for.
pub(super) fn attributes(model: &Model) -> TokenStream {
    let has = |name| model.function.attributes.iter().filter(move |attribute| attribute.path().is_ident(name));
    let (cfg, deprecated) = (has("cfg"), has("deprecated").next().map(|_| quote!(deprecated,)));
    quote! {
        #(#cfg)*
        #[inline]
        #[allow(dead_code, #deprecated unused, clippy::all, clippy::pedantic)]
    }
}

/// The same for a companion, which is never without an answer.
fn prelude(model: &Model) -> TokenStream {
    let span = at_return(model);
    let (door, returns, rules) = (model.door.at(span), &model.returns, rules::of_companion(model, span));
    let shape = quote_spanned! {span=>
        let shape = {
            #[allow(unused_imports)]
            use #door::shapes::{AskFallible as _, AskFallibleMaybe as _, AskMaybe as _, AskPlain as _};
            (&&&&#door::Returned::<#returns>::new()).shape()
        };
    };
    let (opened, ruled) = (opened(model, &shape), ruled(model, &rules));
    quote!(#opened #ruled)
}

/// `function`, of a companion, which finds it in the register: described once, it is checked once.
fn found(model: &Model) -> TokenStream {
    let (door, ident) = (model.door.at(at_return(model)), model.function.signature.ident.unraw().to_string());
    quote_spanned! {at_return(model)=>
        struct __Inside;
        let function = #door::Function::with_companion(#door::type_name::<__Inside>(), #ident);
    }
}
