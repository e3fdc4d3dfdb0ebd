//! Which span of which trace: the context that travels with a request and with a record.

use std::fmt;

use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{SpanContext, TraceContextExt as _, TraceFlags},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// A W3C trace context (<https://www.w3.org/TR/trace-context/>): the text of `traceparent` and `tracestate`.
///
/// ```
/// use verdict_telemetry::TraceContext;
///
/// let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let context = TraceContext::parse(Some(text), None).unwrap();
/// assert!(context.is_sampled());
/// assert_eq!(context.traceparent(), text);
/// assert_eq!(context.tracestate(), None);
/// ```
#[derive(Clone, PartialEq)]
pub struct TraceContext(SpanContext);

impl TraceContext {
    /// From the two headers; `None` without a `traceparent`, or when it is not one.
    #[must_use]
    pub fn parse(traceparent: Option<&str>, tracestate: Option<&str>) -> Option<Self> {
        let headers = Pair { traceparent: Some(traceparent?), tracestate };
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
        Self::of(&context)
    }

    /// That of the span that is current on this thread.
    #[must_use]
    pub fn current() -> Option<Self> {
        Context::map_current(Self::of)
    }

    /// Whether the trace is recorded. Spans are made for such traces only.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.0.is_sampled()
    }

    /// The value of `traceparent`, for the next hop.
    #[must_use]
    pub fn traceparent(&self) -> String {
        format!(
            "00-{}-{}-{:02x}",
            self.0.trace_id(),
            self.0.span_id(),
            self.0.trace_flags() & TraceFlags::SAMPLED
        )
    }

    /// The value of `tracestate`, when there is one.
    #[must_use]
    pub fn tracestate(&self) -> Option<String> {
        Some(self.0.trace_state().header()).filter(|state| !state.is_empty())
    }

    /// The trace's id, 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        self.0.trace_id().to_string()
    }

    /// The span's id, 16 hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> String {
        self.0.span_id().to_string()
    }

    pub(super) fn of(context: &Context) -> Option<Self> {
        let span = context.span();
        let known = span.span_context();
        known.is_valid().then(|| Self(known.clone()))
    }

    pub(crate) fn as_parent(&self) -> Context {
        Context::new().with_remote_span_context(self.0.clone())
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TraceContext").field(&self.traceparent()).finish()
    }
}

struct Pair<'a> {
    traceparent: Option<&'a str>,
    tracestate: Option<&'a str>,
}

impl Extractor for Pair<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => self.traceparent,
            "tracestate" => self.tracestate,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_context_survives_the_way_through_its_headers() {
        let context = TraceContext::parse(Some(GOOD), Some("a=1,b=2")).expect("a context");
        assert_eq!(context.traceparent(), GOOD);
        assert_eq!(context.tracestate().as_deref(), Some("a=1,b=2"));
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(context.span_id(), "b7ad6b7169203331");
        let unsampled = GOOD.replace("-01", "-00");
        let context = TraceContext::parse(Some(&unsampled), None).expect("a context");
        assert!(!context.is_sampled());
    }

    #[test]
    fn what_is_no_context_is_none() {
        let zeros = GOOD.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32));
        for bad in [
            "",
            "00",
            "x",
            &GOOD.to_uppercase(),
            &zeros,
            &format!("{GOOD}-x"),
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceContext::parse(Some(bad), None), None, "{bad}");
        }
        assert_eq!(TraceContext::parse(None, Some("a=1")), None);
    }
}
