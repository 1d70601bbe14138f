//! `#[derive(CacheSchema)]`: what a type is made of, so that entries of another shape are not decoded.

use crate::paths::Door;
use crate::problems::Problems;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields};

/// The implementation, or all that keeps it from being written.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let tokens = problems.take(syn::parse2(item)).and_then(|input: DeriveInput| {
        let door = Door::of(&input, "schema", &mut problems);
        let (kind, parts) = parts(&input, &door, &mut problems)?;
        Some(implementation(&input, &door, kind, &parts))
    });
    match tokens.filter(|_| problems.is_empty()) {
        Some(tokens) => tokens,
        None => problems.into_tokens(),
    }
}

fn parts(input: &DeriveInput, door: &Door, problems: &mut Problems) -> Option<(&'static str, TokenStream)> {
    match &input.data {
        Data::Struct(data) => Some(("struct", fields(&data.fields, door))),
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                let (name, serde) = (variant.ident.unraw().to_string(), serde(&variant.attrs));
                let fields = fields(&variant.fields, door);
                quote!(structure.part(#name, #serde); structure.leaf("variant"); #fields structure.leaf("end");)
            });
            Some(("enum", quote!(#(#variants)*)))
        }
        Data::Union(data) => {
            problems.at(&data.union_token, "a union has no schema", "leave the derive out: it cannot be stored either");
            None
        }
    }
}

fn fields(fields: &Fields, door: &Door) -> TokenStream {
    let fields = fields.iter().enumerate().map(|(at, field)| {
        let name = field.ident.as_ref().map_or_else(|| at.to_string(), |name| name.unraw().to_string());
        let (serde, ty, span) = (serde(&field.attrs), &field.ty, field.ty.span().resolved_at(Span::call_site()));
        let door = door.at(span);
        quote_spanned! {span=>
            structure.part(#name, #serde);
            (&&#door::Stored::<#ty>::new()).describe(structure);
        }
    });
    quote!(#(#fields)*)
}

/// What serde is told, as it is written: whatever changes in it may change what is stored.
fn serde(attributes: &[Attribute]) -> String {
    let told = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    told.map(|attribute| attribute.meta.to_token_stream().to_string()).collect::<Vec<_>>().join(" ")
}

fn implementation(input: &DeriveInput, door: &Door, kind: &str, parts: &TokenStream) -> TokenStream {
    let (ident, serde) = (&input.ident, serde(&input.attrs));
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(syn::parse_quote!(#door::CacheSchema));
    }
    let (implementation, types, wheres) = generics.split_for_impl();
    quote! {
        impl #implementation #door::CacheSchema for #ident #types #wheres {
            fn describe(structure: &mut #door::Structure) {
                #[allow(unused_imports)]
                use #door::structures::{AskNamed as _, AskStructured as _};
                structure.of::<Self>(#kind, |structure| {
                    structure.part("", #serde);
                    #parts
                });
            }
        }
    }
}
