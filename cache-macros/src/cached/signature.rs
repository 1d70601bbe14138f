//! What a cached function may look like.

use crate::item::{Function, last_name};
use crate::problems::Problems;
use syn::spanned::Spanned;
use syn::{ReturnType, Type};

/// Everything that keeps this function from being cached, whatever the options say.
pub(crate) fn check(function: &Function, problems: &mut Problems) {
    let signature = &function.signature;
    if signature.asyncness.is_none() {
        match &signature.output {
            ReturnType::Type(_, returns) if is_boxed_future(returns) => {
                let help = "put `#[cached]` above `#[async_trait]`'s impl methods' bodies: on a free or inherent `async fn` that \
                            the trait's method calls";
                return problems.at(returns, "`#[async_trait]` has rewritten this function before `#[cached]` saw it", help);
            }
            _ => problems.at(&signature.fn_token, "only an `async` function can be cached", "write `async fn`"),
        }
    }
    check_receiver(function, problems);
    match &signature.output {
        ReturnType::Default => {
            let help = "return what is to be cached";
            problems.at_span(signature.ident.span(), "a function that returns nothing has nothing to cache", help);
        }
        ReturnType::Type(_, returns) => check_return(returns, problems),
    }
}

fn check_receiver(function: &Function, problems: &mut Problems) {
    let Some(receiver) = function.receiver() else { return };
    let by_mutable_type = matches!(&*receiver.ty, Type::Reference(reference) if reference.mutability.is_some());
    if by_mutable_type {
        let help = "take `&self`: a call that is answered from the cache would change nothing";
        problems.at_span(receiver.span(), "a cached method cannot take `&mut self`", help);
    }
}

fn check_return(returns: &Type, problems: &mut Problems) {
    match returns {
        Type::Reference(_) => {
            let help = "return an owned value, or an `Arc` of it, which a hit only clones";
            problems.at(returns, "a reference cannot be cached", help);
        }
        Type::ImplTrait(_) => {
            problems.at(returns, "`impl Trait` cannot be cached", "name the type that is returned");
        }
        Type::Never(_) => {
            problems.at(returns, "a function that never returns has nothing to cache", "return what is to be cached");
        }
        Type::Tuple(tuple) if tuple.elems.is_empty() => {
            let help = "return what is to be cached";
            problems.at(returns, "a function that returns nothing has nothing to cache", help);
        }
        _ => {}
    }
}

fn is_boxed_future(returns: &Type) -> bool {
    let text = quote::ToTokens::to_token_stream(returns).to_string();
    last_name(returns).is_some_and(|name| name == "Pin") && text.contains("Future")
}
