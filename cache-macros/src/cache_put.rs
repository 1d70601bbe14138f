//! `#[cache_put]`: what a writer returns is the new entry.

use crate::cached::args::{self, Args};
use crate::cached::expand::{at_return, block, function_static, load, own, parts, prelude, secret_submission};
use crate::cached::model::Model;
use crate::cached::signature;
use crate::cached::{checks, lower};
use crate::item::Function;
use crate::options::Table;
use crate::problems::Problems;
use crate::secrets;
use crate::writer;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;

/// The function, and behind it the call that puts; whatever is wrong, the function itself comes out.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let args = args::read_by(&TABLE, arguments, &mut problems);
    let (mut function, mut problems) = match writer::function(&item, "cache_put", problems) {
        Ok(read) => read,
        Err(tokens) => return tokens,
    };
    secrets::take(&mut function, &mut problems);
    check(&function, &args, &mut problems);
    // What the key leaves out is what is written.
    let model = lower::facts(args, &function, &mut problems, |_, _, _| {});
    match model.filter(|_| problems.is_empty()) {
        Some(model) => put(&model),
        None => writer::refused(&function, problems),
    }
}

const TABLE: Table = Table {
    known: &[
        "key",
        "ttl",
        "ttl_from",
        "l1_ttl",
        "jitter",
        "invalidate_on",
        "tags",
        "name",
        "version",
        "cache",
        "tiers",
        "codec",
        "crate",
    ],
    elsewhere: &[
        ("skip", "nothing is needed: what the key leaves out is what is written"),
        ("companions", "nothing is needed: a writer has no companions"),
        ("none_ttl", "nothing is needed: a writer that returns `None` removes the entry"),
        ("condition", "return `None` or an error where nothing is to be put: the first removes the entry"),
        ("unless", "return `None` or an error where nothing is to be put: the first removes the entry"),
        ("time", "write `ttl = 300`"),
        ("expire", "write `ttl = 300`"),
        ("cache_if", "return `None` or an error where nothing is to be put: the first removes the entry"),
        ("early", READERS),
        ("stale_while_revalidate", READERS),
        ("stale_if_error", READERS),
        ("error_backoff", READERS),
        ("soft_timeout", READERS),
        ("hard_timeout", READERS),
        ("lock", READERS),
        ("min_load", READERS),
        ("refresh_every", READERS),
        ("refresh_idle", READERS),
        ("consistency", READERS),
        ("batch", READERS),
        ("local", READERS),
    ],
};

const READERS: &str = "it concerns who reads the entry: say it at the `#[cached]` function of the same key";

fn check(function: &Function, args: &Args, problems: &mut Problems) {
    writer::check(function, "cache_put", problems);
    match function.returns() {
        // That was said already.
        Some(Type::ImplTrait(_)) => {}
        Some(returns) => signature::check_return(returns, args, problems),
        None => {
            let help = "return the value that is to be the new entry";
            problems.at(&function.signature.ident, "a function that returns nothing has nothing to put", help);
        }
    }
    if args.key.is_none() && !args.is_unread("key") {
        let help = "write the key of the cached function whose entry it is: `key = \"user:<id>\"`";
        problems.at(&function.signature.ident, "`#[cache_put]` needs a `key`", help);
    }
}

fn put(model: &Model) -> TokenStream {
    let Function { attributes, visibility, signature, .. } = &model.function;
    let (door, function) = (&model.door, function_static(model));
    let checks = model.bindings.iter().map(|binding| checks::check(model, binding));
    let secret = secret_submission(model);
    let registration = quote!(#function #door::submit_put!(&__CACHED_FUNCTION); #secret #(#checks)*);
    let body = block(model, &[registration, own(model), prelude(model), last_call(model)]);
    quote!(#(#attributes)* #visibility #signature #body)
}

/// The key before the body, which may take the parameters.
fn last_call(model: &Model) -> TokenStream {
    let (parts, load, span) = (parts(model), load(model), at_return(model));
    let door = model.door.at(span);
    quote_spanned! {span=>
        let call = call.put_to(&[#(#parts),*]);
        call.put(shape, wire, rules, #door::pin!(#load)).await
    }
}
