//! One option's value: durations, texts, lists, switches.

use crate::problems::error;
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Expr, ExprLit, ExprPath, Lit, LitInt, LitStr, Path, Token};

/// A TTL as written.
#[derive(Clone)]
pub(crate) enum Lifetime {
    /// A literal, in milliseconds.
    Millis(u64),
    /// An expression that only the compiler can evaluate.
    Expression(Expr),
}

/// Whole seconds, a text such as `"1h30m"`, or an expression.
pub(crate) fn lifetime(option: &str, value: &Expr) -> syn::Result<Lifetime> {
    const LIVES: &str = "write seconds (`300`), a text (`\"5m\"`, `\"1h30m\"`, `\"250ms\"`) or a `Duration` expression";
    const LEASES: &str = "write `true` for a lease of 10 seconds, `false`, or a duration: `30`, `\"500ms\"`";
    let forms = if option == "lock" { LEASES } else { LIVES };
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(seconds), .. }) if !is_plain_number(seconds) => {
            let message = format!("`{seconds}` is not a duration: a number with a unit is a text");
            Err(error(value, message, format!("write `\"{seconds}\"`, or seconds without a unit")))
        }
        Expr::Lit(ExprLit { lit: Lit::Int(seconds), .. }) => {
            let seconds: u64 = seconds.base10_parse().map_err(|_| error(value, too_large(option), forms))?;
            positive(option, value, seconds.checked_mul(1_000).ok_or_else(|| error(value, too_large(option), forms))?)
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => match duration_ms(&text.value()) {
            Ok(ms) => positive(option, value, ms),
            Err(_) if text.value().is_empty() => Err(error(value, format!("`{option}` is empty"), forms)),
            Err(wrong) => Err(error(value, format!("`{}` is not a duration: {wrong}", text.value()), forms)),
        },
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            Err(error(value, format!("`{option}` cannot be negative"), forms))
        }
        Expr::Lit(_) | Expr::Verbatim(_) => Err(error(value, format!("`{option}` is not a duration"), forms)),
        expression => Ok(Lifetime::Expression(expression.clone())),
    }
}

/// How long the right to load is leased at a time, where only `lock = true` is written.
const LEASE_MS: u64 = 10_000;

/// `true`, `false`, or the duration of a lease.
pub(crate) fn lease(value: &Expr) -> syn::Result<Lifetime> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Bool(switch), .. }) => {
            Ok(Lifetime::Millis(if switch.value { LEASE_MS } else { 0 }))
        }
        other => lifetime("lock", other),
    }
}

/// A share or a factor, as written.
pub(crate) enum Ratio {
    Number(f64),
    /// An expression that only the compiler can evaluate.
    Expression(Expr),
}

/// `jitter`, a share below 1, or `early`, any factor; neither is negative.
pub(crate) fn ratio(option: &str, value: &Expr) -> syn::Result<Ratio> {
    let is_share = option == "jitter";
    let help = match is_share {
        true => "write a share of the TTL, from 0 to below 1: `jitter = 0.1`",
        false => "write a factor from 0 on: 1 is the default, a larger one is earlier, 0 is never",
    };
    let number = match value {
        Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => number.base10_parse::<f64>()?,
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if is_plain_number(number) => number.base10_parse::<f64>()?,
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            return Err(error(value, format!("`{option}` cannot be negative"), help));
        }
        Expr::Path(path) if path.path.segments.last().is_some_and(|last| is_no_number(&last.ident)) => {
            return Err(error(value, format!("`{option}` has to be a finite number"), help));
        }
        Expr::Lit(_) | Expr::Verbatim(_) => return Err(error(value, format!("`{option}` is not a number"), help)),
        expression => return Ok(Ratio::Expression(expression.clone())),
    };
    match number {
        number if !number.is_finite() => Err(error(value, too_large(option), help)),
        number if is_share && number >= 1.0 => {
            Err(error(value, format!("`{option}` has to be below 1: an entry could have no life at all"), help))
        }
        number => Ok(Ratio::Number(number)),
    }
}

/// The constants of `f64` that are none.
fn is_no_number(name: &Ident) -> bool {
    ["NAN", "INFINITY", "NEG_INFINITY"].iter().any(|constant| name == constant)
}

/// Without a suffix, or with that of an integer type.
fn is_plain_number(number: &LitInt) -> bool {
    matches!(
        number.suffix(),
        "" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize"
    )
}

fn positive(option: &str, value: &Expr, ms: u64) -> syn::Result<Lifetime> {
    if ms == 0 {
        let instead = match option {
            "ttl" => "do not cache the function",
            "lock" => "write `false`",
            "soft_timeout" => "serve the stale value at once: `stale_while_revalidate`",
            _ => "leave it out",
        };
        return Err(error(value, format!("`{option}` cannot be zero"), format!("give it a length, or {instead}")));
    }
    Ok(Lifetime::Millis(ms))
}

fn too_large(option: &str) -> String {
    format!("`{option}` is too large")
}

/// The milliseconds of `1h30m`: numbers with units, the larger first.
pub(crate) fn duration_ms(text: &str) -> Result<u64, String> {
    let (mut left, mut total_ms, mut last_unit_ms) = (text, 0_u64, u64::MAX);
    if text.is_empty() {
        return Err("it is empty".into());
    }
    while !left.is_empty() {
        let digits = left.find(|c: char| !c.is_ascii_digit()).unwrap_or(left.len());
        if digits == 0 {
            return Err(format!("expected a number at `{left}`"));
        }
        let end = left[digits..].find(|c: char| c.is_ascii_digit()).map_or(left.len(), |at| digits + at);
        let unit = &left[digits..end];
        let unit_ms = unit_ms(unit)?;
        if unit_ms >= last_unit_ms {
            return Err(format!("`{unit}` does not come after a larger unit"));
        }
        let part_ms = left[..digits].parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms));
        total_ms = part_ms.and_then(|ms| total_ms.checked_add(ms)).ok_or("it is too long")?;
        (left, last_unit_ms) = (&left[end..], unit_ms);
    }
    Ok(total_ms)
}

fn unit_ms(unit: &str) -> Result<u64, String> {
    match unit {
        "d" => Ok(86_400_000),
        "h" => Ok(3_600_000),
        "m" => Ok(60_000),
        "s" => Ok(1_000),
        "ms" => Ok(1),
        "" => Err("the number has no unit (`d`, `h`, `m`, `s`, `ms`)".into()),
        other => Err(format!("`{other}` is no unit (`d`, `h`, `m`, `s`, `ms`)")),
    }
}

pub(crate) fn text(option: &str, value: &Expr) -> syn::Result<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
        other => {
            let example = if option == "key" { "user:<id>" } else { "…" };
            Err(error(other, format!("`{option}` is not a text"), format!("write `{option} = \"{example}\"`")))
        }
    }
}

/// How many fields of an event can be bound; the runtime has the same bound.
pub(crate) const MAX_EVENT_FIELDS: usize = 5;

/// What an event may be called, in its declaration and where it is named.
pub(crate) fn check_event_name(name: &str, literal: &LitStr) -> syn::Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let help = "use letters, digits, `_`, `-` and `.`";
    if name.is_empty() {
        return Err(error(literal, "an event without a name", help));
    }
    if !name.chars().all(fits) {
        return Err(error(literal, format!("`{name}` is not the name of an event"), help));
    }
    Ok(())
}

pub(crate) fn switch(option: &str, value: &Expr) -> syn::Result<bool> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Bool(switch), .. }) => Ok(switch.value),
        other => {
            Err(error(other, format!("`{option}` is neither `true` nor `false`"), format!("write `{option} = false`")))
        }
    }
}

pub(crate) fn number(option: &str, value: &Expr) -> syn::Result<u32> {
    let help = || format!("write a whole number from 0 to {}, as in `{option} = 2`", u32::MAX);
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if is_plain_number(number) => {
            number.base10_parse().map_err(|_| error(value, format!("`{option}` is too large"), help()))
        }
        other => Err(error(other, format!("`{option}` is not a number"), help())),
    }
}

pub(crate) fn path(option: &str, value: &Expr) -> syn::Result<Path> {
    match value {
        Expr::Path(ExprPath { path, qself: None, .. }) => Ok(path.clone()),
        // `crate = "path"` is what serde writes.
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text
            .parse()
            .map_err(|_| error(value, format!("`{option}` is not a path"), format!("write `{option} = a::path`"))),
        other => Err(error(other, format!("`{option}` is not a path"), format!("write `{option} = a::path`"))),
    }
}

/// The path of a function of the returned value or error.
pub(crate) fn function(option: &str, value: &Expr, form: &str) -> syn::Result<Path> {
    match value {
        Expr::Path(_) => path(option, value),
        other => {
            let help = format!("write the path of a `{form}`, as in `{option} = my_function`");
            Err(error(other, format!("`{option}` is not the path of a function"), help))
        }
    }
}

/// One of some words.
pub(crate) fn word(option: &str, value: &Expr, words: &[&str]) -> syn::Result<Ident> {
    let word = match value {
        Expr::Path(path) => path.path.get_ident().filter(|word| words.contains(&word.to_string().as_str())),
        _ => None,
    };
    let choices: Vec<String> = words.iter().map(|word| format!("`{option} = {word}`")).collect();
    let help = || format!("write {}", one_of(&choices));
    word.cloned().ok_or_else(|| error(value, format!("this is no value of `{option}`"), help()))
}

fn one_of(choices: &[String]) -> String {
    match choices {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        choices => choices.concat(),
    }
}

/// An expression that the compiler will judge; a list is none.
pub(crate) fn expression(option: &str, value: &Expr, example: &str) -> syn::Result<Expr> {
    match value {
        Expr::Verbatim(_) => {
            Err(error(value, format!("`{option}` is not a list"), format!("write `{option} = {example}`")))
        }
        expression => Ok(expression.clone()),
    }
}

/// The elements of `[a, b]`, or of `(a, b)` where the option may be written so; `example` shows how.
pub(crate) fn list<T: Parse>(example: &str, value: &Expr) -> syn::Result<Vec<T>> {
    let Some(inside) = inside(value) else {
        return Err(error(value, "this is not a list", format!("write `{example}`")));
    };
    let elements = |input: ParseStream<'_>| {
        let mut elements = Vec::new();
        while !input.is_empty() {
            elements.push(input.parse()?);
            if !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
                let next: TokenTree = input.parse()?;
                return Err(error(&next, "expected `,`", format!("separate elements by commas, as in `{example}`")));
            }
        }
        Ok(elements)
    };
    elements.parse2(inside)
}

/// What stands between the parentheses or brackets of an option; none if it has no such value.
pub(crate) fn inside(value: &Expr) -> Option<TokenStream> {
    let Expr::Verbatim(tokens) = value else { return None };
    let inside = tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    });
    Some(inside.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::duration_ms;

    /// A15
    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(duration_ms("5m"), Ok(300_000));
        assert_eq!(duration_ms("1h30m"), Ok(5_400_000));
        assert_eq!(duration_ms("1d250ms"), Ok(86_400_250));
        for wrong in ["", "5", "5x", "m", "5m1h", "5m5m", "1.5h", "-5m", " 5m", "99999999999999999999d"] {
            assert!(duration_ms(wrong).is_err(), "{wrong}");
        }
    }
}
