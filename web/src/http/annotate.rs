//! The headers that every answer has: for safety, for those who look for one request in logs and
//! traces, and for other sites that may read it.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use verdict_telemetry::TraceContext;

use super::hosts::{Origin, allowed_origin};
use crate::rate::Buckets;

/// What an answer is told about its request.
#[derive(Debug)]
pub(super) struct Asked {
    /// `X-Request-Id`: the client's own, or made here.
    pub(super) id: HeaderValue,
    /// `Access-Control-Allow-Origin`, for a site that may read the answer.
    site: Option<HeaderValue>,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST_ID: usize = 128;

impl Asked {
    /// `random` makes the id of a request that has none, or one that is no word.
    pub(super) fn of(headers: &HeaderMap, sites: &[Origin], random: impl Fn() -> u128) -> Self {
        let is_word = |value: &&HeaderValue| {
            (1..=LONGEST_ID).contains(&value.len())
                && value.as_bytes().iter().all(u8::is_ascii_graphic)
        };
        let made = || HeaderValue::from_str(&format!("{:032x}", random())).ok();
        let id = headers.get(REQUEST_ID).filter(is_word).cloned().or_else(made);
        Self {
            id: id.unwrap_or_else(|| HeaderValue::from_static("none")),
            site: allowed_origin(headers, sites).cloned(),
        }
    }

    /// Puts them in.
    pub(super) fn annotate(self, headers: &mut HeaderMap, took: Duration, cpu: Duration) {
        headers.insert(REQUEST_ID, self.id);
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let timing = format!("total;dur={:.3}, cpu;dur={:.3}", ms(took), ms(cpu));
        if let Ok(timing) = HeaderValue::from_str(&timing) {
            headers.insert(HeaderName::from_static("server-timing"), timing);
        }
        if let Some(site) = self.site {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, site);
            let may_read = HeaderValue::from_static(MAY_READ);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, may_read);
        }
    }
}

const MAY_READ: &str = "content-location, location, preference-applied, ratelimit, \
    ratelimit-policy, retry-after, server-timing, traceresponse, x-request-id";

/// Names the span of the answer, for a client that wants to look for it.
pub(super) fn traced(headers: &mut HeaderMap, context: Option<TraceContext>) {
    let value = context.and_then(|context| HeaderValue::from_str(&context.traceparent()).ok());
    if let Some(value) = value {
        headers.insert(HeaderName::from_static("traceresponse"), value);
    }
}

/// How often this address may still ask (draft-ietf-httpapi-ratelimit-headers-10).
pub(super) fn limited(headers: &mut HeaderMap, buckets: &Buckets, address: IpAddr) {
    let rate = buckets.rate;
    let (left, full_in) = buckets.left(address, Instant::now());
    let window = (rate.burst / rate.per_second).ceil();
    for (name, text) in [
        ("ratelimit-policy", format!("\"address\";q={};w={window}", rate.burst)),
        ("ratelimit", format!("\"address\";r={left};t={}", full_in.as_secs_f64().ceil())),
    ] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

// One script from a file, and nothing inside of a page; all from here only, and no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
    img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The headers for safety. `tls`: clients come by TLS, which ends in front of here.
pub(super) fn secure(headers: &mut HeaderMap, tls: bool) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With "no-referrer" browsers would send "Origin: null" with our own form, which would
        // count as another site.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::VARY, "accept, origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static("interest-cohort=()"));
    if tls {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}
