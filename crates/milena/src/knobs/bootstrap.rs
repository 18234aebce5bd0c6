//! `bootstrap.servers`: the first addresses, read as Java's `Utils.HOST_PORT_PATTERN` reads them.

use milena_core::output::Endpoint;

/// Reads `host:port` words with commas between them. A word may begin with a protocol (`PLAINTEXT://`), which is passed
/// over; an IPv6 address may stand in brackets.
pub(super) fn endpoints(words: &str) -> Result<Vec<Endpoint>, String> {
    let mut endpoints = Vec::new();
    for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let endpoint = endpoint(word)?;
        if !endpoints.contains(&endpoint) {
            endpoints.push(endpoint);
        }
    }
    Ok(endpoints)
}

fn endpoint(word: &str) -> Result<Endpoint, String> {
    let not_an_address = || format!("{word:?} is not host:port, nor [IPv6 address]:port");
    let (protocol, address) = word.split_once("://").unwrap_or(("", word));
    let (host, port) = address.rsplit_once(':').ok_or_else(not_an_address)?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').ok_or_else(not_an_address)?,
        None => host,
    };
    if host.is_empty() || !is_name(protocol, "-._%") || !is_name(host, "-._%:") {
        return Err(not_an_address());
    }
    match port.parse() {
        Ok(port) if port != 0 => Ok(Endpoint { host: host.into(), port }),
        _ => Err(format!("{word:?} has no port from 1 to 65535")),
    }
}

/// Whether it is made of letters, digits and these signs; whether such a host exists is the resolver's business.
fn is_name(word: &str, signs: &str) -> bool {
    word.chars().all(|letter| letter.is_ascii_alphanumeric() || signs.contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(words: &str) -> Vec<String> {
        endpoints(words).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_addresses_and_protocols_are_read() {
        assert_eq!(printed("a:1, b.example:9092"), ["a:1", "b.example:9092"]);
        assert_eq!(printed("[::1]:9092,::1:9093"), ["[::1]:9092", "[::1]:9093"]);
        assert_eq!(printed("SASL_SSL://kafka_1:9093"), ["kafka_1:9093"]);
    }

    #[test]
    fn an_address_given_twice_counts_once() {
        assert_eq!(printed("PLAINTEXT://a:1,a:1,b:1"), ["a:1", "b:1"]);
    }

    #[test]
    fn what_is_not_an_address_is_named() {
        for word in ["a", "a:", "a:0", "a:65536", "a:-1", ":9092", "[a:1", "[::1]", "a b:1", "a/b:1", "a:1/"] {
            let error = endpoints(word).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
