//! The options of `#[cached]`, a line each.

use super::binding::EventSpec;
use crate::options::{Given, Table};
use crate::problems::{Problems, error};
use crate::template::{self, Template};
use crate::values::{self, Lifetime};
use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitStr, Path};

#[derive(Default)]
pub(crate) struct Args {
    pub(crate) key: Option<Template>,
    pub(crate) ttl: Option<Lifetime>,
    pub(crate) invalidate_on: Vec<EventSpec>,
    pub(crate) tags: Vec<Template>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<u32>,
    pub(crate) cache: Option<Expr>,
    pub(crate) tiers: Option<Ident>,
    pub(crate) codec: Option<Expr>,
    pub(crate) runtime: Option<Path>,
    pub(crate) companions: Option<bool>,
}

const TABLE: Table = Table {
    known: &[
        "key", "ttl", "invalidate_on", "tags", "skip", "name", "version", "cache", "tiers", "codec", "crate", "companions",
    ],
    planned: &[
        "ttl_from", "l1_ttl", "jitter", "consistency", "early", "stale_while_revalidate", "stale_if_error",
        "error_backoff", "soft_timeout", "hard_timeout", "lock", "none_ttl", "error_ttl", "error_if", "cache_if", "local",
        "batch",
    ],
    elsewhere: &[
        ("size", "the size belongs to the cache: `Cache::builder().l1(L1::max_entries(n))`"),
        ("max_size", "the size belongs to the cache: `Cache::builder().l1(L1::max_entries(n))`"),
        ("time", "write `ttl = 300`"),
        ("expire", "write `ttl = 300`"),
        ("expiry", "write `ttl = 300`"),
        ("convert", "write the key as a template: `key = \"user:<id>\"`"),
        ("result", "nothing is needed: `Ok` is cached and `Err` is not, by the return type"),
        ("option", "nothing is needed: `Some` is cached and `None` is not, by the return type"),
        ("unless", "return early from an uncached function that calls this one"),
        ("condition", "return early from an uncached function that calls this one"),
        ("sync_writes", "nothing is needed: one load a key at a time is the default"),
    ],
};

/// Reads every option that can be read; the others are problems.
pub(crate) fn read(tokens: TokenStream, problems: &mut Problems) -> Args {
    let mut args = Args::default();
    for option in TABLE.read(tokens, problems) {
        let result = args.take(&option, problems);
        problems.take(result);
    }
    args
}

impl Args {
    fn take(&mut self, Given { name, value }: &Given, problems: &mut Problems) -> syn::Result<()> {
        match name.unraw().to_string().as_str() {
            "key" => self.key = Some(template::parse(&values::text("key", value)?, problems)),
            "ttl" => self.ttl = Some(values::lifetime("ttl", value)?),
            "invalidate_on" => self.invalidate_on = values::list("invalidate_on", value, "\"member_update\"")?,
            "tags" => self.tags = templates(&values::list("tags", value, "\"guild:<guild_id>\"")?, problems),
            "skip" => self.skip = values::list::<Skipped>("skip", value, "db")?.into_iter().map(|name| name.0).collect(),
            "name" => self.name = Some(name_of(values::text("name", value)?)?),
            "version" => self.version = Some(values::number("version", value)?),
            "cache" => self.cache = Some(value.clone()),
            "tiers" => self.tiers = Some(tiers(value)?),
            "codec" => self.codec = Some(value.clone()),
            "crate" => self.runtime = Some(values::path("crate", value)?),
            "companions" => self.companions = Some(values::switch("companions", value)?),
            other => unreachable!("`{other}` is in the table of known options"),
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
        let element: Expr = input.parse()?;
        match &element {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Ok(Self(text.clone())),
            other => Err(error(other, "a tag is not a text", "write `tags = [\"guild:<guild_id>\"]`")),
        }
    }
}

struct Skipped(Ident);

impl Parse for Skipped {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let fork = input.fork();
        match input.call(Ident::parse_any) {
            Ok(name) => Ok(Self(name)),
            Err(_) => {
                let element: TokenStream = fork.parse()?;
                Err(error(&element, "`skip` names parameters", "write `skip = [db]`, or `skip = [self]`"))
            }
        }
    }
}

fn name_of(text: LitStr) -> syn::Result<LitStr> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    if text.value().is_empty() || !text.value().chars().all(fits) {
        let help = "use letters, digits, `_`, `-`, `.` and `:`, at least one";
        return Err(error(&text, format!("`{}` is not a name for metrics and configuration", text.value()), help));
    }
    Ok(text)
}

fn tiers(value: &Expr) -> syn::Result<Ident> {
    let help = "write `tiers = l1`, `tiers = l2` or `tiers = both`";
    match value {
        Expr::Path(path) => match path.path.get_ident() {
            Some(name) if ["l1", "l2", "both"].contains(&name.to_string().as_str()) => Ok(name.clone()),
            _ => Err(error(value, "there are no such tiers", help)),
        },
        other => Err(error(other, "there are no such tiers", help)),
    }
}
