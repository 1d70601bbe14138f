//! The tokens of a file, as far as its items are to be told apart: what is in literals and comments is nothing.

/// A piece of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or a keyword, and where it begins.
    Word(&'a str, usize),
    /// Anything of one character.
    Mark(char),
    /// A literal or a lifetime.
    Other,
}

pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Past what an opening bracket has opened, whichever that is. Most of a file is passed so: byte by byte, as the crate
    /// is seldom compiled with optimization.
    pub(super) fn skip_group(&mut self) {
        let mut depth = 1_usize;
        while depth > 0 && self.at < self.text.len() {
            match self.text.as_bytes()[self.at] {
                b'"' => self.skip_text(),
                b'\'' => {
                    self.ticked();
                }
                b'/' if self.is_at("//") || self.is_at("/*") => self.skip_spaces(),
                byte => {
                    self.at += 1;
                    match byte {
                        b'(' | b'[' | b'{' => depth += 1,
                        b')' | b']' | b'}' => depth -= 1,
                        _ => {}
                    }
                }
            }
        }
    }

    /// A text, raw if the word before it says so.
    fn skip_text(&mut self) {
        let before = self.text[..self.at].trim_end_matches('#');
        let word = before.trim_end_matches(is_of_a_word).len();
        match &before[word..] {
            "r" | "br" | "cr" => {
                self.at = before.len();
                self.skip_raw();
            }
            _ => {
                self.quoted('"');
            }
        }
    }

    /// Whether that comes next, without a space.
    pub(super) fn is_at(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    pub(super) fn skip_spaces(&mut self) {
        loop {
            let rest = self.rest();
            let rest_trimmed = rest.trim_start();
            self.at += rest.len() - rest_trimmed.len();
            match rest_trimmed {
                comment if comment.starts_with("//") => self.at += comment.find('\n').unwrap_or(comment.len()),
                comment if comment.starts_with("/*") => self.skip_comment(),
                _ => return,
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// A comment may have others inside.
    fn skip_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            let (is_opened, is_closed) = (self.is_at("/*"), self.is_at("*/"));
            match self.rest().chars().next() {
                _ if is_opened => (depth, self.at) = (depth + 1, self.at + 2),
                _ if is_closed => (depth, self.at) = (depth - 1, self.at + 2),
                Some(c) => self.at += c.len_utf8(),
                None => return,
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !is_of_a_word(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// To behind what ends a text, in which a backslash may stand before it.
    fn skip_to(&mut self, end: char) {
        let mut is_escaped = false;
        for (at, c) in self.rest().char_indices() {
            if c == end && !is_escaped {
                self.at += at + 1;
                return;
            }
            is_escaped = c == '\\' && !is_escaped;
        }
        self.at = self.text.len();
    }

    /// A raw text, if one begins here: behind its `r`.
    fn skip_raw(&mut self) -> bool {
        let hashes = self.rest().len() - self.rest().trim_start_matches('#').len();
        if !self.rest()[hashes..].starts_with('"') {
            return false;
        }
        let (from, end) = (self.at + hashes + 1, format!("\"{}", "#".repeat(hashes)));
        self.at = self.text[from..].find(&end).map_or(self.text.len(), |at| from + at + end.len());
        true
    }

    /// What begins with a name: that, or the text that it says the kind of.
    fn named(&mut self) -> Token<'a> {
        let start = self.at;
        match self.word() {
            "r" | "br" | "cr" if self.skip_raw() => Token::Other,
            "r" if self.is_at("#") => {
                self.at += 1;
                self.word();
                Token::Word(&self.text[start..self.at], start)
            }
            "b" | "c" if self.is_at("\"") => self.quoted('"'),
            "b" if self.is_at("'") => self.quoted('\''),
            word => Token::Word(word, start),
        }
    }

    fn quoted(&mut self, mark: char) -> Token<'a> {
        self.at += 1;
        self.skip_to(mark);
        Token::Other
    }

    /// A character, or a lifetime.
    fn ticked(&mut self) -> Token<'a> {
        let mut following = self.rest().chars().skip(1);
        match (following.next(), following.next()) {
            (Some('\\'), _) | (_, Some('\'')) => self.quoted('\''),
            _ => {
                self.at += 1;
                self.word();
                Token::Other
            }
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_spaces();
        let first = self.rest().chars().next()?;
        Some(match first {
            '"' => self.quoted('"'),
            '\'' => self.ticked(),
            _ if first.is_ascii_digit() => {
                self.word();
                Token::Other
            }
            _ if is_of_a_word(first) => self.named(),
            _ => {
                self.at += first.len_utf8();
                Token::Mark(first)
            }
        })
    }
}

fn is_of_a_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
