//! Spans of the records that somebody traces.
//!
//! A record whose headers carry a sampled context gets a span `process`, its child, from the
//! scoring of its batch to the end of its reply; its reply gets a span `send` below that. All other
//! records, bulk work among them, cost one look at their headers. Scoring itself knows nothing of
//! this: what it hands on untouched is replaced here.

use verdict_kafka_io::{Outgoing, Record};
use verdict_messages::{Headers, ReplyAddress, headers};
use verdict_telemetry::{Span, TraceContext, Tracer, labels::Destination, trace::Message};

use crate::score::{Ending, Outcome};

/// Makes the spans of one consumer.
#[derive(Debug)]
pub struct Traces {
    tracer: Tracer,
    reviews: Destination,
    group: String,
}

/// One record of a batch that is traced.
#[derive(Debug)]
struct Traced {
    index: usize,
    span: Span,
    key: Option<String>,
    conversation: Option<String>,
}

/// The traced records of one batch, in the order of the batch. Dropping it ends their spans.
#[derive(Debug, Default)]
pub struct TracedBatch(Vec<Traced>);

impl Traces {
    /// Spans of a consumer of `reviews` in `group`.
    #[must_use]
    pub fn new(tracer: Tracer, reviews: &str, group: &str) -> Self {
        Self { tracer, reviews: Destination::topic(reviews), group: group.to_owned() }
    }

    /// Begins the spans of the records that are traced.
    #[must_use]
    pub fn begin(&self, records: &[Record]) -> TracedBatch {
        if !self.tracer.is_on() {
            return TracedBatch::default();
        }
        let traced = records.iter().enumerate().filter_map(|(index, record)| {
            let parent = context(&record.headers).filter(TraceContext::is_sampled)?;
            let key = record.key.as_deref().and_then(text);
            let conversation =
                ReplyAddress::correlation_id_of(&record.headers).map(correlation_text);
            let message = Message {
                partition: Some(record.partition),
                offset: Some(record.offset),
                key: key.as_deref(),
                conversation: conversation.as_deref(),
                group: Some(&self.group),
                ..Message::of(&self.reviews)
            };
            Some(Traced { index, span: self.tracer.process(message, &parent), key, conversation })
        });
        TracedBatch(traced.collect())
    }

    /// The span of sending the reply of record `index`, with its context in the reply; `None` when
    /// it is not traced.
    pub fn reply(&self, batch: &TracedBatch, index: usize, reply: &mut Outgoing) -> Option<Span> {
        let found = batch.0.binary_search_by_key(&index, |traced| traced.index);
        let traced = found.ok().and_then(|at| batch.0.get(at))?;
        // A reply topic comes from the record, but the allow-list bounds it, and a span is no
        // series.
        let topic = Destination::topic(&reply.topic);
        let message = Message {
            partition: reply.partition,
            key: traced.key.as_deref(),
            conversation: traced.conversation.as_deref(),
            ..Message::of(&topic)
        };
        let span = self.tracer.send(message, traced.span.context().as_ref());
        inject(&span, &mut reply.headers);
        Some(span)
    }
}

impl TracedBatch {
    /// Puts the spans' contexts into what the records became, and says which became dead letters.
    pub fn decided(&self, endings: &mut [Ending]) {
        for traced in &self.0 {
            let Some(ending) = endings.get_mut(traced.index) else {
                continue;
            };
            inject(&traced.span, &mut ending.output.headers);
            let _current = traced.span.enter();
            if let Outcome::DeadLetter(kind) = ending.outcome {
                traced.span.fail(kind.as_str());
                tracing::debug!(kind = kind.as_str(), "a traced record is a dead letter");
            } else {
                tracing::debug!("a traced review was scored");
            }
        }
    }

    /// None of the records has its outcome yet: the batch is read again.
    pub fn failed(&self, cause: &str) {
        for traced in &self.0 {
            traced.span.fail(cause);
        }
    }
}

fn context(headers: &Headers) -> Option<TraceContext> {
    let parent = headers.text(headers::TRACEPARENT)?;
    TraceContext::parse(Some(parent), headers.text(headers::TRACESTATE))
}

fn inject(span: &Span, headers: &mut Headers) {
    if let Some(context) = span.context() {
        headers.replace(headers::TRACEPARENT, context.traceparent());
        match context.tracestate() {
            Some(state) => headers.replace(headers::TRACESTATE, state),
            None => headers.remove(headers::TRACESTATE),
        }
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// Text where the requester wrote text; hexadecimal digits where it wrote bytes, as Spring and
/// Verdict's frontend do.
fn correlation_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => text.to_owned(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_id_is_shown_as_its_requester_wrote_it() {
        assert_eq!(correlation_text(b"1f-2e"), "1f-2e");
        assert_eq!(correlation_text(&[0, 0xff, 0x41]), "00ff41");
        assert_eq!(correlation_text(b"a\nb"), "610a62");
    }

    #[test]
    fn without_pushed_traces_nothing_is_begun_and_headers_stay() {
        let mut headers = Headers::new();
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        headers.push(headers::TRACEPARENT, parent);
        let record = Record {
            topic: "reviews".into(),
            partition: 0,
            offset: 7,
            key: None,
            value: None,
            headers: headers.clone(),
            timestamp_ms: None,
        };
        let traces = Traces::new(Tracer::default(), "reviews", "verdict");
        let batch = traces.begin(std::slice::from_ref(&record));
        assert!(batch.0.is_empty());
        let mut reply = Outgoing::to("reviews.replies").headers(headers.clone());
        assert!(traces.reply(&batch, 0, &mut reply).is_none());
        assert_eq!(reply.headers, headers);
        assert_eq!(context(&headers).expect("a context").traceparent(), parent);
    }
}
