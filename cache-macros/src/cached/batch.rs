//! `batch(id = ids)`: a function of several ids, each with an entry of its own.

use super::beside::uncached;
use super::expand::{at_return, block, cache, parts, registration, wire};
use super::model::Model;
use super::pointing::pointing;
use super::rules::rules;
use crate::item::{Function, Parameter, last_name, type_arguments, ungrouped};
use crate::problems::{Problems, error, suggestion};
use crate::template::Template;
use crate::values;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, FnArg, Pat, Signature, Token, Type};

/// What the option says.
pub(crate) struct Batch {
    /// What one id is called in the key.
    pub(crate) id: Ident,
    /// The parameter.
    pub(crate) ids: Ident,
    /// Whose a result is, where they are returned in a list.
    by: Option<Expr>,
}

const FORM: &str = "write `batch(id = ids)`, where `<id>` is in the key and `ids` is the parameter";

pub(super) fn read(name: &Ident, value: &Expr) -> syn::Result<Batch> {
    let Some(inside) = values::inside(value) else { return Err(error(value, "`batch` has no value like this", FORM)) };
    let read = |input: ParseStream<'_>| {
        if input.is_empty() {
            return Err(error(name, "`batch` names no parameter", FORM));
        }
        let (id, ids) = ids(input)?;
        let by = by(input)?;
        match input.cursor().token_tree() {
            Some((token, _)) => Err(error(&token, "`batch` has no more than this", FORM)),
            None => Ok(Batch { id, ids, by }),
        }
    };
    read.parse2(inside)
}

fn ids(input: ParseStream<'_>) -> syn::Result<(Ident, Ident)> {
    let token = input.cursor().token_tree().map(|(token, _)| token);
    let id = input.call(Ident::parse_any).map_err(|_| error(&token, "this names no id", FORM))?;
    if input.parse::<Option<Token![=]>>()?.is_none() {
        return Err(error(&id, format!("`{id}` has no parameter"), FORM));
    }
    let ids = match input.cursor().token_tree() {
        None => Err(error(&id, format!("`{id}` has no parameter"), FORM)),
        Some((token, _)) => input.call(Ident::parse_any).map_err(|_| error(&token, "this is no parameter", FORM)),
    }?;
    Ok((id, ids))
}

/// `, by = path`, and no comma too many.
fn by(input: ParseStream<'_>) -> syn::Result<Option<Expr>> {
    if input.parse::<Option<Token![,]>>()?.is_none() || input.is_empty() {
        return Ok(None);
    }
    let name = input.call(Ident::parse_any)?;
    if name != "by" || input.parse::<Option<Token![=]>>()?.is_none() {
        let help = "write `by = User::id`, a function that says whose a result is";
        return Err(error(&name, format!("unknown option `{name}` of `batch`"), help));
    }
    let by = input.parse()?;
    input.parse::<Option<Token![,]>>()?;
    Ok(Some(by))
}

impl Batch {
    pub(super) fn check(&self, function: &Function, key: Option<&Template>, problems: &mut Problems) {
        let parameters = function.parameters();
        let names: Vec<String> = parameters.iter().flat_map(|of| &of.names).map(ToString::to_string).collect();
        if names.contains(&self.id.to_string()) {
            let help = "give the single id another name, in the key as well";
            problems.at(&self.id, format!("`{}` is a parameter already", self.id), help);
        }
        match self.parameter(&parameters) {
            None => {
                let help = suggestion(&self.ids.to_string(), "parameters", names.iter().map(String::as_str));
                problems.at(&self.ids, format!("`{}` is not a parameter", self.ids), help);
            }
            Some(parameter) if !matches!(*parameter.typed.pat, Pat::Ident(_)) => {
                let help = "take the collection itself: `ids: &[u64]`";
                problems.at(&parameter.typed.pat, "the ids of a batch are no pattern", help);
            }
            Some(parameter) => check_type(&parameter.typed.ty, problems),
        }
        if let Some(list) = function.returns().and_then(list).filter(|_| self.by.is_none()) {
            let help = format!(
                "return a map from ids to results, or name what says whose each is: `batch({} = {}, by = User::id)`",
                self.id, self.ids
            );
            problems.at(list, "a list does not say whose its results are", help);
        }
        let is_named = |key: &Template| key.placeholders().any(|placeholder| self.id == placeholder.root);
        if !key.is_some_and(is_named) {
            let help = format!("write the key of one entry, as in `key = \"user:<{}>\"`", self.id);
            problems.at(&self.id, format!("no `<{}>` is in the key", self.id), help);
        }
    }

    fn parameter<'p, 'f>(&self, parameters: &'p [Parameter<'f>]) -> Option<&'p Parameter<'f>> {
        parameters.iter().find(|parameter| parameter.names.iter().any(|name| **name == self.ids))
    }
}

fn check_type(ty: &Type, problems: &mut Problems) {
    if matches!(ungrouped(ty), Type::Array(_)) {
        let help = "take a slice or a `Vec`: the body is given fewer";
        problems.at(ty, "an array has a fixed number of ids", help);
    }
}

/// The list that is returned, by itself or where there is no error.
fn list(returns: &Type) -> Option<&Type> {
    match last_name(returns)?.as_str() {
        "Vec" => Some(returns),
        "Result" => list(type_arguments(returns).next()?),
        _ => None,
    }
}

/// The type of one result, as far as the return type shows it.
pub(super) fn item(returns: &Type) -> Option<&Type> {
    let name = last_name(returns)?;
    match name.as_str() {
        "HashMap" | "BTreeMap" => type_arguments(returns).nth(1),
        "Vec" => type_arguments(returns).next(),
        "Result" => item(type_arguments(returns).next()?),
        _ => None,
    }
}

/// The function, and its body by itself.
pub(super) fn expand(model: &Model, of: &Batch) -> TokenStream {
    let Function { attributes, visibility, .. } = &model.function;
    let signature = signature(model, of);
    let body = block(model, &[registration(model), prelude(model, of), open(model, of), fetch(model, of)]);
    let uncached = model.companions.then(|| uncached(model));
    quote! {
        #(#attributes)*
        #visibility #signature #body
        #uncached
    }
}

/// As it was, but that the ids are only changed in the body, which has its own.
fn signature(model: &Model, of: &Batch) -> Signature {
    let mut signature = model.function.signature.clone();
    for input in &mut signature.inputs {
        if let FnArg::Typed(typed) = input
            && let Pat::Ident(pattern) = &mut *typed.pat
            && pattern.ident == of.ids
        {
            pattern.mutability = None;
        }
    }
    signature
}

/// `success`, `layout`, `shape`, `wire` and `rules`, reported at the return type.
fn prelude(model: &Model, of: &Batch) -> TokenStream {
    let (span, returns, wire) = (at_return(model), &model.returns, wire(model));
    let (door, rules, layout) = (model.door.at(span), rules(model, span), layout(model, of));
    let pointing = pointing(model, item(returns));
    quote_spanned! {span=>
        let (success, layout, shape, unanswered) = {
            #[allow(unused_imports)]
            use #door::{shapes::{
                AskFallible as _, AskFallibleMaybe as _, AskMaybe as _, AskPlain as _, AskUnanswered as _, AskUnansweredNot as _
            }, written::{AskAlways as _, AskOnOk as _}};
            let success = (&&#door::Written::<#returns>::new()).success();
            let layout = #layout;
            let shape = (&&&&#door::items(&success, &layout)).shape();
            let unanswered = (&&shape).unanswered();
            (success, layout, shape, unanswered)
        };
        #pointing
        let wire = #wire;
        let rules = #rules;
    }
}

fn layout(model: &Model, of: &Batch) -> TokenStream {
    let span = at_return(model);
    let door = model.door.at(span);
    match &of.by {
        None => quote_spanned!(span=> #door::Keyed),
        Some(by) => {
            let (span, item) = (by.span().resolved_at(Span::mixed_site()), Ident::new("item", Span::mixed_site()));
            let door = model.door.at(span);
            // A closure around the path, so that what takes a `&T` may be given a `&Arc<T>`.
            quote_spanned!(span=> #door::by(&success, |#item| (#by)(#item)))
        }
    }
}

/// The keys before the body, which may take the parameters.
fn open(model: &Model, of: &Batch) -> TokenStream {
    let (span, cache, parts) = (at_return(model), cache(model), parts(model));
    let (door, id, ids) = (model.door.at(span), Ident::new(&of.id.to_string(), Span::call_site()), &of.ids);
    let ids = match is_borrowed(model, of) {
        true => quote_spanned!(span=> <_ as #door::Iterator>::cloned(<_ as #door::IntoIterator>::into_iter(#ids))),
        false => quote!(#ids),
    };
    quote_spanned! {span=>
        let batch = #door::Batch::open(#cache, &__CACHED_FUNCTION, #ids, |#id, values| values(&[#(#parts),*]));
    }
}

fn fetch(model: &Model, of: &Batch) -> TokenStream {
    let (span, returns, body) = (at_return(model), &model.returns, &model.function.body);
    let (door, shadow) = (model.door.at(span), shadow(model, of));
    quote_spanned! {span=>
        batch.fetch(success, layout, shape, wire, rules, |missing| async move {
            #[allow(unreachable_code, clippy::diverging_sub_expression)]
            if false { return #door::unreachable_return::<#returns>(); }
            #shadow
            #body
        }).await
    }
}

/// The parameter again, with the ids that are missing, in the form in which the body expects them.
fn shadow(model: &Model, of: &Batch) -> TokenStream {
    let parameters = model.function.parameters();
    let Some(parameter) = of.parameter(&parameters) else { return TokenStream::new() };
    let (span, pattern, ids) = (at_return(model), &parameter.typed.pat, &of.ids);
    let door = model.door.at(span);
    let missing = quote_spanned!(span=> <_ as #door::IntoIterator>::into_iter(missing));
    match ungrouped(&parameter.typed.ty) {
        Type::Reference(reference) => match ungrouped(&reference.elem) {
            Type::Slice(_) => quote_spanned!(span=> let #pattern = missing.as_slice();),
            owned => {
                quote_spanned!(span=> let #ids: #owned = <_ as #door::Iterator>::collect(#missing); let #pattern = &#ids;)
            }
        },
        Type::ImplTrait(_) => quote_spanned!(span=> let #pattern = #missing;),
        owned => quote_spanned!(span=> let #pattern: #owned = <_ as #door::Iterator>::collect(#missing);),
    }
}

fn is_borrowed(model: &Model, of: &Batch) -> bool {
    let parameters = model.function.parameters();
    let ty = of.parameter(&parameters).map(|parameter| ungrouped(&parameter.typed.ty));
    matches!(ty, Some(Type::Reference(_)))
}
