//! Where a client is.

use std::net::{IpAddr, SocketAddr};

use actix_web::{
    HttpRequest,
    http::header::{HeaderMap, X_FORWARDED_FOR},
    web::Data,
};

use super::TrustedProxies;

/// The address of whoever is connected or, where that is a trusted proxy, of whoever it says was connected to it.
pub(crate) fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    match request.app_data::<Data<TrustedProxies>>() {
        Some(proxies) if proxies.have(peer) => {
            Some(forwarded_for(request.headers(), peer, proxies))
        }
        _ => Some(peer),
    }
}

/// Each proxy puts behind what it was given the address of whoever gave it. What stands in front of the first one that is
/// no proxy of ours, anybody may have made up.
fn forwarded_for(headers: &HeaderMap, peer: IpAddr, proxies: &TrustedProxies) -> IpAddr {
    let fields: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
    let mut client = peer;
    for field in fields.into_iter().rev() {
        for hop in field.to_str().unwrap_or_default().rsplit(',') {
            let Some(hop) = address(hop.trim()) else {
                return client;
            };
            client = hop;
            if !proxies.have(hop) {
                return client;
            }
        }
    }
    client
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()))
        .ok()
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::HeaderValue, test::TestRequest};

    use super::*;

    /// Where a client is that is connected from `peer` and sends these fields, behind proxies in 10.0.0.0/8.
    fn seen(peer: &str, fields: &[&str]) -> String {
        let proxies: TrustedProxies = "10.0.0.0/8, ::1".parse().unwrap();
        let mut request = TestRequest::get()
            .peer_addr(SocketAddr::new(peer.parse().unwrap(), 50_000))
            .app_data(Data::new(proxies));
        for field in fields {
            request =
                request.append_header((X_FORWARDED_FOR, HeaderValue::from_str(field).unwrap()));
        }
        client_address(&request.to_http_request())
            .unwrap()
            .to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_says_where_a_client_is() {
        assert_eq!(seen("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("::1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_says_of_itself_is_not_taken_for_what_a_proxy_says() {
        assert_eq!(
            seen("10.0.0.1", &["127.0.0.1, 10.9.9.9, 198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            seen("10.0.0.1", &["192.0.2.9, 198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
        assert_eq!(
            seen("10.0.0.1", &["192.0.2.9", "198.51.100.1:1234"]),
            "198.51.100.1"
        );
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, nonsense"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["nonsense, 10.0.0.2"]), "10.0.0.2");
    }
}
