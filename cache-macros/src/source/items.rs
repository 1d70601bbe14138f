//! The items of a file, as deep as modules and impls go.

use super::Place;
use super::tokens::{Token, Tokens};

/// A function: its name, where that begins, and what is around it.
type Function<'a> = (&'a str, usize, Place);

/// Attributes that leave an item where it is, as it is.
const STILL: [&str; 12] = [
    "allow",
    "cfg",
    "cold",
    "deny",
    "deprecated",
    "doc",
    "expect",
    "forbid",
    "inline",
    "must_use",
    "track_caller",
    "warn",
];

/// Whether an attribute of one name leaves an item where it is, and as it is.
pub(crate) fn leaves_alone(attribute: &str) -> bool {
    STILL.contains(&attribute)
}

/// What an item has turned out to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing yet.
    Open,
    Function,
    Module,
    Impl,
    TraitImpl,
    /// What no function stands in whose place is certain.
    Other,
}

/// The functions whose place is certain.
pub(super) fn functions(text: &str) -> Vec<Function<'_>> {
    let mut items = Items { tokens: Tokens::of(text), found: Vec::new() };
    items.read(Place::Module, true);
    items.found
}

struct Items<'a> {
    tokens: Tokens<'a>,
    found: Vec<Function<'a>>,
}

impl<'a> Items<'a> {
    /// To the end of a module or of an impl. `is_still` says whether no attribute around it may have moved it.
    fn read(&mut self, place: Place, is_still: bool) {
        let (mut kind, mut is_left_alone) = (Kind::Open, is_still);
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Mark('#') => is_left_alone &= self.attribute(),
                Token::Mark('(' | '[') => self.tokens.skip_group(),
                Token::Mark('}') => return,
                Token::Mark('{') => {
                    match kind {
                        Kind::Module => self.read(Place::Module, is_left_alone),
                        Kind::Impl => self.read(Place::Impl, is_left_alone),
                        Kind::TraitImpl => self.read(Place::TraitImpl, is_left_alone),
                        _ => self.tokens.skip_group(),
                    }
                    (kind, is_left_alone) = (Kind::Open, is_still);
                }
                Token::Mark(';') => (kind, is_left_alone) = (Kind::Open, is_still),
                Token::Word(word, at) => {
                    if kind == Kind::Function {
                        self.found.extend(is_left_alone.then_some((word, at, place)));
                    }
                    kind = self.after(kind, word);
                }
                Token::Other => {}
                Token::Mark(_) => kind = if kind == Kind::Open { Kind::Other } else { kind },
            }
        }
    }

    fn after(&mut self, kind: Kind, word: &str) -> Kind {
        match (kind, word) {
            (Kind::Open, "pub" | "async" | "unsafe" | "const" | "extern" | "default" | "safe") => Kind::Open,
            (Kind::Open, "fn") => Kind::Function,
            (Kind::Open, "mod") => Kind::Module,
            (Kind::Open, "impl") => Kind::Impl,
            (Kind::Module, _) => Kind::Module,
            // `for<'a>` is of a bound.
            (Kind::Impl, "for") if !self.is_followed_by_lifetimes() => Kind::TraitImpl,
            (Kind::Impl, _) => Kind::Impl,
            (Kind::TraitImpl, _) => Kind::TraitImpl,
            _ => Kind::Other,
        }
    }

    fn is_followed_by_lifetimes(&mut self) -> bool {
        self.tokens.skip_spaces();
        self.tokens.is_at("<'") || self.tokens.is_at("<>")
    }

    /// Past an attribute, of which is told whether it leaves its item alone. One of what is around leaves all alone: no
    /// other can stand there.
    fn attribute(&mut self) -> bool {
        let is_of_what_is_around = self.tokens.is_at("!");
        let (mut depth, mut is_in_path, mut path) = (0_usize, true, Vec::new());
        for token in self.tokens.by_ref() {
            match token {
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
                Token::Mark('=') => is_in_path = false,
                Token::Word(word, _) if depth == 1 && is_in_path => path.push(word),
                _ => {}
            }
            if depth == 0 && token != Token::Mark('!') {
                break;
            }
        }
        match path[..] {
            _ if is_of_what_is_around => true,
            ["cached"] | ["cache_runtime", "cached"] => true,
            [name] => leaves_alone(name),
            _ => false,
        }
    }
}
