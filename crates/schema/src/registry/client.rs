//! One question to whichever URL answers: attempts, credentials, the breaker. It waits on the thread that calls it.

use super::attempts::{Attempts, Next, Patience};
use super::auth::{Credentials, basic};
use super::breaker::{Breaker, Why};
use super::error::{RegistryError, RegistryErrorKind};
use super::http::{Answer, Http, Request};
use super::secret::Secret;
use super::url::BaseUrl;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use ureq::http::header::AUTHORIZATION;

/// Characters of an answer that is no JSON, for a person to recognise it.
const SHOWN: usize = 100;

/// Asks a registry that has one or several URLs.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) urls: Vec<BaseUrl>,
    /// The index of the URL that answered last.
    pub(crate) good: AtomicUsize,
    pub(crate) http: Http,
    pub(crate) auth: Credentials,
    pub(crate) patience: Patience,
    pub(crate) breaker: Mutex<Breaker>,
}

/// An attempt without the answer that was wanted.
struct Failure {
    error: RegistryError,
    wanted: Option<Duration>,
}

/// A call without an answer.
struct GaveUp {
    error: RegistryError,
    why: Why,
}

impl GaveUp {
    fn refused(error: RegistryError) -> Self {
        Self { error, why: Why::Tried }
    }
}

#[derive(Deserialize)]
struct ErrorBody {
    error_code: Option<i64>,
    message: Option<String>,
}

impl Client {
    /// Asks, and reads the JSON of the answer.
    ///
    /// # Errors
    /// Those that can be retried were, as long as there was time and patience.
    pub(crate) fn ask<T: DeserializeOwned>(&self, request: &Request, deadline: Instant) -> Result<T, RegistryError> {
        let about = |error: RegistryError| error.of_subject(request.subject.as_deref());
        self.breaker().admit(Instant::now()).map_err(about)?;
        let outcome = self.attempts(request, deadline);
        match &outcome {
            Err(GaveUp { error, why }) if error.is_retriable() => self.breaker().gave_up(Instant::now(), error, *why),
            _ => self.breaker().answered(),
        }
        outcome.map_err(|gave_up| gave_up.error).and_then(|(answer, url)| parse(&answer, &url)).map_err(about)
    }

    /// The URL that answered last, for errors.
    pub(crate) fn last_url(&self) -> &str {
        self.urls.get(self.good.load(Ordering::Relaxed)).map_or("", BaseUrl::shown)
    }

    /// The good answer, and where it came from.
    fn attempts(&self, request: &Request, deadline: Instant) -> Result<(Answer, String), GaveUp> {
        let mut at = self.good.load(Ordering::Relaxed);
        let mut attempts = Attempts::new(self.patience, self.urls.len(), at);
        loop {
            let Some(base) = self.urls.get(at) else {
                return Err(GaveUp::refused(RegistryError::new(RegistryErrorKind::Usage, "there is no URL")));
            };
            let Failure { error, wanted } = match self.attempt(base, request, deadline) {
                Ok(answer) => {
                    self.good.store(at, Ordering::Relaxed);
                    return Ok((answer, base.shown().into()));
                }
                Err(failure) => failure,
            };
            // A certificate may be wrong at one URL alone, but time does not mend it.
            if !error.is_retriable() && error.kind() != RegistryErrorKind::Tls {
                return Err(GaveUp::refused(error));
            }
            let next = attempts.failed(wanted, fastrand::f64());
            let left = deadline.saturating_duration_since(Instant::now());
            at = match next {
                Next::Try(url) if !left.is_zero() => url,
                Next::Sleep(sleep, url) if sleep < left && error.is_retriable() => {
                    thread::sleep(sleep);
                    url
                }
                Next::GiveUp => return Err(GaveUp { error, why: Why::Tried }),
                _ => return Err(GaveUp { error, why: Why::Late }),
            };
        }
    }

    fn attempt(&self, base: &BaseUrl, request: &Request, deadline: Instant) -> Result<Answer, Failure> {
        let answer = self.once(base, request, deadline);
        match answer {
            // The token may have been taken back before its time.
            Ok((answer, used)) if answer.status == 401 && self.auth.refused(used.as_ref()) => {
                self.once(base, request, deadline)
            }
            other => other,
        }
        .map_err(|error| Failure { error, wanted: None })
        .and_then(|(answer, _)| match answer.status {
            200..=299 => Ok(answer),
            _ => Err(Failure { wanted: answer.retry_after, error: refusal(&answer, base.shown()) }),
        })
    }

    fn once(
        &self,
        base: &BaseUrl,
        request: &Request,
        deadline: Instant,
    ) -> Result<(Answer, Option<Secret>), RegistryError> {
        let own = self.auth.header(deadline)?;
        let used = own.or_else(|| base.userinfo().map(basic));
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(RegistryError::new(RegistryErrorKind::Timeout, "no time was left to ask").at(base.shown()));
        }
        let headers = used.iter().map(|header| (AUTHORIZATION, header.clone())).collect::<Vec<_>>();
        let answer = self.http.exchange(request, &base.join(&request.path), &headers, left)?;
        Ok((answer, used))
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer other than 2xx says.
fn refusal(answer: &Answer, url: &str) -> RegistryError {
    let kind = RegistryErrorKind::of_status(answer.status);
    let parsed = serde_json::from_str::<ErrorBody>(&answer.body).ok();
    let code = parsed.as_ref().and_then(|body| body.error_code);
    let message = match (&answer.location, parsed.and_then(|body| body.message)) {
        (_, Some(message)) => message,
        (Some(location), None) => {
            format!("it redirects to {location}, and redirects are not followed: name the registry's own address")
        }
        (None, None) if kind == RegistryErrorKind::NotFound => {
            format!("{}; is this the registry's base URL?", shown(&answer.body))
        }
        (None, None) => shown(&answer.body),
    };
    RegistryError::new(kind, message).with_status(answer.status).with_code(code).at(url)
}

fn parse<T: DeserializeOwned>(answer: &Answer, url: &str) -> Result<T, RegistryError> {
    serde_json::from_str(&answer.body).map_err(|error| {
        let text = if error.is_data() { format!("not what was asked for: {error}") } else { shown(&answer.body) };
        RegistryError::new(RegistryErrorKind::Answer, text).with_status(answer.status).at(url)
    })
}

/// The beginning of an answer that is no JSON.
fn shown(body: &str) -> String {
    let body = body.trim();
    if body.is_empty() {
        return "the answer is empty".into();
    }
    let line: String = body.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
    let html = body.starts_with('<');
    format!("the answer is {}: {line:?}", if html { "HTML, not JSON" } else { "not JSON" })
}
