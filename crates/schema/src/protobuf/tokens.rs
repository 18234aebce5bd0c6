//! The tokens of a `.proto` text, with their places.

use super::error::ProtobufError;

/// What a text is made of. Comments and white space are between tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name, dotted or not, or a number.
    Word(&'a str),
    /// What is between quotes, escapes as they stand: import paths have none.
    Text(&'a str),
    /// Anything else.
    Sign(char),
}

/// Reads tokens from the front of a text.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// Where the next token, or what is before it, begins; in bytes, at a character.
    at: usize,
    /// Where the last token began.
    began: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // Editors on Windows put a byte order mark there; protoc skips it too.
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { text, at, began: at }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, ProtobufError> {
        self.skip_blank()?;
        self.began = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok(None) };
        Ok(Some(match first {
            '"' | '\'' => Token::Text(self.quoted(first)?),
            _ if is_word(first) => Token::Word(self.take_while(is_word)),
            sign => {
                self.at += sign.len_utf8();
                Token::Sign(sign)
            }
        }))
    }

    /// What is wrong with the last token.
    pub(super) fn error(&self, reason: impl Into<String>) -> ProtobufError {
        let (line, column) = place(self.text, self.began);
        ProtobufError::Syntax { line, column, reason: reason.into() }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn skip_blank(&mut self) -> Result<(), ProtobufError> {
        loop {
            self.take_while(char::is_whitespace);
            if self.rest().starts_with("//") {
                self.take_while(|c| c != '\n');
            } else if self.rest().starts_with("/*") {
                self.began = self.at;
                let end = self.rest().find("*/").ok_or_else(|| self.error("a comment without end"))?;
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<&'a str, ProtobufError> {
        let inside = self.rest().get(1..).unwrap_or_default();
        let mut escaped = false;
        for (at, c) in inside.char_indices() {
            match c {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if c == quote => {
                    self.at += at + 2;
                    return Ok(inside.get(..at).unwrap_or_default());
                }
                _ => {}
            }
        }
        Err(self.error("a string without end"))
    }
}

/// Line and column, in characters, of a byte; both from 1.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    (line, before.chars().rev().take_while(|&c| c != '\n').count() + 1)
}

/// Names with their dots, and numbers: nothing here depends on what they are.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<Token<'_>>, ProtobufError> {
        let mut tokens = Tokens::new(text);
        std::iter::from_fn(|| tokens.next().transpose()).collect()
    }

    #[test]
    fn comments_and_quotes_hide_what_is_in_them() {
        let text = "\u{feff}a.b/* { */ = // }\n \"x\\\"}\" 'y\"';";
        let tokens =
            [Token::Word("a.b"), Token::Sign('='), Token::Text("x\\\"}"), Token::Text("y\""), Token::Sign(';')];
        assert_eq!(all(text).unwrap(), tokens);
    }

    #[test]
    fn what_has_no_end_is_refused_where_it_begins() {
        let at = |line, column, reason: &str| ProtobufError::Syntax { line, column, reason: reason.into() };
        assert_eq!(all("a\n  é\"b\n\""), Err(at(2, 4, "a string without end")));
        assert_eq!(all("a /* b"), Err(at(1, 3, "a comment without end")));
    }
}
