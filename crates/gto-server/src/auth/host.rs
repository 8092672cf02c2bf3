//! Under which names the server answers, and from which pages it takes writes.
//!
//! A page of a stranger may make a browser ask this server under a name of the stranger's (DNS rebinding), or send a form
//! to it (CSRF). The first has a host that is not ours; the second says where it comes from.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, Uri, header};

use crate::auth::actor::By;

/// Where a write comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// From a page of ours, or from a program.
    Ours,
    /// From a page of somebody else.
    Elsewhere,
    /// That is not said.
    Unsaid,
}

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

    /// Where a write comes from. A browser says so; if it came with a cookie it was a browser. Behind a proxy it is a program if no
    /// page could have made a browser send it: one asks before it sends JSON elsewhere, and nobody gets leave here.
    pub fn origin_of(&self, uri: &Uri, headers: &HeaderMap, host: &str, by: By) -> From {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
        if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
            return From::Elsewhere;
        }
        match text(header::ORIGIN.as_str()) {
            Some(origin) => {
                let from = origin.split_once("://").map(|(_, from)| from);
                let is_ours = from.is_some_and(|from| from.eq_ignore_ascii_case(host) && self.has(from));
                if is_ours { From::Ours } else { From::Elsewhere }
            }
            None if text("sec-fetch-site").is_some() => From::Ours,
            None => match by {
                By::Program => From::Ours,
                By::Proxy if is_call(uri) && is_json(headers) => From::Ours,
                By::Proxy | By::Cookie => From::Unsaid,
            },
        }
    }
}

/// Whether it is asked of the API, or as MLflow asks.
pub fn is_call(uri: &Uri) -> bool {
    uri.path().starts_with("/api/") || uri.path().starts_with("/mlflow/")
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    kinds.next().is_none() && essence.eq_ignore_ascii_case("application/json")
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
        let from = |path: &'static str, pairs: &[(&'static str, &'static str)], by| {
            let headers =
                pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            hosts.origin_of(&Uri::from_static(path), &headers.collect(), "127.0.0.1:8417", by)
        };
        let own = [("origin", "http://127.0.0.1:8417"), ("sec-fetch-site", "same-origin")];
        assert_eq!(from("/write", &own, By::Cookie), From::Ours);
        assert_eq!(from("/api/x", &[], By::Program), From::Ours);
        assert_eq!(from("/api/x", &[], By::Cookie), From::Unsaid, "a browser that does not say it");
        let json = [("content-type", "application/json; charset=utf-8")];
        assert_eq!(from("/api/x", &json, By::Proxy), From::Ours);
        for (path, kind) in [
            ("/write/repo", "application/json"),
            ("/api/x", "text/plain"),
            ("/api/x", "text/plain; application/json"),
            ("/api/x", "application/json, text/plain"),
            ("/api/x", ""),
        ] {
            assert_eq!(from(path, &[("content-type", kind)], By::Proxy), From::Unsaid, "{path} {kind}");
        }
        let two = [("content-type", "application/json"), ("content-type", "text/plain")];
        let mut headers = HeaderMap::new();
        for (name, value) in two {
            headers.append(name, HeaderValue::from_static(value));
        }
        assert_eq!(hosts.origin_of(&Uri::from_static("/api/x"), &headers, "", By::Proxy), From::Unsaid);
        for (site, origin) in [
            ("cross-site", "http://127.0.0.1:8417"),
            ("same-site", "http://127.0.0.1:8417"),
            ("same-origin", "null"),
            ("same-origin", "http://127.0.0.1:9999"),
            ("same-origin", "http://evil.example"),
            ("none", "http://localhost:8417"),
        ] {
            let pairs: &[(&'static str, &'static str)] = &[("sec-fetch-site", site), ("origin", origin)];
            for by in [By::Program, By::Cookie, By::Proxy] {
                let pairs: Vec<_> = pairs.iter().copied().chain(json).collect();
                assert_eq!(from("/api/x", &pairs, by), From::Elsewhere, "{site} {origin}");
            }
        }
    }
}
