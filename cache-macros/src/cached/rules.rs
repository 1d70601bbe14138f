//! The options that are functions of what is returned, as the engine takes them.

use super::model::Model;
use crate::template::{Piece, Template};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

/// What the attribute says of returned values, as it is written.
#[derive(Default)]
pub(crate) struct Paths {
    pub(crate) ttl_from: Option<Path>,
    pub(crate) cache_if: Option<Path>,
    pub(crate) error_if: Option<Path>,
}

/// The rules of a function: none, and each that it has.
pub(crate) fn rules(model: &Model, span: Span) -> TokenStream {
    let door = model.door.at(span);
    and_each(model, &quote_spanned!(span=> #door::Rules::of(&shape, unanswered)))
}

/// The same for a companion.
pub(super) fn of_companion(model: &Model, span: Span) -> TokenStream {
    let door = model.door.at(span);
    and_each(model, &quote_spanned!(span=> #door::Rules::of_companion(&shape)))
}

fn and_each(model: &Model, none: &TokenStream) -> TokenStream {
    let tags = (!model.late_tags.is_empty()).then(|| tags(model));
    let ttl_from = model.paths.ttl_from.as_ref().map(|path| rule("ttl_from", path));
    let cache_if = model.paths.cache_if.as_ref().map(|path| rule("cache_if", path));
    let error_if = model.paths.error_if.as_ref().map(|path| rule("error_if", path));
    quote!(#none #tags #ttl_from #cache_if #error_if)
}

/// A closure around the path, so that what takes a `&T` may be given a `&Arc<T>`.
fn rule(method: &str, path: &Path) -> TokenStream {
    let span = path.span().resolved_at(Span::mixed_site());
    let (method, value) = (format_ident!("{method}", span = span), format_ident!("value", span = span));
    quote_spanned!(span=> .#method(|#value| #path(#value)))
}

fn tags(model: &Model) -> TokenStream {
    let (door, value) = (&model.door, format_ident!("value", span = Span::mixed_site()));
    let tags = model.late_tags.iter().map(|template| tag(model, template));
    quote!(.tags(|#value| #door::vec![#(#tags),*]))
}

fn tag(model: &Model, template: &Template) -> TokenStream {
    let span = template.literal.span().resolved_at(Span::mixed_site());
    let door = model.door.at(span);
    let parts = template.placeholders().map(|placeholder| {
        let expression = placeholder.expression_of(format_ident!("value", span = span), span);
        quote_spanned!(span=> #door::part(&#expression))
    });
    let mut at = 0usize..;
    let pieces = template.pieces.iter().map(|piece| match piece {
        Piece::Text(text) => quote!(#door::Piece::Text(#text)),
        Piece::Placeholder(_) => {
            let index = at.next();
            quote!(#door::Piece::Value { index: #index, delimiter: #door::None, is_integer: false })
        }
    });
    quote!(#door::tag_of(#door::Template::new(&[#(#pieces),*]), &[#(#parts),*]))
}
