//! The options of `#[cached]`, a line each.

use super::batch::{self, Batch};
use super::binding::EventSpec;
use super::coherence;
use super::elsewhere::ELSEWHERE;
use super::opinions::Opinions;
use super::rules::Paths;
use crate::options::{Given, Table, ungrouped};
use crate::problems::{Problems, error};
use crate::template::{self, Template};
use crate::values;
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitStr, Path, Token};

#[derive(Default)]
pub(crate) struct Args {
    pub(crate) key: Option<Template>,
    pub(crate) invalidate_on: Vec<EventSpec>,
    pub(crate) tags: Vec<Template>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) batch: Option<Batch>,
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<u32>,
    pub(crate) cache: Option<Expr>,
    pub(crate) policy: Opinions,
    pub(crate) paths: Paths,
    pub(crate) codec: Option<Expr>,
    pub(crate) runtime: Option<Path>,
    pub(crate) companions: Option<bool>,
    /// The options that are there and can be read.
    pub(crate) given: Vec<Ident>,
    /// The options that are there and cannot be read.
    pub(crate) unread: Vec<String>,
}

const TABLE: Table = Table {
    known: &[
        "key",
        "ttl",
        "invalidate_on",
        "tags",
        "skip",
        "name",
        "version",
        "cache",
        "none_ttl",
        "tiers",
        "consistency",
        "l1_ttl",
        "jitter",
        "early",
        "stale_while_revalidate",
        "stale_if_error",
        "error_backoff",
        "soft_timeout",
        "hard_timeout",
        "lock",
        "min_load",
        "refresh_every",
        "refresh_idle",
        "ttl_from",
        "cache_if",
        "error_if",
        "error_ttl",
        "codec",
        "crate",
        "companions",
        "batch",
        "local",
    ],
    elsewhere: ELSEWHERE,
};

/// Reads every option that can be read; the others are problems.
pub(crate) fn read(tokens: TokenStream, problems: &mut Problems) -> Args {
    read_by(&TABLE, tokens, problems)
}

/// The same of an attribute that has some of them.
pub(crate) fn read_by(table: &Table, tokens: TokenStream, problems: &mut Problems) -> Args {
    let options = table.read(tokens, problems);
    let mut args = Args { unread: options.unread, ..Args::default() };
    for option in options.given {
        let before = problems.count();
        let result = args.take(&option, problems);
        problems.take(result);
        match problems.count() > before {
            true => args.unread.push(option.name.unraw().to_string()),
            false => args.given.push(option.name),
        }
    }
    coherence::check(&args, problems);
    args
}

impl Args {
    /// Whether values are never stored, so that they need not be written and read.
    pub(crate) fn stays_in_memory(&self) -> bool {
        self.policy.word("tiers").is_some_and(|tiers| tiers == "l1")
    }

    pub(crate) fn is_unread(&self, option: &str) -> bool {
        self.unread.iter().any(|unread| unread == option)
    }

    fn take(&mut self, Given { name, value }: &Given, problems: &mut Problems) -> syn::Result<()> {
        match name.unraw().to_string().as_str() {
            "key" => self.key = Some(template::parse(&values::text("key", value)?, problems)),
            "invalidate_on" => self.invalidate_on = values::list("invalidate_on = [\"member_update\"]", value)?,
            "tags" => self.tags = templates(&values::list("tags = [\"guild:<guild_id>\"]", value)?, problems),
            "skip" => {
                self.skip = values::list::<Skipped>("skip(user_id)", value)?.into_iter().map(|name| name.0).collect()
            }
            "batch" => self.batch = Some(batch::read(name, value)?),
            "name" => self.name = Some(name_of(values::text("name", value)?)?),
            "version" => self.version = Some(values::number("version", value)?),
            "cache" => self.cache = Some(values::expression("cache", value, "self.cache")?),
            "ttl_from" => self.paths.ttl_from = Some(values::function("ttl_from", value, "fn(&T) -> Duration")?),
            "cache_if" => self.paths.cache_if = Some(values::function("cache_if", value, "fn(&T) -> bool")?),
            "error_if" => self.paths.error_if = Some(values::function("error_if", value, "fn(&E) -> bool")?),
            "codec" => self.codec = Some(values::expression("codec", value, "cache_runtime::Json")?),
            "crate" => self.runtime = Some(values::path("crate", value)?),
            "companions" => self.companions = Some(values::switch("companions", value)?),
            _ => self.policy.take(name, value, problems)?,
        }
        Ok(())
    }
}

fn templates(texts: &[Text], problems: &mut Problems) -> Vec<Template> {
    texts.iter().map(|text| template::parse(&text.0, problems)).collect()
}

struct Text(LitStr);

impl Parse for Text {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let element = input.parse().map(ungrouped)?;
        match &element {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Ok(Self(text.clone())),
            other => Err(error(other, "a tag is not a text", "write `tags = [\"guild:<guild_id>\"]`")),
        }
    }
}

struct Skipped(Ident);

impl Parse for Skipped {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let help = "write `skip(user_id)`, or `skip(self)`";
        let Ok(name) = input.call(Ident::parse_any) else {
            let token: TokenTree = input.parse()?;
            return Err(error(&token, format!("`{token}` is not the name of a parameter"), help));
        };
        if input.peek(Token![.]) {
            return Err(error(&name, format!("`skip` takes `{name}` as a whole, and no part of it"), help));
        }
        Ok(Self(name))
    }
}

fn name_of(text: LitStr) -> syn::Result<LitStr> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let help = "use letters, digits, `_`, `-`, `.` and `:`";
    if text.value().is_empty() {
        return Err(error(&text, "the name is empty", help));
    }
    if !text.value().chars().all(fits) {
        return Err(error(&text, format!("`{}` is not a name for metrics and configuration", text.value()), help));
    }
    Ok(text)
}
