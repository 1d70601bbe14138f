//! What only the compiler knows of a typed event: which fields it has.

use super::expand::value_names;
use super::model::{Binding, Event, Fields, Model};
use crate::problems::shown;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

/// Makes a missing or renamed field of a typed event fail to compile, at the event's path or the field's name.
pub(crate) fn check(model: &Model, binding: &Binding) -> TokenStream {
    match (&binding.event, &binding.fields) {
        (Event::Named(_), _) => TokenStream::new(),
        (Event::Declared(path), Fields::Shared) => shares(model, path),
        (Event::Declared(path), Fields::Only(fields)) => {
            let fields = fields.iter().map(|(field, _)| has(model, path, field));
            quote!(#(#fields)*)
        }
    }
}

fn shares(model: &Model, path: &Path) -> TokenStream {
    let (door, names, event) = (model.door.at(path.span()), value_names(model), shown(path));
    let message = format!(
        "`{event}` has no field with the name of a value of this key\nhelp: bind one by name, `{event}(field = value)`, or write \
         `{event}(*)` to mean every entry of `{}`",
        model.function.signature.ident
    );
    quote_spanned! {path.span()=>
        const _: () = #door::assert_shares(<#path as #door::CacheEvent>::DECLARATION, &[#(#names),*], #message);
    }
}

/// By the declaration and not by the struct, since `#[event(rename, skip)]` decides what can be bound.
fn has(model: &Model, path: &Path, field: &Ident) -> TokenStream {
    let (door, name, event) = (model.door.at(field.span()), field.unraw().to_string(), shown(path));
    let message = format!(
        "`{event}` has no field `{name}` that can be bound\nhelp: name a field of `{event}` and, if it is called otherwise \
         there, the key's value: `{event}(field = value)`"
    );
    quote_spanned! {field.span()=>
        const _: () = #door::assert_shares(<#path as #door::CacheEvent>::DECLARATION, &[#name], #message);
    }
}
