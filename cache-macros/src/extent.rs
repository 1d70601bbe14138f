//! Which tokens a type error of the expansion underlines.

use proc_macro2::{Delimiter, Group, Punct, Spacing, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt};

/// From one token to another. The compiler joins the spans of an expression's first and last token; a macro may not.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) first: Span,
    last: Span,
}

impl Extent {
    /// All of these tokens.
    pub(crate) fn of(tokens: &impl ToTokens) -> Self {
        let mut spans = tokens.to_token_stream().into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self { first, last: spans.last().unwrap_or(first) }
    }

    /// The last token, with the hygiene of another.
    pub(crate) fn last(self, hygiene: Span) -> Span {
        self.last.resolved_at(hygiene)
    }

    /// `&(expression)`: what is wrong with its type underlines the whole extent.
    pub(crate) fn borrow(self, expression: TokenStream) -> TokenStream {
        let mut borrow = Punct::new('&', Spacing::Alone);
        borrow.set_span(self.first.resolved_at(Span::mixed_site()));
        let mut inside = Group::new(Delimiter::Parenthesis, expression);
        inside.set_span(self.last(Span::mixed_site()));
        let mut tokens = TokenStream::new();
        tokens.append(borrow);
        tokens.append(inside);
        tokens
    }
}
