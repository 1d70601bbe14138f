//! What `f_uncached`, `f_refresh` and `f_entry` look like from outside.

use super::model::Value;
use crate::item::{Function, last_name, type_arguments};
use crate::paths::Door;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{FnArg, Type};

/// The receiver, and the parameters that the key has values of.
pub(crate) fn entry_inputs(function: &Function, values: &[Value]) -> Vec<FnArg> {
    let parameters = function.parameters();
    let used = |typed: &syn::PatType| {
        let parameter = parameters.iter().find(|parameter| std::ptr::eq(parameter.typed, typed));
        let names = parameter.into_iter().flat_map(|parameter| &parameter.names);
        names.into_iter().any(|name| values.iter().any(|value| **name == value.placeholder.root))
    };
    let kept = |input: &&FnArg| match input {
        FnArg::Receiver(_) => true,
        FnArg::Typed(typed) => used(typed),
    };
    function.signature.inputs.iter().filter(kept).cloned().collect()
}

/// The type of the cached value. Only the compiler knows it, but a signature has to spell it.
///
/// `Result<T, …>`, `Option<T>` and `…Result<T>` are read as they look. A bare path may be an alias of one of them: there a
/// constant decides, which is allowed in a signature as long as no generic parameter is involved.
pub(crate) fn entry_value(returns: &Type, function: &Function, door: &Door) -> TokenStream {
    let name = last_name(returns).unwrap_or_default();
    let first = type_arguments(returns).next();
    match first {
        Some(first) if name.ends_with("Result") => without_option(first).to_token_stream(),
        Some(first) if name == "Option" => first.to_token_stream(),
        None if may_be_an_alias(&name, function) => quote! {
            <#returns as #door::Unwrapped<{ #door::kind!(#returns) }>>::Value
        },
        _ => returns.to_token_stream(),
    }
}

fn without_option(ty: &Type) -> &Type {
    match type_arguments(ty).next() {
        Some(inner) if last_name(ty).is_some_and(|name| name == "Option") => inner,
        _ => ty,
    }
}

fn may_be_an_alias(name: &str, function: &Function) -> bool {
    let is_generic = function.generics().into_iter().any(|generic| generic == name);
    let is_primitive = name.chars().next().is_some_and(char::is_lowercase);
    // A single capital is a type parameter of the impl, which the function's own tokens do not show.
    !(name.len() <= 1 || is_generic || is_primitive || ["Self", "String"].contains(&name))
}
