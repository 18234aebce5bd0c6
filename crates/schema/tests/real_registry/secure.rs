//! TLS and credentials, with Go's server on the other side.

use super::own::Own;
use super::support::builder;
use milena_schema::RegistryError;
use milena_schema::registry::{RegistryBuilder, RegistryErrorKind, block_on};

const CA: &str = include_str!("tls/ca.pem");

/// The path of a file in `tls/`.
fn file(name: &str) -> String {
    format!("{}/tests/real_registry/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn secure(certificate: &str, more: &[&str]) -> Own {
    let (cert, key) = (file(&format!("{certificate}.pem")), file(&format!("{certificate}.key.pem")));
    Own::start(&[&["-cert", &cert, "-key", &key], more].concat())
}

fn ask(own: &Own, settings: impl FnOnce(RegistryBuilder) -> RegistryBuilder) -> Result<(), RegistryError> {
    let registry = settings(builder(&[format!("https://127.0.0.1:{}", own.port)])).build().unwrap();
    match block_on(registry.latest("nobody")) {
        // It answered, which is all that is asked here.
        Err(error) if error.kind() == RegistryErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => panic!("there is no such subject"),
    }
}

#[test]
fn a_registry_is_trusted_by_its_authority_and_by_its_name() {
    let own = secure("server", &[]);
    ask(&own, |builder| builder.trust(CA)).unwrap();
    ask(&own, |builder| builder.property("schema.registry.ssl.truststore.location", &file("ca.pem"))).unwrap();
    let error = ask(&own, |builder| builder).unwrap_err();
    assert_eq!(error.kind(), RegistryErrorKind::Tls, "an authority that the system does not know: {error}");

    // The right authority, and another host's name.
    let stranger = secure("stranger", &[]);
    let error = ask(&stranger, |builder| builder.trust(CA)).unwrap_err();
    assert_eq!(error.kind(), RegistryErrorKind::Tls, "{error}");
    assert!(error.to_string().contains("registry.example"), "{error}");
}

#[test]
fn a_client_shows_its_certificate() {
    let own = secure("server", &["-clients", &file("ca.pem")]);
    let (chain, key) = (include_str!("tls/client.pem"), include_str!("tls/client.key.pem"));
    ask(&own, |builder| builder.trust(CA).client_certificate(chain, key)).unwrap();
    let error = ask(&own, |builder| builder.trust(CA)).unwrap_err();
    assert!(matches!(error.kind(), RegistryErrorKind::Tls | RegistryErrorKind::Connection), "{error}");
    assert!(!format!("{error:?}").contains("PRIVATE KEY"));
}

#[test]
fn a_token_is_shown() {
    let own = Own::start(&["-auth", "Bearer abc"]);
    let ask = |builder: RegistryBuilder| block_on(builder.build().unwrap().latest("nobody")).unwrap_err();
    let with = || builder(std::slice::from_ref(&own.url));
    assert_eq!(ask(with().bearer("abc")).kind(), RegistryErrorKind::NotFound);
    // srfake: 401 without any, 403 for wrong ones.
    assert_eq!(ask(with()).kind(), RegistryErrorKind::Unauthorized);
    assert_eq!(ask(with().bearer("abd")).kind(), RegistryErrorKind::Forbidden);
    assert_eq!(ask(with().basic("a", "b")).kind(), RegistryErrorKind::Forbidden);
}
