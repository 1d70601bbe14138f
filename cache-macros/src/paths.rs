//! The only place that spells `::cache_runtime::__private`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

/// The door that generated code goes through.
#[derive(Clone)]
pub(crate) struct Door {
    path: TokenStream,
    /// Whether the user spells it: then it is reported where it stands, or a wrong one would be reported elsewhere.
    is_given: bool,
}

impl Door {
    /// In the crate named by `crate = path`, or in `::cache_runtime`.
    pub(crate) fn new(runtime: Option<&syn::Path>) -> Self {
        let path = match runtime {
            Some(path) => quote_spanned!(path.span().resolved_at(Span::mixed_site())=> #path::__private),
            None => quote!(::cache_runtime::__private),
        };
        Self { path, is_given: runtime.is_some() }
    }

    /// Reported at `span`: a call is underlined from its first token on, which is the door's.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let located = |mut token: TokenTree| {
            token.set_span(token.span().located_at(span));
            token
        };
        match self.is_given {
            true => self.path.clone(),
            false => self.path.clone().into_iter().map(located).collect(),
        }
    }
}

impl quote::ToTokens for Door {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.path.to_tokens(tokens);
    }
}
