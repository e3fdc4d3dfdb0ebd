//! What is done with each record of the reply partition.

use verdict_messages::ReplyAddress;
use verdict_telemetry::{
    Metrics, Span, TraceContext, Tracer,
    labels::{Destination, ReplyReceived},
    trace::Message,
};

use crate::{
    pending::{CorrelationId, Desk, Incoming},
    traces,
};

/// Hands replies to the desk, counts them, and ends the traces they belong to.
#[derive(Debug)]
pub(crate) struct Arrivals {
    pub(crate) desk: Desk,
    pub(crate) metrics: Metrics,
    pub(crate) tracer: Tracer,
    pub(crate) topic: Destination,
    pub(crate) partition: i32,
}

impl Arrivals {
    pub(crate) fn take(&self, incoming: &Incoming) {
        self.metrics.record_consumed(&self.topic, 1);
        let span = self.span(incoming);
        let _current = span.enter();
        let received = self.desk.deliver(incoming);
        // A late reply is the deadline's doing, not a failure of this hop.
        if matches!(received, ReplyReceived::Mismatched | ReplyReceived::Unreadable) {
            span.fail(received.as_str());
        }
        tracing::debug!(outcome = received.as_str(), "a reply arrived");
        self.metrics.record_web_reply(received);
    }

    fn span(&self, incoming: &Incoming) -> Span {
        if !self.tracer.is_on() {
            return Span::none();
        }
        let Some(parent) = traces::context(&incoming.headers).filter(TraceContext::is_sampled)
        else {
            return Span::none();
        };
        let key = incoming.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
        let conversation = ReplyAddress::correlation_id_of(&incoming.headers)
            .and_then(CorrelationId::from_bytes)
            .map(|id| id.to_hex());
        let message = Message {
            partition: Some(self.partition),
            key,
            conversation: conversation.as_deref(),
            ..Message::of(&self.topic)
        };
        self.tracer.process(message, &parent)
    }
}
