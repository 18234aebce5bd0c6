//! What a registry refused, or why it was not reached.

use std::fmt;

/// A question to the registry has no answer.
///
/// Comparable, cheap to pass on, and free of secrets: the URL comes without its user and password.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryError(Box<Parts>);

#[derive(Clone, PartialEq, Eq)]
struct Parts {
    kind: RegistryErrorKind,
    status: Option<u16>,
    code: Option<i64>,
    message: String,
    url: Option<String>,
    subject: Option<String>,
}

/// What kind of refusal it is, and with that what may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegistryErrorKind {
    /// 401, after the token was fetched anew: who we are is not known.
    Unauthorized,
    /// 403: who we are may not do this.
    Forbidden,
    /// 404: no such subject, version, id or schema. Also an address that is no registry's.
    NotFound,
    /// 409: the schema breaks the subject's compatibility; the message has the registry's list of differences.
    Incompatible,
    /// 422 and other refusals: the schema, a reference, a name or a mode is not as the registry wants it.
    Refused,
    /// 429: too many questions. Retriable.
    Throttled,
    /// 408, 500, 502, 503, 504: the registry, or what stands before it, cannot just now. Retriable.
    Unavailable,
    /// No connection, or it broke. Retriable.
    Connection,
    /// The certificate does not prove the host, or TLS failed otherwise.
    Tls,
    /// No answer within the time there was. Retriable.
    Timeout,
    /// An answer that is no registry's: HTML, too long, a redirect, or JSON without what was asked for.
    Answer,
    /// The settings contradict each other, or a schema cannot be used as was asked.
    Usage,
    /// The lock file does not have it, and nobody else is asked.
    Offline,
}

impl RegistryErrorKind {
    /// What an HTTP status means: Java's table. The status decides, since registries differ in their codes.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            408 | 500 | 502 | 503 | 504 => Self::Unavailable,
            409 => Self::Incompatible,
            429 => Self::Throttled,
            300..=399 => Self::Answer,
            _ => Self::Refused,
        }
    }

    /// Whether the same question may have an answer later, or elsewhere.
    pub fn is_retriable(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable | Self::Connection | Self::Timeout)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Unauthorized => "the registry does not know who asks",
            Self::Forbidden => "the registry does not allow it",
            Self::NotFound => "the registry does not have it",
            Self::Incompatible => "the schema is not compatible with its subject's",
            Self::Refused => "the registry refuses it",
            Self::Throttled => "the registry is asked too often",
            Self::Unavailable => "the registry cannot answer just now",
            Self::Connection => "the registry cannot be reached",
            Self::Tls => "no secure connection to the registry",
            Self::Timeout => "the registry did not answer in time",
            Self::Answer => "the answer is no schema registry's",
            Self::Usage => "not possible",
            Self::Offline => "not in the lock file",
        }
    }
}

impl RegistryError {
    pub(crate) fn new(kind: RegistryErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Parts { kind, status: None, code: None, message, url: None, subject: None }))
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_code(mut self, code: Option<i64>) -> Self {
        self.0.code = code;
        self
    }

    /// `url` is without user and password.
    pub(crate) fn at(mut self, url: impl Into<String>) -> Self {
        self.0.url = Some(url.into());
        self
    }

    /// The outermost subject stays.
    pub(crate) fn of_subject(mut self, subject: Option<&str>) -> Self {
        if let Some(subject) = subject {
            self.0.subject = Some(subject.into());
        }
        self
    }

    /// Further words behind the message.
    pub(crate) fn noting(mut self, words: &str) -> Self {
        self.0.message.push_str(words);
        self
    }

    /// What kind of refusal.
    pub fn kind(&self) -> RegistryErrorKind {
        self.0.kind
    }

    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The registry's own `error_code`. They differ between registries and versions: 409 is also 40901.
    pub fn code(&self) -> Option<i64> {
        self.0.code
    }

    /// In the registry's words where there are any, such as the list of differences of a 409.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Which URL answered last, without user and password.
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// The subject that was asked about.
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// Whether the same question may have an answer later.
    pub fn is_retriable(&self) -> bool {
        self.0.kind.is_retriable()
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { kind, status, code, message, url, subject } = &*self.0;
        if let Some(subject) = subject {
            write!(f, "subject {subject:?}: ")?;
        }
        f.write_str(kind.words())?;
        match (status, code) {
            (Some(status), Some(code)) if i64::from(*status) != *code => write!(f, " ({status}, error_code {code})")?,
            (Some(status), _) => write!(f, " ({status})")?,
            _ => {}
        }
        if let Some(url) = url {
            write!(f, " at {url}")?;
        }
        if message.is_empty() { Ok(()) } else { write!(f, ": {message}") }
    }
}

impl fmt::Debug for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistryError({:?}, {self})", self.0.kind)
    }
}

impl std::error::Error for RegistryError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_kind_and_some_are_retriable() {
        let cases = [
            (401, RegistryErrorKind::Unauthorized, false),
            (403, RegistryErrorKind::Forbidden, false),
            (404, RegistryErrorKind::NotFound, false),
            (408, RegistryErrorKind::Unavailable, true),
            (409, RegistryErrorKind::Incompatible, false),
            (422, RegistryErrorKind::Refused, false),
            (429, RegistryErrorKind::Throttled, true),
            (500, RegistryErrorKind::Unavailable, true),
            (501, RegistryErrorKind::Refused, false),
            (502, RegistryErrorKind::Unavailable, true),
            (503, RegistryErrorKind::Unavailable, true),
            (504, RegistryErrorKind::Unavailable, true),
            (302, RegistryErrorKind::Answer, false),
        ];
        for (status, kind, retriable) in cases {
            assert_eq!(RegistryErrorKind::of_status(status), kind, "{status}");
            assert_eq!(kind.is_retriable(), retriable, "{status}");
        }
    }

    #[test]
    fn the_text_says_what_where_and_why() {
        let error = RegistryError::new(RegistryErrorKind::Incompatible, "READER_FIELD_MISSING_DEFAULT_VALUE")
            .with_status(409)
            .with_code(Some(40901))
            .at("http://sr:8081")
            .of_subject(Some("orders-value"));
        assert_eq!(
            error.to_string(),
            "subject \"orders-value\": the schema is not compatible with its subject's (409, error_code 40901) at \
             http://sr:8081: READER_FIELD_MISSING_DEFAULT_VALUE"
        );
    }
}
