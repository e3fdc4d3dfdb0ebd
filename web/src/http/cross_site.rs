//! Cross-site request forgery: a browser says which site a request comes from, and other sites may
//! not send reviews, unless they are allowed to. Only browsers can be tricked into this, and they
//! send `Sec-Fetch-Site`, or at least `Origin`. Programs send neither.

use http::{HeaderMap, header, uri::Authority};

use super::hosts::{Edge, Origin, allowed_origin};

/// Whether a browser says that the request comes from another site. Another port of the same host
/// is one too: whoever may listen there is somebody else.
pub(crate) fn is_cross_site(headers: &HeaderMap, edge: &Edge) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if allowed_origin(headers, &edge.cors).is_some() {
        return false;
    }
    if headers.contains_key("sec-fetch-site") {
        return !matches!(text("sec-fetch-site"), Some("same-origin" | "none"));
    }
    if !headers.contains_key(header::ORIGIN) {
        // Without Origin it is no form post of a browser.
        return false;
    }
    let scheme = if edge.behind_tls { "https" } else { "http" };
    let host = text("host").and_then(|host| host.parse::<Authority>().ok());
    let ours = host.and_then(|host| Origin::of(scheme, &host));
    // "null", which a sandboxed frame sends, is another site too.
    ours.is_none() || text("origin").and_then(Origin::parse) != ours
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::AllowedHosts;

    #[test]
    fn only_other_sites_are_turned_away() {
        let cors = Origin::parse("https://friend.test").into_iter().collect();
        let hosts = AllowedHosts::new([127, 0, 0, 1].into(), &[]).expect("good");
        let edge = Edge { hosts, cors, behind_tls: false };
        for (headers, cross_site) in [
            (&[][..], false),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "")], true),
            (&[("origin", "https://friend.test"), ("sec-fetch-site", "cross-site")], false),
            (&[("host", "verdict.test:8080"), ("origin", "http://verdict.test:9090")], true),
            (&[("host", "verdict.test:8080"), ("origin", "https://verdict.test:8080")], true),
            (&[("host", "verdict.test"), ("origin", "http://verdict.test:80")], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("host", "verdict.test:8080"), ("origin", "http://verdict.test:8080")], false),
            (&[("host", "verdict.test"), ("origin", "https://evil.test")], true),
            (&[("host", "verdict.test"), ("origin", "null")], true),
            (&[("origin", "https://evil.test"), ("sec-fetch-site", "same-origin")], false),
            (&[("host", "x"), ("origin", "\u{e9}")], true),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().expect("a header value"));
            }
            assert_eq!(is_cross_site(&map, &edge), cross_site, "{headers:?}");
        }
    }
}
