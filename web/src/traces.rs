//! The contexts of traces, in the headers of records.

use verdict_messages::{Headers, headers};
use verdict_telemetry::{Span, TraceContext};

/// The context in these headers, when there is one.
pub(crate) fn context(headers: &Headers) -> Option<TraceContext> {
    let parent = headers.text(headers::TRACEPARENT)?;
    TraceContext::parse(Some(parent), headers.text(headers::TRACESTATE))
}

/// Puts the span's context into the headers, in place of the one that was there. When traces are not pushed the span has
/// none, and what was there is handed on.
pub(crate) fn inject(span: &Span, headers: &mut Headers) {
    if let Some(context) = span.context() {
        headers.replace(headers::TRACEPARENT, context.traceparent());
        match context.tracestate() {
            Some(state) => headers.replace(headers::TRACESTATE, state),
            None => headers.remove(headers::TRACESTATE),
        }
    }
}
