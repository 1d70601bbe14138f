//! The one encoding of values in names.
//!
//! Injective by construction: a value never contains, unescaped, a character that a template uses to end it, and values
//! of different types differ in their first characters where their texts would be equal.

use std::fmt::{self, Write};

/// Writes one value after the other into a name.
///
/// - Letters, digits, `_`, `.`, `-` and text beyond ASCII stay as they are; everything else in a text becomes `%XX`.
/// - A text that could be a number, a bool, a UUID or a variant begins with `'`; so does the empty text. A char is `'c'`.
/// - A secret is `!` and a keyed hash.
/// - The character that ends the value in its template becomes `%%XX` wherever the value contains it.
pub struct KeyWriter {
    out: String,
    style: Style,
    delimiter: Option<char>,
}

/// What a name is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Keys: no two arguments alike, whatever their types.
    Key,
    /// Values in dependencies: `42` and `"42"` are the same guild, and an event may carry either.
    Field,
    /// Tags: as a user would print it, since users name tags by hand. Two values alike only invalidate too much.
    Plain,
}

impl KeyWriter {
    pub(crate) fn new(style: Style) -> Self {
        Self::after(String::new(), style)
    }

    /// Goes on writing after `out`.
    pub(crate) fn after(out: String, style: Style) -> Self {
        Self { out, style, delimiter: None }
    }

    pub(crate) fn literal(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(crate) fn ends_at(&mut self, delimiter: Option<char>) {
        self.delimiter = if self.style == Style::Plain { None } else { delimiter };
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) {
        if self.style == Style::Plain {
            return self.out.push_str(text);
        }
        if self.style == Style::Key && looks_like_another_type(text) {
            self.raw('\'');
        }
        for c in text.chars() {
            self.escaped(c);
        }
    }

    /// Writes a char so that it differs from the text of the same character.
    pub fn char(&mut self, c: char) {
        match self.style {
            Style::Plain => self.out.push(c),
            Style::Field => self.escaped(c),
            Style::Key => {
                self.raw('\'');
                self.escaped(c);
                self.raw('\'');
            }
        }
    }

    /// Writes something whose own text has letters, digits, `-`, `+` and `.` only: numbers, UUIDs.
    pub fn number(&mut self, number: impl fmt::Display) {
        let mut raw = Raw(self);
        write!(raw, "{number}").expect("writing to a string does not fail");
    }

    /// As [`number`](Self::number); most have no sign and few digits, and those are written at once.
    pub(crate) fn integer(&mut self, small: Option<u64>, number: impl fmt::Display) {
        match small {
            Some(number) => self.encoded(itoa::Buffer::new().format(number)),
            None => self.number(number),
        }
    }

    /// Writes the name of an enum's variant, or of a struct without fields.
    pub fn variant(&mut self, name: &str) {
        if self.style == Style::Key {
            self.raw('.');
        }
        self.number(name);
    }

    /// Begins a group of values, with `(` or `[`.
    pub fn open(&mut self, bracket: char) {
        self.raw(bracket);
    }

    /// Separates two values of a group.
    pub fn next(&mut self) {
        self.raw(',');
    }

    /// Ends a group of values.
    pub fn close(&mut self, bracket: char) {
        self.raw(bracket);
    }

    /// Writes an absent value: one `?`.
    pub(crate) fn none(&mut self) {
        self.raw('?');
    }

    /// Writes a present value. Only a value that begins like an absent one is told apart, by one `?` more.
    pub(crate) fn some(&mut self, write: impl FnOnce(&mut Self)) {
        let before = self.out.len();
        write(self);
        let value = self.out.split_off(before);
        // `?` is escaped where it ends the value.
        if value.starts_with(['?']) || (self.delimiter == Some('?') && value.starts_with("%%3F")) {
            self.raw('?');
        }
        self.out.push_str(&value);
    }

    /// A text of another encoding of this writer's style, which needs no second escape but the delimiter's.
    pub(crate) fn encoded(&mut self, text: &str) {
        match self.delimiter {
            Some(delimiter) if text.contains(delimiter) => text.chars().for_each(|c| self.raw(c)),
            _ => self.out.push_str(text),
        }
    }

    pub(crate) fn style(&self) -> Style {
        self.style
    }

    fn escaped(&mut self, c: char) {
        if is_plain(c) { self.raw(c) } else { self.hex("%", c) }
    }

    fn raw(&mut self, c: char) {
        if Some(c) == self.delimiter { self.hex("%%", c) } else { self.out.push(c) }
    }

    fn hex(&mut self, mark: &str, c: char) {
        let mut bytes = [0; 4];
        for byte in c.encode_utf8(&mut bytes).bytes() {
            write!(self.out, "{mark}{byte:02X}").expect("writing to a string does not fail");
        }
    }
}

struct Raw<'a>(&'a mut KeyWriter);

impl Write for Raw<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.encoded(text);
        Ok(())
    }
}

/// Spelled out rather than asked of `char`, whose tables change with the compiler while keys must not.
fn is_plain(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' => true,
        '\u{0}'..='\u{a0}' => false,
        // Line breaks and marks that turn the direction of a line, which make a log lie.
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => false,
        _ => true,
    }
}

fn looks_like_another_type(text: &str) -> bool {
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E' | 'f');
    match text {
        "" | "true" | "false" | "NaN" | "inf" | "-inf" | "NaNf" | "inff" | "-inff" => true,
        _ if text.starts_with('.') => true,
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && text.chars().all(numeric) => true,
        _ => is_uuid(text.as_bytes()),
    }
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
