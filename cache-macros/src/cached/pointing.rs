//! Functions that return `Arc`s: memory holds what they point to, and a hit has a box less to go to.

use super::expand::at_return;
use super::model::Model;
use crate::item::{last_name, type_arguments};
use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Type;

/// `shape` again, asked whether its values are `Arc`s. Where `returns` is not written like one nobody asks, for that is
/// a question to compile; and whatever is called `Arc`, the type answers.
pub(super) fn pointing(model: &Model, returns: Option<&Type>) -> Option<TokenStream> {
    let span = at_return(model);
    let door = model.door.at(span);
    returns.is_some_and(may_point).then(|| {
        quote_spanned! {span=>
            let shape = {
                #[allow(unused_imports)]
                use #door::shapes::{AskPointing as _, AskPointingNot as _};
                (&&shape).pointing()
            };
        }
    })
}

fn may_point(returns: &Type) -> bool {
    match last_name(returns) {
        Some(name) if name == "Arc" => true,
        Some(name) if name == "Option" || name.ends_with("Result") => {
            type_arguments(returns).next().is_some_and(may_point)
        }
        _ => false,
    }
}
