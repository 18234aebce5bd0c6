//! One question and its answer over HTTP: pooled connections, a deadline, and nothing from a peer taken on trust.

use super::error::{RegistryError, RegistryErrorKind};
use super::secret::Secret;
use super::tls::{self, TlsSettings};
use std::time::Duration;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method, Request as HttpRequest, Response, Uri};
use ureq::{Agent, Body, Proxy};

/// The longest answer that is read, bytes: Confluent's own limit for a schema is 1 MiB, and an answer has a tree of them.
const BODY_MAX: u64 = 32 * 1024 * 1024;

/// Connections that are kept for later: as many as may be in use at once.
const IDLE_MAX: usize = super::pool::THREADS;

/// What the registry speaks.
const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Begins with a slash; encoded.
    pub(crate) path: String,
    pub(crate) body: Option<String>,
    /// For errors.
    pub(crate) subject: Option<String>,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, subject: None }
    }

    pub(crate) fn post(path: impl Into<String>, body: String) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body), subject: None }
    }

    pub(crate) fn put(path: impl Into<String>, body: String) -> Self {
        Self { method: Method::PUT, path: path.into(), body: Some(body), subject: None }
    }

    pub(crate) fn about(self, subject: &str) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }
}

/// What came back, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// How long the registry wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// Where a redirect points.
    pub(crate) location: Option<String>,
}

/// What connections are made by.
#[derive(Debug, Clone)]
pub(crate) struct HttpSettings {
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) proxy: Option<(String, u16)>,
    pub(crate) headers: Vec<(String, Secret)>,
    pub(crate) tls: TlsSettings,
}

/// Makes connections and keeps them.
#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    headers: HeaderMap,
    read_timeout: Duration,
}

impl Http {
    /// # Errors
    /// In words, when certificates, a proxy or a header cannot be used.
    pub(crate) fn new(settings: &HttpSettings) -> Result<Self, String> {
        let proxy = match &settings.proxy {
            None => None,
            Some((host, port)) => Some(
                Proxy::new(&format!("http://{host}:{port}"))
                    .map_err(|error| format!("proxy.host, proxy.port: {error}"))?,
            ),
        };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect would carry our credentials elsewhere, or turn a POST into a GET.
            .max_redirects(0)
            .proxy(proxy)
            .no_delay(true)
            .timeout_connect(Some(settings.connect_timeout))
            .max_idle_connections(2 * IDLE_MAX)
            .max_idle_connections_per_host(IDLE_MAX)
            .user_agent(concat!("milena/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls::config(&settings.tls)?)
            .build()
            .new_agent();
        Ok(Self { agent, headers: headers(&settings.headers)?, read_timeout: settings.read_timeout })
    }

    /// Asks `url`, which is shown in errors. `more` are headers of this question alone.
    ///
    /// # Errors
    /// Only when there is no answer; a refusal is one.
    pub(crate) fn exchange(
        &self,
        request: &Request,
        url: &str,
        more: &[(HeaderName, Secret)],
        timeout: Duration,
    ) -> Result<Answer, RegistryError> {
        let fail = |error: ureq::Error| explain(&error).at(shown(url));
        let usage = |text: String| RegistryError::new(RegistryErrorKind::Usage, text).at(shown(url));
        let uri: Uri = url.parse().map_err(|error| usage(format!("no URL: {error}")))?;
        let mut built = HttpRequest::builder().method(request.method.clone()).uri(uri);
        if let Some(headers) = built.headers_mut() {
            headers.extend(self.headers.clone());
            for (name, value) in more {
                let value = HeaderValue::from_str(value.reveal());
                let mut value = value.map_err(|_| usage(format!("header {name}: the value cannot be sent")))?;
                value.set_sensitive(true);
                headers.insert(name.clone(), value);
            }
        }
        let timeout = timeout.min(self.read_timeout);
        let answered = match &request.body {
            Some(body) => self.run(built.body(body.as_bytes()).map_err(|error| usage(error.to_string()))?, timeout),
            None => self.run(built.body(()).map_err(|error| usage(error.to_string()))?, timeout),
        };
        read(answered.map_err(fail)?).map_err(fail)
    }

    fn run(
        &self,
        request: HttpRequest<impl ureq::AsSendBody>,
        timeout: Duration,
    ) -> Result<Response<Body>, ureq::Error> {
        let configured = self.agent.configure_request(request).timeout_global(Some(timeout)).build();
        self.agent.run(configured)
    }
}

fn headers(more: &[(String, Secret)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("application/vnd.schemaregistry.v1+json, application/json"));
    headers.insert("content-type", HeaderValue::from_static(CONTENT_TYPE));
    headers.insert("confluent-accept-unknown-properties", HeaderValue::from_static("true"));
    for (name, value) in more {
        let knob = || format!("request.header.{name}");
        let name = HeaderName::try_from(name.as_str()).map_err(|_| format!("{} is no name of a header", knob()))?;
        let value = HeaderValue::from_str(value.reveal());
        let mut value = value.map_err(|_| format!("{}: the value cannot be sent as a header", knob()))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn read(response: Response<Body>) -> Result<Answer, ureq::Error> {
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    // The form that is a date is nobody's here: no registry sends it.
    let retry_after = text("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let location = text("location").map(str::to_owned);
    let status = response.status().as_u16();
    let body = response.into_body().into_with_config().limit(BODY_MAX).read_to_vec()?;
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), retry_after, location })
}

/// What happened, in our words, and whether it may go better elsewhere.
fn explain(error: &ureq::Error) -> RegistryError {
    use RegistryErrorKind::{Answer, Connection, Timeout, Tls, Usage};
    let of = |kind, message: String| RegistryError::new(kind, message);
    match error {
        ureq::Error::Timeout(_) => of(Timeout, error.to_string()),
        ureq::Error::Io(error) if tls::is_tls(error) => of(Tls, error.to_string()),
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => of(Timeout, error.to_string()),
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed => of(Connection, error.to_string()),
        ureq::Error::HostNotFound => of(Connection, "there is no such host".into()),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => of(Tls, error.to_string()),
        ureq::Error::BodyExceedsLimit(limit) => of(Answer, format!("the answer is longer than {limit} bytes")),
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            of(Answer, format!("not HTTP as it should be: {error}"))
        }
        ureq::Error::ConnectProxyFailed(_) => of(Connection, error.to_string()),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl => of(Usage, error.to_string()),
        _ => of(Connection, error.to_string()),
    }
}

/// A URL without its query, which says nothing about where it is.
fn shown(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}
