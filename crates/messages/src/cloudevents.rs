//! CloudEvents 1.0 over Kafka: the headers of binary mode, written on everything that Verdict
//! publishes.
//!
//! The value is the data and stays as it is; attributes are headers `ce_…`, all text. Structured
//! mode is only read (see [`Review::from_record`](crate::Review::from_record)).

use std::borrow::Cow;

use crate::{Headers, headers};

/// What happened: the values of `ce_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventType {
    /// A review was submitted.
    ReviewSubmitted,
    /// A review was scored.
    ReviewScored,
    /// A record was set aside as a dead letter.
    ReviewRejected,
    /// A review was labelled.
    ReviewLabelled,
    /// A request was answered.
    ReplySent,
    /// A model version was published.
    ModelPublished,
}

impl EventType {
    /// The type as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReviewSubmitted => "dev.verdict.review.submitted.v1",
            Self::ReviewScored => "dev.verdict.review.scored.v1",
            Self::ReviewRejected => "dev.verdict.review.rejected.v1",
            Self::ReviewLabelled => "dev.verdict.review.labelled.v1",
            Self::ReplySent => "dev.verdict.reply.sent.v1",
            Self::ModelPublished => "dev.verdict.model.published.v1",
        }
    }
}

/// The attributes of one event.
///
/// ```
/// use verdict_messages::{Position, cloudevents::{Event, EventType}, headers};
///
/// let source = Position::new("reviews", 0, 7);
/// let event = Event {
///     id: source.to_string(),
///     source: "/verdict/consumer".into(),
///     event_type: EventType::ReviewScored,
///     time: "2026-01-02T03:04:05.000Z".into(),
///     content_type: "application/json",
/// };
/// assert_eq!(event.headers().text(headers::CE_ID), Some("reviews-0-7"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Unique for its source and type. What is made from a record takes the record's position, so
    /// that the same record gives the same id each time it is processed and a reader can drop the
    /// second copy.
    pub id: String,
    /// Who made the event, a URI reference.
    pub source: Cow<'static, str>,
    /// What happened.
    pub event_type: EventType,
    /// When, RFC 3339.
    pub time: Cow<'static, str>,
    /// Media type of the value.
    pub content_type: &'static str,
}

impl Event {
    /// The headers of the event in binary mode, with room for some more.
    pub fn headers(self) -> Headers {
        let mut headers = Headers::with_capacity(12);
        headers.push(headers::CONTENT_TYPE, self.content_type);
        self.append_attributes(&mut headers);
        headers
    }

    /// Appends the attributes alone, to headers that have a content type already.
    pub fn append_attributes(self, headers: &mut Headers) {
        headers.push(headers::CE_SPECVERSION, "1.0");
        headers.push(headers::CE_ID, self.id);
        headers.push(headers::CE_SOURCE, self.source);
        headers.push(headers::CE_TYPE, self.event_type.as_str());
        headers.push(headers::CE_TIME, self.time);
    }
}

/// Copies what connects events: the trace context, and which event caused this one.
pub fn pass_on(from: &Headers, to: &mut Headers) {
    for name in [headers::TRACEPARENT, headers::TRACESTATE] {
        if let Some(value) = from.get(name) {
            to.push(name, value.to_vec());
        }
    }
    if let Some(cause) = from.get(headers::CE_ID) {
        to.push(headers::CE_CAUSATION_ID, cause.to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_mode_is_written_in_text_headers() {
        let event = Event {
            id: "reviews-0-7".into(),
            source: "/verdict/consumer".into(),
            event_type: EventType::ReviewScored,
            time: "2026-01-02T03:04:05.000Z".into(),
            content_type: "application/json",
        };
        let headers = event.headers();
        let seen: Vec<_> =
            headers.iter().map(|(n, v)| (n, std::str::from_utf8(v.unwrap()).unwrap())).collect();
        let expected = [
            ("content-type", "application/json"),
            ("ce_specversion", "1.0"),
            ("ce_id", "reviews-0-7"),
            ("ce_source", "/verdict/consumer"),
            ("ce_type", "dev.verdict.review.scored.v1"),
            ("ce_time", "2026-01-02T03:04:05.000Z"),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn trace_context_and_cause_are_handed_on() {
        let mut from = Headers::new();
        from.push("traceparent", "00-a-b-01");
        from.push("ce_id", "e1");
        from.push("other", "x");
        let mut to = Headers::new();
        pass_on(&from, &mut to);
        let seen: Vec<_> = to.iter().collect();
        assert_eq!(
            seen,
            [("traceparent", Some(&b"00-a-b-01"[..])), ("ce_causationid", Some(&b"e1"[..]))]
        );
    }
}
