//! Settings, one by one or by Java's names, into a registry.

use super::knobs;
use super::secret::Secret;
use super::settings::{Draft, Pem};
use super::{Registry, Source};
use std::fmt;
use std::time::Duration;

/// Settings of a registry; what has no method here has a name in [`knobs`] for [`property`](Self::property).
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct RegistryBuilder {
    draft: Draft,
    mistakes: Vec<Mistake>,
}

/// A setting that cannot hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Its name.
    pub knob: String,
    /// What is wrong.
    pub text: String,
}

/// Settings that cannot hold, all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    mistakes: Vec<Mistake>,
}

impl RegistryBuilder {
    /// The registry's URL, or several with commas between: the same registry by several ways.
    pub fn url(self, urls: &str) -> Self {
        self.property("schema.registry.url", urls)
    }

    /// User and password.
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        self.draft.basic_user_info = Some(Secret::new(format!("{user}:{password}")));
        self
    }

    /// A token that does not change.
    pub fn bearer(mut self, token: impl Into<Secret>) -> Self {
        self.draft.bearer_token = Some(token.into());
        self
    }

    /// Tokens from `url` by OAuth's client credentials. They are fetched again after 80 % of their life, and once when the
    /// registry refuses one.
    pub fn oauth(mut self, url: &str, client_id: &str, client_secret: impl Into<Secret>, scope: Option<&str>) -> Self {
        self.draft.token_url = Some(url.into());
        self.draft.client_id = Some(client_id.into());
        self.draft.client_secret = Some(client_secret.into());
        self.draft.scope = scope.map(Into::into);
        self
    }

    /// PEM certificates to trust in place of the system's. Host names are verified all the same.
    pub fn trust(mut self, pem: &str) -> Self {
        self.draft.trusted = Some(Pem::Text(pem.into()));
        self
    }

    /// The certificate that is shown to the registry, and its key, both PEM.
    pub fn client_certificate(mut self, chain: &str, key: impl Into<Secret>) -> Self {
        self.draft.certificate = Some(Pem::Text(chain.into()));
        self.draft.key = Some(key.into());
        self
    }

    /// How long to connect (5 s) and to answer (10 s) may take.
    pub fn timeouts(mut self, connect: Duration, read: Duration) -> Self {
        self.draft.connect_timeout = Some(connect);
        self.draft.read_timeout = Some(read);
        self
    }

    /// How many rounds over all URLs follow the first one (3), and the longest wait before the first of them (1 s) and before
    /// any (20 s).
    pub fn retries(mut self, retries: u32, wait: Duration, wait_max: Duration) -> Self {
        self.draft.retries = Some(retries);
        self.draft.retry_wait = Some(wait);
        self.draft.retry_wait_max = Some(wait_max);
        self
    }

    /// How long a call of [`Registry`] may take (60 s). Binding has `max.block.ms` instead.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.draft.patience = Some(patience);
        self
    }

    /// The context of all subjects that name none.
    pub fn context(mut self, context: &str) -> Self {
        self.draft.context = Some(context.into());
        self
    }

    /// A setting by the name that Java's serializers have for it.
    pub fn property(mut self, name: &str, value: &str) -> Self {
        if let Err(text) = knobs::keep(&mut self.draft, name, value) {
            self.mistakes.push(Mistake::new(name, text));
        }
        self
    }

    /// The registry. Nothing is asked yet.
    ///
    /// # Errors
    /// With every mistake, each with the names of its settings: unknown names, values out of range, settings that contradict
    /// each other, certificates that cannot be read.
    pub fn build(mut self) -> Result<Registry, SettingsError> {
        match self.draft.build(&mut self.mistakes) {
            Some((client, defaults)) => Ok(Registry::new(Source::Registry(Box::new(client)), defaults)),
            None => Err(SettingsError { mistakes: self.mistakes }),
        }
    }
}

impl Mistake {
    pub(crate) fn new(knob: &str, text: impl Into<String>) -> Self {
        Self { knob: knob.into(), text: text.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.knob, self.text)
    }
}

impl SettingsError {
    /// Each mistake, at least one.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.mistakes.iter().enumerate() {
            write!(f, "{}{mistake}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}
