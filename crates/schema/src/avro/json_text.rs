//! JSON that remembers where each value stood, so that an error in a schema can name line and column.

use std::fmt;

/// Levels of nesting that a schema may have. A record in a record takes three, so this is more than anybody writes, and little
/// enough for any thread's stack.
const DEPTH_MAX: usize = 192;

/// A value, and where it starts.
#[derive(Debug, Clone)]
pub(super) struct Json {
    /// Bytes from the start of the text.
    pub(super) at: usize,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As it is written: `1e400` is a number too.
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// What is not JSON, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) reason: String,
}

impl Json {
    /// The object's member of this name; of several, the last, as Jackson reads them.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Value::Object(members) = &self.value else { return None };
        members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// As an integer, if it is written as one.
    pub(super) fn as_i64(&self) -> Option<i64> {
        if let Value::Number(text) = &self.value { text.parse().ok() } else { None }
    }
}

impl fmt::Display for Json {
    /// What kind of value it is, for errors: never a whole document.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(text) => write!(f, "{text}"),
            Value::String(text) if text.len() <= 64 => write!(f, "{text:?}"),
            Value::String(_) => f.write_str("a long string"),
            Value::Array(_) => f.write_str("an array"),
            Value::Object(_) => f.write_str("an object"),
        }
    }
}

/// Reads one value and nothing after it.
pub(super) fn read(text: &str) -> Result<Json, Fault> {
    let mut reader = Reader { text, at: 0 };
    let json = reader.value(0)?;
    reader.blanks();
    match reader.peek() {
        None => Ok(json),
        Some(_) => Err(reader.fault("something follows the schema's end")),
    }
}

/// Line and column of a byte, both from 1, the column in characters.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

struct Reader<'t> {
    text: &'t str,
    /// Bytes read; always at a character's border.
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Json, Fault> {
        self.blanks();
        let at = self.at;
        if depth > DEPTH_MAX {
            return Err(self.fault(format!("nested more than {DEPTH_MAX} levels deep")));
        }
        let value = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => Value::String(self.string()?),
            Some('-' | '0'..='9') => self.number()?,
            Some('t') => self.word("true", Value::Bool(true))?,
            Some('f') => self.word("false", Value::Bool(false))?,
            Some('n') => self.word("null", Value::Null)?,
            Some(other) => return Err(self.fault(format!("expected a JSON value, found {other:?}"))),
            None => return Err(self.fault("the text ends where a JSON value should be")),
        };
        Ok(Json { at, value })
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        self.expect('{')?;
        let mut members = Vec::new();
        self.blanks();
        if self.take('}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.blanks();
            let name = self.string()?;
            self.blanks();
            self.expect(':')?;
            members.push((name, self.value(depth + 1)?));
            self.blanks();
            if self.take('}') {
                return Ok(Value::Object(members));
            }
            self.expect_one_of(',', '}')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Fault> {
        self.expect('[')?;
        let mut list = Vec::new();
        self.blanks();
        if self.take(']') {
            return Ok(Value::Array(list));
        }
        loop {
            list.push(self.value(depth + 1)?);
            self.blanks();
            if self.take(']') {
                return Ok(Value::Array(list));
            }
            self.expect_one_of(',', ']')?;
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        self.expect('"')?;
        let mut string = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(string),
                Some('\\') => string.push(self.escape()?),
                Some(control) if control < ' ' => {
                    return Err(self.fault(format!("control character {control:?} inside a string")));
                }
                Some(other) => string.push(other),
                None => return Err(self.fault("the text ends inside a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        Ok(match self.next() {
            Some('"') => '"',
            Some('\\') => '\\',
            Some('/') => '/',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode(),
            _ => return Err(self.fault("no such escape in JSON")),
        })
    }

    /// What follows `\u`: one unit, or the two of a surrogate pair.
    fn unicode(&mut self) -> Result<char, Fault> {
        let first = self.hex4()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            let second = if self.take('\\') && self.take('u') { self.hex4()? } else { 0 };
            if !(0xdc00..0xe000).contains(&second) {
                return Err(self.fault("half of a surrogate pair"));
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.fault("half of a surrogate pair"))
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        let mut code = 0;
        for _ in 0..4 {
            let digit =
                self.next().and_then(|c| c.to_digit(16)).ok_or_else(|| self.fault("expected four hex digits"))?;
            code = code * 16 + digit;
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        self.take('-');
        let leading_zero = self.peek() == Some('0');
        let whole = self.digits()?;
        if leading_zero && whole > 1 {
            return Err(self.fault("a number does not begin with 0"));
        }
        if self.take('.') {
            self.digits()?;
        }
        if self.take('e') || self.take('E') {
            let _ = self.take('+') || self.take('-');
            self.digits()?;
        }
        Ok(Value::Number(self.text.get(start..self.at).unwrap_or("").to_owned()))
    }

    fn digits(&mut self) -> Result<usize, Fault> {
        let start = self.at;
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.fault("expected a digit")) } else { Ok(self.at - start) }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Fault> {
        if !self.rest().starts_with(word) {
            return Err(self.fault("expected a JSON value; names are written in quotes"));
        }
        self.at += word.len();
        Ok(value)
    }

    /// White space, and comments: Java's parser allows them in schemas, so people write them.
    fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            let comment = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                0
            };
            if blank + comment == 0 {
                return;
            }
            self.at += blank.max(comment);
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.at += wanted.len_utf8();
        }
        there
    }

    fn expect(&mut self, wanted: char) -> Result<(), Fault> {
        if self.take(wanted) { Ok(()) } else { Err(self.unexpected(&format!("{wanted:?}"))) }
    }

    fn expect_one_of(&mut self, wanted: char, end: char) -> Result<(), Fault> {
        if self.take(wanted) { Ok(()) } else { Err(self.unexpected(&format!("{wanted:?} or {end:?}"))) }
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        match self.peek() {
            Some(found) => self.fault(format!("expected {wanted}, found {found:?}")),
            None => self.fault(format!("expected {wanted}, but the text ends")),
        }
    }

    fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault { at: self.at, reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_refused_where_it_stands() {
        for (text, at) in
            [("", 0), ("{\"a\" 1}", 5), ("[1,]", 3), ("nul", 0), ("\"a", 2), ("01", 2), ("\"\\ud800\"", 7), ("1 2", 2)]
        {
            let fault = read(text).expect_err(text);
            assert_eq!(fault.at, at, "{text}: {}", fault.reason);
        }
    }

    #[test]
    fn escapes_are_read() {
        let json = read(r#" "\u00fc\ud83d\ude00\n" "#).unwrap();
        assert_eq!(json.as_str(), Some("ü😀\n"));
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read(&"[".repeat(1_000_000)).is_err());
        assert!(read(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_ok());
    }

    #[test]
    fn places_count_from_one_in_characters() {
        assert_eq!(place("ä\nbü x", "ä\nbü ".len()), (2, 4));
    }
}
