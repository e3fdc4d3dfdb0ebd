//! Records on their way in and out.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use rdkafka::{
    message::{BorrowedHeaders, BorrowedMessage, Header, Headers as _, Message, OwnedHeaders},
    producer::BaseRecord,
    util::IntoOpaque,
};
use verdict_messages::{Headers, Position, headers};

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Topic name; records of one topic share it.
    pub topic: Arc<str>,
    /// Partition number.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// Key, when there is one.
    pub key: Option<Vec<u8>>,
    /// Value; a record without one is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers, in order.
    pub headers: Headers,
    /// When it was written, milliseconds since 1970, when the record says so.
    pub timestamp_ms: Option<i64>,
}

impl Record {
    /// Where the record stands.
    pub fn position(&self) -> Position {
        Position { topic: Arc::clone(&self.topic), partition: self.partition, offset: self.offset }
    }

    /// Bytes of key and value.
    pub fn size(&self) -> usize {
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len)
    }
}

/// A record to be written.
///
/// ```
/// use verdict_kafka_io::Outgoing;
///
/// let outgoing = Outgoing::to("reviews").key("r1").value("A fine film.");
/// assert_eq!(outgoing.key.as_deref(), Some(&b"r1"[..]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Topic name.
    pub topic: Arc<str>,
    /// Partition; without one the key decides, as Java clients do it (murmur2).
    pub partition: Option<i32>,
    /// Key, if any.
    pub key: Option<Vec<u8>>,
    /// Value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers, in order.
    pub headers: Headers,
    /// Milliseconds since 1970; without it, the time of sending.
    pub timestamp_ms: Option<i64>,
}

impl Outgoing {
    /// An empty record for `topic`.
    pub fn to(topic: impl Into<Arc<str>>) -> Self {
        Self {
            topic: topic.into(),
            partition: None,
            key: None,
            value: None,
            headers: Headers::new(),
            timestamp_ms: None,
        }
    }

    /// The same record for this partition.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// The same record with this key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The same record with this value.
    #[must_use]
    pub fn value(mut self, value: impl Into<Vec<u8>>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// The same record with these headers.
    #[must_use]
    pub fn headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    /// The record as the client takes it, with what its delivery callback gets back.
    pub(crate) fn native<D: IntoOpaque>(
        &self,
        delivery_opaque: D,
    ) -> BaseRecord<'_, [u8], [u8], D> {
        BaseRecord {
            topic: &self.topic,
            partition: self.partition,
            payload: self.value.as_deref(),
            key: self.key.as_deref(),
            timestamp: self.timestamp_ms,
            headers: self.native_headers(),
            delivery_opaque,
        }
    }

    fn native_headers(&self) -> Option<OwnedHeaders> {
        if self.headers.is_empty() {
            return None;
        }
        let none = OwnedHeaders::new_with_capacity(self.headers.len());
        let headers = self.headers.iter();
        Some(headers.fold(none, |native, (key, value)| native.insert(Header { key, value })))
    }
}

/// Copies messages of the client into records; records of one topic share its name.
#[derive(Debug, Default)]
pub(crate) struct Copier {
    topic: Option<Arc<str>>,
}

impl Copier {
    pub(crate) fn record(&mut self, message: &BorrowedMessage<'_>) -> Record {
        Record {
            topic: self.topic(message.topic()),
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: message.headers().map(copy_headers).unwrap_or_default(),
            timestamp_ms: message.timestamp().to_millis(),
        }
    }

    fn topic(&mut self, name: &str) -> Arc<str> {
        match &self.topic {
            Some(topic) if **topic == *name => Arc::clone(topic),
            _ => Arc::clone(self.topic.insert(Arc::from(name))),
        }
    }
}

/// The client panics on a header name that is not UTF-8, and anyone who may write records may write
/// such a name. A record must not end the process, so that header is left out.
fn copy_headers(native: &BorrowedHeaders) -> Headers {
    let mut copied = Headers::with_capacity(native.count());
    for index in 0..native.count() {
        match catch_unwind(AssertUnwindSafe(|| native.try_get(index))) {
            Ok(Some(Header { key, value: Some(value) })) => {
                copied.push(headers::interned(key), value.to_vec())
            }
            Ok(Some(Header { key, value: None })) => copied.push_null(headers::interned(key)),
            Ok(None) => {}
            Err(_) => tracing::warn!("a record header whose name is not UTF-8 was left out"),
        }
    }
    copied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_the_way_into_the_client_and_back() {
        let mut headers = Headers::new();
        headers.push("content-type", "text/plain");
        headers.push_null("x-null");
        headers.push("x-empty", "");
        headers.push("content-type", vec![0xff, 0]);
        let native = Outgoing::to("t").headers(headers.clone()).native_headers().unwrap();
        assert_eq!(copy_headers(native.as_borrowed()), headers);
    }

    #[test]
    fn records_of_one_topic_share_its_name() {
        let mut copier = Copier::default();
        let (first, second) = (copier.topic("a"), copier.topic("a"));
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(&*copier.topic("b"), "b");
    }
}
