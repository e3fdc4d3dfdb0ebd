//! Record headers: an ordered multimap of names to bytes, and every header name that Verdict reads
//! or writes.

use std::borrow::Cow;

/// A header name. Names that this crate knows are borrowed, so that headers of a busy stream cost
/// no allocation.
pub type HeaderName = Cow<'static, str>;
/// A header value: bytes, often text, by convention of the name.
pub type HeaderValue = Cow<'static, [u8]>;

/// The headers of one record, in order. A name may occur more than once and a value may be absent
/// (null), as in Kafka.
///
/// ```
/// use verdict_messages::Headers;
///
/// let mut headers = Headers::new();
/// headers.push("content-type", "application/json");
/// assert_eq!(headers.text("content-type"), Some("application/json"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(HeaderName, Option<HeaderValue>)>);

impl Headers {
    /// No headers. Allocates nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// No headers, with room for `capacity` of them.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// Appends a header; earlier ones of the same name stay.
    pub fn push(&mut self, name: impl Into<HeaderName>, value: impl IntoValue) {
        self.0.push((name.into(), Some(value.into_value())));
    }

    /// Appends a header without a value (null, not empty).
    pub fn push_null(&mut self, name: impl Into<HeaderName>) {
        self.0.push((name.into(), None));
    }

    /// Replaces all headers of this name by one.
    pub fn replace(&mut self, name: &'static str, value: impl IntoValue) {
        self.remove(name);
        self.push(name, value);
    }

    /// Removes all headers of this name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// The value of the last header of this name, when that one has a value. The last counts, as in
    /// Kafka's own clients (KIP-82, `lastHeader`): a service that passes a record on appends its
    /// headers.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().rev().find(|(n, _)| n == name).and_then(|(_, value)| value.as_deref())
    }

    /// The last value of this name as text; `None` too when it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The media type of the value: `content-type`, or else `contentType`, as Spring Cloud Stream
    /// has it.
    pub fn content_type(&self) -> Option<&[u8]> {
        self.get(CONTENT_TYPE).or_else(|| self.get(SPRING_CONTENT_TYPE))
    }

    /// Appends all of `headers`.
    pub fn extend(&mut self, headers: Headers) {
        self.0.extend(headers.0);
    }

    /// Whether a header of this name is present, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Name and value of each header, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Option<&[u8]>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_deref()))
    }

    /// How many headers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What can be a header value: text or bytes, owned or for the life of the program.
pub trait IntoValue {
    /// The value's bytes.
    fn into_value(self) -> HeaderValue;
}

impl IntoValue for &'static str {
    fn into_value(self) -> HeaderValue {
        Cow::Borrowed(self.as_bytes())
    }
}

impl IntoValue for String {
    fn into_value(self) -> HeaderValue {
        Cow::Owned(self.into_bytes())
    }
}

impl IntoValue for Cow<'static, str> {
    fn into_value(self) -> HeaderValue {
        match self {
            Cow::Borrowed(text) => text.into_value(),
            Cow::Owned(text) => text.into_value(),
        }
    }
}

impl IntoValue for &'static [u8] {
    fn into_value(self) -> HeaderValue {
        Cow::Borrowed(self)
    }
}

impl<const N: usize> IntoValue for [u8; N] {
    fn into_value(self) -> HeaderValue {
        Cow::Owned(self.to_vec())
    }
}

impl IntoValue for Vec<u8> {
    fn into_value(self) -> HeaderValue {
        Cow::Owned(self)
    }
}

macro_rules! names {
    ($($(#[doc = $doc:literal])* $name:ident = $value:literal;)*) => {
        $($(#[doc = $doc])* pub const $name: &str = $value;)*

        /// Every header name with its meaning.
        pub(crate) const DESCRIBED: &[(&str, &str)] = &[$(($name, concat!($($doc),*))),*];

        /// Every header name above.
        pub const NAMES: &[&str] = &[$($name),*];
    };
}

names! {
    /// Media type of the value: of reviews, of everything Verdict writes, and of CloudEvents.
    CONTENT_TYPE = "content-type";
    /// Spring Cloud Stream's name for [`CONTENT_TYPE`].
    SPRING_CONTENT_TYPE = "contentType";
    /// W3C trace context of this hop.
    TRACEPARENT = "traceparent";
    /// W3C vendor state beside [`TRACEPARENT`].
    TRACESTATE = "tracestate";

    /// CloudEvents binary mode: specification version, always `1.0`.
    CE_SPECVERSION = "ce_specversion";
    /// CloudEvents binary mode: id of the event, unique for its source.
    CE_ID = "ce_id";
    /// CloudEvents binary mode: who made the event.
    CE_SOURCE = "ce_source";
    /// CloudEvents binary mode: what happened.
    CE_TYPE = "ce_type";
    /// CloudEvents binary mode: when, RFC 3339.
    CE_TIME = "ce_time";
    /// CloudEvents extension: the id of the event that caused this one.
    CE_CAUSATION_ID = "ce_causationid";

    /// Spring and NestJS: the opaque id that the answer must carry.
    SPRING_CORRELATION_ID = "kafka_correlationId";
    /// Spring and NestJS: the topic of the answer.
    SPRING_REPLY_TOPIC = "kafka_replyTopic";
    /// Spring (4 bytes, big-endian) and NestJS (decimal text): the partition of the answer.
    SPRING_REPLY_PARTITION = "kafka_replyPartition";
    /// Quarkus/SmallRye: the opaque id that the answer must carry.
    SMALLRYE_CORRELATION_ID = "REPLY_CORRELATION_ID";
    /// Quarkus/SmallRye: the topic of the answer.
    SMALLRYE_REPLY_TOPIC = "REPLY_TOPIC";
    /// Quarkus/SmallRye: the partition of the answer, 4 bytes, big-endian.
    SMALLRYE_REPLY_PARTITION = "REPLY_PARTITION";
    /// NestJS: present on the last answer to a request.
    NEST_IS_DISPOSED = "kafka_nest-is-disposed";
    /// NestJS: the error text of a failed request.
    NEST_ERR = "kafka_nest-err";
    /// Verdict's own: when the requester stops waiting, milliseconds since 1970 as decimal text.
    DEADLINE_UNIX_MS = "x-deadline-unix-ms";

    /// Dead letters: topic of the record that failed.
    DLQ_TOPIC = "__dlq.errors.topic";
    /// Dead letters: partition of the record that failed, decimal text.
    DLQ_PARTITION = "__dlq.errors.partition";
    /// Dead letters: offset of the record that failed, decimal text.
    DLQ_OFFSET = "__dlq.errors.offset";
    /// Dead letters: consumer group that gave up on the record.
    DLQ_GROUP = "__dlq.errors.group";
    /// Dead letters: what was wrong, for people.
    DLQ_MESSAGE = "__dlq.errors.message";
    /// Dead letters: what was wrong, for programs: an [`ErrorKind`](crate::ErrorKind) as text.
    DLQ_KIND = "__dlq.errors.kind";
    /// Dead letters: when the record failed, RFC 3339 (its batch was read then). The time of the
    /// letter itself is that of the record.
    DLQ_TIME = "__dlq.errors.time";
    /// Dead letters: the value is not here, since it is too large for the topic; how many bytes it
    /// has, for people.
    VALUE_LEFT_OUT = "x-verdict-value-left-out";

    /// Reviews that were dead letters: how often the record was redriven, decimal text.
    REDRIVEN = "x-verdict-redriven";
    /// Reviews that were dead letters: the position of the letter, as `topic-partition-offset`.
    REDRIVEN_FROM = "x-verdict-redriven-from";
    /// Reviews that were dead letters: the position of the review that failed, as
    /// `topic-partition-offset`. Who looks whether a review was redriven looks for this.
    REDRIVEN_REVIEW = "x-verdict-redriven-review";
}

/// The name as a [`HeaderName`], without an allocation when Verdict knows it.
pub fn interned(name: &str) -> HeaderName {
    let known = NAMES.iter().find(|known| **known == name);
    known.map_or_else(|| Cow::Owned(name.to_owned()), |known| Cow::Borrowed(*known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_their_order_and_their_repetitions() {
        let mut headers = Headers::new();
        headers.push("a", "1");
        headers.push_null("b");
        headers.push("a", vec![0xff]);
        let seen: Vec<_> = headers.iter().collect();
        assert_eq!(seen, [("a", Some(&b"1"[..])), ("b", None), ("a", Some(&[0xff][..]))]);
        assert_eq!(headers.get("a"), Some(&[0xff][..]));
        assert_eq!(headers.text("a"), None, "no UTF-8");
        assert!(headers.contains("b") && headers.get("b").is_none(), "null is no bytes");
        headers.replace("a", "2");
        let seen: Vec<_> = headers.iter().collect();
        assert_eq!(seen, [("b", None), ("a", Some(&b"2"[..]))]);
        headers.push_null("a");
        assert_eq!(headers.get("a"), None, "the last one counts");
    }

    #[test]
    fn a_known_name_is_borrowed_and_an_unknown_one_kept() {
        assert!(matches!(interned("ce_id"), Cow::Borrowed("ce_id")));
        assert!(matches!(interned("x-mine"), Cow::Owned(name) if name == "x-mine"));
    }
}
