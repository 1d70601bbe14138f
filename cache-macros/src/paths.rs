//! The only place that spells `::cache_runtime::__private`.

use proc_macro2::TokenStream;
use quote::quote;

/// The door that generated code goes through.
#[derive(Clone)]
pub(crate) struct Door(TokenStream);

impl Door {
    /// In the crate named by `crate = path`, or in `::cache_runtime`.
    pub(crate) fn new(runtime: Option<&syn::Path>) -> Self {
        Self(match runtime {
            Some(path) => quote!(#path::__private),
            None => quote!(::cache_runtime::__private),
        })
    }
}

impl quote::ToTokens for Door {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
