//! How we say who we are.

use super::error::RegistryError;
use super::oauth::OAuth;
use super::secret::Secret;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::time::Instant;

/// Credentials. One kind at a time: two would be one too many for whoever reads the log.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// None, or those in the URL.
    None,
    /// The whole `Authorization` header, which does not change.
    Fixed(Secret),
    /// A token that is fetched, and fetched again before it ends.
    OAuth(Box<OAuth>),
}

impl Credentials {
    pub(crate) fn basic(user_and_password: &str) -> Self {
        Self::Fixed(basic(user_and_password))
    }

    pub(crate) fn bearer(token: &Secret) -> Self {
        Self::Fixed(Secret::new(format!("Bearer {}", token.reveal())))
    }

    /// What goes into `Authorization`.
    ///
    /// # Errors
    /// When a token had to be fetched and was not.
    pub(crate) fn header(&self, deadline: Instant) -> Result<Option<Secret>, RegistryError> {
        match self {
            Self::None => Ok(None),
            Self::Fixed(header) => Ok(Some(header.clone())),
            Self::OAuth(oauth) => oauth.header(deadline).map(Some),
        }
    }

    /// The registry did not take `used` (401). Whether there may be a better one now.
    pub(crate) fn refused(&self, used: Option<&Secret>) -> bool {
        match (self, used) {
            (Self::OAuth(oauth), Some(used)) => {
                oauth.forget(used);
                true
            }
            _ => false,
        }
    }
}

/// `Basic` with `user:password`.
pub(crate) fn basic(user_and_password: &str) -> Secret {
    Secret::new(format!("Basic {}", BASE64_STANDARD.encode(user_and_password)))
}
