//! Record headers: an ordered multimap of names to bytes, and every header name that Verdict reads or writes.

use std::borrow::Cow;

/// A header name. Names that this crate knows are borrowed, so that headers of a busy stream cost no allocation.
pub type HeaderName = Cow<'static, str>;
/// A header value: bytes, often text, by convention of the name.
pub type HeaderValue = Cow<'static, [u8]>;

/// The headers of one record, in order. A name may occur more than once and a value may be absent (null), as in Kafka.
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

    /// Puts one header of this name, in place of all there were.
    pub fn replace(&mut self, name: &'static str, value: impl IntoValue) {
        self.remove(name);
        self.push(name, value);
    }

    /// Takes all headers of this name away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// The value of the last header of this name, when that one has a value. The last counts, as Kafka's own clients
    /// have it (KIP-82, `lastHeader`): whoever hands a record on appends, and what came before is another's.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().rev().find(|(n, _)| n == name).and_then(|(_, value)| value.as_deref())
    }

    /// The last value of this name as text; `None` too when it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The media type of the value: `content-type`, or else `contentType`, as Spring Cloud Stream has it.
    pub fn content_type(&self) -> Option<&[u8]> {
        self.get(CONTENT_TYPE).or_else(|| self.get(SPRING_CONTENT_TYPE))
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

impl Extend<(HeaderName, Option<HeaderValue>)> for Headers {
    fn extend<T: IntoIterator<Item = (HeaderName, Option<HeaderValue>)>>(&mut self, headers: T) {
        self.0.extend(headers);
    }
}

impl FromIterator<(HeaderName, Option<HeaderValue>)> for Headers {
    fn from_iter<T: IntoIterator<Item = (HeaderName, Option<HeaderValue>)>>(headers: T) -> Self {
        Self(headers.into_iter().collect())
    }
}

impl IntoIterator for Headers {
    type Item = (HeaderName, Option<HeaderValue>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Vec<(String, Option<Vec<u8>>)>> for Headers {
    fn from(headers: Vec<(String, Option<Vec<u8>>)>) -> Self {
        headers.into_iter().map(|(name, value)| (Cow::Owned(name), value.map(Cow::Owned))).collect()
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

/// Media type of the value: of reviews, of everything Verdict writes, and of CloudEvents.
pub const CONTENT_TYPE: &str = "content-type";
/// Spring Cloud Stream's name for [`CONTENT_TYPE`].
pub const SPRING_CONTENT_TYPE: &str = "contentType";
/// W3C trace context of this hop.
pub const TRACEPARENT: &str = "traceparent";
/// W3C vendor state beside [`TRACEPARENT`].
pub const TRACESTATE: &str = "tracestate";

/// CloudEvents binary mode: specification version, always `1.0`.
pub const CE_SPECVERSION: &str = "ce_specversion";
/// CloudEvents binary mode: id of the event, unique for its source.
pub const CE_ID: &str = "ce_id";
/// CloudEvents binary mode: who made the event.
pub const CE_SOURCE: &str = "ce_source";
/// CloudEvents binary mode: what happened.
pub const CE_TYPE: &str = "ce_type";
/// CloudEvents binary mode: when, RFC 3339.
pub const CE_TIME: &str = "ce_time";
/// CloudEvents extension: the id of the event that caused this one.
pub const CE_CAUSATION_ID: &str = "ce_causationid";

/// Spring and NestJS: the opaque id that the answer must carry.
pub const SPRING_CORRELATION_ID: &str = "kafka_correlationId";
/// Spring and NestJS: the topic of the answer.
pub const SPRING_REPLY_TOPIC: &str = "kafka_replyTopic";
/// Spring (4 bytes, big-endian) and NestJS (decimal text): the partition of the answer.
pub const SPRING_REPLY_PARTITION: &str = "kafka_replyPartition";
/// Quarkus/SmallRye: the opaque id that the answer must carry.
pub const SMALLRYE_CORRELATION_ID: &str = "REPLY_CORRELATION_ID";
/// Quarkus/SmallRye: the topic of the answer.
pub const SMALLRYE_REPLY_TOPIC: &str = "REPLY_TOPIC";
/// Quarkus/SmallRye: the partition of the answer, 4 bytes, big-endian.
pub const SMALLRYE_REPLY_PARTITION: &str = "REPLY_PARTITION";
/// NestJS: present on the last answer to a request.
pub const NEST_IS_DISPOSED: &str = "kafka_nest-is-disposed";
/// NestJS: the error text of a failed request.
pub const NEST_ERR: &str = "kafka_nest-err";
/// Verdict's own: when the requester stops waiting, milliseconds since 1970 as decimal text.
pub const DEADLINE_UNIX_MS: &str = "x-deadline-unix-ms";

/// Dead letters: topic of the record that failed.
pub const DLQ_TOPIC: &str = "__dlq.errors.topic";
/// Dead letters: partition of the record that failed, decimal text.
pub const DLQ_PARTITION: &str = "__dlq.errors.partition";
/// Dead letters: offset of the record that failed, decimal text.
pub const DLQ_OFFSET: &str = "__dlq.errors.offset";
/// Dead letters: consumer group that gave up on the record.
pub const DLQ_GROUP: &str = "__dlq.errors.group";
/// Dead letters: what was wrong, for people.
pub const DLQ_MESSAGE: &str = "__dlq.errors.message";
/// Dead letters: what was wrong, for programs: an [`ErrorKind`](crate::ErrorKind) as text.
pub const DLQ_KIND: &str = "__dlq.errors.kind";

/// Every header name above.
pub const NAMES: [&str; 25] = [
    CONTENT_TYPE,
    SPRING_CONTENT_TYPE,
    TRACEPARENT,
    TRACESTATE,
    CE_SPECVERSION,
    CE_ID,
    CE_SOURCE,
    CE_TYPE,
    CE_TIME,
    CE_CAUSATION_ID,
    SPRING_CORRELATION_ID,
    SPRING_REPLY_TOPIC,
    SPRING_REPLY_PARTITION,
    SMALLRYE_CORRELATION_ID,
    SMALLRYE_REPLY_TOPIC,
    SMALLRYE_REPLY_PARTITION,
    NEST_IS_DISPOSED,
    NEST_ERR,
    DEADLINE_UNIX_MS,
    DLQ_TOPIC,
    DLQ_PARTITION,
    DLQ_OFFSET,
    DLQ_GROUP,
    DLQ_MESSAGE,
    DLQ_KIND,
];

/// The name as a [`HeaderName`], without an allocation when Verdict knows it.
pub fn interned(name: &str) -> HeaderName {
    NAMES
        .iter()
        .find(|known| **known == name)
        .map_or_else(|| Cow::Owned(name.to_owned()), |known| Cow::Borrowed(*known))
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
    }

    #[test]
    fn a_replaced_header_is_there_once() {
        let mut headers = Headers::new();
        headers.push("a", "1");
        headers.push("b", "2");
        headers.push("a", "3");
        headers.replace("a", "4");
        let seen: Vec<_> = headers.iter().collect();
        assert_eq!(seen, [("b", Some(&b"2"[..])), ("a", Some(&b"4"[..]))]);
    }

    #[test]
    fn a_null_value_is_present_but_has_no_bytes() {
        let mut headers = Headers::new();
        headers.push_null("b");
        assert!(headers.contains("b"));
        assert_eq!(headers.get("b"), None);
    }

    #[test]
    fn of_headers_that_stand_twice_the_last_counts() {
        let mut headers = Headers::new();
        headers.push("a", "1");
        headers.push("contentType", "text/plain");
        headers.push("a", "2");
        assert_eq!(headers.text("a"), Some("2"));
        assert_eq!(headers.content_type(), Some(&b"text/plain"[..]));
        headers.push("content-type", "image/png");
        headers.push("content-type", "application/json");
        assert_eq!(headers.content_type(), Some(&b"application/json"[..]));
        headers.push_null("a");
        assert_eq!(headers.get("a"), None);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_no_text() {
        let headers: Headers = vec![("a".to_owned(), Some(vec![0xff]))].into();
        assert_eq!(headers.text("a"), None);
    }

    #[test]
    fn a_known_name_is_borrowed_and_an_unknown_one_kept() {
        assert!(matches!(interned("ce_id"), Cow::Borrowed("ce_id")));
        assert!(matches!(interned("x-mine"), Cow::Owned(name) if name == "x-mine"));
    }
}
