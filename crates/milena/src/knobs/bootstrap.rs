//! `bootstrap.servers`: the first addresses, read as Java's ClientUtils reads them.

use milena_core::output::Endpoint;

/// Reads `host:port` words with commas between them. A word may begin with a protocol (`PLAINTEXT://`), which is passed
/// over, and an IPv6 address stands in brackets.
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
    let address = match word.split_once("://") {
        Some((protocol, address)) if is_protocol(protocol) => address,
        Some(_) => return Err(format!("{word:?} does not begin with a protocol's name")),
        None => word,
    };
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => rest.split_once("]:").filter(|(host, _)| host.parse::<std::net::Ipv6Addr>().is_ok()),
        None => address.split_once(':').filter(|(host, rest)| is_host(host) && !rest.contains(':')),
    }
    .ok_or_else(|| format!("{word:?} is not host:port, nor [IPv6 address]:port"))?;
    match port.parse() {
        Ok(port) if port != 0 => Ok(Endpoint { host: host.into(), port }),
        _ => Err(format!("{word:?} has no port from 1 to 65535")),
    }
}

/// A word of letters, digits and `_`, as listeners are named.
fn is_protocol(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// What can be a name or an IPv4 address; whether it exists is the resolver's business.
fn is_host(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || "-._%".contains(letter))
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
        assert_eq!(printed("[::1]:9092"), ["[::1]:9092"]);
        assert_eq!(printed("SASL_SSL://kafka_1:9093"), ["kafka_1:9093"]);
        assert_eq!(printed("PLAINTEXT://a:1,a:1"), ["a:1"]);
    }

    #[test]
    fn what_is_not_an_address_is_named() {
        for word in
            ["a", "a:", "a:0", "a:65536", "a:-1", ":9092", "::1:9092", "[a]:1", "[::1]", "a b:1", "a/b:1", "-//a:1"]
        {
            let error = endpoints(word).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
