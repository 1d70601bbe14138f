//! The elements of `invalidate_on`: `"event"`, `"event(field, other = param)"`, `EventType`, `EventType(*)`.

use crate::problems::{error, shown};
use crate::values;
use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{LitStr, Path, Token};

/// An event as the attribute names it.
pub(crate) struct EventSpec {
    pub(crate) event: EventName,
    pub(crate) fields: FieldsSpec,
}

pub(crate) enum EventName {
    Text { name: String, literal: LitStr },
    Type(Path),
}

pub(crate) enum FieldsSpec {
    /// By the names that event and key share.
    Shared,
    /// `*`: by none, so that every entry is meant.
    Every,
    /// By these.
    Only(Vec<FieldSpec>),
}

/// `field`, or `field = value`.
pub(crate) struct FieldSpec {
    pub(crate) field: Ident,
    /// The binding name of a value of the key.
    pub(crate) value: Ident,
}

const FORMS: &str = "write `\"member_update\"`, `\"member_update(guild_id)\"`, or the path of an event type";

impl Parse for EventSpec {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return by_text(input.parse()?);
        }
        let fork = input.fork();
        let Ok(path) = input.call(Path::parse_mod_style) else {
            let token: proc_macro2::TokenTree = fork.parse()?;
            return Err(error(&token, format!("`{token}` is no event"), FORMS));
        };
        if let Some(name) = path.get_ident().filter(|name| name.to_string().starts_with(char::is_lowercase)) {
            let help = format!("write `\"{name}\"`, or the path of a type that derives `CacheEvent`");
            return Err(error(&path, format!("`{name}` is neither a text nor a type"), help));
        }
        if input.peek(syn::token::Brace) {
            let braces: proc_macro2::TokenTree = input.parse()?;
            let help = format!("write `{}(field)`, or `(field = value)` if the key calls it otherwise", shown(&path));
            return Err(error(&braces, "fields are bound in parentheses", help));
        }
        let fields = if input.peek(syn::token::Paren) { parenthesized(input)? } else { FieldsSpec::Shared };
        Ok(Self { event: EventName::Type(path), fields })
    }
}

fn by_text(literal: LitStr) -> syn::Result<EventSpec> {
    let text = literal.value();
    let (name, fields) = match text.split_once('(') {
        None => (text.trim(), FieldsSpec::Shared),
        Some((name, rest)) => {
            let inside = rest.trim_end().strip_suffix(')');
            let inside =
                inside.ok_or_else(|| error(&literal, format!("`{text}` is not closed"), "close it with `)`"))?;
            let tokens: TokenStream =
                inside.parse().map_err(|_| error(&literal, "the fields cannot be read", FORMS))?;
            let fields = fields.parse2(respanned(tokens, literal.span()));
            (name.trim(), fields.map_err(|_| error(&literal, format!("`{inside}` are no fields"), FORMS))?)
        }
    };
    values::check_event_name(name, &literal)?;
    Ok(EventSpec { event: EventName::Text { name: name.to_owned(), literal }, fields })
}

fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    let at = |mut token: proc_macro2::TokenTree| {
        token.set_span(span);
        token
    };
    tokens.into_iter().map(at).collect()
}

fn parenthesized(input: ParseStream<'_>) -> syn::Result<FieldsSpec> {
    let inside;
    syn::parenthesized!(inside in input);
    fields(&inside)
}

fn fields(input: ParseStream<'_>) -> syn::Result<FieldsSpec> {
    if input.peek(Token![*]) {
        input.parse::<Token![*]>()?;
        return Ok(FieldsSpec::Every);
    }
    let all = Punctuated::<FieldSpec, Token![,]>::parse_terminated(input)?;
    Ok(if all.is_empty() { FieldsSpec::Every } else { FieldsSpec::Only(all.into_iter().collect()) })
}

impl Parse for FieldSpec {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let field: Ident = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            input.call(Ident::parse_any)?
        } else {
            field.clone()
        };
        match input.cursor().token_tree() {
            Some((token, _)) if !input.peek(Token![,]) => Err(beyond(input, &field, &value, &token)),
            _ => Ok(Self { field, value }),
        }
    }
}

/// `id = user.id`: of a field in the key, the name has no dots.
fn beyond(input: ParseStream<'_>, field: &Ident, value: &Ident, token: &proc_macro2::TokenTree) -> syn::Error {
    let steps = input.cursor().token_stream().to_string();
    let steps: Vec<&str> = steps.split(',').next().unwrap_or_default().split('.').map(str::trim).collect();
    let is_path =
        steps[0].is_empty() && steps.len() > 1 && steps[1..].iter().all(|step| syn::parse_str::<Ident>(step).is_ok());
    if !is_path {
        return error(token, "a field is bound to one value of the key", "write `(field)`, or `(field = value)`");
    }
    let names: Vec<&str> = steps[1..].to_vec();
    let name = if value == "self" { names.join("_") } else { format!("{value}_{}", names.join("_")) };
    let message = format!("`{value}.{}` is bound by a name without dots", names.join("."));
    error(token, message, format!("write `{field} = {name}`"))
}
