//! The only place that spells `::cache_runtime::__private`, and what else it is called there.

use crate::options::in_parentheses;
use crate::problems::{Problems, error};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Path};

/// The door that generated code goes through.
///
/// What is called of a type of `std` is written `<#door::Arc<_>>::new`: where a path that ends in a call cannot be resolved,
/// the compiler looks for others of that name, and would report the user's path once more for each it finds.
#[derive(Clone)]
pub(crate) struct Door {
    path: TokenStream,
    /// Whether the user spells it: then it is reported where it stands, or a wrong one would be reported elsewhere.
    is_given: bool,
}

impl Door {
    /// In the crate named by `crate = path`, or in `::cache_runtime`.
    pub(crate) fn new(runtime: Option<&Path>) -> Self {
        let path = match runtime {
            // By the name that says what was looked for, where the path is not the runtime's.
            Some(path) => quote_spanned!(last(path).resolved_at(Span::mixed_site())=> #path::__cache_runtime),
            None => of_runtime(Span::call_site()),
        };
        Self { path, is_given: runtime.is_some() }
    }

    /// Of a type, as its attribute `#[<name>(crate = path)]` says.
    pub(crate) fn of(input: &DeriveInput, name: &str, problems: &mut Problems) -> Self {
        let mut runtime = None;
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident(name)) {
            let nested = in_parentheses(attribute, &format!("write `#[{name}(crate = path)]`"), |meta| {
                if !meta.path.is_ident("crate") {
                    let name = meta.path.to_token_stream();
                    let help = "the only option of a type is `crate = path`";
                    return Err(error(&name, format!("unknown option `{name}`"), help));
                }
                runtime = Some(meta.value()?.call(Path::parse_mod_style)?);
                Ok(())
            });
            problems.take(nested);
        }
        Self::new(runtime.as_ref())
    }

    /// Reported at `span`: a call is underlined from its first token on, which is the door's.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        match self.is_given {
            true => self.path.clone(),
            false => of_runtime(Span::call_site().located_at(span)),
        }
    }
}

/// Where a path names the crate itself.
fn last(path: &Path) -> Span {
    path.segments.last().map_or_else(|| path.span(), |segment| segment.ident.span())
}

fn of_runtime(span: Span) -> TokenStream {
    quote_spanned!(span=> ::cache_runtime::__private)
}

impl ToTokens for Door {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.path.to_tokens(tokens);
    }
}
