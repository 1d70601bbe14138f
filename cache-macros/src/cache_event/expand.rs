//! An event's declaration, and what makes a cascade that cannot be answered fail to compile.

use super::{Cascade, Event};
use crate::problems::shown;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

pub(super) fn implementation(event: &Event) -> TokenStream {
    let Event { door, ident, .. } = event;
    let (declaration, fields, checks) = (declaration(event), added_fields(event), checks(event));
    let of = format!("`{}`", ident.unraw());
    let secret = event.fields.iter().any(|field| field.is_secret).then(|| quote!(#door::submit_secret!(#of);));
    quote! {
        impl #door::CacheEvent for #ident {
            const DECLARATION: &'static #door::EventDeclaration = &#declaration;
            fn to_event(&self) -> #door::Event {
                #door::Event::declared(Self::DECLARATION) #fields
            }
        }
        #door::submit_event!(<#ident as #door::CacheEvent>::DECLARATION);
        #secret
        #(#checks)*
    }
}

fn declaration(event: &Event) -> TokenStream {
    let (door, name, type_name) = (&event.door, &event.name, event.ident.to_string());
    let fields = event.fields.iter().map(|field| &field.name);
    let cascades = event.cascades.iter().map(|cascade| declared_cascade(event, cascade));
    quote! {
        #door::EventDeclaration {
            name: #name, type_name: #type_name, fields: &[#(#fields),*], cascades: &[#(#cascades),*],
            file: #door::file!(), line: #door::line!(),
        }
    }
}

fn declared_cascade(event: &Event, cascade: &Cascade) -> TokenStream {
    let (door, target) = (&event.door, &cascade.target);
    let pairs = cascade.mapped.iter().map(|(to, from)| {
        let (to, from) = (to.unraw().to_string(), name_of(event, from));
        quote!((#to, #from))
    });
    quote! {
        #door::Cascade {
            target: || <#target as #door::CacheEvent>::DECLARATION,
            fields: #door::CascadeFields::Mapped(&[#(#pairs),*]),
        }
    }
}

/// What a field of the struct is called in the event.
fn name_of<'a>(event: &'a Event, ident: &Ident) -> &'a str {
    event.fields.iter().find(|field| field.ident == *ident).map_or("", |field| &field.name)
}

fn added_fields(event: &Event) -> TokenStream {
    let fields = event.fields.iter().map(|field| {
        let (name, ident) = (&field.name, &field.ident);
        // At the type, but with the hygiene of `self`: a `macro_rules!` may have passed the type on.
        let span = field.span.resolved_at(Span::call_site());
        match field.is_secret {
            true => quote_spanned!(span=> .secret(#name, &self.#ident)),
            false => quote_spanned!(span=> .field(#name, &self.#ident)),
        }
    });
    quote!(#(#fields)*)
}

/// Makes a cascade to an event that needs a field that nothing gives it fail to compile.
fn checks(event: &Event) -> impl Iterator<Item = TokenStream> {
    event.cascades.iter().map(|cascade| {
        let (all, mapped) = (is_fed(event, cascade), cascade.mapped.iter().map(|(to, _)| has(event, cascade, to)));
        quote!(#all #(#mapped)*)
    })
}

fn is_fed(event: &Event, cascade: &Cascade) -> TokenStream {
    let (ident, target, shown) = (&event.ident, &cascade.target, shown(&cascade.target));
    let door = event.door.at(target.span());
    let names = cascade.mapped.iter().map(|(to, _)| to.unraw().to_string());
    let message = format!(
        "`{shown}` has a field that `{ident}` has none of the same name for\nhelp: say which stands for it: `cascades({shown} {{ \
         field = self.other }})`"
    );
    quote_spanned! {target.span()=>
        const _: () = #door::assert_mapped(
            <#ident as #door::CacheEvent>::DECLARATION, <#target as #door::CacheEvent>::DECLARATION, &[#(#names),*], #message
        );
    }
}

fn has(event: &Event, cascade: &Cascade, to: &Ident) -> TokenStream {
    let (target, name, shown) = (&cascade.target, to.unraw().to_string(), shown(&cascade.target));
    let door = event.door.at(to.span());
    let message = format!(
        "`{shown}` has no field `{name}` that can be bound\nhelp: what stands left of `=` is a field of `{shown}`"
    );
    quote_spanned! {to.span()=>
        const _: () = #door::assert_shares(<#target as #door::CacheEvent>::DECLARATION, &[#name], #message);
    }
}
