//! `#[derive(CacheEvent)]`: a struct's fields become what cached functions can be bound to.

use crate::options::{Given, Table};
use crate::paths::Door;
use crate::problems::{Problems, error};
use crate::values;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Expr, Fields, LitStr, Member, Path, Token};

const MAX_FIELDS: usize = 5;

/// The implementation, or all that keeps it from being written.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let tokens = problems.take(syn::parse2(item)).and_then(|input: DeriveInput| {
        let event = read(&input, &mut problems)?;
        Some(implementation(&event))
    });
    match tokens.filter(|_| problems.is_empty()) {
        Some(tokens) => tokens,
        None => problems.into_tokens(),
    }
}

struct Event {
    door: Door,
    ident: Ident,
    name: String,
    fields: Vec<Field>,
    cascades: Vec<Cascade>,
}

struct Field {
    ident: Ident,
    name: String,
    span: proc_macro2::Span,
}

/// `Other`, or `Other { id = self.phase_id }`.
struct Cascade {
    target: Path,
    mapped: Vec<(Ident, Ident)>,
}

fn read(input: &DeriveInput, problems: &mut Problems) -> Option<Event> {
    let mut event = Event {
        door: Door::new(None),
        ident: input.ident.clone(),
        name: snake_case(&input.ident.unraw().to_string()),
        fields: Vec::new(),
        cascades: Vec::new(),
    };
    read_attributes(input, &mut event, problems);
    if !input.generics.params.is_empty() {
        let help = "declare an event type for each case, or a field that tells them apart";
        problems.at(&input.generics, "an event cannot be generic", help);
    }
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => return refuse(&data.enum_token, "an enum", problems),
        Data::Union(data) => return refuse(&data.union_token, "a union", problems),
    };
    match fields {
        Fields::Unit => {}
        Fields::Named(named) => event.fields = named.named.iter().filter_map(|field| read_field(field, problems)).collect(),
        Fields::Unnamed(unnamed) => return refuse(unnamed, "a tuple struct", problems),
    }
    if let Some(sixth) = event.fields.get(MAX_FIELDS) {
        let help = "leave out what no function is bound to: `#[event(skip)]`";
        problems.at(&sixth.ident, format!("an event has at most {MAX_FIELDS} fields that can be bound"), help);
    }
    check_mappings(&event, problems);
    Some(event)
}

fn refuse<T>(token: &impl ToTokens, what: &str, problems: &mut Problems) -> Option<T> {
    problems.at(token, format!("{what} cannot be an event"), "use a struct with named fields: `struct MemberUpdate { guild_id: u64 }`");
    None
}

const TABLE: Table = Table { known: &["name", "crate", "cascades"], planned: &[], elsewhere: &[] };

fn read_attributes(input: &DeriveInput, event: &mut Event, problems: &mut Problems) {
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("event")) {
        let Some(list) = problems.take(attribute.meta.require_list()) else { continue };
        let (cascades, options) = split_cascades(list.tokens.clone());
        for tokens in cascades {
            let parsed = syn::parse::Parser::parse2(syn::punctuated::Punctuated::<Cascade, Token![,]>::parse_terminated, tokens);
            event.cascades.extend(problems.take(parsed).into_iter().flatten());
        }
        for Given { name, value } in TABLE.read(options, problems) {
            let result = take(event, &name, &value);
            problems.take(result);
        }
    }
}

fn take(event: &mut Event, name: &Ident, value: &Expr) -> syn::Result<()> {
    if name == "crate" {
        event.door = Door::new(Some(&values::path("crate", value)?));
    } else if name == "cascades" {
        return Err(error(name, "`cascades` is written with parentheses", "write `cascades(Other)`"));
    } else {
        event.name = event_name(&values::text("name", value)?)?;
    }
    Ok(())
}

fn event_name(text: &LitStr) -> syn::Result<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if text.value().is_empty() || !text.value().chars().all(fits) {
        let help = "use letters, digits, `_`, `-` and `.`, at least one";
        return Err(error(text, format!("`{}` is not the name of an event", text.value()), help));
    }
    Ok(text.value())
}

/// The insides of each `cascades(…)`, and the other options as they were.
fn split_cascades(tokens: TokenStream) -> (Vec<TokenStream>, TokenStream) {
    let (mut cascades, mut options) = (Vec::new(), Vec::new());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_cascades = matches!(&token, proc_macro2::TokenTree::Ident(ident) if ident == "cascades");
        match tokens.peek() {
            Some(proc_macro2::TokenTree::Group(group)) if is_cascades => {
                cascades.push(group.stream());
                tokens.next();
                // The comma that stood behind it.
                tokens.next_if(|token| matches!(token, proc_macro2::TokenTree::Punct(punct) if punct.as_char() == ','));
            }
            _ => options.push(token),
        }
    }
    (cascades, options.into_iter().collect())
}

impl Parse for Cascade {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let target = input.call(Path::parse_mod_style)?;
        let mut mapped = Vec::new();
        if input.peek(syn::token::Brace) {
            let inside;
            syn::braced!(inside in input);
            while !inside.is_empty() {
                mapped.push(mapping(&inside)?);
                if !inside.is_empty() {
                    inside.parse::<Token![,]>()?;
                }
            }
        }
        Ok(Self { target, mapped })
    }
}

fn mapping(input: ParseStream<'_>) -> syn::Result<(Ident, Ident)> {
    let to: Ident = input.parse()?;
    input.parse::<Token![=]>()?;
    let value: Expr = input.parse()?;
    match &value {
        Expr::Field(field) if matches!(&*field.base, Expr::Path(base) if base.path.is_ident("self")) => match &field.member {
            Member::Named(from) => Ok((to, from.clone())),
            Member::Unnamed(_) => Err(not_a_field(&value, &to)),
        },
        _ => Err(not_a_field(&value, &to)),
    }
}

fn not_a_field(value: &Expr, to: &Ident) -> syn::Error {
    error(value, "a cascade passes fields on, and nothing else", format!("write `{to} = self.field`"))
}

fn check_mappings(event: &Event, problems: &mut Problems) {
    for (_, from) in event.cascades.iter().flat_map(|cascade| &cascade.mapped) {
        if !event.fields.iter().any(|field| field.ident == *from) {
            let names: Vec<String> = event.fields.iter().map(|field| field.ident.to_string()).collect();
            let help = crate::problems::suggestion(&from.to_string(), "fields", names.iter().map(String::as_str));
            problems.at(from, format!("`{}` has no field `{from}` that can be bound", event.ident), help);
        }
    }
}

fn read_field(field: &syn::Field, problems: &mut Problems) -> Option<Field> {
    let ident = field.ident.clone()?;
    let mut name = ident.unraw().to_string();
    let mut skip = false;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("event")) {
        let nested = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("skip") {
                skip = true;
            } else if meta.path.is_ident("rename") {
                name = event_name(&meta.value()?.parse()?)?;
            } else {
                return Err(error(&meta.path, "unknown option of a field", "the options are `skip` and `rename = \"…\"`"));
            }
            Ok(())
        });
        problems.take(nested);
    }
    (!skip).then(|| Field { ident, name, span: field.ty.span() })
}

fn implementation(event: &Event) -> TokenStream {
    let Event { door, ident, .. } = event;
    let (declaration, fields, checks) = (declaration(event), added_fields(event), checks(event));
    quote! {
        impl #door::CacheEvent for #ident {
            const DECLARATION: &'static #door::EventDeclaration = &#declaration;
            fn to_event(&self) -> #door::Event {
                #door::Event::declared(Self::DECLARATION) #fields
            }
        }
        #door::submit_event!(<#ident as #door::CacheEvent>::DECLARATION);
        #(#checks)*
    }
}

fn declaration(event: &Event) -> TokenStream {
    let (door, name, type_name) = (&event.door, &event.name, event.ident.to_string());
    let fields = event.fields.iter().map(|field| &field.name);
    let cascades = event.cascades.iter().map(|cascade| declared_cascade(event, cascade));
    quote! {
        #door::EventDeclaration {
            name: #name, type_name: #type_name, fields: &[#(#fields),*], cascades: &[#(#cascades),*],
            file: #door::file!(), line: #door::line!(),
        }
    }
}

fn declared_cascade(event: &Event, cascade: &Cascade) -> TokenStream {
    let (door, target) = (&event.door, &cascade.target);
    let pairs = cascade.mapped.iter().map(|(to, from)| {
        let (to, from) = (to.unraw().to_string(), name_of(event, from));
        quote!((#to, #from))
    });
    quote! {
        #door::Cascade {
            target: || <#target as #door::CacheEvent>::DECLARATION,
            fields: #door::CascadeFields::Mapped(&[#(#pairs),*]),
        }
    }
}

/// What a field of the struct is called in the event.
fn name_of<'a>(event: &'a Event, ident: &Ident) -> &'a str {
    event.fields.iter().find(|field| field.ident == *ident).map_or("", |field| &field.name)
}

fn added_fields(event: &Event) -> TokenStream {
    let fields = event.fields.iter().map(|field| {
        let (name, ident) = (&field.name, &field.ident);
        quote_spanned!(field.span=> .field(#name, &self.#ident))
    });
    quote!(#(#fields)*)
}

/// Makes a cascade to an event that needs a field that nothing gives it fail to compile.
fn checks(event: &Event) -> impl Iterator<Item = TokenStream> {
    event.cascades.iter().map(move |cascade| {
        let (door, ident, target) = (&event.door, &event.ident, &cascade.target);
        let names = cascade.mapped.iter().map(|(to, _)| to.unraw().to_string());
        let shown = target.to_token_stream().to_string().replace(' ', "");
        let message = format!(
            "`{shown}` has a field that `{ident}` has none of the same name for\nhelp: say which: `cascades({shown} {{ field = self.field }})`"
        );
        let touched = cascade.mapped.iter().map(|(to, _)| quote!(let _ = &event.#to;));
        quote_spanned! {target.span()=>
            const _: () = #door::assert_mapped(
                <#ident as #door::CacheEvent>::DECLARATION, <#target as #door::CacheEvent>::DECLARATION, &[#(#names),*], #message
            );
            const _: fn(&#target) = |event| { let _ = event; #(#touched)* };
        }
    })
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut after_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = c.is_lowercase() || c.is_ascii_digit();
        snake.extend(c.to_lowercase());
    }
    snake
}
