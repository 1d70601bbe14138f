//! What a cached function may look like.

use super::args::Args;
use crate::item::{Function, last_name, only_argument, type_arguments, ungrouped};
use crate::problems::Problems;
use crate::writer::names;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Lifetime, ParenthesizedGenericArguments, ReturnType, Type, TypeBareFn, TypeReference};

/// Whether `#[async_trait]` was here before, so that nothing about the function is as its author wrote it.
pub(crate) fn is_rewritten(function: &Function, problems: &mut Problems) -> bool {
    let signature = &function.signature;
    match &signature.output {
        ReturnType::Type(_, returns) if signature.asyncness.is_none() && is_boxed_future(returns) => {
            let message = "a function that returns a boxed future cannot be cached; `#[async_trait]` makes methods such functions";
            let help = "put `#[cached]` on an inherent or free `async fn` with this body, and call that from here";
            problems.at(&signature.ident, message, help);
            true
        }
        _ => false,
    }
}

/// Everything that keeps this function from being cached, whatever the options say.
pub(crate) fn check(function: &Function, args: &Args, problems: &mut Problems) {
    let signature = &function.signature;
    if signature.asyncness.is_none() {
        let returns_a_future = matches!(function.returns(), Some(Type::ImplTrait(_)));
        let help =
            if returns_a_future { "write `async fn`, and return what the future gives" } else { "write `async fn`" };
        problems.at(&signature.fn_token, "only an `async` function can be cached", help);
        if returns_a_future {
            return;
        }
    }
    check_receiver(function, problems);
    for writer in ["invalidates", "cache_put"] {
        if let Some(attribute) = function.attributes.iter().find(|attribute| names(attribute, writer)) {
            let message = format!("a cached function cannot be a writer: a hit would skip `#[{writer}]`");
            problems.at(attribute.path(), message, "put the two attributes on two functions");
        }
    }
    match &signature.output {
        ReturnType::Default => {
            let help = "return what is to be cached";
            problems.at(&signature.ident, "a function that returns nothing has nothing to cache", help);
        }
        ReturnType::Type(_, returns) => check_return(returns, args, problems),
    }
}

fn check_receiver(function: &Function, problems: &mut Problems) {
    let Some(receiver) = function.receiver() else { return };
    let pinned = only_argument(&receiver.ty).filter(|_| last_name(&receiver.ty).is_some_and(|name| name == "Pin"));
    let is_mutable = |ty: &Type| matches!(ty, Type::Reference(reference) if reference.mutability.is_some());
    let taken = match (is_mutable(&receiver.ty), pinned.is_some_and(is_mutable)) {
        (true, _) => "&mut self",
        (false, true) => "Pin<&mut Self>",
        (false, false) => return,
    };
    let help = "take `&self`: a call that is answered from the cache would change nothing";
    problems.at(receiver, format!("a cached method cannot take `{taken}`"), help);
}

pub(crate) fn check_return(returns: &Type, args: &Args, problems: &mut Problems) {
    match ungrouped(returns) {
        Type::Reference(reference) if is_static(reference) && args.stays_in_memory() => {}
        Type::Reference(reference) => {
            let help = match is_static(reference) {
                true => {
                    "return an owned value, as `String` is for `&'static str`; or keep the reference in the process alone: `tiers = l1`"
                }
                false => "return an owned value, or an `Arc` of it, which a hit only clones",
            };
            problems.at(returns, "a reference cannot be cached", help);
        }
        Type::ImplTrait(_) => {
            problems.at(returns, "`impl Trait` cannot be cached", "name the type that is returned");
        }
        Type::Never(_) => {
            problems.at(returns, "a function that never returns has nothing to cache", "return what is to be cached");
        }
        Type::Tuple(tuple) if tuple.elems.is_empty() => {
            let help = "return what is to be cached";
            problems.at(returns, "a function that returns nothing has nothing to cache", help);
        }
        returns => check_borrowed(returns, args, problems),
    }
}

/// The compiler would speak of `Deserialize` for some specific lifetime.
fn check_borrowed(returns: &Type, args: &Args, problems: &mut Problems) {
    let mut borrowed = Borrowed { may_be_static: args.stays_in_memory(), found: None };
    borrowed.visit_type(value_of(returns));
    if let Some(token) = borrowed.found {
        let help = "return an owned value, or an `Arc` of it, which a hit only clones";
        problems.at(&token, "what is borrowed cannot be cached", help);
    }
}

/// `T` of `Result<Option<T>, E>`; an error may borrow, since it is not kept.
fn value_of(returns: &Type) -> &Type {
    match (last_name(returns), type_arguments(returns).next()) {
        (Some(name), Some(first)) if name == "Option" || name.ends_with("Result") => value_of(first),
        _ => returns,
    }
}

/// Finds the first reference or lifetime of a type.
struct Borrowed {
    may_be_static: bool,
    found: Option<TokenStream>,
}

impl Visit<'_> for Borrowed {
    fn visit_type_reference(&mut self, reference: &TypeReference) {
        if is_static(reference) && self.may_be_static {
            self.visit_type(&reference.elem);
        } else {
            self.found.get_or_insert_with(|| reference.to_token_stream());
        }
    }

    fn visit_lifetime(&mut self, lifetime: &Lifetime) {
        if lifetime.ident != "static" {
            self.found.get_or_insert_with(|| lifetime.to_token_stream());
        }
    }

    // What a function takes is not held by it.
    fn visit_type_bare_fn(&mut self, _: &TypeBareFn) {}

    fn visit_parenthesized_generic_arguments(&mut self, _: &ParenthesizedGenericArguments) {}
}

fn is_static(reference: &TypeReference) -> bool {
    reference.mutability.is_none() && reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static")
}

fn is_boxed_future(returns: &Type) -> bool {
    let text = returns.to_token_stream().to_string();
    last_name(returns).is_some_and(|name| name == "Pin") && text.contains("Future")
}
