//! `#[cache_runtime::test]`: a tokio test with a cache of its own.

use crate::item::Function;
use crate::options::{Given, Table};
use crate::paths::Door;
use crate::problems::{Problems, error};
use crate::values;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, FnArg};

const TABLE: Table = Table { known: &["flavor", "worker_threads", "crate"], elsewhere: &[] };

/// The test; whatever is wrong, the function itself comes out.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let mut options = Options { door: Door::new(None), multi_thread: false, workers: 2 };
    let mut workers = None;
    for Given { name, value } in TABLE.read(arguments, &mut problems).given {
        let result = options.take(&name.to_string(), &value);
        problems.take(result);
        workers = workers.or((name == "worker_threads").then_some(name));
    }
    if let Some(workers) = workers.filter(|_| problems.is_empty() && !options.multi_thread) {
        let help = "write `flavor = \"multi_thread\"` as well, or leave it out";
        problems.at(&workers, "`worker_threads` does nothing on the current thread", help);
    }
    let Ok(function) = syn::parse2::<Function>(item.clone()) else {
        let first: TokenStream = item.clone().into_iter().take(1).collect();
        problems.at(&first, "`#[cache_runtime::test]` is not on a function", "put it on an `async fn` with a body");
        let problems = problems.into_tokens();
        return quote!(#item #problems);
    };
    check(&function, &mut problems);
    if problems.is_empty() {
        return test(&options, &function);
    }
    let (function, problems) = (function.into_token_stream(), problems.into_tokens());
    quote!(#function #problems)
}

struct Options {
    door: Door,
    multi_thread: bool,
    workers: usize,
}

impl Options {
    fn take(&mut self, name: &str, value: &Expr) -> syn::Result<()> {
        match name {
            "flavor" => {
                let flavor = values::text("flavor", value)?;
                self.multi_thread = match flavor.value().as_str() {
                    "multi_thread" => true,
                    "current_thread" => false,
                    _ => {
                        return Err(error(
                            value,
                            "there is no such flavor",
                            "write `\"current_thread\"` or `\"multi_thread\"`",
                        ));
                    }
                };
            }
            "worker_threads" => self.workers = values::number("worker_threads", value)? as usize,
            _ => self.door = Door::new(Some(&values::path("crate", value)?)),
        }
        Ok(())
    }
}

fn check(function: &Function, problems: &mut Problems) {
    let signature = &function.signature;
    if signature.asyncness.is_none() {
        problems.at(&signature.fn_token, "a test of a cache is `async`", "write `async fn`");
    }
    if !signature.generics.params.is_empty() {
        problems.at(&signature.generics, "a test cannot be generic", "name the types that it is about");
    }
    if let Some(second) = signature.inputs.iter().nth(1) {
        problems.at(second, "a test takes at most its cache", "write `async fn name(cache: Cache)`");
    }
    if let Some(receiver) = function.receiver() {
        problems.at(receiver, "a test is no method", "write `async fn name(cache: Cache)`");
    }
}

fn test(options: &Options, function: &Function) -> TokenStream {
    let Function { attributes, visibility, signature, body, .. } = function;
    let (name, output, door) = (&signature.ident, &signature.output, &options.door);
    let flavor = flavor(options);
    let span = Span::mixed_site();
    let parameter = match signature.inputs.first() {
        Some(FnArg::Typed(typed)) => typed.to_token_stream(),
        _ => quote_spanned!(span=> _cache: #door::Cache),
    };
    quote! {
        #[::core::prelude::v1::test]
        #(#attributes)*
        #visibility fn #name() #output {
            #door::testing::run(#flavor, |#parameter| async move { #body })
        }
    }
}

fn flavor(options: &Options) -> TokenStream {
    let (door, workers) = (&options.door, options.workers);
    match options.multi_thread {
        true => quote!(#door::testing::Flavor::MultiThread { workers: #workers }),
        false => quote!(#door::testing::Flavor::CurrentThread),
    }
}
