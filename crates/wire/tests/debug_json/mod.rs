//! What `{:?}` of a message prints, as JSON in the form of Kafka's own converters, so that fields can be compared by name.

use serde_json::{Map, Value, json};

/// Parses the whole of `text`.
pub(crate) fn parse(text: &str) -> Value {
    let mut parser = Parser { text };
    let value = parser.value();
    assert_eq!(parser.text, "", "after the end of a message");
    value
}

struct Parser<'a> {
    text: &'a str,
}

impl<'a> Parser<'a> {
    fn value(&mut self) -> Value {
        if self.eats("None") {
            return Value::Null;
        }
        if self.eats("Some(") {
            let value = self.value();
            assert!(self.eats(")"));
            return value;
        }
        if self.eats("<") {
            // A secret shows only how long it is.
            let length = self.take(char::is_numeric).parse::<u64>().unwrap();
            assert!(self.eats(" bytes>"));
            return json!(length);
        }
        if self.eats("[") {
            return self.until("]", Self::value).into();
        }
        if self.eats("b\"") {
            return json!(base64(&self.quoted(), b'+', b'/', true));
        }
        if self.eats("\"") {
            return json!(String::from_utf8(self.quoted()).unwrap());
        }
        self.word()
    }

    /// A structure, an error code, an API key, a topic id, a number or a bool.
    fn word(&mut self) -> Value {
        let word = self.take(|letter| letter.is_alphanumeric() || "-_ ".contains(letter)).trim_end();
        if self.eats("{") {
            return Value::Object(Map::from_iter(self.until("}", |parser| {
                let name = parser.take(|letter| letter != ':').trim_start().to_owned();
                assert!(parser.eats(": "));
                (name, parser.value())
            })));
        }
        if self.eats("(") {
            let number = self.take(|letter| letter != ')').parse::<i64>().unwrap();
            assert!(self.eats(")"));
            return json!(number);
        }
        match word {
            "true" | "false" => json!(word == "true"),
            id if id.len() == 32 => {
                let bytes = u128::from_str_radix(id, 16).unwrap().to_be_bytes();
                json!(base64(&bytes, b'-', b'_', false))
            }
            number => json!(number.parse::<i64>().unwrap_or_else(|_| panic!("{number:?} is no number"))),
        }
    }

    fn eats(&mut self, token: &str) -> bool {
        let rest = self.text.strip_prefix(token);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.text.find(|letter| !belongs(letter)).unwrap_or(self.text.len());
        let (taken, rest) = self.text.split_at(end);
        self.text = rest;
        taken
    }

    fn until<T>(&mut self, end: &str, element: impl Fn(&mut Self) -> T) -> Vec<T> {
        let mut elements = Vec::new();
        loop {
            self.text = self.text.trim_start();
            if self.eats(end) {
                return elements;
            }
            elements.push(element(self));
            self.eats(",");
        }
    }

    /// The rest of a string, up to and with its closing quote.
    fn quoted(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let letter = self.letter();
            match letter {
                '"' => return bytes,
                '\\' => bytes.push(self.escaped()),
                _ => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    fn escaped(&mut self) -> u8 {
        match self.letter() {
            'x' => {
                let (hex, rest) = self.text.split_at(2);
                self.text = rest;
                u8::from_str_radix(hex, 16).unwrap()
            }
            '0' => 0,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            other => u8::try_from(other).unwrap(),
        }
    }

    fn letter(&mut self) -> char {
        let letter = self.text.chars().next().expect("a closing quote");
        self.text = &self.text[letter.len_utf8()..];
        letter
    }
}

/// Java writes bytes with the usual alphabet and padding, topic ids with the web-safe one and none.
fn base64(bytes: &[u8], sixty_two: u8, sixty_three: u8, padded: bool) -> String {
    let letter = |bits: u32| match (bits & 63) as u8 {
        bits @ 0..26 => b'A' + bits,
        bits @ 26..52 => b'a' + bits - 26,
        bits @ 52..62 => b'0' + bits - 52,
        62 => sixty_two,
        _ => sixty_three,
    };
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or_default()));
        for at in 0..=chunk.len() {
            text.push(letter(bits >> (18 - 6 * at)).into());
        }
        text.push_str(if padded { &"=="[chunk.len() - 1..] } else { "" });
    }
    text
}
