//! `#[derive(CacheKey)]`: a type of the user's in a key.

use crate::options::in_parentheses;
use crate::paths::Door;
use crate::problems::{Problems, error};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Variant};

/// The implementation, or all that keeps it from being written.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let tokens = problems.take(syn::parse2(item)).and_then(|input: DeriveInput| {
        let door = Door::of(&input, "key", &mut problems);
        let arms = arms(&input, &door, &mut problems)?;
        Some(implementation(&input, &door, &arms))
    });
    match tokens.filter(|_| problems.is_empty()) {
        Some(tokens) => tokens,
        None => problems.into_tokens(),
    }
}

/// How one struct or variant is taken apart and written.
struct Arm {
    pattern: TokenStream,
    write: TokenStream,
    fingerprint: TokenStream,
    has_secrets: bool,
    /// Whether none of its fields is in a key.
    is_empty: bool,
}

/// What `#[key(…)]` says of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Plain,
    Skipped,
    Secret,
}

fn arms(input: &DeriveInput, door: &Door, problems: &mut Problems) -> Option<Vec<Arm>> {
    match &input.data {
        Data::Struct(data) => {
            let name = &input.ident;
            let unit = quote!(key.variant(::core::stringify!(#name)););
            let none = matches!(data.fields, Fields::Unit).then_some(unit);
            let arm = arm(&quote!(Self), &data.fields, none.as_ref(), &TokenStream::new(), door, problems);
            refuse_emptiness(input, &arm, problems);
            Some(vec![arm])
        }
        Data::Enum(data) if data.variants.is_empty() => {
            problems.at(&input.ident, "an enum without variants has no values", "use it in no key");
            None
        }
        Data::Enum(data) => {
            let variants = data.variants.iter().enumerate();
            Some(variants.map(|(at, variant)| variant_arm(at, variant, door, problems)).collect())
        }
        Data::Union(data) => {
            problems.at(&data.union_token, "a union cannot be part of a key", "implement `KeyPart` by hand");
            None
        }
    }
}

fn variant_arm(at: usize, variant: &Variant, door: &Door, problems: &mut Problems) -> Arm {
    let (name, index) = (&variant.ident, u32::try_from(at).unwrap_or(u32::MAX));
    refuse_marks(variant, problems);
    let head = quote!(key.variant(::core::stringify!(#name)););
    let mark = quote!(print.variant(#index););
    arm(&quote!(Self::#name), &variant.fields, Some(&head), &mark, door, problems)
}

/// A tuple struct of one field is written as that field; everything else in parentheses.
fn arm(
    path: &TokenStream,
    fields: &Fields,
    head: Option<&TokenStream>,
    mark: &TokenStream,
    door: &Door,
    problems: &mut Problems,
) -> Arm {
    let marked: Vec<_> = fields.iter().enumerate().map(|(at, field)| (at, field, mark_of(field, problems))).collect();
    let kept: Vec<_> = marked.into_iter().filter(|(_, _, mark)| *mark != Mark::Skipped).collect();
    let bindings: Vec<Ident> = kept.iter().map(|(at, field, _)| binding(*at, field.ty.span())).collect();
    let members =
        kept.iter().map(|(at, field, _)| field.ident.as_ref().map_or_else(|| index(*at), |name| quote!(#name)));
    // At the type, but with the hygiene of `key`: a `macro_rules!` may have passed the type on.
    let spans: Vec<_> = kept.iter().map(|(_, field, _)| field.ty.span().resolved_at(Span::call_site())).collect();
    let writes = bindings.iter().zip(&spans).zip(&kept).map(|((field, span), (_, _, mark))| {
        let door = door.at(*span);
        match mark {
            Mark::Secret => quote_spanned!(*span=> #door::KeyPart::write(&#door::secret(#field), key);),
            _ => quote_spanned!(*span=> #door::KeyPart::write(#field, key);),
        }
    });
    let prints = bindings.iter().zip(&spans).map(|(field, span)| {
        let door = door.at(*span);
        quote_spanned!(*span=> #door::KeyPart::fingerprint(#field, print);)
    });
    let is_transparent = head.is_none() && matches!(fields, Fields::Unnamed(_)) && fields.len() == 1;
    let has_secrets = kept.iter().any(|(_, _, mark)| *mark == Mark::Secret);
    let write = if is_transparent {
        quote!(#(#writes)*)
    } else if matches!(fields, Fields::Unit) {
        quote!(#head)
    } else {
        let separated = separated(writes);
        quote!(#head key.open('('); #separated key.close(')');)
    };
    let pattern = quote!(#path { #(#members: #bindings,)* .. });
    Arm { pattern, write, fingerprint: quote!(#mark #(#prints)*), has_secrets, is_empty: kept.is_empty() }
}

fn binding(at: usize, span: Span) -> Ident {
    format_ident!("field_{at}", span = span.resolved_at(Span::mixed_site()))
}

fn index(at: usize) -> TokenStream {
    let index = syn::Index::from(at);
    quote!(#index)
}

fn separated(writes: impl Iterator<Item = TokenStream>) -> TokenStream {
    let mut tokens = TokenStream::new();
    for (at, write) in writes.enumerate() {
        if at > 0 {
            tokens.extend(quote!(key.next();));
        }
        tokens.extend(write);
    }
    tokens
}

fn mark_of(field: &syn::Field, problems: &mut Problems) -> Mark {
    let mut mark = Mark::Plain;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("key")) {
        let nested = in_parentheses(attribute, "write `#[key(skip)]` or `#[key(secret)]`", |meta| {
            let read = match () {
                () if meta.path.is_ident("skip") => Mark::Skipped,
                () if meta.path.is_ident("secret") => Mark::Secret,
                () => {
                    let name = meta.path.to_token_stream();
                    let help = "the options of a field are `skip` and `secret`";
                    return Err(error(&name, format!("unknown option `{name}`"), help));
                }
            };
            if mark != Mark::Plain && mark != read {
                let help = "keep one of the two: what is skipped is in no key, and needs no secrecy";
                return Err(error(&meta.path, "a field is skipped or secret, not both", help));
            }
            mark = read;
            Ok(())
        });
        problems.take(nested);
    }
    mark
}

/// A variant always stands in the key, or two of them would be one.
fn refuse_marks(variant: &Variant, problems: &mut Problems) {
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("key")) {
        let message = format!("`{}` is a variant, which is always part of the key", variant.ident);
        problems.at(&attribute.meta, message, "mark its fields: `#[key(skip)]` or `#[key(secret)]` in front of one");
    }
}

/// All values of such a type would be one key.
fn refuse_emptiness(input: &DeriveInput, arm: &Arm, problems: &mut Problems) {
    let Data::Struct(data) = &input.data else { return };
    if arm.is_empty && !data.fields.is_empty() {
        let message = format!("every field of `{}` is skipped: all its values would be one key", input.ident);
        problems.at(&input.ident, message, "keep a field, or leave the parameter out of the key with `skip(…)`");
    }
}

fn implementation(input: &DeriveInput, door: &Door, arms: &[Arm]) -> TokenStream {
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(syn::parse_quote!(#door::KeyPart));
    }
    let (implementation, types, wheres) = generics.split_for_impl();
    let of = format!("`{ident}`");
    let secret = arms.iter().any(|arm| arm.has_secrets).then(|| quote!(#door::submit_secret!(#of);));
    let (write, print) = (matching(arms, |arm| &arm.write), matching(arms, |arm| &arm.fingerprint));
    quote! {
        #[allow(unused_variables)]
        #[diagnostic::do_not_recommend]
        impl #implementation #door::KeyPart for #ident #types #wheres {
            fn write(&self, key: &mut #door::KeyWriter) { #write }
            fn fingerprint(&self, print: &mut #door::Fingerprinter) { #print }
        }
        #secret
    }
}

fn matching<'a>(arms: &'a [Arm], body: impl Fn(&'a Arm) -> &'a TokenStream) -> TokenStream {
    let patterns = arms.iter().map(|arm| &arm.pattern);
    let bodies = arms.iter().map(body);
    quote!(match self { #(#patterns => { #bodies })* })
}
