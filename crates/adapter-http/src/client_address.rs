//! The address of a client, which may connect through trusted proxies.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::{
    HttpRequest,
    http::header::{HeaderMap, X_FORWARDED_FOR},
    web::Data,
};

use crate::settings::{HttpSettings, TrustedProxies};

/// Returns the address of the client: the peer of the connection or, if the peer is a trusted proxy, the address that
/// the proxy reports.
pub(crate) fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    match request.app_data::<Data<HttpSettings>>() {
        Some(settings) if settings.trusted_proxies.contains(peer) => Some(forwarded_for(
            request.headers(),
            peer,
            &settings.trusted_proxies,
        )),
        _ => Some(peer),
    }
}

/// Returns the address prefix that identifies a client: an IPv4 address, or the first 64 bits of an IPv6 address,
/// because one client can use all addresses with the same 64 bits (RFC 4291 2.5.4).
pub(crate) fn ip_prefix(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Returns the last address in `X-Forwarded-For` that does not belong to a trusted proxy. Each proxy appends the
/// address of its peer, and a client can forge all addresses before that.
fn forwarded_for(headers: &HeaderMap, peer: IpAddr, proxies: &TrustedProxies) -> IpAddr {
    let fields: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
    let mut client = peer;
    for field in fields.into_iter().rev() {
        for hop in field.to_str().unwrap_or_default().rsplit(',') {
            let Some(hop) = parse_address(hop.trim()) else {
                return client;
            };
            client = hop;
            if !proxies.contains(hop) {
                return client;
            }
        }
    }
    client
}

/// Parses an IP address with or without a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()))
        .ok()
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::HeaderValue, test::TestRequest};

    use super::*;

    /// Returns the address of a client that connects from `peer` and sends these headers. Proxies are in 10.0.0.0/8.
    fn address_of(peer: &str, fields: &[&str]) -> String {
        let settings = HttpSettings {
            trusted_proxies: "10.0.0.0/8, ::1".parse().unwrap(),
            ..HttpSettings::default()
        };
        let mut request = TestRequest::get()
            .peer_addr(SocketAddr::new(peer.parse().unwrap(), 50_000))
            .app_data(Data::new(settings));
        for field in fields {
            request =
                request.append_header((X_FORWARDED_FOR, HeaderValue::from_str(field).unwrap()));
        }
        client_address(&request.to_http_request())
            .unwrap()
            .to_string()
    }

    #[test]
    fn client_address_is_accepted_from_trusted_proxies_only() {
        assert_eq!(address_of("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
        assert_eq!(address_of("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            address_of("::ffff:10.0.0.1", &["198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(address_of("::1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(address_of("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn address_forged_by_client_is_ignored() {
        assert_eq!(
            address_of("10.0.0.1", &["127.0.0.1, 10.9.9.9, 198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            address_of("10.0.0.1", &["192.0.2.9, 198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
        assert_eq!(
            address_of("10.0.0.1", &["192.0.2.9", "198.51.100.1:1234"]),
            "198.51.100.1"
        );
        assert_eq!(
            address_of("10.0.0.1", &["198.51.100.1, nonsense"]),
            "10.0.0.1"
        );
        assert_eq!(address_of("10.0.0.1", &["nonsense, 10.0.0.2"]), "10.0.0.2");
    }
}
