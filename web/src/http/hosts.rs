//! Which names the frontend answers to, and which sites a request may come from.
//!
//! A page of a stranger can make its own name resolve to this machine, and then use the interface
//! as its own site. Its requests have the stranger's name as `Host`, so a name that nobody allowed
//! is refused.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, Uri, header, uri::Authority};

/// Names and addresses that may stand in `Host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHosts {
    listen: IpAddr,
    names: Vec<String>,
}

impl AllowedHosts {
    /// Those of this machine's loopback, the address that is listened on, and `names`.
    ///
    /// # Errors
    /// A sentence about the first of `names` that is neither a host without a port nor `*`.
    pub fn new(listen: IpAddr, names: &[String]) -> Result<Self, String> {
        let names: Vec<_> = names.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        for name in names.iter().filter(|name| *name != "*") {
            let is_host = name.parse::<IpAddr>().is_ok()
                || name.parse::<Authority>().is_ok_and(|parsed| parsed.host() == name);
            if !is_host {
                return Err(format!("must be host names without a port, or *, got {name:?}"));
            }
        }
        Ok(Self { listen, names })
    }

    /// Whether this host, without its port, may be asked for.
    pub(super) fn allows(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        let host = host.to_ascii_lowercase();
        // An address cannot be made to point elsewhere, as a name can.
        let is_ours = host.parse::<IpAddr>().is_ok_and(|address| {
            address.is_loopback() || address == self.listen || self.listen.is_unspecified()
        });
        is_ours
            || host == "localhost"
            || host.ends_with(".localhost")
            || self.names.iter().any(|name| *name == host || name == "*")
    }
}

/// A site, as `Origin` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// `https://verdict.example`, with a port if it is not the scheme's.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (_scheme, authority) = text.split_once("://")?;
        let uri: Uri = text.parse().ok()?;
        if uri.authority()?.as_str() != authority {
            return None;
        }
        Self::of(uri.scheme_str()?, uri.authority()?)
    }

    /// That of requests to this host.
    pub(super) fn of(scheme: &str, authority: &Authority) -> Option<Self> {
        let port = authority.port_u16().or(match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        })?;
        let host = authority.host().to_ascii_lowercase();
        Some(Self { scheme: scheme.to_owned(), host, port })
    }
}

/// What is in front of the frontend, and who may ask.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Names that may stand in `Host`.
    pub hosts: AllowedHosts,
    /// Other sites whose scripts may use the interface.
    pub cors: Vec<Origin>,
    /// Clients come by TLS, which ends in front of here.
    pub behind_tls: bool,
}

/// The other site that this request comes from, if it is one of `sites`.
pub(super) fn allowed_origin<'a>(
    headers: &'a HeaderMap,
    sites: &[Origin],
) -> Option<&'a HeaderValue> {
    let value = headers.get(header::ORIGIN)?;
    let origin = Origin::parse(value.to_str().ok()?)?;
    sites.contains(&origin).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_the_address_listened_on_and_the_allowed_names_may_be_asked_for() {
        let listen = IpAddr::from([192, 0, 2, 7]);
        let everywhere = IpAddr::from([0, 0, 0, 0]);
        let named = ["Verdict.test".to_owned()];
        for (listen, names, host, allowed) in [
            (listen, &[][..], "localhost", true),
            (listen, &[], "LOCALHOST.", true),
            (listen, &[], "verdict.localhost", true),
            (listen, &[], "127.0.0.1", true),
            (listen, &[], "127.1.2.3", true),
            (listen, &[], "[::1]", true),
            (listen, &[], "192.0.2.7", true),
            (listen, &[], "192.0.2.8", false),
            (listen, &[], "evil.test", false),
            (listen, &[], "localhost.evil.test", false),
            (listen, &named, "verdict.TEST", true),
            (listen, &named, "www.verdict.test", false),
            (everywhere, &[], "10.1.2.3", true),
            (everywhere, &[], "evil.test", false),
            (listen, &["*".to_owned()], "anything.test", true),
        ] {
            let hosts = AllowedHosts::new(listen, names).expect("good");
            assert_eq!(hosts.allows(host), allowed, "{host} with {names:?}");
        }
        for bad in ["", "a b", "verdict.test:80", "http://verdict.test", "user@verdict.test"] {
            assert!(AllowedHosts::new(listen, &[bad.to_owned()]).is_err(), "{bad}");
        }
    }

    #[test]
    fn sites_are_the_same_by_scheme_host_and_port() {
        let origin = |text| Origin::parse(text).expect("an origin");
        assert_eq!(origin("http://a.test"), origin("HTTP://A.test:80"));
        assert_eq!(origin("https://a.test"), origin("https://a.test:443"));
        assert_ne!(origin("http://a.test"), origin("https://a.test"));
        assert_ne!(origin("http://a.test"), origin("http://a.test:8080"));
        for bad in ["null", "", "a.test", "http://", "http://a.test/", "http://a.test/x", "ftp://a"]
        {
            assert_eq!(Origin::parse(bad), None, "{bad}");
        }
    }
}
