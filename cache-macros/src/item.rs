//! A function as the attribute sees it: its signature parsed, its body a heap of tokens.

use crate::problems::Problems;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::visit::Visit;
use syn::{
    AttrStyle, Attribute, FnArg, GenericParam, Pat, PatIdent, PatType, Receiver, ReturnType, Signature, TraitItemFn,
    Type, Visibility,
};

#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
    /// The places of the parameters that are secret.
    pub(crate) secrets: Vec<usize>,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature = input.parse()?;
        let body;
        syn::braced!(body in input);
        // Inner attributes stand first in a body, where the expansion has something else.
        let inner = body.call(Attribute::parse_inner)?;
        attributes.extend(inner.into_iter().map(|inner| Attribute { style: AttrStyle::Outer, ..inner }));
        Ok(Self { attributes, visibility, signature, body: body.parse()?, secrets: Vec::new() })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, signature, body, .. } = self;
        tokens.extend(quote!(#(#attributes)* #visibility #signature { #body }));
    }
}

/// Says that an attribute is on no function, or on one that a trait declares, for which there is other help.
pub(crate) fn refuse(item: &TokenStream, attribute: &str, help_where_declared: &str, problems: &mut Problems) {
    if let Ok(declared @ TraitItemFn { default: None, .. }) = syn::parse2(item.clone()) {
        let message = format!("`#[{attribute}]` is on a function without a body");
        return problems.at(&declared.sig.ident, message, help_where_declared);
    }
    let first: TokenStream = item.clone().into_iter().take(1).collect();
    problems.at(&first, format!("`#[{attribute}]` is not on a function"), "put it on an `async fn` with a body");
}

/// A parameter that is not the receiver.
pub(crate) struct Parameter<'a> {
    pub(crate) typed: &'a PatType,
    /// Every name that its pattern binds.
    pub(crate) names: Vec<&'a Ident>,
}

impl Function {
    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        self.signature.receiver()
    }

    pub(crate) fn parameters(&self) -> Vec<Parameter<'_>> {
        let typed = self.signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(_) => None,
        });
        typed.map(|typed| Parameter { typed, names: names_in(&typed.pat) }).collect()
    }

    /// Whether the parameter that binds a name is secret.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        let marked = self.secrets.iter().filter_map(|at| self.signature.inputs.iter().nth(*at));
        marked.into_iter().any(|input| match input {
            FnArg::Typed(typed) => names_in(&typed.pat).iter().any(|own| *own == name),
            FnArg::Receiver(_) => false,
        })
    }

    /// Type and const parameters: two instantiations are two functions to a cache.
    pub(crate) fn generics(&self) -> Vec<&Ident> {
        self.signature.generics.params.iter().filter_map(type_or_const).collect()
    }

    pub(crate) fn returns(&self) -> Option<&Type> {
        match &self.signature.output {
            ReturnType::Type(_, returns) => Some(returns),
            ReturnType::Default => None,
        }
    }
}

fn type_or_const(parameter: &GenericParam) -> Option<&Ident> {
    match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    }
}

impl Parameter<'_> {
    /// Whether its value is plainly meant to tell calls apart: a number, a text, an id.
    ///
    /// For a pattern, as an extractor has it, the wrapped type counts; of a tuple, each element.
    pub(crate) fn is_plainly_keyable(&self) -> bool {
        match &*self.typed.pat {
            Pat::Ident(_) => is_plain(&self.typed.ty),
            _ => is_plain(only_argument(&self.typed.ty).unwrap_or(&self.typed.ty)),
        }
    }

    /// Whether its value is an integer, which says what a key made of it can look like.
    pub(crate) fn is_integer(&self) -> bool {
        let mut ty = ungrouped(&self.typed.ty);
        while let Type::Reference(reference) = ty {
            ty = ungrouped(&reference.elem);
        }
        matches!(*self.typed.pat, Pat::Ident(_))
            && matches!(ty, Type::Path(path) if INTEGERS.iter().any(|name| path.path.is_ident(name)))
    }
}

fn names_in(pattern: &Pat) -> Vec<&Ident> {
    struct Names<'a>(Vec<&'a Ident>);
    impl<'a> Visit<'a> for Names<'a> {
        fn visit_pat_ident(&mut self, ident: &'a PatIdent) {
            self.0.push(&ident.ident);
            syn::visit::visit_pat_ident(self, ident);
        }
    }
    let mut names = Names(Vec::new());
    names.visit_pat(pattern);
    names.0
}

const INTEGERS: [&str; 12] = ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];

const OTHER_PLAIN: [&str; 8] = ["bool", "char", "str", "String", "Uuid", "f32", "f64", "Duration"];

/// A type that a macro passes on comes in a group that nobody sees.
pub(crate) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

fn is_plain(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Reference(reference) => is_plain(&reference.elem),
        Type::Slice(slice) => is_plain(&slice.elem),
        Type::Array(array) => is_plain(&array.elem),
        Type::Tuple(tuple) => !tuple.elems.is_empty() && tuple.elems.iter().all(is_plain),
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if last.arguments.is_none() => {
                let name = last.ident.to_string();
                INTEGERS.contains(&name.as_str())
                    || OTHER_PLAIN.contains(&name.as_str())
                    || name.strip_prefix("NonZero").is_some_and(|of| INTEGERS.contains(&of.to_lowercase().as_str()))
            }
            Some(last) if ["Option", "Vec", "Arc", "Box", "Rc", "Cow"].contains(&last.ident.to_string().as_str()) => {
                only_argument(ty).is_some_and(is_plain)
            }
            _ => false,
        },
        _ => false,
    }
}

/// `T` of `Wrapper<T>`.
pub(crate) fn only_argument(ty: &Type) -> Option<&Type> {
    let mut arguments = type_arguments(ty);
    let first = arguments.next()?;
    arguments.next().is_none().then_some(first)
}

/// The type arguments of the last segment of a path.
pub(crate) fn type_arguments(ty: &Type) -> impl Iterator<Item = &Type> {
    let arguments = match ungrouped(ty) {
        Type::Path(path) => path.path.segments.last().map(|last| &last.arguments),
        _ => None,
    };
    let arguments = match arguments {
        Some(syn::PathArguments::AngleBracketed(arguments)) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The name of the last segment of a path.
pub(crate) fn last_name(ty: &Type) -> Option<String> {
    match ungrouped(ty) {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

/// A type as people write it, whatever spaces its tokens came with.
pub(crate) fn type_text(ty: &Type) -> String {
    let text = ty.to_token_stream().to_string();
    let mut tidy = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let (before, after) = (text[..at].chars().next_back(), text[at + c.len_utf8()..].chars().next());
        let joins_words = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let needed = before == Some(',') || (joins_words(before) && joins_words(after));
        if c != ' ' || needed {
            tidy.push(c);
        }
    }
    tidy
}
