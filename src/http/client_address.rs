//! Where a request comes from, seen through our own proxies and no further.

use std::{convert::Infallible, net::IpAddr};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use ipnet::IpNet;

use crate::state::AppState;

/// Extractor: the client's address. That is the connection's, or, when that belongs to a trusted proxy
/// (`server.trusted_proxies`), the last one in `X-Forwarded-For` that does not. What stands left of it anybody
/// can have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// Where `request` comes from; `0.0.0.0` if nobody knows, which no request that came over the network is.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        Self(find(request, &AppState::of(request).settings.server.trusted_proxies))
    }
}

impl FromRequest for ClientAddress {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

fn find(request: &HttpRequest, trusted_proxies: &[IpNet]) -> IpAddr {
    let Some(peer) = request.peer_addr() else { return IpAddr::from([0, 0, 0, 0]) };
    let is_ours = |address: &IpAddr| trusted_proxies.iter().any(|network| network.contains(address));
    let mut client = peer.ip().to_canonical();
    if !is_ours(&client) {
        return client;
    }
    let hops = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        let Ok(address) = hop.parse::<IpAddr>() else { break };
        client = address.to_canonical();
        if !is_ours(&client) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut request = TestRequest::get().peer_addr(format!("{peer}:1").parse().unwrap());
        for value in forwarded {
            request = request.append_header(("x-forwarded-for", *value));
        }
        find(&request.to_http_request(), &["10.0.0.0/8".parse().unwrap()]).to_string()
    }

    #[test]
    fn a_strangers_header_is_not_believed() {
        assert_eq!(seen("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
    }

    #[test]
    fn behind_our_proxies_the_last_stranger_is_the_client() {
        assert_eq!(seen("10.0.0.1", &["203.0.113.9, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, nonsense"]), "10.0.0.1");
    }
}
