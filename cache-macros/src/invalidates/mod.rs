//! `#[invalidates]`: what a writer says has changed, once its body has succeeded.

mod expand;
mod read;

use crate::item::Function;
use crate::paths::Door;
use crate::problems::Problems;
use crate::writer;
use proc_macro2::{Ident, TokenStream};
use syn::{Expr, Path};

/// The function with its emission behind it; whatever is wrong, the function itself comes out.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let args = read::args(arguments, &mut problems);
    let (function, mut problems) = match writer::function(&item, "invalidates", problems) {
        Ok(read) => read,
        Err(tokens) => return tokens,
    };
    writer::check(&function, "invalidates", &mut problems);
    args.check(&function, &mut problems);
    match problems.is_empty() {
        true => expand::writer(&args, &function),
        false => writer::refused(&function, problems),
    }
}

/// What the attribute says.
struct Args {
    door: Door,
    emissions: Vec<Emission>,
    /// What has to hold for any of them to be emitted.
    condition: Option<Expr>,
    cache: Option<Expr>,
    is_guarded: bool,
    /// Whether something could not be read: then nothing is missed.
    has_unread: bool,
}

/// One event.
struct Emission {
    event: Event,
    /// Each with what it is given; none if the event is a type without fields.
    fields: Vec<(Ident, Expr)>,
    condition: Option<Expr>,
}

enum Event {
    Named(syn::LitStr),
    Typed(Path),
}

impl Args {
    fn check(&self, function: &Function, problems: &mut Problems) {
        if self.emissions.is_empty() && !self.has_unread {
            let help = "name an event, as in `#[invalidates(MemberUpdate { guild_id })]`";
            problems.at(&function.signature.ident, "`#[invalidates]` names no event", help);
        }
        let mentioned = self.expressions().find_map(writer::mentioned_return);
        let Some(mentioned) = mentioned else { return };
        let parameters = function.parameters();
        if let Some(name) = parameters.iter().flat_map(|parameter| &parameter.names).find(|name| **name == "ret") {
            let help = "give the parameter another name: `ret` is what the function returns";
            problems.at(*name, "this parameter and the returned value have one name", help);
        }
        if self.is_guarded {
            let help = "use what the parameters say, or leave out `guarded`";
            problems.at(&mentioned, "a guarded event is announced before there is a `ret`", help);
        }
    }

    fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.emissions
            .iter()
            .flat_map(|emission| emission.fields.iter().map(|(_, value)| value).chain(&emission.condition))
            .chain(&self.condition)
    }
}
