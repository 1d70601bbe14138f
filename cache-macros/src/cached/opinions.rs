//! The options that make up a function's policy, each a field of it with the same name.

use super::local::{self, Local};
use crate::paths::Door;
use crate::problems::Problems;
use crate::values::{self, Lifetime, Ratio};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Expr;
use syn::ext::IdentExt;

/// What the attribute says of the policy, in its order.
#[derive(Default)]
pub(crate) struct Opinions(Vec<Opinion>);

pub(crate) struct Opinion {
    /// The option, and the field.
    pub(crate) name: Ident,
    /// As it is written.
    pub(crate) value: Expr,
    says: Says,
}

enum Says {
    Life(Lifetime),
    Ratio(Ratio),
    /// A variant of a type.
    Word(&'static str, Ident),
    Room(Local),
}

impl Opinions {
    /// One option more.
    pub(crate) fn take(&mut self, name: &Ident, value: &Expr, problems: &mut Problems) -> syn::Result<()> {
        let option = name.unraw().to_string();
        let says = match option.as_str() {
            "tiers" => Says::Word("Tiers", values::word("tiers", value, &["l1", "l2", "both"])?),
            "consistency" => Says::Word("Consistency", values::word("consistency", value, &["eventual", "strong"])?),
            "jitter" | "early" => Says::Ratio(values::ratio(&option, value)?),
            "lock" => Says::Life(values::lease(value)?),
            "local" => Says::Room(local::read(name, value, problems)?),
            _ => Says::Life(values::lifetime(&option, value)?),
        };
        self.0.push(Opinion { name: name.unraw(), value: value.clone(), says });
        Ok(())
    }

    pub(crate) fn all(&self) -> &[Opinion] {
        &self.0
    }

    pub(crate) fn of(&self, option: &str) -> Option<&Opinion> {
        self.0.iter().find(|opinion| opinion.name == option)
    }

    /// A duration, where it is written in figures.
    pub(crate) fn millis(&self, option: &str) -> Option<u64> {
        match &self.of(option)?.says {
            Says::Life(Lifetime::Millis(ms)) => Some(*ms),
            Says::Life(Lifetime::Expression(_)) | Says::Ratio(_) | Says::Word(..) | Says::Room(_) => None,
        }
    }

    pub(crate) fn word(&self, option: &str) -> Option<&Ident> {
        match &self.of(option)?.says {
            Says::Word(_, word) => Some(word),
            Says::Life(_) | Says::Ratio(_) | Says::Room(_) => None,
        }
    }

    /// The fields of a `Policy`. Their names are those of the attribute, so that an editor finds what they mean.
    pub(crate) fn fields(&self, door: &Door) -> impl Iterator<Item = TokenStream> {
        self.0.iter().map(move |Opinion { name, says, .. }| {
            let value = says.tokens(door);
            quote!(#name: #door::Some(#value))
        })
    }
}

impl Says {
    fn tokens(&self, door: &Door) -> TokenStream {
        match self {
            Self::Life(Lifetime::Millis(ms)) => quote!(#door::millis(#ms)),
            Self::Life(Lifetime::Expression(expression)) => quote!(#door::to_duration(#expression)),
            Self::Ratio(Ratio::Number(number)) => quote!(#number),
            Self::Ratio(Ratio::Expression(expression)) => quote!(#door::to_ratio(#expression)),
            Self::Word(ty, word) => {
                let (ty, variant) = (format_ident!("{ty}"), format_ident!("{}", capitalized(&word.to_string())));
                quote!(#door::#ty::#variant)
            }
            Self::Room(local) => local.tokens(door),
        }
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}
