//! Finding the server of an address, but for those that are no one's remote.
//!
//! Owns refusing addresses of the local link: there clouds have what they tell a machine about itself, credentials included, and a
//! commit, an answer or a redirect may name one.

use std::net::IpAddr;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Finds every server but those on the local link.
#[derive(Default)]
pub(super) struct NotLinkLocal(DefaultResolver);

impl std::fmt::Debug for NotLinkLocal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NotLinkLocal")
    }
}

impl Resolver for NotLinkLocal {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.0.resolve(uri, config, timeout)?;
        if found.iter().any(|address| is_link_local(address.ip())) {
            return Err(Error::HostNotFound);
        }
        Ok(found)
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        // `fd00:ec2::254` is where AWS has it.
        IpAddr::V6(address) => {
            address.is_unicast_link_local() || address.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_cloud_has_credentials_is_no_remote() {
        for bad in ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254"] {
            assert!(is_link_local(bad.parse().unwrap()), "{bad}");
        }
        for good in ["127.0.0.1", "10.0.0.1", "::1", "192.0.2.1", "fd00::1"] {
            assert!(!is_link_local(good.parse().unwrap()), "{good}");
        }
    }
}
