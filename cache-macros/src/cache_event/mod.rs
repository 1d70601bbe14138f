//! `#[derive(CacheEvent)]`: a struct's fields become what cached functions can be bound to.

mod expand;
mod read;

use crate::paths::Door;
use crate::problems::Problems;
use proc_macro2::{Ident, Span, TokenStream};
use syn::{DeriveInput, Path};

/// The implementation, or all that keeps it from being written.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let tokens = problems.take(syn::parse2(item)).and_then(|input: DeriveInput| {
        let event = read::event(&input, &mut problems)?;
        Some(expand::implementation(&event))
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
    /// Whether it stands as a keyed hash.
    is_secret: bool,
    span: Span,
}

/// `Other`, or `Other { id = self.phase_id }`.
struct Cascade {
    target: Path,
    mapped: Vec<(Ident, Ident)>,
}
