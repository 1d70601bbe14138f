//! Loads without their caller: what keeps a call's arguments, so that its body can be run again by somebody else.
//!
//! Made only where an option asks for work in the background. The runtime decides by the arguments' types whether they can
//! be kept; here it is decided by their looks whether they can be asked at all.

use super::beside;
use super::companions::words;
use super::expand::{at_return, load};
use super::model::Model;
use crate::item::ungrouped;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{FnArg, Pat, Type};

/// How a call's load can be had without its caller.
#[derive(Clone, Copy)]
enum Background {
    /// It cannot.
    Never,
    /// By functions inside the cached one, which has no `Self`.
    Inside,
    /// By functions beside it, in its impl.
    Beside,
}

/// An argument that can be kept.
struct Argument {
    /// As an expression in the cached function.
    name: TokenStream,
    /// Its parameter in other functions.
    ident: Ident,
    /// The type that is kept.
    ty: TokenStream,
    is_reference: bool,
}

impl Background {
    /// Looks at every token of the body: to be asked once.
    fn of(model: &Model) -> Self {
        let signature = &model.function.signature;
        let is_simple = signature.generics.params.is_empty() && signature.generics.where_clause.is_none();
        if !model.asks_for_background() || !is_simple || arguments(model).is_none() || has_lifetime(&model.returns) {
            return Self::Never;
        }
        // `self` by itself is a receiver; without one it begins a path, which means the same inside.
        let mut tokens = words(signature.to_token_stream());
        tokens.extend(words(model.function.body.clone()));
        match signature.receiver().is_some() || tokens.iter().any(|word| word == "Self") {
            false => Self::Inside,
            true if model.companions => Self::Beside,
            true => Self::Never,
        }
    }
}

/// The statement that makes the loader of a call, and what it needs inside the function.
pub(super) fn loader(model: &Model) -> TokenStream {
    let span = at_return(model);
    let door = model.door.at(span);
    let Some(arguments) = arguments(model) else { return quote_spanned!(span=> let loader = #door::None;) };
    let borrowed = arguments.iter().map(|argument| match (&argument.name, argument.is_reference) {
        (name, true) => quote!(#name),
        (name, false) => quote!(&#name),
    });
    let kept = quote_spanned!(span=> (&shape, #(#borrowed),*));
    let ident = beside(model, "background");
    match Background::of(model) {
        Background::Never => quote_spanned!(span=> let loader = #door::None;),
        inside @ Background::Inside => {
            let (run, keep) = (run(model, &arguments, inside), keep(model, &arguments, inside));
            // Its lints are reported where the function itself has the body.
            quote_spanned! {span=>
                #[allow(unused, clippy::all, clippy::pedantic)]
                #run
                #keep
                let loader = if call.may_go_on() { #ident #kept } else { #door::None };
            }
        }
        Background::Beside => {
            quote_spanned!(span=> let loader = if call.may_go_on() { Self::#ident #kept } else { #door::None };)
        }
    }
}

/// What stands beside the function, in its impl.
pub(super) fn companions(model: &Model) -> TokenStream {
    let (beside @ Background::Beside, Some(arguments)) = (Background::of(model), arguments(model)) else {
        return TokenStream::new();
    };
    let (run, keep) = (run(model, &arguments, beside), keep(model, &arguments, beside));
    let attributes = beside::attributes(model);
    quote! {
        #[doc(hidden)]
        #attributes
        #run
        #[doc(hidden)]
        #attributes
        #keep
    }
}

/// Runs the body with arguments that were kept.
fn run(model: &Model, arguments: &[Argument], background: Background) -> TokenStream {
    let (door, ident, returns) = (&model.door, beside(model, "run"), &model.returns);
    let kinds: Vec<Ident> = (0..arguments.len()).map(|at| format_ident!("__K{at}")).collect();
    let bounds = arguments.iter().zip(&kinds).map(|(argument, kind)| {
        let ty = &argument.ty;
        match argument.is_reference {
            true => quote!(#kind: #door::Kept<#ty>),
            false => quote!(#kind: #door::Given<#ty>),
        }
    });
    let taken = arguments.iter().zip(&kinds).enumerate().map(|(at, (argument, kind))| {
        let (at, ty) = (syn::Index::from(at), &argument.ty);
        match argument.is_reference {
            true => quote!(<#kind as #door::Kept<#ty>>::lend(&__kept.#at)),
            false => quote!(<#kind as #door::Given<#ty>>::give(&__kept.#at)),
        }
    });
    let body = match background {
        Background::Beside => {
            let uncached = format_ident!("{}_uncached", model.function.signature.ident);
            quote!(Self::#uncached(#(#taken),*))
        }
        _ => {
            let (load, parameters) = (load(model), model.function.parameters());
            let patterns = parameters.iter().map(|parameter| &parameter.typed.pat);
            let types = parameters.iter().map(|parameter| &parameter.typed.ty);
            quote!({ #(let #patterns: #types = #taken;)* #load })
        }
    };
    quote! {
        async fn #ident<#(#bounds),*>(__kept: #door::Arc<(#(#kinds,)*)>) -> #returns {
            #body.await
        }
    }
}

/// Keeps the arguments of a call, if their types allow it, and makes what runs the body with them.
fn keep(model: &Model, arguments: &[Argument], background: Background) -> TokenStream {
    let (door, ident, returns, value) = (&model.door, beside(model, "background"), &model.returns, &model.entry_value);
    let run = beside(model, "run");
    let run = match background {
        Background::Beside => quote!(Self::#run),
        _ => quote!(#run),
    };
    let parameters = arguments.iter().map(|Argument { ident, ty, .. }| quote!(#ident: &#ty));
    let kept = arguments.iter().map(|Argument { ident, is_reference, .. }| match is_reference {
        true => quote!((&&#door::Reference(#ident)).kept()?),
        false => quote!((&&#door::Own(#ident)).kept()?),
    });
    quote! {
        #[allow(clippy::all, clippy::pedantic)]
        fn #ident<__S>(__shape: &__S, #(#parameters),*) -> #door::Option<#door::Loader<__S>>
        where
            __S: #door::Shape<Return = #returns, Value = #value> + 'static,
        {
            #[allow(unused_imports)]
            use #door::background::{AskKept as _, AskKeptNot as _, AskLoader as _, AskLoaderNot as _};
            let __kept = <#door::Arc<_>>::new((#(#kept,)*));
            (&&#door::Sendable::new(__shape, move || #run(<#door::Arc<_>>::clone(&__kept)))).loader()
        }
    }
}

fn beside(model: &Model, suffix: &str) -> Ident {
    format_ident!("__{}_{suffix}", model.function.signature.ident)
}

/// The arguments, if each looks as if it could be kept: a name, and a type without lifetimes or a reference to one.
fn arguments(model: &Model) -> Option<Vec<Argument>> {
    model.function.signature.inputs.iter().enumerate().map(|(at, input)| argument(at, input)).collect()
}

fn argument(at: usize, input: &FnArg) -> Option<Argument> {
    match input {
        FnArg::Receiver(receiver) => {
            let name = receiver.self_token.to_token_stream();
            let ident = format_ident!("__this{at}", span = Span::mixed_site());
            let is_plain_reference = receiver.reference.is_some() && receiver.mutability.is_none();
            let (ty, is_reference) = match &*receiver.ty {
                Type::Reference(reference) if is_plain_reference => (reference.elem.to_token_stream(), true),
                ty if receiver.reference.is_none() && !has_lifetime(ty) => (ty.to_token_stream(), false),
                _ => return None,
            };
            Some(Argument { name, ident, ty, is_reference })
        }
        FnArg::Typed(typed) => {
            let Pat::Ident(pattern) = &*typed.pat else { return None };
            let is_bare = pattern.by_ref.is_none() && pattern.subpat.is_none();
            let (ty, is_reference) = match ungrouped(&typed.ty) {
                Type::Reference(reference) if is_borrowed(reference) => (&*reference.elem, true),
                ty => (ty, false),
            };
            (is_bare && !has_lifetime(ty)).then(|| Argument {
                name: pattern.ident.to_token_stream(),
                ident: pattern.ident.clone(),
                ty: ty.to_token_stream(),
                is_reference,
            })
        }
    }
}

/// A plain `&T`; a `&'static T` is a value like others.
fn is_borrowed(reference: &syn::TypeReference) -> bool {
    reference.mutability.is_none() && reference.lifetime.is_none()
}

/// Whether a type borrows, as far as can be seen, or is one that only its function can name.
fn has_lifetime(ty: &Type) -> bool {
    struct Looks(bool);
    impl<'a> syn::visit::Visit<'a> for Looks {
        fn visit_lifetime(&mut self, lifetime: &'a syn::Lifetime) {
            self.0 |= lifetime.ident != "static";
        }
        fn visit_type_reference(&mut self, reference: &'a syn::TypeReference) {
            self.0 |= reference.lifetime.is_none() || reference.mutability.is_some();
            syn::visit::visit_type_reference(self, reference);
        }
        fn visit_type_impl_trait(&mut self, _: &'a syn::TypeImplTrait) {
            self.0 = true;
        }
        fn visit_type_trait_object(&mut self, _: &'a syn::TypeTraitObject) {
            self.0 = true;
        }
    }
    let mut looks = Looks(false);
    syn::visit::Visit::visit_type(&mut looks, ty);
    looks.0
}
