//! What ends a value in a key: the character behind its placeholder, which its encoded text must not contain.

use crate::problems::Problems;
use crate::template::{Piece, Template};

/// The first character behind a placeholder.
pub(crate) fn delimiter(template: &Template, at: usize) -> Option<char> {
    match template.pieces.get(at + 1)? {
        Piece::Text(text) => text.chars().next().filter(|c| !may_be_in_a_value(*c)),
        Piece::Placeholder(_) => None,
    }
}

/// Every value but the last needs something behind it that it cannot contain.
pub(crate) fn check(template: &Template, problems: &mut Problems) {
    for (at, pair) in template.pieces.windows(2).enumerate() {
        match pair {
            [Piece::Placeholder(left), Piece::Placeholder(right)] => {
                let (left, right) = (left.shown(), right.shown());
                let message = format!(
                    "nothing stands between `<{left}>` and `<{right}>`: 1 and 23 would make the key of 12 and 3"
                );
                problems.at(&template.literal, message, format!("put a separator between them: `<{left}>:<{right}>`"));
            }
            [Piece::Placeholder(left), Piece::Text(text)] if !is_last_value(template, at) => {
                let left = left.shown();
                if let Some(bad) = text.chars().next().filter(|c| may_be_in_a_value(*c)) {
                    let message = format!("`{bad}` cannot end `<{left}>`: values contain digits, `A` to `F` and `%`");
                    problems.at(&template.literal, message, format!("put another separator there: `<{left}>:{text}`"));
                }
            }
            _ => {}
        }
    }
}

fn may_be_in_a_value(c: char) -> bool {
    matches!(c, '0'..='9' | 'A'..='F' | '%')
}

fn is_last_value(template: &Template, at: usize) -> bool {
    !template.pieces[at + 1..].iter().any(|piece| matches!(piece, Piece::Placeholder(_)))
}
