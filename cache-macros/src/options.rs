//! `name = value` lists: duplicates, unknown names, did-you-mean.

use crate::problems::{Problems, did_you_mean, error, quoted};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Token};

/// One `name = value`.
pub(crate) struct Given {
    pub(crate) name: Ident,
    pub(crate) value: Expr,
}

/// What an attribute understands, and what to say of what it does not.
pub(crate) struct Table {
    /// Every option.
    pub(crate) known: &'static [&'static str],
    /// Options that a later version will have.
    pub(crate) planned: &'static [&'static str],
    /// What other libraries call something, and what to write here.
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

impl Table {
    /// The options that are given, each at most once and known; everything else is a problem.
    pub(crate) fn read(&self, tokens: TokenStream, problems: &mut Problems) -> Vec<Given> {
        let mut given: Vec<Given> = Vec::new();
        for option in parse(tokens, problems) {
            let name = option.name.unraw().to_string();
            if !self.known.contains(&name.as_str()) {
                self.refuse(&option.name, &name, problems);
            } else if given.iter().any(|other| other.name == option.name) {
                problems.at(&option.name, format!("`{name}` is given twice"), "keep one of the two");
            } else {
                given.push(option);
            }
        }
        given
    }

    fn refuse(&self, token: &Ident, name: &str, problems: &mut Problems) {
        if self.planned.contains(&name) {
            let help = "leave it out; nothing of it would happen";
            return problems.at(token, format!("`{name}` is not supported by this version"), help);
        }
        let message = format!("unknown option `{name}`");
        if let Some((_, ours)) = self.elsewhere.iter().find(|(theirs, _)| *theirs == name) {
            return problems.at(token, message, *ours);
        }
        let help = match did_you_mean(name, self.known.iter().copied()) {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => format!("the options are {}", quoted(self.known)),
        };
        problems.at(token, message, help);
    }
}

fn parse(tokens: TokenStream, problems: &mut Problems) -> Vec<Given> {
    let mut given = Vec::new();
    let all = |input: ParseStream<'_>| {
        while !input.is_empty() {
            given.push(one(input)?);
            if !input.is_empty() {
                input.parse::<Token![,]>().map_err(|_| error(&rest(input), "expected `,`", "separate options by commas"))?;
            }
        }
        Ok(())
    };
    problems.take(Parser::parse2(all, tokens));
    given
}

fn one(input: ParseStream<'_>) -> syn::Result<Given> {
    let Ok(name) = input.call(Ident::parse_any) else {
        return Err(error(&rest(input), "expected an option", "options are written `name = value`"));
    };
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
    } else {
        return Err(error(&name, format!("`{name}` has no value"), format!("write `{name} = …`")));
    }
    if input.is_empty() || input.peek(Token![,]) {
        return Err(error(&name, format!("`{name}` has no value"), format!("write `{name} = …`")));
    }
    // What a list holds is not always an expression: `MemberUpdate(*)` is none.
    if input.peek(syn::token::Bracket) {
        let list: TokenTree = input.parse()?;
        return Ok(Given { name, value: Expr::Verbatim(list.into_token_stream()) });
    }
    Ok(Given { name, value: input.parse()? })
}

fn rest(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = input.cursor().token_stream().into_iter();
    tokens.next().map(|token| token.to_token_stream()).unwrap_or_default()
}
