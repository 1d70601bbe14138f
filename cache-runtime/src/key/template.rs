//! Key and tag templates as the attribute compiled them.

use super::fingerprint::Fingerprinter;
use super::parts::Part;
use super::writer::{KeyWriter, Style};

/// A compiled template: `guild:<guild_id>:members`.
#[derive(Clone, Copy, Debug)]
pub struct Template(&'static [Piece]);

/// As much as most texts take.
const USUAL_BYTES: usize = 64;

/// One piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text that stands as it is.
    Text(&'static str),
    /// The function's path, in the default key.
    Path,
    /// The type of a method's receiver, if it is generic: two instantiations are two types. Stands at the end.
    Receiver,
    /// The value at an index; it must not contain `delimiter`, the character that comes next.
    Value {
        /// Which of the call's values.
        index: usize,
        /// The first character of the text behind it.
        delimiter: Option<char>,
        /// Whether it is known to be an integer; only the search for keys that meet asks for it.
        is_integer: bool,
    },
}

impl Template {
    /// A template of these pieces.
    pub const fn new(pieces: &'static [Piece]) -> Self {
        Self(pieces)
    }

    /// Whether it tells the types of generic receivers apart.
    pub(crate) fn has_receiver(self) -> bool {
        self.0.contains(&Piece::Receiver)
    }

    /// Whether every call gets the same key from both. The default key has its function's path, and is nobody else's.
    pub(crate) fn is_same(self, other: Template) -> bool {
        let written = |template: Template| {
            template.0.iter().filter(|piece| **piece != Piece::Receiver).map(|piece| match *piece {
                Piece::Text(text) => Some((text, 0)),
                Piece::Value { index, .. } => Some(("", index)),
                Piece::Path | Piece::Receiver => None,
            })
        };
        written(self).eq(written(other)) && written(self).all(|piece| piece.is_some())
    }

    pub(crate) fn key(self, path: &str, values: &[Part<'_>]) -> String {
        self.write(Style::Key, path, values)
    }

    pub(crate) fn tag(self, path: &str, values: &[Part<'_>]) -> String {
        self.write(Style::Plain, path, values)
    }

    fn write(self, style: Style, path: &str, values: &[Part<'_>]) -> String {
        let mut writer = KeyWriter::after(String::with_capacity(USUAL_BYTES), style);
        for piece in self.0 {
            match *piece {
                Piece::Text(text) => writer.literal(text),
                Piece::Path => writer.literal(path),
                Piece::Receiver => values.last().into_iter().for_each(|receiver| receiver.0.write(&mut writer)),
                Piece::Value { index, delimiter, .. } => {
                    writer.ends_at(delimiter);
                    values[index].0.write(&mut writer);
                    writer.ends_at(None);
                }
            }
        }
        writer.finish()
    }

    /// Takes in which template it is, so that functions of one template share their entries.
    pub(crate) fn fingerprint(self, path: &str, print: &mut Fingerprinter) {
        for piece in self.0 {
            match *piece {
                Piece::Text(text) => print.text(text),
                Piece::Path => print.text(path),
                Piece::Receiver => {}
                Piece::Value { index, .. } => print.len(index),
            }
        }
    }

    /// The template as a reader writes it, with names for values.
    pub(crate) fn shown(self, path: &str, names: &[&str]) -> String {
        let piece = |piece: &Piece| match *piece {
            Piece::Text(text) => text.replace('<', "<<"),
            Piece::Path => path.to_owned(),
            Piece::Receiver => String::new(),
            Piece::Value { index, .. } => format!("<{}>", names.get(index).unwrap_or(&"?")),
        };
        self.0.iter().map(piece).collect()
    }

    /// The same with the values that are known, by index, as an event has them.
    pub(crate) fn filled(self, path: &str, names: &[&str], known: &[(usize, &str)]) -> String {
        let mut writer = KeyWriter::new(Style::Key);
        for piece in self.0 {
            match *piece {
                Piece::Value { index, delimiter, .. } => match known.iter().find(|(at, _)| *at == index) {
                    Some((_, text)) => {
                        writer.ends_at(delimiter);
                        writer.encoded(text);
                        writer.ends_at(None);
                    }
                    None => writer.literal(&format!("<{}>", names.get(index).unwrap_or(&"?"))),
                },
                Piece::Text(text) => writer.literal(text),
                Piece::Path => writer.literal(path),
                Piece::Receiver => {}
            }
        }
        writer.finish()
    }

    /// Whether the value at an index is known to be an integer.
    pub(crate) fn is_integer(self, at: usize) -> bool {
        self.0.iter().any(|piece| matches!(*piece, Piece::Value { index, is_integer: true, .. } if index == at))
    }

    /// Whether some text could come from both templates.
    pub(crate) fn overlaps(self, path: &str, other: Template, other_path: &str) -> bool {
        let (left, right) = (self.pattern(path), other.pattern(other_path));
        patterns_meet(&left, &right)
    }

    /// Whether a text could come from it.
    pub(crate) fn may_make(self, path: &str, text: &str) -> bool {
        let begins = match self.0.first() {
            Some(Piece::Text(first)) => text.starts_with(first),
            Some(Piece::Path) => text.starts_with(path),
            _ => true,
        };
        begins && patterns_meet(&self.pattern(path), &text.chars().map(Symbol::One).collect::<Vec<_>>())
    }

    fn pattern(self, path: &str) -> Vec<Symbol> {
        let piece = |piece: &Piece| match *piece {
            Piece::Text(text) => text.chars().map(Symbol::One).collect(),
            Piece::Path => path.chars().map(Symbol::One).collect(),
            Piece::Receiver => Vec::new(),
            // A sign that ends the value is escaped, as in other texts.
            Piece::Value { is_integer: true, delimiter, .. } if delimiter != Some('-') => vec![Symbol::Integer],
            Piece::Value { .. } => vec![Symbol::Any],
        };
        self.0.iter().flat_map(piece).collect()
    }
}

/// What a template can have in a place: a character, or one or more of those that values are made of.
#[derive(Clone, Copy)]
enum Symbol {
    One(char),
    Integer,
    Any,
}

impl Symbol {
    fn admits(self, c: char) -> bool {
        match self {
            Self::One(one) => c == one,
            Self::Integer => c.is_ascii_digit() || c == '-',
            Self::Any => in_value(c),
        }
    }
}

/// Whether two patterns have a text in common. Two values always have: a number.
fn patterns_meet(left: &[Symbol], right: &[Symbol]) -> bool {
    // meets[j]: the first i of `left` and the first j of `right` have a text in common.
    let mut meets = vec![false; right.len() + 1];
    meets[0] = true;
    for l in left {
        let before = meets.clone();
        meets[0] = false;
        for (j, r) in right.iter().enumerate() {
            meets[j + 1] = match (l, r) {
                (Symbol::One(a), Symbol::One(b)) => a == b && before[j],
                (value, Symbol::One(b)) => value.admits(*b) && (before[j] || meets[j]),
                (Symbol::One(a), value) => value.admits(*a) && (before[j] || before[j + 1]),
                (_, _) => before[j] || before[j + 1] || meets[j],
            };
        }
        if !meets.contains(&true) {
            return false;
        }
    }
    meets[right.len()]
}

/// What an encoded value can contain, see [`KeyWriter`]. Path separators and the like never stand in one.
fn in_value(c: char) -> bool {
    !c.is_ascii() || c.is_ascii_alphanumeric() || "_.-%'?()[],+!".contains(c)
}

#[cfg(test)]
mod tests {
    use super::super::parts::part;
    use super::*;

    const ID: Piece = Piece::Value { index: 0, delimiter: Some(':'), is_integer: false };
    const LAST: Piece = Piece::Value { index: 1, delimiter: None, is_integer: false };
    const NUMBER: Piece = Piece::Value { index: 1, delimiter: None, is_integer: true };

    fn overlap(a: &'static [Piece], b: &'static [Piece]) -> bool {
        Template::new(a).overlaps("p", Template::new(b), "p")
    }

    #[test]
    fn the_example_reads_as_written() {
        let template = Template::new(&[Piece::Text("guild:"), ID, Piece::Text(":members")]);
        assert_eq!(template.key("", &[part(&42_u64)]), "guild:42:members");
        assert_eq!(template.shown("", &["guild_id"]), "guild:<guild_id>:members");
    }

    #[test]
    fn templates_that_can_make_one_text_overlap() {
        assert!(overlap(&[Piece::Text("guild:"), LAST], &[Piece::Text("guild:all")]));
        assert!(overlap(&[Piece::Text("a:"), ID, Piece::Text(":x")], &[Piece::Text("a:b:"), LAST]));
        assert!(!overlap(&[Piece::Text("guild:"), LAST], &[Piece::Text("guild:"), ID, Piece::Text(":members")]));
        assert!(!overlap(&[Piece::Text("guild:"), LAST], &[Piece::Text("user:"), LAST]));
    }

    #[test]
    fn a_text_is_told_from_what_a_template_makes() {
        let template = Template::new(&[Piece::Text("guild:"), ID, Piece::Text(":members")]);
        assert!(template.may_make("", "guild:42:members"));
        for text in ["guild:42:settings", "guild::members", "user:42:members", "guild:1:2:members", ""] {
            assert!(!template.may_make("", text), "{text}");
        }
    }

    #[test]
    fn an_integer_meets_digits_and_texts_but_no_word() {
        assert!(!overlap(&[Piece::Text("user:"), NUMBER], &[Piece::Text("user:me")]));
        assert!(overlap(&[Piece::Text("user:"), NUMBER], &[Piece::Text("user:0")]));
        assert!(overlap(&[Piece::Text("user:"), NUMBER], &[Piece::Text("user:"), LAST]));
        const SIGNED: Piece = Piece::Value { index: 0, delimiter: Some('-'), is_integer: true };
        assert!(overlap(&[SIGNED, Piece::Text("-x")], &[Piece::Text("%%2D1-x")]));
    }

    #[test]
    fn the_character_that_ends_a_value_is_escaped_in_it() {
        let dashes = Template::new(&[
            Piece::Value { index: 0, delimiter: Some('-'), is_integer: false },
            Piece::Text("-"),
            LAST,
        ]);
        assert_ne!(dashes.key("", &[part(&"1-"), part(&"2")]), dashes.key("", &[part(&"1"), part(&"-2")]));
        assert_ne!(dashes.key("", &[part(&"a-b"), part(&"c")]), dashes.key("", &[part(&"a"), part(&"b-c")]));
        assert_eq!(dashes.key("", &[part(&-1), part(&-2)]), "%%2D1--2");
    }
}
