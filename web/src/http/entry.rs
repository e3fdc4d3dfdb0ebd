//! What is answered before a route sees the request: what it expects, accepts and sends must be
//! what there is.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use verdict_telemetry::labels::Route;

use super::{
    hosts::{Origin, allowed_origin},
    negotiate::accepts,
    response::{Response, set},
    routes::allowed,
};
use crate::problems::{self, HttpProblem};

/// Several lines of a list are one list (RFC 9110, section 5.3); and each word in one way.
pub(super) fn tidy(headers: &mut HeaderMap) {
    let lines: Vec<_> = headers.get_all(header::ACCEPT).iter().map(HeaderValue::as_bytes).collect();
    if lines.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&lines.join(&b", "[..]))
    {
        headers.insert(header::ACCEPT, joined);
    }
    // The older name of the same.
    if let [b"gzip" | b"GZIP" | b"x-gzip"] = encodings(headers).as_slice() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

fn encodings(headers: &HeaderMap) -> Vec<&[u8]> {
    headers.get_all(header::CONTENT_ENCODING).iter().map(HeaderValue::as_bytes).collect()
}

/// Refuses what no route could take.
///
/// # Errors
/// 406, 413, 415 and 417, before anything of the body is read.
pub(super) fn check<B>(
    request: &Request<B>,
    route: Route,
    most_bytes: u64,
) -> Result<(), HttpProblem> {
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let (Some(accept), Some(offered)) = (text(header::ACCEPT), offered(route))
        && !accepts(accept, offered)
    {
        return Err(problems::not_acceptable(offered));
    }
    if !matches!(encodings(headers).as_slice(), [] | [b"gzip" | b"identity"]) {
        return Err(problems::content_encoding());
    }
    if let Some(charset) = text(header::CONTENT_TYPE).and_then(charset)
        && !charset.eq_ignore_ascii_case("utf-8")
        && !charset.eq_ignore_ascii_case("utf8")
    {
        return Err(problems::charset(charset));
    }
    match text(header::EXPECT) {
        None => Ok(()),
        Some(expect) if !expect.eq_ignore_ascii_case("100-continue") => {
            Err(problems::expectation(expect))
        }
        // hyper says "100 Continue" when the body is read for the first time.
        Some(_) => match text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()) {
            Some(length) if length > most_bytes && route != Route::Batch => {
                Err(problems::body_too_large(most_bytes, length))
            }
            _ => Ok(()),
        },
    }
}

/// The media types of the interface for programs. A page is shown to everybody.
fn offered(route: Route) -> Option<&'static [&'static str]> {
    match route {
        Route::Reviews | Route::Review | Route::ReviewLabel | Route::ReviewTimeline => {
            Some(&["application/json", "application/problem+json"])
        }
        Route::Infer => Some(&["application/json"]),
        Route::Batch => Some(&[
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
            "application/json",
        ]),
        Route::Verdicts => Some(&["text/event-stream"]),
        _ => None,
    }
}

fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value.trim().trim_matches('"'))
    })
}

/// The answer to `OPTIONS`: what may be asked of this target, or of any.
pub(super) fn options<B>(request: &Request<B>, sites: &[Origin]) -> Option<Response> {
    if request.method() != Method::OPTIONS {
        return None;
    }
    let path = request.uri().path();
    let methods = if path == "*" { Some("GET, HEAD, POST") } else { allowed(path) };
    let methods = format!("{}, OPTIONS", methods?);
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = request.headers();
    if headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && allowed_origin(headers, sites).is_some()
    {
        set(&mut response, header::ACCESS_CONTROL_ALLOW_METHODS, &methods);
        set(&mut response, header::ACCESS_CONTROL_ALLOW_HEADERS, MAY_SEND);
        set(&mut response, header::ACCESS_CONTROL_MAX_AGE, "600");
    }
    set(&mut response, header::ALLOW, &methods);
    Some(response)
}

const MAY_SEND: &str = "content-type, content-encoding, idempotency-key, last-event-id, prefer, \
    traceparent, tracestate, x-request-id";
