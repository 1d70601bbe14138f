//! From facts to tokens: every function becomes a call.

use super::model::{Binding, Event, Fields, Model, Part, Value};
use super::pointing::pointing;
use super::rules::rules;
use super::{background, batch, beside, checks};
use crate::extent::Extent;
use crate::item::type_text;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

/// The function and its companions.
pub(crate) fn expand(model: &Model) -> TokenStream {
    if let Some(of) = &model.batch {
        return batch::expand(model, of);
    }
    let cached = cached(model);
    if !model.companions {
        return cached;
    }
    let (companions, background) = (beside::companions(model), background::companions(model));
    quote!(#cached #companions #background)
}

fn cached(model: &Model) -> TokenStream {
    let (attributes, visibility, signature) =
        (&model.function.attributes, &model.function.visibility, &model.function.signature);
    let body = block(model, &[registration(model), fetch(model)]);
    quote! {
        #(#attributes)*
        #visibility #signature #body
    }
}

/// Where the return type is, with the hygiene of the expansion: what is wrong with the type is said once, and there.
pub(crate) fn at_return(model: &Model) -> Span {
    model.span.resolved_at(Span::mixed_site())
}

pub(crate) fn block(model: &Model, parts: &[TokenStream]) -> TokenStream {
    quote_spanned!(at_return(model)=> { #(#parts)* })
}

/// Memory first: no future is built and no key is written before it could not answer.
fn answer(model: &Model) -> TokenStream {
    let (parts, span) = (parts(model), at_return(model));
    let door = model.door.at(span);
    quote_spanned! {span=>
        let call = match call.peek(&shape, &[#(#parts),*]) {
            #door::Ok(hit) => return hit,
            #door::Err(call) => call,
        };
    }
}

/// `shape`, `wire`, `call` and `rules`.
pub(crate) fn prelude(model: &Model) -> TokenStream {
    let (opened, ruled) = (opened(model, &shape(model)), ruled(model, &rules(model, at_return(model))));
    quote!(#opened #ruled)
}

/// `shape` and `unanswered`, and whether it can say that it took too long.
fn shape(model: &Model) -> TokenStream {
    let (span, returns) = (at_return(model), &model.returns);
    let door = model.door.at(span);
    let borrowed = Extent::of(returns).borrow(quote_spanned!(span=> shape));
    let times_out = model.policy.of("hard_timeout").map(|_| quote_spanned!(span=> #door::assert_times_out(#borrowed);));
    quote_spanned! {span=>
        let (shape, unanswered) = {
            #[allow(unused_imports)]
            use #door::shapes::{
                AskFallible as _, AskFallibleMaybe as _, AskMaybe as _, AskPlain as _, AskUnanswered as _, AskUnansweredNot as _
            };
            let shape = (&&&&#door::Returned::<#returns>::new()).shape();
            let unanswered = (&&shape).unanswered();
            (shape, unanswered)
        };
        #times_out
    }
}

/// `shape`, `wire` and `call`, reported at the return type if it cannot be cached: before anything else can be.
pub(super) fn opened(model: &Model, shape: &TokenStream) -> TokenStream {
    let (cache, wire, span) = (cache(model), wire(model), at_return(model));
    let (door, pointing) = (model.door.at(span), pointing(model, Some(&model.returns)));
    quote_spanned! {span=>
        #shape
        #pointing
        let wire = #wire;
        let call = #door::Call::open(#cache, function);
    }
}

pub(super) fn ruled(model: &Model, rules: &TokenStream) -> TokenStream {
    quote_spanned!(at_return(model)=> let rules = #rules;)
}

pub(super) fn cache(model: &Model) -> TokenStream {
    let Some(cache) = &model.cache else {
        let door = model.door.at(model.span);
        return quote_spanned!(model.span=> #door::current());
    };
    let (door, span) = (model.door.at(cache.span()), cache.span());
    quote_spanned!(span=> #door::chosen(&#cache))
}

pub(super) fn wire(model: &Model) -> TokenStream {
    let version = model.version;
    let span = at_return(model);
    let door = model.door.at(span);
    let schema = quote_spanned! {span=> {
        #[allow(unused_imports)]
        use #door::structures::{AskNamed as _, AskStructured as _};
        (&&#door::stored(&shape)).schema()
    }};
    match &model.codec {
        _ if model.policy.word("tiers").is_some_and(|tiers| tiers == "l1") => {
            quote_spanned!(span=> #door::local_wire(&shape))
        }
        Some(codec) => {
            let chosen = model.door.at(codec.span());
            let chosen = quote_spanned!(codec.span()=> #chosen::Chosen(#codec));
            quote_spanned!(span=> #door::wire(&shape, #chosen, #version, #schema))
        }
        None => quote_spanned!(span=> #door::wire(&shape, #door::CacheCodec, #version, #schema)),
    }
}

/// The call in a block of its own, since what is borrowed for the key must not live across the await, and what else it
/// needs is nothing that the future has to have.
fn fetch(model: &Model) -> TokenStream {
    let (own, opened, answer, begin) = (own(model), opened(model, &shape(model)), answer(model), begin(model));
    let (load, span) = (load(model), at_return(model));
    let ruled = ruled(model, &rules(model, span));
    let door = model.door.at(span);
    quote_spanned! {span=>
        let course = {
            #own
            #opened
            #answer
            #ruled
            #begin
        };
        #door::Fetch { course, load: #door::pin!(#load) }.await
    }
}

fn begin(model: &Model) -> TokenStream {
    let (parts, loader, span) = (parts(model), background::loader(model), at_return(model));
    quote_spanned! {span=>
        let call = call.named(&[#(#parts),*]);
        #loader
        call.begin(shape, wire, rules, loader)
    }
}

/// The body, in the same words wherever it stands, so that what is wrong in it is reported once.
pub(crate) fn load(model: &Model) -> TokenStream {
    load_after(model, &TokenStream::new())
}

pub(super) fn load_after(model: &Model, before: &TokenStream) -> TokenStream {
    let (returns, body, span) = (&model.returns, &model.function.body, at_return(model));
    let door = model.door.at(span);
    quote_spanned! {span=>
        async move {
            #[allow(unreachable_code, clippy::diverging_sub_expression)]
            if false { return #door::unreachable_return::<#returns>(); }
            #before
            #body
        }
    }
}

/// The values of a call; of a method, the receiver's type as well, if it is generic.
pub(crate) fn parts(model: &Model) -> Vec<TokenStream> {
    let door = &model.door;
    let receiver = model.function.receiver().map(|_| quote!(#door::part(&#door::ReceiverType::<Self>::new())));
    model.values.iter().map(|value| part(model, value)).chain(receiver).collect()
}

fn part(model: &Model, value: &Value) -> TokenStream {
    let span = value.extent.first.resolved_at(Span::mixed_site());
    let door = model.door.at(span);
    if value.is_type {
        let ty = format_ident!("{}", value.placeholder.root);
        return quote_spanned!(span=> #door::part(&#door::TypeName::<#ty>::new()));
    }
    // The user's own variable: resolved where the attribute stands, as the parameter's name is.
    let expression = value.placeholder.expression(value.extent.last(root_span(model, value)));
    let borrowed = value.extent.borrow(expression);
    if value.is_secret == Some(true) {
        return quote_spanned!(span=> #door::part(&#door::secret(#borrowed)));
    }
    quote_spanned!(span=> #door::part(#borrowed))
}

/// A span with the hygiene of the variable that a placeholder begins with.
fn root_span(model: &Model, value: &Value) -> Span {
    let parameters = model.function.parameters();
    let mut names = parameters.iter().flat_map(|parameter| parameter.names.iter());
    let named = names.find(|name| ***name == *value.placeholder.root).map(|name| name.span());
    let receiver =
        model.function.receiver().filter(|_| value.placeholder.root == "self").map(|this| this.self_token.span);
    named.or(receiver).unwrap_or_else(Span::call_site)
}

pub(super) fn registration(model: &Model) -> TokenStream {
    let (door, function) = (&model.door, function_static(model));
    let checks = model.bindings.iter().map(|binding| checks::check(model, binding));
    let secret = secret_submission(model);
    quote! {
        #function
        #door::submit!(&__CACHED_FUNCTION);
        #secret
        #(#checks)*
    }
}

/// A program with a secret needs a key for it.
pub(crate) fn secret_submission(model: &Model) -> Option<TokenStream> {
    let secret = model.values.iter().find(|value| value.is_secret == Some(true))?;
    let (door, name) = (&model.door, &model.function.signature.ident);
    let of = format!("`<{}>` of `{}`", secret.placeholder.shown(), name.unraw());
    Some(quote!(#door::submit_secret!(#of);))
}

pub(crate) fn function_static(model: &Model) -> TokenStream {
    let (door, spec) = (&model.door, spec(model));
    quote! {
        struct __Inside;
        static __CACHED_FUNCTION: #door::Function = #door::Function::new(#spec);
    }
}

/// `function`, of the function itself.
pub(crate) fn own(model: &Model) -> TokenStream {
    quote_spanned!(at_return(model)=> let function = &__CACHED_FUNCTION;)
}

fn spec(model: &Model) -> TokenStream {
    let (door, name, is_named, version) = (&model.door, &model.name, model.is_named, model.version);
    let (ident, returns) = (model.function.signature.ident.unraw().to_string(), returns_text(model));
    let (template, tags) = (key_template(model), model.tags.iter().map(|tag| template(model, tag)));
    let late = model.late_tags.iter().map(|tag| tag.literal.value());
    let (values, bindings) = (value_names(model), model.bindings.iter().map(|binding| bound(model, binding)));
    let (policy, secrets) = (policy(model), model.values.iter().map(|value| secrecy(model, value)));
    let (lives_by_value, remembers_errors) = (model.paths.ttl_from.is_some(), model.paths.error_if.is_some());
    quote! {
        #door::FunctionSpec {
            name: #name, is_named: #is_named, ident: #ident, inside: #door::type_name::<__Inside>,
            template: #template, values: &[#(#values),*], secrets: &[#(#secrets),*], returns: #returns,
            bindings: &[#(#bindings),*], tags: &[#(#tags),*], tags_of_value: &[#(#late),*], version: #version,
            lives_by_value: #lives_by_value, remembers_errors: #remembers_errors, policy: #policy,
        }
    }
}

fn secrecy(model: &Model, value: &Value) -> TokenStream {
    let door = &model.door;
    match value.is_secret {
        Some(is_secret) => quote!(#door::Some(#is_secret)),
        None => quote!(#door::None),
    }
}

/// The return type that keys which meet are compared by: of a batch, that of one result, if its type shows it.
fn returns_text(model: &Model) -> String {
    match &model.batch {
        Some(_) => batch::item(&model.returns).map(type_text).unwrap_or_default(),
        None => type_text(&model.returns),
    }
}

pub(super) fn value_names(model: &Model) -> impl Iterator<Item = String> {
    model.values.iter().map(|value| value.placeholder.binding())
}

/// What the attribute says of the policy; what it does not say is left to wider ones.
fn policy(model: &Model) -> TokenStream {
    let (door, fields) = (&model.door, model.policy.fields(&model.door));
    quote!(|| #door::Policy { #(#fields,)* ..<#door::Policy as #door::Default>::default() })
}

/// The key's template; what a generic receiver adds to the key stands at its end.
fn key_template(model: &Model) -> TokenStream {
    let (door, pieces) = (&model.door, pieces(model, &model.key));
    let receiver = model.function.receiver().map(|_| quote!(#door::Piece::Receiver));
    quote!(#door::Template::new(&[#(#pieces,)* #receiver]))
}

fn template(model: &Model, parts: &[Part]) -> TokenStream {
    let (door, pieces) = (&model.door, pieces(model, parts));
    quote!(#door::Template::new(&[#(#pieces),*]))
}

fn pieces(model: &Model, parts: &[Part]) -> Vec<TokenStream> {
    let door = &model.door;
    let piece = |part: &Part| match part {
        Part::Text(text) => quote!(#door::Piece::Text(#text)),
        Part::Path => quote!(#door::Piece::Path),
        Part::Value { index, delimiter, is_integer } => {
            let delimiter = match delimiter {
                None => quote!(#door::None),
                Some(end) => quote!(#door::Some(#end)),
            };
            quote!(#door::Piece::Value { index: #index, delimiter: #delimiter, is_integer: #is_integer })
        }
    };
    parts.iter().map(piece).collect()
}

fn bound(model: &Model, binding: &Binding) -> TokenStream {
    let door = &model.door;
    let event = match &binding.event {
        Event::Named(name) => quote!(#door::EventRef::Named(#name)),
        Event::Declared(path) => quote!(#door::EventRef::Declared(|| <#path as #door::CacheEvent>::DECLARATION)),
    };
    let fields = match &binding.fields {
        Fields::Shared => quote!(#door::Fields::Shared),
        Fields::Only(fields) => {
            let pairs = fields.iter().map(|(field, index)| {
                let field = field.unraw().to_string();
                quote!((#field, #index))
            });
            quote!(#door::Fields::Only(&[#(#pairs),*]))
        }
    };
    quote!(#door::Binding { event: #event, fields: #fields })
}
