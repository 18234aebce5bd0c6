//! OAuth's client credentials: a token is fetched once for all who need it, and again when most of its life is over.

use super::auth::basic;
use super::error::{RegistryError, RegistryErrorKind};
use super::http::{Http, Request};
use super::secret::Secret;
use super::url::query;
use serde::Deserialize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};

/// What a token lives when its server does not say: short enough not to be missed by much.
const LIFETIME: Duration = Duration::from_secs(300);

/// Who asks whom for tokens.
#[derive(Debug, Clone)]
pub(crate) struct OAuthSettings {
    /// Where tokens are given out.
    pub(crate) url: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) scope: Option<String>,
    /// A token is not used within this of its end (`bearer.auth.cache.expiry.buffer.seconds`).
    pub(crate) buffer: Duration,
}

/// Fetches tokens and keeps the last one.
#[derive(Debug)]
pub(crate) struct OAuth {
    settings: OAuthSettings,
    http: Http,
    /// Held while one is fetched: who else needs it waits for that one. Never held longer than a request may take.
    token: Mutex<Option<Token>>,
}

#[derive(Debug, Clone)]
struct Token {
    header: Secret,
    /// From then on it is fetched again, and used all the same if that fails.
    refresh: Instant,
    /// From then on nobody takes it.
    end: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    expires_in: Option<f64>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    error_description: Option<String>,
}

impl OAuth {
    pub(crate) fn new(settings: OAuthSettings, http: Http) -> Self {
        Self { settings, http, token: Mutex::new(None) }
    }

    /// `Bearer` with a token that still lives.
    pub(crate) fn header(&self, deadline: Instant) -> Result<Secret, RegistryError> {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(token) = token.as_ref().filter(|token| now < token.refresh) {
            return Ok(token.header.clone());
        }
        match self.fetch(deadline) {
            Ok(fresh) => Ok(token.insert(fresh).header.clone()),
            Err(error) => match token.as_mut().filter(|token| now < token.end) {
                None => Err(error),
                Some(old) => {
                    tracing::warn!(%error, "the registry's token could not be fetched anew; the old one still lives");
                    // Not for every question again.
                    old.refresh = old.end.min(now + Duration::from_secs(1));
                    Ok(old.header.clone())
                }
            },
        }
    }

    /// The registry did not take this one. A newer one stays.
    pub(crate) fn forget(&self, used: &Secret) {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        token.take_if(|token| token.header == *used);
    }

    fn fetch(&self, deadline: Instant) -> Result<Token, RegistryError> {
        let OAuthSettings { url, client_id, client_secret, scope, buffer } = &self.settings;
        let mut form = "grant_type=client_credentials".to_owned();
        if let Some(scope) = scope {
            form.push_str(&format!("&scope={}", query(scope)));
        }
        // RFC 6749, 2.3.1: both are form-encoded before they are joined.
        let client = basic(&format!("{}:{}", query(client_id), query(client_secret.reveal())));
        let headers: [(HeaderName, Secret); 2] =
            [(AUTHORIZATION, client), (CONTENT_TYPE, Secret::new("application/x-www-form-urlencoded"))];
        let begun = Instant::now();
        let patience = deadline.saturating_duration_since(begun);
        let answer = self.http.exchange(&Request::post("", form), url, &headers, patience)?;
        let kind = match answer.status {
            200 => RegistryErrorKind::Answer,
            status => RegistryErrorKind::of_status(status),
        };
        let fail = |text: String| {
            // 400 and 401 of RFC 6749, 5.2: what is wrong are the credentials.
            let kind = if matches!(answer.status, 400 | 401) { RegistryErrorKind::Unauthorized } else { kind };
            RegistryError::new(kind, text).with_status(answer.status).at(url.as_str())
        };
        let parsed: TokenAnswer =
            serde_json::from_str(&answer.body).map_err(|_| fail("the token server's answer is not JSON".into()))?;
        let (200, Some(token)) = (answer.status, parsed.access_token) else {
            let words = [parsed.error, parsed.error_description].into_iter().flatten().collect::<Vec<_>>();
            return Err(fail(format!("the token server gave no token: {}", words.join(": "))));
        };
        let lifetime = parsed.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let lifetime = lifetime.unwrap_or(LIFETIME);
        Ok(Token {
            header: Secret::new(format!("Bearer {token}")),
            refresh: begun + refresh_after(lifetime, *buffer),
            end: begun + lifetime,
        })
    }
}

/// When a token is fetched again: after 80 % of its life, or `buffer` before its end, whichever is sooner. A life shorter
/// than the buffer leaves the 80 %.
fn refresh_after(lifetime: Duration, buffer: Duration) -> Duration {
    let most = lifetime.mul_f64(0.8);
    if lifetime <= buffer { most } else { most.min(lifetime - buffer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_refreshed_before_its_end() {
        let seconds = Duration::from_secs;
        assert_eq!(refresh_after(seconds(3600), seconds(300)), seconds(2880));
        assert_eq!(refresh_after(seconds(1000), seconds(300)), seconds(700));
        assert_eq!(refresh_after(seconds(100), seconds(300)), seconds(80));
    }
}
