//! Whose word is taken for what they say of a request.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use ipnet::IpNet;

/// The addresses of the proxies in front of this service, none by default.
///
/// ```
/// use wts_adapter_http::TrustedProxies;
///
/// let proxies: TrustedProxies = "127.0.0.1, 10.0.0.0/8, fd00::/8".parse()?;
/// # Ok::<(), wts_adapter_http::ParseProxiesError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether whoever is connected from `peer` is one of them.
    pub(crate) fn include(&self, peer: Option<SocketAddr>) -> bool {
        peer.is_some_and(|peer| self.have(peer.ip()))
    }

    /// Whether this is the address of one of them.
    pub(crate) fn have(&self, address: IpAddr) -> bool {
        // An IPv4 peer of a socket that takes both has an address that looks like IPv6.
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }
}

/// Reads addresses and networks, with commas between them.
impl FromStr for TrustedProxies {
    type Err = ParseProxiesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',')
            .map(|item| {
                let item = item.trim();
                item.parse::<IpNet>()
                    .or_else(|_| item.parse::<IpAddr>().map(IpNet::from))
                    .map_err(|_| ParseProxiesError(()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// A text that is no list of addresses and networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected addresses and networks with commas between them, such as 127.0.0.1, 10.0.0.0/8")]
pub struct ParseProxiesError(());

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(proxies: &str, peer: &str) -> bool {
        let proxies: TrustedProxies = proxies.parse().unwrap();
        proxies.include(Some(SocketAddr::new(peer.parse().unwrap(), 50_000)))
    }

    #[test]
    fn addresses_and_networks_are_trusted_and_nobody_else_is() {
        let proxies = "127.0.0.1, 10.0.0.0/8,fd00::/8";
        for peer in ["127.0.0.1", "10.255.0.1", "::ffff:10.1.2.3", "fd12::1"] {
            assert!(trusts(proxies, peer), "{peer}");
        }
        for peer in ["127.0.0.2", "11.0.0.1", "::1", "fe80::1", "::ffff:11.0.0.1"] {
            assert!(!trusts(proxies, peer), "{peer}");
        }
        let nobody = TrustedProxies::default();
        assert!(!nobody.include(Some(([127, 0, 0, 1], 1).into())) && !nobody.include(None));
    }

    #[test]
    fn what_is_no_list_of_addresses_is_refused() {
        for text in [
            "",
            ",",
            "127.0.0.1,",
            "localhost",
            "10.0.0.0/33",
            "10.0.0.0/8 127.0.0.1",
            "*",
        ] {
            assert!(text.parse::<TrustedProxies>().is_err(), "{text:?}");
        }
    }
}
