//! The elements of `#[invalidates(…)]`: `Event { field = expr } if expr`, `cache = expr`, `if expr`, `guarded`.

use super::{Args, Emission, Event};
use crate::paths::Door;
use crate::problems::{Problems, error, shown, suggestion};
use crate::values;
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, LitStr, Path, Token};

const OPTIONS: [&str; 3] = ["guarded", "cache", "crate"];
const FORMS: &str = "write an event, as in `MemberUpdate { guild_id }`";

/// Reads every element that can be read; the others are problems.
pub(super) fn args(tokens: TokenStream, problems: &mut Problems) -> Args {
    let mut args = Args {
        door: Door::new(None),
        emissions: Vec::new(),
        condition: None,
        cache: None,
        is_guarded: false,
        has_unread: false,
    };
    let all = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let before = problems.count();
            let read = args.element(input, problems);
            problems.take(read);
            let is_read = problems.count() == before;
            args.has_unread |= !is_read;
            if !input.is_empty() && !input.peek(Token![,]) && is_read {
                let next = input.cursor().token_tree().map(|(token, _)| token);
                problems.at(&next, "expected `,`", "separate events and options by commas");
                args.has_unread = true;
            }
            while !input.is_empty() && !input.peek(Token![,]) && input.parse::<TokenTree>().is_ok() {}
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    let result = all.parse2(tokens);
    problems.take(result);
    args
}

impl Args {
    fn element(&mut self, input: ParseStream<'_>, problems: &mut Problems) -> syn::Result<()> {
        if input.peek(Token![if]) {
            return self.condition(input);
        }
        if input.peek(LitStr) {
            let name: LitStr = input.parse()?;
            values::check_event_name(&name.value(), &name)?;
            return self.emission(Event::Named(name), input, problems);
        }
        if input.peek(Token![crate]) && input.peek2(Token![=]) || is_option(input) {
            let name = input.call(Ident::parse_any)?;
            return self.option(&name, input);
        }
        let next = input.cursor().token_tree().map(|(token, _)| token);
        let wrong = |_| {
            let shown = next.as_ref().map(ToString::to_string).unwrap_or_default();
            error(&next, format!("`{shown}` is no event"), FORMS)
        };
        let path = input.call(Path::parse_mod_style).map_err(wrong)?;
        if let Some(name) = path.get_ident().filter(|name| name.to_string().starts_with(char::is_lowercase)) {
            let help = format!("write `\"{name}\" {{ … }}`, or the path of a type that derives `CacheEvent`");
            return Err(error(&path, format!("`{name}` is neither a text nor a type"), help));
        }
        self.emission(Event::Typed(path), input, problems)
    }

    fn condition(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let token: Token![if] = input.parse()?;
        if self.condition.is_some() {
            return Err(error(&token, "there is a condition for all events already", "join the two by `&&`"));
        }
        self.condition = Some(condition(&token, input)?);
        Ok(())
    }

    fn option(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let text = name.unraw().to_string();
        if text == "guarded" {
            if input.peek(Token![=]) {
                return Err(error(name, "`guarded` has no value", "write `guarded`, or leave it out"));
            }
            return self.once(name, self.is_guarded).map(|()| self.is_guarded = true);
        }
        if !OPTIONS.contains(&text.as_str()) {
            let help = suggestion(&text, "options", OPTIONS);
            return Err(error(name, format!("unknown option `{text}`"), help));
        }
        if input.parse::<Option<Token![=]>>()?.is_none() || input.is_empty() || input.peek(Token![,]) {
            return Err(error(name, format!("`{text}` has no value"), format!("write `{text} = …`")));
        }
        let value: Expr = input.parse()?;
        if text == "crate" {
            self.door = Door::new(Some(&values::path("crate", &value)?));
            return Ok(());
        }
        self.once(name, self.cache.is_some())?;
        self.cache = Some(value);
        Ok(())
    }

    fn once(&self, name: &Ident, is_given: bool) -> syn::Result<()> {
        match is_given {
            true => Err(error(name, format!("`{name}` is given twice"), "keep one of the two")),
            false => Ok(()),
        }
    }

    fn emission(&mut self, event: Event, input: ParseStream<'_>, problems: &mut Problems) -> syn::Result<()> {
        if input.peek(syn::token::Paren) {
            let parentheses: TokenTree = input.parse()?;
            let help = format!("write `{} {{ field = expression }}`", event.shown());
            return Err(error(&parentheses, "fields are given in braces", help));
        }
        let mut fields = Vec::new();
        if input.peek(syn::token::Brace) {
            let inside;
            syn::braced!(inside in input);
            while !inside.is_empty() {
                let Some((name, value)) = problems.take(field(&inside)) else {
                    // What is left of it is no second mistake.
                    inside.parse::<TokenStream>()?;
                    break;
                };
                if fields.iter().any(|(before, _)| *before == name) {
                    problems.at(&name, format!("`{name}` is given twice"), "keep one of the two");
                }
                fields.push((name, value));
                if !inside.is_empty() && problems.take(comma(&inside)).is_none() {
                    inside.parse::<TokenStream>()?;
                }
            }
        }
        let condition = match input.parse::<Option<Token![if]>>()? {
            Some(token) => Some(condition(&token, input)?),
            None => None,
        };
        self.emissions.push(Emission { event, fields, condition });
        Ok(())
    }
}

/// A name that is followed by `=`, or by nothing more, and looks like no type.
fn is_option(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    let Ok(name) = fork.call(Ident::parse_any) else { return false };
    let looks_like_one = name.to_string().starts_with(char::is_lowercase);
    let is_near = suggestion(&name.to_string(), "options", OPTIONS).starts_with("did you mean");
    fork.peek(Token![=]) || (looks_like_one && is_near && (fork.is_empty() || fork.peek(Token![,])))
}

fn condition(token: &Token![if], input: ParseStream<'_>) -> syn::Result<Expr> {
    if input.is_empty() || input.peek(Token![,]) {
        return Err(error(token, "`if` has no condition", "write `if ret.changed`, or leave it out"));
    }
    input.parse()
}

/// `field`, or `field = expression`.
fn field(input: ParseStream<'_>) -> syn::Result<(Ident, Expr)> {
    let next = input.cursor().token_tree().map(|(token, _)| token);
    let Ok(name) = input.call(Ident::parse_any) else {
        let shown = next.as_ref().map(ToString::to_string).unwrap_or_default();
        return Err(error(
            &next,
            format!("`{shown}` is not the name of a field"),
            "write `guild_id`, or `guild_id = expression`",
        ));
    };
    if input.peek(Token![:]) {
        let colon: Token![:] = input.parse()?;
        return Err(error(&colon, "expected `=`", format!("write `{name} = expression`")));
    }
    if input.peek(Token![.]) {
        return Err(error(&name, "a field is given by a name of its own", format!("write `field = {name}.…`")));
    }
    match input.parse::<Option<Token![=]>>()? {
        Some(_) if input.is_empty() || input.peek(Token![,]) => {
            Err(error(&name, format!("`{name}` is given nothing"), format!("write `{name} = expression`, or `{name}`")))
        }
        Some(_) => Ok((name, input.parse()?)),
        None => {
            let value = syn::parse_quote!(#name);
            Ok((name, value))
        }
    }
}

fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    let next = input.cursor().token_tree().map(|(token, _)| token);
    match input.parse::<Option<Token![,]>>()? {
        Some(_) => Ok(()),
        None => Err(error(&next, "expected `,`", "separate fields by commas")),
    }
}

impl Event {
    fn shown(&self) -> String {
        match self {
            Self::Named(name) => format!("{:?}", name.value()),
            Self::Typed(path) => shown(path),
        }
    }
}
