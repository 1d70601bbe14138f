//! `local(max_entries = 1_000, policy = "lru")`: a region of its own in memory.

use crate::options::{Given, Table};
use crate::paths::Door;
use crate::problems::{Problems, did_you_mean, error};
use crate::values;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, ExprLit, Lit};

/// What the option says.
pub(super) struct Local {
    max_entries: Option<TokenStream>,
    max_bytes: Option<TokenStream>,
    /// A variant of `Eviction`.
    eviction: Option<TokenStream>,
}

const FORM: &str = "write `local(max_entries = 1_000)`, or `local(max_bytes = \"64MB\")`";
const SIZE: &str = "write `max_entries = 1_000`, or `max_bytes = \"64MB\"`";

const TABLE: Table = Table {
    known: &["max_entries", "max_bytes", "policy"],
    elsewhere: &[("size", SIZE), ("max_size", SIZE), ("capacity", SIZE), ("limit", SIZE), ("eviction", POLICIES)],
};

const POLICIES: &str = "write `policy = \"lfu\"` (the default), `policy = \"lru\"` or `policy = \"fifo\"`";

pub(super) fn read(name: &Ident, value: &Expr, problems: &mut Problems) -> syn::Result<Local> {
    let Some(inside) = values::inside(value) else { return Err(error(value, "`local` has no value like this", FORM)) };
    let before = problems.count();
    let options = TABLE.read(inside, problems);
    let mut local = Local { max_entries: None, max_bytes: None, eviction: None };
    for Given { name, value } in &options.given {
        let read = match name.to_string().as_str() {
            "max_entries" => entries(value).map(|entries| local.max_entries = Some(entries)),
            "max_bytes" => bytes(value).map(|bytes| local.max_bytes = Some(bytes)),
            _ => eviction(value).map(|eviction| local.eviction = Some(eviction)),
        };
        problems.take(read);
    }
    let is_bounded = local.max_entries.is_some() || local.max_bytes.is_some();
    // One that cannot be read may have been meant to say so.
    if !is_bounded && problems.count() == before {
        return Err(error(name, "`local` does not say how much room there is", FORM));
    }
    Ok(local)
}

impl Local {
    /// An `L1`.
    pub(super) fn tokens(&self, door: &Door) -> TokenStream {
        let size = match (&self.max_entries, &self.max_bytes) {
            (Some(entries), None) => quote!(#door::L1::max_entries(#entries)),
            (Some(entries), Some(bytes)) => quote!(#door::L1::max_entries(#entries).and_max_bytes(#bytes)),
            // Without either it was refused.
            (None, bytes) => quote!(#door::L1::max_bytes(#bytes)),
        };
        match &self.eviction {
            Some(eviction) => quote!(#size.policy(#door::Eviction::#eviction)),
            None => size,
        }
    }
}

fn entries(value: &Expr) -> syn::Result<TokenStream> {
    const HELP: &str = "write a number of entries: `max_entries = 1_000`";
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
            room(value, number.base10_parse().ok(), "max_entries", HELP)
        }
        Expr::Lit(_) | Expr::Unary(_) | Expr::Verbatim(_) => {
            Err(error(value, "`max_entries` is not a number of entries", HELP))
        }
        expression => Ok(quote!(#expression)),
    }
}

fn bytes(value: &Expr) -> syn::Result<TokenStream> {
    const HELP: &str = "write a text with a unit, `max_bytes = \"64MB\"`, or a number of bytes";
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => room(value, number.base10_parse().ok(), "max_bytes", HELP),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let bytes = size(&text.value())
                .ok_or_else(|| error(value, format!("`{}` is not a number of bytes", text.value()), HELP))?;
            room(value, Some(bytes), "max_bytes", HELP)
        }
        Expr::Lit(_) | Expr::Unary(_) | Expr::Verbatim(_) => {
            Err(error(value, "`max_bytes` is not a number of bytes", HELP))
        }
        expression => Ok(quote!(#expression)),
    }
}

fn room(value: &Expr, number: Option<u64>, option: &str, help: &str) -> syn::Result<TokenStream> {
    match number {
        Some(0) => Err(error(value, format!("`{option}` cannot be zero"), "give it a size, or write `tiers = l2`")),
        Some(number) => Ok(quote!(#number)),
        None => Err(error(value, format!("`{option}` is too large"), help)),
    }
}

/// `64MB`, `1GiB`: both count in steps of 1,024, as the runtime's settings do.
fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "b" => 1,
        "kb" | "kib" => 1 << 10,
        "mb" | "mib" => 1 << 20,
        "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(unit)
}

fn eviction(value: &Expr) -> syn::Result<TokenStream> {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value else {
        return Err(error(value, "`policy` is not a text", POLICIES));
    };
    match text.value().as_str() {
        "lfu" => Ok(quote!(S3Fifo)),
        "lru" => Ok(quote!(Lru)),
        "fifo" => Ok(quote!(Fifo)),
        other => {
            let help = match did_you_mean(other, ["lfu", "lru", "fifo"]) {
                Some(close) => format!("did you mean `{close}`?"),
                None => POLICIES.to_owned(),
            };
            Err(error(value, format!("`{other}` is no policy of eviction"), help))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_read_as_people_write_them() {
        assert_eq!(size("64MB"), Some(64 << 20));
        assert_eq!(size("1 GiB"), Some(1 << 30));
        for wrong in ["", "MB", "64", "64XB", "-1MB", "1.5GB", "99999999999GB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
