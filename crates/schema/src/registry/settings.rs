//! What the settings come to: a draft of them as they were given, and what is checked together.

use super::attempts::Patience;
use super::auth::Credentials;
use super::breaker::Breaker;
use super::builder::Mistake;
use super::client::Client;
use super::http::{Http, HttpSettings};
use super::oauth::{OAuth, OAuthSettings};
use super::secret::Secret;
use super::tls::TlsSettings;
use super::url::BaseUrl;
use crate::framing::Framing;
use crate::guid::Guid;
use crate::policy::Policy;
use crate::subject::{Fallback, SubjectStrategy};
use milena::serializer::Side;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// Settings as they were given; `None`: not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    /// They may have a password in them.
    pub(crate) urls: Vec<Secret>,
    pub(crate) randomize: bool,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) read_timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
    pub(crate) retry_wait: Option<Duration>,
    pub(crate) retry_wait_max: Option<Duration>,
    pub(crate) proxy_host: Option<String>,
    pub(crate) proxy_port: Option<u16>,
    pub(crate) headers: Vec<(String, Secret)>,
    pub(crate) patience: Option<Duration>,

    pub(crate) basic_source: Option<BasicSource>,
    pub(crate) basic_user_info: Option<Secret>,
    pub(crate) bearer_source: Option<BearerSource>,
    pub(crate) bearer_token: Option<Secret>,
    pub(crate) token_url: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<Secret>,
    pub(crate) scope: Option<String>,
    pub(crate) expiry_buffer: Option<Duration>,

    pub(crate) trusted: Option<Pem>,
    pub(crate) certificate: Option<Pem>,
    pub(crate) key: Option<Secret>,
    pub(crate) key_store: Option<PathBuf>,

    pub(crate) auto_register: Option<bool>,
    pub(crate) use_latest: Option<bool>,
    pub(crate) latest_strict: Option<bool>,
    pub(crate) latest_ttl: Option<Option<Duration>>,
    pub(crate) use_id: Option<u32>,
    pub(crate) use_guid: Option<Guid>,
    pub(crate) use_metadata: Option<BTreeMap<String, String>>,
    pub(crate) normalize: Option<bool>,
    pub(crate) key_strategy: Option<SubjectStrategy>,
    pub(crate) value_strategy: Option<SubjectStrategy>,
    pub(crate) fallback: Option<Fallback>,
    pub(crate) cluster: Option<String>,
    pub(crate) context: Option<String>,
    pub(crate) key_framing: Option<Framing>,
    pub(crate) value_framing: Option<Framing>,
    pub(crate) cache_limit: Option<usize>,
    pub(crate) missing_ttl: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BasicSource {
    Url,
    UserInfo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BearerSource {
    StaticToken,
    OAuth,
}

/// Certificates, or the file that has them.
#[derive(Debug, Clone)]
pub(crate) enum Pem {
    Text(String),
    File(PathBuf),
}

/// What serializers are made with unless they are told otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Defaults {
    pub(crate) policy: Policy,
    key_strategy: SubjectStrategy,
    value_strategy: SubjectStrategy,
    key_framing: Framing,
    value_framing: Framing,
    pub(crate) context: Option<String>,
    pub(crate) cache_limit: usize,
    pub(crate) missing_ttl: Duration,
    /// How long a call may take that is no part of a binding.
    pub(crate) patience: Duration,
}

impl Default for Defaults {
    fn default() -> Self {
        Self::of(&Draft::default(), Policy::default())
    }
}

impl Defaults {
    fn of(draft: &Draft, policy: Policy) -> Self {
        let strategy = |given: &Option<SubjectStrategy>| match given {
            Some(SubjectStrategy::Associated { .. }) => SubjectStrategy::Associated {
                fallback: draft.fallback.unwrap_or_default(),
                cluster: draft.cluster.clone(),
            },
            other => other.clone().unwrap_or_default(),
        };
        Self {
            policy,
            key_strategy: strategy(&draft.key_strategy),
            value_strategy: strategy(&draft.value_strategy),
            key_framing: draft.key_framing.clone().unwrap_or_default(),
            value_framing: draft.value_framing.clone().unwrap_or_default(),
            context: draft.context.clone(),
            cache_limit: draft.cache_limit.unwrap_or(1000),
            missing_ttl: draft.missing_ttl.unwrap_or(Duration::from_secs(5)),
            patience: draft.patience.unwrap_or(Duration::from_secs(60)),
        }
    }

    pub(crate) fn strategy(&self, side: Side) -> &SubjectStrategy {
        match side {
            Side::Key => &self.key_strategy,
            Side::Value => &self.value_strategy,
        }
    }

    pub(crate) fn framing(&self, side: Side) -> &Framing {
        match side {
            Side::Key => &self.key_framing,
            Side::Value => &self.value_framing,
        }
    }
}

impl Draft {
    /// Checks all together. What is wrong is added to `mistakes`, and then the result is not to be used.
    pub(crate) fn build(&self, mistakes: &mut Vec<Mistake>) -> Option<(Client, Defaults)> {
        let policy = self.policy(mistakes);
        let urls = self.base_urls(mistakes);
        let http = self.http(mistakes);
        self.credentials(&urls, mistakes);
        if !mistakes.is_empty() {
            return None;
        }
        let http = http?;
        let auth = self.auth(&http)?;
        let good = if self.randomize { fastrand::usize(..urls.len().max(1)) } else { 0 };
        let patience = Patience {
            retries: self.retries.unwrap_or(3),
            wait: self.retry_wait.unwrap_or(Duration::from_secs(1)),
            wait_max: self.retry_wait_max.unwrap_or(Duration::from_secs(20)),
        };
        let http = built(&http, "schema.registry.ssl.*", mistakes)?;
        let (good, breaker) = (AtomicUsize::new(good), Mutex::new(Breaker::Closed));
        let auth = auth.build(mistakes)?;
        Some((Client { urls, good, http, auth, patience, breaker }, Defaults::of(self, policy)))
    }

    fn base_urls(&self, mistakes: &mut Vec<Mistake>) -> Vec<BaseUrl> {
        const KNOB: &str = "schema.registry.url";
        if self.urls.is_empty() {
            mistakes.push(Mistake::new(KNOB, "must be set"));
        }
        let parsed = self.urls.iter().filter_map(|url| {
            let refused = |text: String| mistakes.push(Mistake::new(KNOB, text));
            BaseUrl::parse(url.reveal()).map_err(refused).ok()
        });
        parsed.collect()
    }

    /// Which schema: Java has an order among its switches and ignores those behind; here two are a mistake.
    fn policy(&self, mistakes: &mut Vec<Mistake>) -> Policy {
        let given = [
            ("auto.register.schemas", self.auto_register == Some(true)),
            ("use.schema.id", self.use_id.is_some()),
            ("use.schema.guid", self.use_guid.is_some()),
            ("use.latest.with.metadata", self.use_metadata.is_some()),
            ("use.latest.version", self.use_latest == Some(true)),
        ];
        let given: Vec<_> = given.into_iter().filter(|(_, given)| *given).map(|(knob, _)| knob).collect();
        if let [first, second, ..] = given[..] {
            mistakes.push(Mistake::new(
                first,
                format!("contradicts {second}: each says which schema is written by, and only one can"),
            ));
        }
        let normalize = self.normalize.unwrap_or(false);
        match (&self.use_id, &self.use_guid, &self.use_metadata) {
            (Some(id), ..) => Policy::Id(*id),
            (_, Some(guid), _) => Policy::Guid(*guid),
            (.., Some(properties)) => Policy::Metadata(properties.clone()),
            _ if self.use_latest == Some(true) => Policy::Latest {
                ttl: self.latest_ttl.unwrap_or(Some(Duration::from_secs(60))),
                strict: self.latest_strict.unwrap_or(true),
            },
            _ if self.auto_register == Some(false) => Policy::Lookup { normalize },
            _ => Policy::Register { normalize },
        }
    }

    fn http(&self, mistakes: &mut Vec<Mistake>) -> Option<HttpSettings> {
        let proxy = match (&self.proxy_host, self.proxy_port) {
            (Some(host), Some(port)) => Some((host.clone(), port)),
            (None, None) => None,
            (Some(_), None) => {
                mistakes.push(Mistake::new("proxy.host", "needs proxy.port"));
                None
            }
            (None, Some(_)) => {
                mistakes.push(Mistake::new("proxy.port", "needs proxy.host"));
                None
            }
        };
        let (trusted, certificate) = (
            read(self.trusted.as_ref(), "schema.registry.ssl.truststore.location", mistakes),
            read(self.certificate.as_ref(), "schema.registry.ssl.keystore.certificate.chain", mistakes),
        );
        let mut tls = TlsSettings { trusted, certificate, key: self.key.clone() };
        if let Some(path) = &self.key_store {
            // One file with the key and the chain, as Kafka has PEM key stores.
            let pem = Pem::File(path.clone());
            let text = read(Some(&pem), "schema.registry.ssl.keystore.location", mistakes)?;
            (tls.certificate, tls.key) = (Some(text.clone()), Some(Secret::new(text)));
        }
        Some(HttpSettings {
            connect_timeout: self.connect_timeout.unwrap_or(Duration::from_secs(5)),
            read_timeout: self.read_timeout.unwrap_or(Duration::from_secs(10)),
            proxy,
            headers: self.headers.clone(),
            tls,
        })
    }

    /// One kind of credentials, and whole.
    fn credentials(&self, urls: &[BaseUrl], mistakes: &mut Vec<Mistake>) {
        let basic = self.basic_user_info.is_some() || self.basic_source == Some(BasicSource::UserInfo);
        let bearer = self.bearer_token.is_some() || self.bearer_source.is_some() || self.token_url.is_some();
        let mut contradiction = |one: &str, other: &str| {
            mistakes.push(Mistake::new(one, format!("contradicts {other}: there is one way to say who asks")));
        };
        if basic && bearer {
            contradiction("basic.auth.user.info", "bearer.auth.*");
        }
        if urls.iter().any(|url| url.userinfo().is_some()) {
            if basic {
                contradiction("schema.registry.url", "basic.auth.user.info");
            }
            if bearer {
                contradiction("schema.registry.url", "bearer.auth.*");
            }
        }
        if self.bearer_token.is_some() && self.is_oauth() {
            contradiction("bearer.auth.token", "bearer.auth.issuer.endpoint.url");
        }
        if basic && self.basic_user_info.is_none() {
            mistakes.push(Mistake::new("basic.auth.user.info", "must be set: user:password"));
        }
        if self.bearer_source == Some(BearerSource::StaticToken) && self.bearer_token.is_none() {
            mistakes.push(Mistake::new("bearer.auth.token", "must be set"));
        }
        if self.is_oauth() {
            let missing = [
                ("bearer.auth.issuer.endpoint.url", self.token_url.is_none()),
                ("bearer.auth.client.id", self.client_id.is_none()),
                ("bearer.auth.client.secret", self.client_secret.is_none()),
            ];
            let missing = missing.into_iter().filter(|(_, missing)| *missing);
            mistakes.extend(missing.map(|(knob, _)| Mistake::new(knob, "must be set for OAUTHBEARER")));
        }
    }

    fn is_oauth(&self) -> bool {
        self.bearer_source == Some(BearerSource::OAuth) || (self.bearer_source.is_none() && self.token_url.is_some())
    }

    /// What was found whole by [`credentials`](Self::credentials).
    fn auth(&self, http: &HttpSettings) -> Option<AuthPlan> {
        if self.is_oauth() {
            return Some(AuthPlan::OAuth(Box::new((
                OAuthSettings {
                    url: self.token_url.clone()?,
                    client_id: self.client_id.clone()?,
                    client_secret: self.client_secret.clone()?,
                    scope: self.scope.clone(),
                    buffer: self.expiry_buffer.unwrap_or(Duration::from_secs(300)),
                },
                // Headers for the registry are none of the token server's business.
                HttpSettings { headers: Vec::new(), ..http.clone() },
            ))));
        }
        Some(AuthPlan::Ready(match (&self.basic_user_info, &self.bearer_token) {
            (Some(user_info), _) => Credentials::basic(user_info.reveal()),
            (None, Some(token)) => Credentials::bearer(token),
            (None, None) => Credentials::None,
        }))
    }
}

enum AuthPlan {
    Ready(Credentials),
    OAuth(Box<(OAuthSettings, HttpSettings)>),
}

impl AuthPlan {
    fn build(self, mistakes: &mut Vec<Mistake>) -> Option<Credentials> {
        match self {
            Self::Ready(auth) => Some(auth),
            Self::OAuth(plan) => {
                let (settings, http) = *plan;
                let http = built(&http, "bearer.auth.issuer.endpoint.url", mistakes)?;
                Some(Credentials::OAuth(Box::new(OAuth::new(settings, http))))
            }
        }
    }
}

fn built(http: &HttpSettings, knob: &str, mistakes: &mut Vec<Mistake>) -> Option<Http> {
    Http::new(http).map_err(|text| mistakes.push(Mistake::new(knob, text))).ok()
}

fn read(pem: Option<&Pem>, knob: &str, mistakes: &mut Vec<Mistake>) -> Option<String> {
    match pem? {
        Pem::Text(text) => Some(text.clone()),
        Pem::File(path) => std::fs::read_to_string(path)
            .map_err(|error| mistakes.push(Mistake::new(knob, format!("{}: {error}", path.display()))))
            .ok(),
    }
}
