//! Under which names the server answers, and from which pages it takes writes.
//!
//! A page of a stranger may make a browser ask this server under a name of the stranger's (DNS rebinding), or send a form
//! to it (CSRF). The first has a host that is not ours; the second says where it comes from.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};

/// The names under which the server answers.
#[derive(Debug, Clone)]
pub struct Hosts {
    names: Vec<String>,
    /// Where the server listens on all addresses, each address of the machine is one of its names: no stranger can have it.
    takes_addresses: bool,
}

impl Hosts {
    /// The names of this machine, and those that were given.
    pub fn new(listen: SocketAddr, allowed: &[String]) -> Self {
        let mut names = vec![listen.ip().to_string()];
        if listen.ip().is_loopback() || listen.ip().is_unspecified() {
            names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
        }
        names.extend(allowed.iter().map(|name| without_port(name).to_owned()));
        Self { names, takes_addresses: listen.ip().is_unspecified() }
    }

    /// Whether a host, perhaps with a port, is one of them.
    pub fn has(&self, host: &str) -> bool {
        let name = without_port(host);
        self.names.iter().any(|ours| ours.eq_ignore_ascii_case(name))
            || self.takes_addresses && name.parse::<IpAddr>().is_ok()
    }

    /// The host that a request names, if it names one and no more.
    pub fn asked<'h>(headers: &'h HeaderMap, authority: Option<&'h str>) -> Option<&'h str> {
        let mut all = headers.get_all(header::HOST).iter();
        let host = match (authority, all.next()) {
            (Some(authority), _) => authority,
            (None, host) => host?.to_str().ok()?,
        };
        all.next().is_none().then_some(host)
    }

    /// Whether a write comes from a page of ours, or from a program. A browser says where a write comes from; if it came with a
    /// cookie it was a browser.
    pub fn is_own_write(&self, headers: &HeaderMap, host: &str, has_cookie: bool) -> bool {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
        if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
            return false;
        }
        match text(header::ORIGIN.as_str()) {
            Some(origin) => {
                let from = origin.split_once("://").map(|(_, from)| from);
                from.is_some_and(|from| from.eq_ignore_ascii_case(host) && self.has(from))
            }
            None => !has_cookie || text("sec-fetch-site").is_some(),
        }
    }
}

/// The host alone; of an IPv6 address, without its brackets.
fn without_port(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').map_or(host, |(address, _)| address);
    }
    match host.split_once(':') {
        Some((name, port)) if !port.contains(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn hosts(listen: &str) -> Hosts {
        Hosts::new(listen.parse().unwrap(), &["Models.example.com".to_ascii_lowercase()])
    }

    #[test]
    fn only_names_of_this_machine_and_those_that_were_given_are_answered() {
        let hosts = hosts("127.0.0.1:8417");
        for ours in ["127.0.0.1:8417", "localhost:8417", "LOCALHOST", "[::1]:8417", "models.example.com:443"]
        {
            assert!(hosts.has(ours), "{ours}");
        }
        for strange in [
            "evil.example",
            "127.0.0.1.evil.example:8417",
            "localhost.evil.example",
            "",
            "10.0.0.1",
            "models.example.com.",
        ] {
            assert!(!hosts.has(strange), "{strange}");
        }
        let all = Hosts::new("0.0.0.0:80".parse().unwrap(), &[]);
        assert!(all.has("10.1.2.3:80") && all.has("[fe80::1]:80") && !all.has("evil.example"));
    }

    #[test]
    fn a_write_from_another_page_is_refused() {
        let hosts = hosts("127.0.0.1:8417");
        let own = |pairs: &[(&'static str, &'static str)], has_cookie| {
            let headers =
                pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            hosts.is_own_write(&headers.collect(), "127.0.0.1:8417", has_cookie)
        };
        assert!(own(&[("origin", "http://127.0.0.1:8417"), ("sec-fetch-site", "same-origin")], true));
        assert!(own(&[], false), "a program");
        assert!(!own(&[], true), "a browser that does not say where it comes from");
        for (site, origin) in [
            ("cross-site", "http://127.0.0.1:8417"),
            ("same-site", "http://127.0.0.1:8417"),
            ("same-origin", "null"),
            ("same-origin", "http://127.0.0.1:9999"),
            ("same-origin", "http://evil.example"),
            ("none", "http://localhost:8417"),
        ] {
            let pairs: &[(&'static str, &'static str)] = &[("sec-fetch-site", site), ("origin", origin)];
            assert!(!own(pairs, true) && !own(pairs, false), "{site} {origin}");
        }
    }
}
