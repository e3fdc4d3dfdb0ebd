//! The head of a request, as the handlers see it.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use http::{HeaderMap, header};
use verdict_messages::{Headers, headers};
use warp::Filter;

use super::negotiate::{Preferences, preferences};

/// The peer's address, put into the request by the accept loop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The headers of a request, and who sent it.
#[derive(Debug, Clone)]
pub(crate) struct RequestHead {
    pub(crate) headers: HeaderMap,
    pub(crate) address: Option<IpAddr>,
}

/// The request's head and the peer's address. Never rejects.
pub(crate) fn head() -> impl Filter<Extract = (RequestHead,), Error = Infallible> + Clone {
    warp::header::headers_cloned().and(warp::ext::optional::<Peer>()).map(
        |headers, peer: Option<Peer>| RequestHead {
            headers,
            address: peer.map(|peer| peer.0.ip()),
        },
    )
}

impl RequestHead {
    /// A header as text; `None` too when it is not ASCII.
    fn text(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether a browser shows the answer: they name the media type of pages, which curl does not.
    pub(crate) fn is_browser(&self) -> bool {
        self.accept().is_some_and(|accept| accept.contains("text/html"))
    }

    /// The media types that the client accepts.
    pub(crate) fn accept(&self) -> Option<&str> {
        self.text(header::ACCEPT)
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.get_all(header::COOKIE).iter();
        cookies.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';')).find_map(
            |cookie| cookie.trim().strip_prefix(name).and_then(|rest| rest.strip_prefix('=')),
        )
    }

    /// The token of `Authorization: Bearer`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.text(header::AUTHORIZATION)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The media type of the body in lower case, without parameters; empty when there is none.
    pub(crate) fn media_type(&self) -> String {
        let text = self.text(header::CONTENT_TYPE).unwrap_or_default();
        let media = text.split(';').next().unwrap_or_default();
        media.trim().to_ascii_lowercase()
    }

    /// What the client prefers.
    pub(crate) fn preferences(&self) -> Preferences {
        let all = self.headers.get_all("prefer").iter();
        preferences(all.filter_map(|value| value.to_str().ok()))
    }

    /// The trace context, handed on when it has the form of one.
    pub(crate) fn trace(&self) -> Headers {
        let mut trace = Headers::new();
        if let Some(parent) = self.text(headers::TRACEPARENT).filter(|text| is_traceparent(text)) {
            trace.push(headers::TRACEPARENT, parent.to_owned());
            if let Some(state) = self.text(headers::TRACESTATE).filter(|text| text.len() <= 512) {
                trace.push(headers::TRACESTATE, state.to_owned());
            }
        }
        trace
    }
}

/// `00-<32 hex>-<16 hex>-<2 hex>`, as W3C Trace Context has it.
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    matches!(parts.as_slice(), [version, trace, span, flags]
        if version.len() == 2 && trace.len() == 32 && span.len() == 16 && flags.len() == 2
            && parts.iter().all(|part| hex(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_parent_has_the_form_of_one() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(is_traceparent(good));
        let upper = good.to_uppercase();
        for bad in ["", "00", "00-1-2-01", &upper, &good.replace('a', "g"), &format!("{good}-x")] {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }

    #[test]
    fn a_media_type_is_compared_without_case_and_parameters() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            "Application/JSON ; charset=utf-8".parse().expect("a value"),
        );
        let head = RequestHead { headers, address: None };
        assert_eq!(head.media_type(), "application/json");
    }
}
