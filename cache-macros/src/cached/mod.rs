//! `#[cached]`: parse, collect what is wrong, lower to checked facts, expand to a call.

pub(crate) mod args;
mod background;
mod batch;
mod beside;
mod binding;
pub(crate) mod checks;
mod coherence;
mod companions;
mod constants;
mod elsewhere;
pub(crate) mod expand;
mod local;
pub(crate) mod lower;
pub(crate) mod model;
mod neighbours;
mod opinions;
mod pointing;
mod rules;
mod separators;
mod settled;
pub(crate) mod signature;

use crate::item::{Function, refuse};
use crate::problems::Problems;
use crate::secrets;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// The function with its cache in front of it; whatever is wrong, the function itself comes out.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let args = args::read(arguments, &mut problems);
    let mut function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(_) => {
            let help = "give it a body; of a trait, put it on the method in the impl, with `companions = false`";
            refuse(&item, "cached", help, &mut problems);
            let problems = problems.into_tokens();
            return quote!(#item #problems);
        }
    };
    secrets::take(&mut function, &mut problems);
    let model = lower::lower(args, &function, &mut problems);
    match model.filter(|_| problems.is_empty()) {
        Some(model) => expand::expand(&model),
        None => {
            let (function, problems) = (function.into_token_stream(), problems.into_tokens());
            // Parameters that only the attribute uses are no mistakes.
            quote!(#[allow(unused_variables)] #function #problems)
        }
    }
}
