//! Key and tag templates: `guild:<guild_id>:members`.

use crate::problems::{Problems, error};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::LitStr;
use syn::ext::IdentExt;
use syn::parse::Parser;

/// A template as written, its placeholders not yet looked up.
pub(crate) struct Template {
    pub(crate) literal: LitStr,
    pub(crate) pieces: Vec<Piece>,
}

pub(crate) enum Piece {
    Text(String),
    Placeholder(Placeholder),
}

/// `<user.id>`: what stands for a value.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Placeholder {
    /// `user`, or `self`, or a type parameter.
    pub(crate) root: String,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    Index(u32),
    Method(String),
}

impl Placeholder {
    pub(crate) fn shown(&self) -> String {
        let steps = self.steps.iter().map(|step| match step {
            Step::Field(name) => format!(".{name}"),
            Step::Index(at) => format!(".{at}"),
            Step::Method(name) => format!(".{name}()"),
        });
        std::iter::once(self.root.trim_start_matches("r#").to_owned()).chain(steps).collect()
    }

    /// What an event's field has to be called to be bound to it: `user_id` for `<user.id>`, `id` for `<self.id>`.
    pub(crate) fn binding(&self) -> String {
        let named = self.steps.iter().filter_map(|step| match step {
            Step::Field(name) | Step::Method(name) => Some(name.as_str()),
            Step::Index(_) => None,
        });
        let root = Some(self.root.as_str()).filter(|root| *root != "self");
        let names: Vec<&str> = root.into_iter().chain(named).map(|name| name.trim_start_matches("r#")).collect();
        if names.is_empty() { self.root.clone() } else { names.join("_") }
    }

    /// `user.id`, with the user's own variable at `root`.
    ///
    /// The steps are the expansion's, or the compiler would offer to replace the whole text by another field's name.
    pub(crate) fn expression(&self, root: Span) -> TokenStream {
        self.expression_of(ident(&self.root, root), root)
    }

    /// The same of the expansion's own variable.
    pub(crate) fn expression_of(&self, root: Ident, span: Span) -> TokenStream {
        let span = span.resolved_at(Span::mixed_site());
        let steps = self.steps.iter().map(|step| match step {
            Step::Field(name) => {
                let name = ident(name, span);
                quote!(.#name)
            }
            Step::Index(at) => {
                let at = syn::Index { index: *at, span };
                quote!(.#at)
            }
            Step::Method(name) => {
                let name = ident(name, span);
                quote!(.#name())
            }
        });
        quote!(#root #(#steps)*)
    }
}

fn ident(name: &str, span: Span) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, span),
        None if name != "self" && syn::parse_str::<Ident>(name).is_err() => Ident::new_raw(name, span),
        None => Ident::new(name, span),
    }
}

impl Template {
    pub(crate) fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder(placeholder) => Some(placeholder),
            Piece::Text(_) => None,
        })
    }

    /// Whether it needs the returned value.
    pub(crate) fn names_the_return(&self) -> bool {
        self.placeholders().any(|placeholder| placeholder.root == "return")
    }
}

/// Reads a template; what is wrong in it becomes a problem at the text, which is all of a literal that can be underlined.
pub(crate) fn parse(literal: &LitStr, problems: &mut Problems) -> Template {
    let text = literal.value();
    let mut pieces = Vec::new();
    let mut left = text.as_str();
    if text.is_empty() {
        problems.at(literal, "the template is empty", "write something that names the entry, as in `\"user:<id>\"`");
    }
    while !left.is_empty() {
        if let Some(rest) = left.strip_prefix("<<") {
            push_text(&mut pieces, "<");
            left = rest;
        } else if let Some(rest) = left.strip_prefix('<') {
            let Some((inside, rest)) = rest.split_once('>') else {
                problems.at(
                    literal,
                    format!("`<{rest}` is not closed"),
                    "close it with `>`, or write `<<` for a plain `<`",
                );
                break;
            };
            match placeholder(literal, inside) {
                Ok(placeholder) => pieces.push(Piece::Placeholder(placeholder)),
                Err(wrong) => problems.add(wrong),
            }
            left = rest;
        } else {
            let end = left.find('<').unwrap_or(left.len());
            push_text(&mut pieces, &left[..end]);
            left = &left[end..];
        }
    }
    Template { literal: literal.clone(), pieces }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(before)) => before.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

fn placeholder(literal: &LitStr, inside: &str) -> syn::Result<Placeholder> {
    const FORMS: &str =
        "a placeholder is `<param>`, `<param.field>`, `<param.0>`, `<self.field>` or `<param.method()>`";
    let text = inside.trim();
    if text.is_empty() {
        return Err(error(literal, "`<>` names nothing", FORMS));
    }
    if text == "Self" {
        return Ok(Placeholder { root: text.to_owned(), steps: Vec::new() });
    }
    let wrong = || error(literal, format!("`<{inside}>` is not a placeholder"), FORMS);
    let mut parts = text.split('.').map(str::trim);
    let root = parts.next().and_then(root).ok_or_else(wrong)?;
    let steps = parts.map(|part| step(part).ok_or_else(wrong)).collect::<syn::Result<_>>()?;
    Ok(Placeholder { root, steps })
}

/// A parameter by its name; one that is called as a keyword is, `r#type`, with or without its prefix.
fn root(text: &str) -> Option<String> {
    match ["self", "return"].contains(&text) || is_name(text) {
        true => Some(text.to_owned()),
        false => is_member(text).then(|| format!("r#{text}")),
    }
}

fn step(part: &str) -> Option<Step> {
    if let Some(name) = part.strip_suffix("()") {
        return is_member(name.trim()).then(|| Step::Method(name.trim().to_owned()));
    }
    match part.parse() {
        Ok(at) => Some(Step::Index(at)),
        Err(_) => is_member(part).then(|| Step::Field(part.to_owned())),
    }
}

fn is_name(text: &str) -> bool {
    syn::parse_str::<Ident>(text).is_ok()
}

/// Whether it can name a field, as `type` can: `r#type`.
fn is_member(text: &str) -> bool {
    Parser::parse_str(Ident::parse_any, text).is_ok() && !["self", "Self", "super", "crate", "_"].contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<String>> {
        let mut problems = Problems::default();
        let template = parse(&LitStr::new(text, Span::call_site()), &mut problems);
        let shown = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Placeholder(placeholder) => format!("<{}>", placeholder.shown()),
        };
        problems.is_empty().then(|| template.pieces.iter().map(shown).collect())
    }

    #[test]
    fn templates_read_as_written() {
        assert_eq!(
            read("guild:<guild_id>:members"),
            Some(vec!["guild:".into(), "<guild_id>".into(), ":members".into()])
        );
        assert_eq!(read("<a.b.0>"), Some(vec!["<a.b.0>".into()]));
        assert_eq!(read("<a.len()>"), Some(vec!["<a.len()>".into()]));
        assert_eq!(read("a << b"), Some(vec!["a < b".into()]));
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for wrong in ["", "<", "<>", "a<b", "<a b>", "<1>", "<a..b>", "<a.b(1)>", "<super>"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_placeholder_is_bound_by_the_names_on_its_way() {
        let binding = |text: &str| placeholder(&LitStr::new("", Span::call_site()), text).ok().map(|p| p.binding());
        assert_eq!(binding("guild_id"), Some("guild_id".into()));
        assert_eq!(binding("user.id"), Some("user_id".into()));
        assert_eq!(binding("self.guild_id"), Some("guild_id".into()));
        assert_eq!(binding("id.0"), Some("id".into()));
        assert_eq!(binding("type"), Some("type".into()));
    }
}
