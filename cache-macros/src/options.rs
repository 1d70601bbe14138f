//! `name = value` lists: duplicates, unknown names, did-you-mean.

use crate::problems::{Problems, did_you_mean, error, shown, suggestion};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Token};

/// One `name = value`.
pub(crate) struct Given {
    pub(crate) name: Ident,
    pub(crate) value: Expr,
}

/// What an attribute understands, and what to say of what it does not.
pub(crate) struct Table {
    /// Every option.
    pub(crate) known: &'static [&'static str],
    /// What other libraries call something, and what to write here.
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

/// What could be read, and the names of what could not: a rule that misses one of those would be a false alarm.
pub(crate) struct Options {
    pub(crate) given: Vec<Given>,
    pub(crate) unread: Vec<String>,
}

impl Table {
    /// The options that are given, each at most once and known; everything else is a problem.
    pub(crate) fn read(&self, tokens: TokenStream, problems: &mut Problems) -> Options {
        let (written, mut unread) = parse(tokens, problems);
        let mut given: Vec<Given> = Vec::new();
        for Written { name, value } in written {
            let text = name.unraw().to_string();
            if !self.known.contains(&text.as_str()) {
                self.refuse(&name, &text, problems);
                unread.extend(did_you_mean(&text, self.known.iter().copied()).map(str::to_owned));
            } else if given.iter().any(|other| other.name == name) {
                problems.at(&name, format!("`{text}` is given twice"), "keep one of the two");
            } else if let Some(value) = problems.take(value) {
                given.push(Given { name, value });
            } else {
                unread.push(text);
            }
        }
        Options { given, unread }
    }

    fn refuse(&self, token: &Ident, name: &str, problems: &mut Problems) {
        let message = format!("unknown option `{name}`");
        if let Some((_, ours)) = self.elsewhere.iter().find(|(theirs, _)| *theirs == name) {
            return problems.at(token, message, *ours);
        }
        problems.at(token, message, suggestion(name, "options", self.known.iter().copied()));
    }
}

/// An option whose name could be read; the value perhaps not.
struct Written {
    name: Ident,
    value: syn::Result<Expr>,
}

/// All options, and the names of those that stand where a comma is missing.
fn parse(tokens: TokenStream, problems: &mut Problems) -> (Vec<Written>, Vec<String>) {
    let (mut written, mut unread) = (Vec::new(), Vec::new());
    let all = |input: ParseStream<'_>| {
        while !input.is_empty() {
            written.extend(problems.take(one(input)));
            if !input.is_empty() && !input.peek(Token![,]) {
                // A value that is wrong has been reported, and what is left of it is no second mistake.
                if written.last().is_none_or(|option: &Written| option.value.is_ok()) {
                    problems.at(&rest(input), "expected `,`", "separate options by commas");
                    unread.push(rest(input).to_string());
                }
                skip_option(input);
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    let result = Parser::parse2(all, tokens);
    problems.take(result);
    (written, unread)
}

fn one(input: ParseStream<'_>) -> syn::Result<Written> {
    let Ok(name) = input.call(Ident::parse_any) else {
        let wrong = error(&rest(input), "expected the name of an option", "options are written `name = value`");
        skip_option(input);
        return Err(wrong);
    };
    let value = value(&name, input);
    Ok(Written { name, value })
}

fn value(name: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    // `skip(self)` reads better than `skip = [self]`, and is the same.
    if ["skip", "batch", "local"].iter().any(|option| name == option) && input.peek(syn::token::Paren) {
        return group(input);
    }
    if input.peek(syn::token::Paren) {
        return Err(error(name, format!("`{name}` is written without parentheses"), format!("write `{name} = …`")));
    }
    if input.parse::<Option<Token![=]>>()?.is_none() || input.is_empty() || input.peek(Token![,]) {
        return Err(error(name, format!("`{name}` has no value"), format!("write `{name} = …`")));
    }
    // What a list holds is not always an expression: `MemberUpdate(*)` is none.
    if input.peek(syn::token::Bracket) {
        return group(input);
    }
    input.parse().map(ungrouped).map_err(|wrong: syn::Error| {
        error(&rest(input), format!("the value of `{name}` cannot be read: {wrong}"), format!("write `{name} = …`"))
    })
}

/// Reads what stands in the parentheses of an attribute as `#[key(…)]`.
pub(crate) fn in_parentheses(
    attribute: &Attribute,
    help: &str,
    one: impl FnMut(ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    if attribute.meta.require_list().is_err() {
        let name = shown(attribute.path());
        return Err(error(attribute.path(), format!("`{name}` is written with parentheses"), help));
    }
    attribute.parse_nested_meta(one)
}

/// A value that a macro passes on comes in a group that nobody sees.
pub(crate) fn ungrouped(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => ungrouped(*group.expr),
        other => other,
    }
}

fn group(input: ParseStream<'_>) -> syn::Result<Expr> {
    Ok(Expr::Verbatim(input.parse::<TokenTree>()?.into_token_stream()))
}

fn skip_option(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) && input.parse::<TokenTree>().is_ok() {}
}

fn rest(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = input.cursor().token_stream().into_iter();
    tokens.next().map(|token| token.to_token_stream()).unwrap_or_default()
}
