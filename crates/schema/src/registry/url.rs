//! Base URLs, and paths below them.

use std::fmt;

/// A registry's address, taken apart: what is shown never has user and password in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    /// Without userinfo, and without a slash at its end.
    shown: String,
    /// User and password, as bytes that were percent-encoded.
    userinfo: Option<String>,
}

impl BaseUrl {
    /// Reads `http(s)://[user:password@]host[:port][/path]`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("write it as http://host:port or https://host:port")?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return Err("the scheme is neither http nor https".into());
        }
        if rest.contains(['?', '#']) || rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("a base URL has no query, fragment or space".into());
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(decode(userinfo)?), host),
            None => (None, authority),
        };
        if host.is_empty() || host.starts_with(':') {
            return Err("there is no host".into());
        }
        Ok(Self { shown: format!("{scheme}://{host}{}", path.trim_end_matches('/')), userinfo })
    }

    /// `user:password`, if it has them.
    pub(crate) fn userinfo(&self) -> Option<&str> {
        self.userinfo.as_deref()
    }

    /// Without user and password.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The whole URL of a path, which begins with a slash.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.shown)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// A segment of a path: everything but RFC 3986's `pchar` is percent-encoded, in UTF-8.
pub(crate) fn segment(text: &str) -> String {
    // These two alone would be taken for steps in the path.
    if matches!(text, "." | "..") {
        return text.replace('.', "%2E");
    }
    encode(text, b"-._~@:!$&'()*+,;=")
}

/// A name or a value in a query: only RFC 3986's unreserved characters stay, since servers read `+` and `&` their own way.
pub(crate) fn query(text: &str) -> String {
    encode(text, b"-._~")
}

fn encode(text: &str, kept: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn decode(text: &str) -> Result<String, String> {
    let wrong = || "user and password are not percent-encoded UTF-8".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        if first == b'%' {
            let (digits, behind) = behind.split_at_checked(2).ok_or_else(wrong)?;
            let digits = str::from_utf8(digits).map_err(|_| wrong())?;
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
            rest = behind;
        } else {
            bytes.push(first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_of_any_characters_stays_one_segment() {
        let cases = [
            ("orders-value", "orders-value"),
            ("a/b.proto", "a%2Fb.proto"),
            (":.ctx:orders", ":.ctx:orders"),
            ("a b#c?d%e-värde", "a%20b%23c%3Fd%25e-v%C3%A4rde"),
            ("..", "%2E%2E"),
            ("a+b&c=d", "a+b&c=d"),
        ];
        for (text, encoded) in cases {
            assert_eq!(segment(text), encoded);
        }
        assert_eq!(query("a+b&c=d e"), "a%2Bb%26c%3Dd%20e");
    }

    #[test]
    fn a_base_url_is_joined_with_one_slash_and_shows_no_password() {
        let url = BaseUrl::parse("HTTPS://me:p%40ss%2fword@sr.example:8081/apis/ccompat/v7/").unwrap();
        assert_eq!(url.userinfo(), Some("me:p@ss/word"));
        assert_eq!(url.join("/subjects"), "https://sr.example:8081/apis/ccompat/v7/subjects");
        assert!(!format!("{url:?} {}", url.shown()).contains("p@ss"));
        for wrong in ["sr:8081", "ftp://sr", "http://", "http://:80", "http://sr?x", "http://s r", "http://%zz@sr"] {
            assert!(BaseUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
