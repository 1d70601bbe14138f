//! `#[key(secret)]` at a parameter: its value stands in names as a keyed hash.

use crate::item::Function;
use crate::options::in_parentheses;
use crate::problems::{Problems, error};
use quote::ToTokens;
use syn::{Attribute, FnArg};

/// Takes the marks off the parameters, where the compiler would not know them, and notes whose they were.
pub(crate) fn take(function: &mut Function, problems: &mut Problems) {
    let mut marked = Vec::new();
    for (at, input) in function.signature.inputs.iter_mut().enumerate() {
        let FnArg::Typed(typed) = input else { continue };
        let (marks, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut typed.attrs).into_iter().partition(|attribute| attribute.path().is_ident("key"));
        typed.attrs = others;
        if marks.iter().any(|mark| is_secret(mark, problems)) {
            marked.push(at);
        }
    }
    function.secrets = marked;
}

fn is_secret(mark: &Attribute, problems: &mut Problems) -> bool {
    let mut is_secret = false;
    let nested = in_parentheses(mark, "write `#[key(secret)]`", |meta| {
        if meta.path.is_ident("secret") {
            is_secret = true;
            return Ok(());
        }
        let name = meta.path.to_token_stream();
        Err(error(&name, format!("unknown option `{name}`"), "the only option of a parameter is `secret`"))
    });
    problems.take(nested);
    is_secret
}
