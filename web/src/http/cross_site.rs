//! Cross-site request forgery: a browser says which site a request comes from, and other sites may
//! not send reviews. Only browsers can be tricked into this, and they send `Sec-Fetch-Site`, or at
//! least `Origin`. Programs send neither.

use warp::http::{HeaderMap, header};

/// Whether a browser says that the request comes from another site.
pub(crate) fn is_cross_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "same-site" | "none");
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else {
        // Without Origin it is no form post of a browser; one that is not text is refused.
        return headers.contains_key(header::ORIGIN);
    };
    let host = origin.split_once("://").map(|(_scheme, host)| host);
    // "null", which a sandboxed frame sends, is another site too.
    host.is_none() || host != text(header::HOST.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_sites_are_turned_away() {
        for (headers, cross_site) in [
            (&[][..], false),
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
            assert_eq!(is_cross_site(&map), cross_site, "{headers:?}");
        }
    }
}
