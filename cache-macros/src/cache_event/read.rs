//! What an event's derive reads, and refuses.

use super::{Cascade, Event, Field};
use crate::options::{Given, Table, in_parentheses};
use crate::paths::Door;
use crate::problems::{Problems, error, suggestion};
use crate::values::{self, MAX_EVENT_FIELDS};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Expr, Fields, LitStr, Member, Path, Token};

pub(super) fn event(input: &DeriveInput, problems: &mut Problems) -> Option<Event> {
    let mut event = Event {
        door: Door::new(None),
        ident: input.ident.clone(),
        name: snake_case(&input.ident.unraw().to_string()),
        fields: Vec::new(),
        cascades: Vec::new(),
    };
    read_attributes(input, &mut event, problems);
    if !input.generics.params.is_empty() {
        let help = "declare an event type for each case, or a field that tells them apart";
        problems.at(&input.generics, "an event cannot be generic", help);
    }
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => return refuse(&data.enum_token, "an enum", problems),
        Data::Union(data) => return refuse(&data.union_token, "a union", problems),
    };
    match fields {
        Fields::Unit => {}
        Fields::Named(named) => {
            event.fields = named.named.iter().filter_map(|field| read_field(field, problems)).collect()
        }
        Fields::Unnamed(unnamed) => return refuse(unnamed, "a tuple struct", problems),
    }
    if let Some(sixth) = event.fields.get(MAX_EVENT_FIELDS) {
        let help = "leave out what no function is bound to: `#[event(skip)]`";
        problems.at(&sixth.ident, format!("an event has at most {MAX_EVENT_FIELDS} fields that can be bound"), help);
    }
    check_names(&event, problems);
    check_mappings(&event, problems);
    Some(event)
}

fn check_names(event: &Event, problems: &mut Problems) {
    for (at, field) in event.fields.iter().enumerate() {
        if event.fields[..at].iter().any(|before| before.name == field.name) {
            let help = "rename one of the two: `#[event(rename = \"…\")]`";
            problems.at(&field.ident, format!("the event has two fields named `{}`", field.name), help);
        }
    }
}

fn refuse<T>(token: &impl ToTokens, what: &str, problems: &mut Problems) -> Option<T> {
    problems.at(
        token,
        format!("{what} cannot be an event"),
        "use a struct with named fields: `struct MemberUpdate { guild_id: u64 }`",
    );
    None
}

const TABLE: Table = Table { known: &["name", "crate", "cascades"], elsewhere: &[] };

fn read_attributes(input: &DeriveInput, event: &mut Event, problems: &mut Problems) {
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("event")) {
        let Ok(list) = attribute.meta.require_list() else {
            problems.at(attribute.path(), "`event` has no options", "write `#[event(name = \"…\")]`, or leave it out");
            continue;
        };
        let (cascades, options) = split_cascades(list.tokens.clone());
        for tokens in cascades {
            let parsed = Parser::parse2(Punctuated::<Cascade, Token![,]>::parse_terminated, tokens);
            event.cascades.extend(problems.take(parsed).into_iter().flatten());
        }
        for Given { name, value } in TABLE.read(options, problems).given {
            let result = take(event, &name, &value);
            problems.take(result);
        }
    }
}

fn take(event: &mut Event, name: &Ident, value: &Expr) -> syn::Result<()> {
    if name == "crate" {
        event.door = Door::new(Some(&values::path("crate", value)?));
    } else if name == "cascades" {
        return Err(error(name, "`cascades` is written with parentheses", "write `cascades(Other)`"));
    } else {
        event.name = event_name(&values::text("name", value)?)?;
    }
    Ok(())
}

fn event_name(text: &LitStr) -> syn::Result<String> {
    values::check_event_name(&text.value(), text)?;
    Ok(text.value())
}

/// The insides of each `cascades(…)`, and the other options as they were.
fn split_cascades(tokens: TokenStream) -> (Vec<TokenStream>, TokenStream) {
    let (mut cascades, mut options) = (Vec::new(), Vec::new());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_cascades = matches!(&token, TokenTree::Ident(ident) if ident == "cascades");
        match tokens.peek() {
            Some(TokenTree::Group(group)) if is_cascades => {
                cascades.push(group.stream());
                tokens.next();
                // The comma that stood behind it.
                tokens.next_if(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','));
            }
            _ => options.push(token),
        }
    }
    (cascades, options.into_iter().collect())
}

impl Parse for Cascade {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let target = input.call(Path::parse_mod_style)?;
        let mut mapped = Vec::new();
        if input.peek(syn::token::Brace) {
            let inside;
            syn::braced!(inside in input);
            while !inside.is_empty() {
                mapped.push(mapping(&inside)?);
                if !inside.is_empty() {
                    inside.parse::<Token![,]>()?;
                }
            }
        }
        Ok(Self { target, mapped })
    }
}

fn mapping(input: ParseStream<'_>) -> syn::Result<(Ident, Ident)> {
    let to: Ident = input.parse()?;
    let next: Option<TokenTree> = input.cursor().token_tree().map(|(token, _)| token);
    let wrong = || error(&next, "expected `=`", format!("write `{to} = self.field`"));
    input.parse::<Token![=]>().map_err(|_| wrong())?;
    let value: Expr = input.parse()?;
    match &value {
        Expr::Field(field) if matches!(&*field.base, Expr::Path(base) if base.path.is_ident("self")) => {
            match &field.member {
                Member::Named(from) => Ok((to, from.clone())),
                Member::Unnamed(_) => Err(not_a_field(&value, &to)),
            }
        }
        _ => Err(not_a_field(&value, &to)),
    }
}

fn not_a_field(value: &Expr, to: &Ident) -> syn::Error {
    error(value, "a cascade passes fields on, and nothing else", format!("write `{to} = self.field`"))
}

fn check_mappings(event: &Event, problems: &mut Problems) {
    for (_, from) in event.cascades.iter().flat_map(|cascade| &cascade.mapped) {
        if !event.fields.iter().any(|field| field.ident == *from) {
            let names: Vec<String> = event.fields.iter().map(|field| field.ident.to_string()).collect();
            let help = suggestion(&from.to_string(), "fields", names.iter().map(String::as_str));
            problems.at(from, format!("`{}` has no field `{from}` that can be bound", event.ident), help);
        }
    }
}

fn read_field(field: &syn::Field, problems: &mut Problems) -> Option<Field> {
    let ident = field.ident.clone()?;
    let mut name = ident.unraw().to_string();
    let (mut skip, mut is_secret) = (false, false);
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("event")) {
        let help = "write `#[event(skip)]`, `#[event(rename = \"…\")]` or `#[event(secret)]`";
        let nested = in_parentheses(attribute, help, |meta| {
            if meta.path.is_ident("skip") {
                skip = true;
            } else if meta.path.is_ident("secret") {
                is_secret = true;
            } else if meta.path.is_ident("rename") {
                name = event_name(&meta.value()?.parse()?)?;
            } else {
                let name = meta.path.to_token_stream();
                let help = suggestion(&name.to_string(), "options", ["skip", "rename", "secret"]);
                return Err(error(&name, format!("unknown option `{name}`"), help));
            }
            Ok(())
        });
        problems.take(nested);
    }
    (!skip).then(|| Field { ident, name, is_secret, span: field.ty.span() })
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut after_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = c.is_lowercase() || c.is_ascii_digit();
        snake.extend(c.to_lowercase());
    }
    snake
}
