//! The addresses of the trusted proxies in front of the service.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

/// The addresses and networks of the trusted proxies, empty by default.
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
    /// Returns whether `address` belongs to a trusted proxy.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        // On a dual-stack socket, an IPv4 peer has an IPv4-mapped IPv6 address.
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }
}

/// Parses addresses and networks separated by commas.
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

/// The error for a string that is not a list of addresses and networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected addresses and networks separated by commas, such as 127.0.0.1, 10.0.0.0/8")]
pub struct ParseProxiesError(());

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(proxies: &str, peer: &str) -> bool {
        let proxies: TrustedProxies = proxies.parse().unwrap();
        proxies.contains(peer.parse().unwrap())
    }

    #[test]
    fn only_listed_addresses_and_networks_are_trusted() {
        let proxies = "127.0.0.1, 10.0.0.0/8,fd00::/8";
        for peer in ["127.0.0.1", "10.255.0.1", "::ffff:10.1.2.3", "fd12::1"] {
            assert!(trusts(proxies, peer), "{peer}");
        }
        for peer in ["127.0.0.2", "11.0.0.1", "::1", "fe80::1", "::ffff:11.0.0.1"] {
            assert!(!trusts(proxies, peer), "{peer}");
        }
        assert!(!TrustedProxies::default().contains([127, 0, 0, 1].into()));
    }

    #[test]
    fn malformed_list_is_rejected() {
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
