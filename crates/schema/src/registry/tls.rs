//! Who the registry is, and who we are: certificates. Host names are verified, always.

use super::secret::Secret;
use std::io;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

/// What is trusted, and what is shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct TlsSettings {
    /// PEM certificates that are trusted in place of the system's.
    pub(crate) trusted: Option<String>,
    /// Our PEM certificate, and those that it stands on.
    pub(crate) certificate: Option<String>,
    /// Its key, PEM, not encrypted.
    pub(crate) key: Option<Secret>,
}

pub(crate) fn config(settings: &TlsSettings) -> Result<TlsConfig, String> {
    let roots = match &settings.trusted {
        None => RootCerts::PlatformVerifier,
        Some(pem) => RootCerts::from(certificates(pem, "the trusted certificates")?),
    };
    let client = match (&settings.certificate, &settings.key) {
        (None, None) => None,
        (Some(chain), Some(key)) => {
            Some(ClientCert::new_with_certs(&certificates(chain, "the certificate chain")?, private_key(key)?))
        }
        (Some(_), None) => return Err("a client certificate without its key".into()),
        (None, Some(_)) => return Err("a key without its client certificate".into()),
    };
    Ok(TlsConfig::builder().root_certs(roots).client_cert(client).build())
}

fn certificates(pem: &str, what: &str) -> Result<Vec<Certificate<'static>>, String> {
    let mut certificates = Vec::new();
    for found in parse_pem(pem.as_bytes()) {
        if let PemItem::Certificate(certificate) = found.map_err(|error| format!("{what}: not PEM: {error}"))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(format!("{what}: there is none in PEM")) } else { Ok(certificates) }
}

fn private_key(pem: &Secret) -> Result<PrivateKey<'static>, String> {
    if pem.reveal().contains("ENCRYPTED") {
        return Err("the key is encrypted: decrypt it first, as `openssl pkey` does".into());
    }
    PrivateKey::from_pem(pem.reveal().as_bytes()).map_err(|_| "the key: not a private key in PEM".into())
}

/// Whether an error of a connection is about certificates rather than about the network: only the TLS layer, which we do not
/// name, finds data invalid while a connection is made.
pub(crate) fn is_tls(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData && error.get_ref().is_some()
}
