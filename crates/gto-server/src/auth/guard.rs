//! Whether a request is allowed.

use std::io;
use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};
use ipnet::IpNet;

use crate::auth::actor::{Actor, By};
use crate::auth::host::Hosts;
use crate::auth::secret::Secret;
use crate::config::settings::{AuthMode, Settings};

/// Decides whether a request is allowed.
#[derive(Debug)]
pub struct Guard {
    mode: AuthMode,
    token: Secret,
    session: Secret,
    /// Cookies count for a host with all its ports: each server has its own.
    pub cookie: String,
    proxies: Vec<IpNet>,
    user_header: String,
    pub hosts: Hosts,
}

/// Who asks, or why that is not known.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    /// This one, and by what that is known.
    As(Actor, By),
    /// Nobody who may.
    Stranger,
    /// It did not come by way of a trusted proxy, or that named nobody.
    NotByProxy,
}

impl Guard {
    /// For a server that listens at `address`.
    pub fn new(settings: &Settings, address: SocketAddr) -> io::Result<Self> {
        let token = settings.token.clone().map_or_else(Secret::random, |token| Ok(token.into()))?;
        Ok(Self {
            mode: settings.auth,
            session: token.session(),
            token,
            cookie: format!("gto-serve-{}", address.port()),
            proxies: settings.trusted_proxies.clone(),
            user_header: settings.user_header.clone(),
            hosts: Hosts::new(address, &settings.allowed_hosts),
        })
    }

    /// The token, if that is what opens the pages.
    pub fn token(&self) -> Option<&str> {
        (self.mode == AuthMode::Token).then(|| self.token.expose())
    }

    /// Whether this is the token.
    pub fn is_token(&self, text: &str) -> bool {
        self.mode == AuthMode::Token && self.token.is(text)
    }

    /// What a browser is given to keep.
    pub fn set_cookie(&self) -> String {
        format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie, self.session.expose())
    }

    /// Who asks.
    pub fn who(&self, headers: &HeaderMap, peer: IpAddr) -> Known {
        match self.mode {
            AuthMode::None => Known::As(Actor::Anybody, By::Program),
            AuthMode::Proxy => {
                self.user(headers, peer).map_or(Known::NotByProxy, |actor| Known::As(actor, By::Proxy))
            }
            AuthMode::Token if self.has_bearer(headers) => Known::As(Actor::Holder, By::Program),
            AuthMode::Token if self.has_cookie(headers) => Known::As(Actor::Holder, By::Cookie),
            AuthMode::Token => Known::Stranger,
        }
    }

    fn has_bearer(&self, headers: &HeaderMap) -> bool {
        let text =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (scheme, token) = text.split_once(' ').unwrap_or_default();
        scheme.eq_ignore_ascii_case("bearer") && self.token.is(token.trim())
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.into_iter().any(|(name, value)| name == self.cookie && self.session.is(value))
    }

    fn user(&self, headers: &HeaderMap, peer: IpAddr) -> Option<Actor> {
        let peer = peer.to_canonical();
        if !self.proxies.iter().any(|net| net.contains(&peer)) {
            return None;
        }
        // A second one would be the client's, which the proxy passed on.
        let mut named = headers.get_all(self.user_header.as_str()).iter();
        let name = named.next()?;
        named.next().is_none().then(|| Actor::user(name.as_bytes())).flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use axum::http::{HeaderName, HeaderValue};

    use super::*;
    use crate::config::arguments::Arguments;

    fn guard(change: impl FnOnce(&mut Arguments)) -> Guard {
        let mut arguments = Arguments::default();
        change(&mut arguments);
        let settings = Settings::new(arguments, Path::new("/x")).unwrap();
        Guard::new(&settings, "127.0.0.1:8417".parse().unwrap()).unwrap()
    }

    fn headers(pairs: &[(&'static str, &[u8])]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &[u8])| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap())
        };
        pairs.iter().map(header).collect()
    }

    #[test]
    fn the_token_opens_and_the_cookie_is_not_the_token() {
        let guard = guard(|_| {});
        let token = guard.token().unwrap().to_owned();
        assert_eq!(token.len(), 64);
        assert!(!guard.set_cookie().contains(&token));
        assert!(guard.set_cookie().ends_with("; HttpOnly; SameSite=Strict"));
        let local = "127.0.0.1".parse().unwrap();
        let who = |pairs: &[(&'static str, &[u8])]| guard.who(&headers(pairs), local);
        assert_eq!(
            who(&[("authorization", format!("Bearer {token}").as_bytes())]),
            Known::As(Actor::Holder, By::Program)
        );
        let cookie = guard.set_cookie();
        let cookie = format!("other=1; {}", cookie.split(';').next().unwrap());
        assert_eq!(who(&[("cookie", cookie.as_bytes())]), Known::As(Actor::Holder, By::Cookie));
        for wrong in ["Bearer ", "Bearer x", "Basic x", ""] {
            assert_eq!(who(&[("authorization", wrong.as_bytes())]), Known::Stranger);
        }
        assert_eq!(who(&[("cookie", format!("{}={token}", guard.cookie).as_bytes())]), Known::Stranger);
        assert!(!format!("{guard:?}").contains(&token));
    }

    #[test]
    fn a_user_is_believed_from_a_trusted_proxy_alone_and_only_one() {
        let guard = guard(|a| {
            a.auth = Some("proxy".into());
            a.trusted_proxies = vec!["10.0.0.0/8".into()];
        });
        let who =
            |peer: &str, pairs: &[(&'static str, &[u8])]| guard.who(&headers(pairs), peer.parse().unwrap());
        let ada = ("x-forwarded-user", &b"ada"[..]);
        assert_eq!(who("10.1.2.3", &[ada]), Known::As(Actor::User("ada".into()), By::Proxy));
        assert_eq!(who("::ffff:10.1.2.3", &[ada]), Known::As(Actor::User("ada".into()), By::Proxy));
        for (peer, pairs) in [
            ("192.168.0.1", &[ada][..]),
            ("127.0.0.1", &[ada]),
            ("10.1.2.3", &[]),
            ("10.1.2.3", &[ada, ("x-forwarded-user", b"eve")]),
            ("10.1.2.3", &[("x-forwarded-user", b"  ")]),
            ("10.1.2.3", &[("x-forwarded-user", b"a\tb")]),
            ("10.1.2.3", &[("x-forwarded-user", "a\u{202e}b".as_bytes())]),
            ("10.1.2.3", &[("x-forwarded-user", &[0xff])]),
            ("10.1.2.3", &[("x-forwarded-user", &[b'a'; 300])]),
        ] {
            assert_eq!(who(peer, pairs), Known::NotByProxy, "{peer} {pairs:?}");
        }
    }
}
