//! A writer's body, and behind it (or, of a guarded one, around it) the call that invalidates.

use super::{Args, Emission, Event};
use crate::item::Function;
use crate::paths::Door;
use crate::writer::{self, at_return};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Member};

pub(super) fn writer(args: &Args, function: &Function) -> TokenStream {
    let Function { attributes, visibility, signature, .. } = function;
    let (registration, open, locals) = (registration(args, function), open(args, function), locals(args));
    let rest = match args.is_guarded {
        true => guarded(args, function),
        false => plain(args, function),
    };
    quote_spanned! {at_return(function)=>
        #(#attributes)*
        #visibility #signature { #registration #open #(#locals)* #rest }
    }
}

fn registration(args: &Args, function: &Function) -> TokenStream {
    let (door, is_guarded) = (&args.door, args.is_guarded);
    let ident = function.signature.ident.unraw().to_string();
    let emits = args.emissions.iter().map(|emission| emitted(args, emission));
    quote! {
        struct __Inside;
        static __WRITER: #door::Writer = #door::Writer::new(#door::WriterSpec {
            ident: #ident, inside: #door::type_name::<__Inside>, file: #door::file!(), line: #door::line!(),
            emits: &[#(#emits),*], is_guarded: #is_guarded,
        });
        #door::submit_writer!(&__WRITER);
    }
}

fn emitted(args: &Args, emission: &Emission) -> TokenStream {
    let door = &args.door;
    let fields = emission.fields.iter().map(|(name, _)| name.unraw().to_string());
    let event = match &emission.event {
        Event::Named(name) => quote!(#door::EventRef::Named(#name)),
        Event::Typed(path) => {
            let at = door.at(path.span());
            quote_spanned!(path.span()=> #door::EventRef::Declared(|| <#path as #at::CacheEvent>::DECLARATION))
        }
    };
    quote!(#door::Emitted { event: #event, fields: &[#(#fields),*] })
}

fn open(args: &Args, function: &Function) -> TokenStream {
    let (door, cache) = (args.door.at(at_return(function)), writer::cache(args.cache.as_ref(), function, &args.door));
    quote_spanned!(at_return(function)=> let write = <#door::Write>::open(#cache, &__WRITER);)
}

/// What follows from the arguments alone is taken before the body has them: whole events, or of an event that needs the
/// returned value, the other fields.
fn locals(args: &Args) -> Vec<TokenStream> {
    let whole = args.condition.iter().filter(|value| is_early(value));
    let whole = whole.map(|value| bool_local(&whole_condition(value), value));
    let of_each = args.emissions.iter().enumerate().flat_map(|(at, emission)| match is_early_event(emission) {
        true => vec![event_local(args, at, emission)],
        false => field_locals(args, at, emission),
    });
    whole.chain(of_each).collect()
}

fn event_local(args: &Args, at: usize, emission: &Emission) -> TokenStream {
    let (door, local) = (&args.door, event_name(at));
    let values = emission.fields.iter().map(|(_, value)| given(args, emission, value));
    let event = event(args, emission, values);
    let conditions = [args.condition.as_ref().filter(|value| is_early(value)).map(|value| {
        let local = whole_condition(value);
        quote!(#local)
    })];
    let own = emission.condition.as_ref().filter(|value| is_early(value)).map(ToTokens::to_token_stream);
    let event = on(door, conditions.into_iter().flatten().chain(own), &quote!(#door::Some(#event)));
    quote!(let #local = #event;)
}

fn field_locals(args: &Args, at: usize, emission: &Emission) -> Vec<TokenStream> {
    let fields = emission.fields.iter().enumerate().filter(|(_, (_, value))| is_early(value));
    let fields = fields.map(|(field, (_, value))| {
        let (local, value) = (field_name(at, field, value), given(args, emission, value));
        quote!(let #local = #value;)
    });
    let condition = emission.condition.iter().filter(|value| is_early(value));
    fields.chain(condition.map(|value| bool_local(&condition_name(at, value), value))).collect()
}

fn bool_local(local: &Ident, value: &Expr) -> TokenStream {
    quote!(let #local: ::core::primitive::bool = #value;)
}

fn is_early(value: &Expr) -> bool {
    writer::mentioned_return(value).is_none()
}

fn is_early_event(emission: &Emission) -> bool {
    emission.fields.iter().all(|(_, value)| is_early(value))
}

fn event_name(at: usize) -> Ident {
    format_ident!("event_{at}", span = Span::mixed_site())
}

/// Located where its value is, so that a value of another type than the field's is reported there.
fn field_name(emission: usize, field: usize, value: &Expr) -> Ident {
    format_ident!("field_{emission}_{field}", span = value.span().resolved_at(Span::mixed_site()))
}

fn condition_name(emission: usize, value: &Expr) -> Ident {
    format_ident!("condition_{emission}", span = value.span().resolved_at(Span::mixed_site()))
}

fn whole_condition(value: &Expr) -> Ident {
    Ident::new("condition", value.span().resolved_at(Span::mixed_site()))
}

/// A typed event owns its fields. What only names a place is cloned, for the body wants it too; what an event by name is
/// given it only reads.
fn given(args: &Args, emission: &Emission, value: &Expr) -> TokenStream {
    let span = value.span();
    match &emission.event {
        Event::Typed(_) if is_place(value) => {
            let door = args.door.at(span);
            // In two steps, or the compiler would speak of what `clone` takes.
            let kept = Ident::new("kept", span.resolved_at(Span::mixed_site()));
            quote_spanned!(kept.span()=> { let #kept = #door::Clone::clone(&#value); #kept })
        }
        _ => quote!(#value),
    }
}

fn is_place(value: &Expr) -> bool {
    match value {
        Expr::Path(path) => path.path.get_ident().is_some_and(|name| name.to_string().starts_with(char::is_lowercase)),
        Expr::Field(field) => matches!(field.member, Member::Named(_) | Member::Unnamed(_)) && is_place(&field.base),
        _ => false,
    }
}

fn plain(args: &Args, function: &Function) -> TokenStream {
    let (span, returns, body) = (at_return(function), writer::returns(function), writer::body(function, &args.door));
    let (door, events) = (args.door.at(span), events(args));
    quote_spanned! {span=>
        let success = {
            #[allow(unused_imports)]
            use #door::written::{AskAlways as _, AskOnOk as _};
            (&&#door::Written::<#returns>::new()).success()
        };
        let written = match #door::Success::open(&success, #body.await) {
            #door::Ok(written) => written,
            #door::Err(returned) => return returned,
        };
        <#door::Write>::emit(write, #events).await;
        #door::Success::close(&success, written)
    }
}

fn guarded(args: &Args, function: &Function) -> TokenStream {
    let (span, returns, body) = (at_return(function), writer::returns(function), writer::body(function, &args.door));
    let (door, events) = (args.door.at(span), events(args));
    quote_spanned! {span=>
        let guarded = match <#door::Write>::announce(write, #events).await {
            #door::Ok(guarded) => guarded,
            #door::Err(error) => return <#returns as #door::Refusal>::refused(error),
        };
        let returned: #returns = #body.await;
        #door::Guarded::settle(guarded).await;
        returned
    }
}

/// A list of what is to be emitted, each if its conditions hold.
fn events(args: &Args) -> TokenStream {
    let events = args.emissions.iter().enumerate().map(|(at, emission)| {
        let conditions = late_conditions(args, at, emission);
        let event = match is_early_event(emission) {
            true => event_name(at).into_token_stream(),
            false => {
                let (door, fields) = (&args.door, emission.fields.iter().enumerate());
                let event =
                    event(args, emission, fields.map(|(field, (_, value))| late(&field_name(at, field, value), value)));
                quote!(#door::Some(#event))
            }
        };
        on(&args.door, conditions, &event)
    });
    quote!([#(#events),*])
}

/// The conditions that have not been looked at when the event was made.
fn late_conditions(args: &Args, at: usize, emission: &Emission) -> Vec<TokenStream> {
    let whole = args.condition.iter().map(|value| (value, whole_condition(value)));
    let own = emission.condition.iter().map(|value| (value, condition_name(at, value)));
    let left = whole.chain(own).filter(|(value, _)| !(is_early(value) && is_early_event(emission)));
    left.map(|(value, local)| late(&local, value)).collect()
}

fn on(door: &Door, conditions: impl IntoIterator<Item = TokenStream>, event: &TokenStream) -> TokenStream {
    let mut conditions = conditions.into_iter().peekable();
    match conditions.peek() {
        None => event.clone(),
        Some(_) => quote!(if #(#conditions)&&* { #event } else { #door::None }),
    }
}

fn event(args: &Args, emission: &Emission, values: impl Iterator<Item = TokenStream>) -> TokenStream {
    let names = emission.fields.iter().map(|(name, _)| name);
    match &emission.event {
        Event::Named(name) => {
            let (door, names) = (&args.door, names.map(|name| name.unraw().to_string()));
            quote!(#door::Event::new(#name)#(.field(#names, &#values))*)
        }
        Event::Typed(path) => {
            let door = args.door.at(path.span());
            quote_spanned!(path.span()=> #door::CacheEvent::to_event(&#path { #(#names: #values),* }))
        }
    }
}

/// The local of an expression that was evaluated before; or the expression, with its `ret`.
fn late(local: &Ident, value: &Expr) -> TokenStream {
    match writer::mentioned_return(value) {
        None => quote!(#local),
        Some(ret) => {
            let written = Ident::new("written", Span::mixed_site());
            quote_spanned!(value.span()=> { let #ret = &#written; #value })
        }
    }
}
