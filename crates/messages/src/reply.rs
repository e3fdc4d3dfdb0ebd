//! Request and reply over Kafka: where the answer to a record goes, in three dialects.
//!
//! | dialect | header names | partition |
//! |---|---|---|
//! | Spring (`ReplyingKafkaTemplate`) | `kafka_correlationId`, `kafka_replyTopic`, `kafka_replyPartition` | 4 bytes, big-endian |
//! | Quarkus / SmallRye | `REPLY_CORRELATION_ID`, `REPLY_TOPIC`, `REPLY_PARTITION` | 4 bytes, big-endian |
//! | NestJS | Spring's names | decimal text |
//!
//! A correlation id is opaque: it is echoed byte for byte. Spring and NestJS share their names and
//! are told apart by the partition, which NestJS always sends: all digits is text. Four digits read
//! as a number would be a partition above 808 million, so nothing is ambiguous.

use regex::Regex;

use crate::{ErrorKind, Headers, Problem, Rejection, Verdict, headers, rejection::shown};

/// The framework whose header names a requester uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Spring for Apache Kafka; also what Verdict's own frontend speaks.
    Spring,
    /// Quarkus and other users of SmallRye Reactive Messaging.
    SmallRye,
    /// NestJS microservices.
    Nest,
}

impl Dialect {
    const fn names(self) -> [&'static str; 3] {
        match self {
            Self::Spring | Self::Nest => [
                headers::SPRING_CORRELATION_ID,
                headers::SPRING_REPLY_TOPIC,
                headers::SPRING_REPLY_PARTITION,
            ],
            Self::SmallRye => [
                headers::SMALLRYE_CORRELATION_ID,
                headers::SMALLRYE_REPLY_TOPIC,
                headers::SMALLRYE_REPLY_PARTITION,
            ],
        }
    }
}

/// Where the answer to a request goes.
///
/// ```
/// use verdict_messages::{AllowedReplyTopics, Headers, ReplyAddress};
///
/// let mut headers = Headers::new();
/// headers.push("kafka_correlationId", [7; 16]);
/// headers.push("kafka_replyTopic", "reviews.replies");
/// headers.push("kafka_replyPartition", 3_i32.to_be_bytes());
/// let address = ReplyAddress::from_headers(&headers, &AllowedReplyTopics::default())?.ok_or("no address")?;
/// assert_eq!(address.partition, Some(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyAddress {
    /// Whose header names the answer must use.
    pub dialect: Dialect,
    /// Topic of the answer; it matched the allow-list.
    pub topic: String,
    /// Partition of the answer; without one, the key decides.
    pub partition: Option<i32>,
    /// Opaque id, echoed as it came.
    pub correlation_id: Vec<u8>,
    /// When the requester stops waiting, milliseconds since 1970. A header that is not a number
    /// counts as absent.
    pub deadline_unix_ms: Option<i64>,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The value of the reply is a [`Verdict`].
    Verdict,
    /// The value of the reply is a [`Problem`] made from this rejection.
    Problem(&'a Rejection),
}

impl ReplyAddress {
    /// The address in the headers of a record, or `None` when no answer is asked for.
    ///
    /// A record with a reply topic but without a correlation id could not be matched with a reply,
    /// so it has no address either.
    ///
    /// # Errors
    /// `bad_reply_topic` when the topic is not allowed, or when topic or partition cannot be read.
    /// A record must not be able to make Verdict write to any topic it names.
    pub fn from_headers(
        headers: &Headers,
        allowed: &AllowedReplyTopics,
    ) -> Result<Option<Self>, Rejection> {
        if headers.is_empty() {
            return Ok(None);
        }
        for family in families(headers) {
            let [correlation_name, topic_name, partition_name] = family.names();
            let (Some(correlation_id), Some(topic)) =
                (headers.get(correlation_name), headers.get(topic_name))
            else {
                continue;
            };
            let topic = std::str::from_utf8(topic).map_err(|_| {
                bad(format!("header {topic_name} must be a topic name, but it is not UTF-8"))
            })?;
            if !allowed.allows(topic) {
                return Err(bad(format!("reply topic {} does not match {allowed}", shown(topic))));
            }
            let (partition, is_text) = match headers.get(partition_name) {
                None => (None, false),
                Some(bytes) => read_partition(bytes, partition_name)?,
            };
            let dialect = if family == Dialect::Spring && is_text { Dialect::Nest } else { family };
            return Ok(Some(Self {
                dialect,
                topic: topic.to_owned(),
                partition,
                correlation_id: correlation_id.to_vec(),
                deadline_unix_ms: headers
                    .text(headers::DEADLINE_UNIX_MS)
                    .and_then(|ms| ms.parse().ok()),
            }));
        }
        Ok(None)
    }

    /// The headers that a requester puts on its request to be answered at this address.
    pub fn request_headers(&self) -> Headers {
        let [correlation_name, topic_name, partition_name] = self.dialect.names();
        let mut headers = Headers::with_capacity(12);
        headers.push(correlation_name, self.correlation_id.clone());
        headers.push(topic_name, self.topic.clone());
        if let Some(partition) = self.partition {
            if self.dialect == Dialect::Nest {
                headers.push(partition_name, partition.to_string());
            } else {
                headers.push(partition_name, partition.to_be_bytes());
            }
        }
        if let Some(deadline) = self.deadline_unix_ms {
            headers.push(headers::DEADLINE_UNIX_MS, deadline.to_string());
        }
        headers
    }

    /// The headers of the answer: the correlation id under the requester's name for it, the media
    /// type, and for NestJS that the request is over and how.
    pub fn reply_headers(&self, outcome: Outcome<'_>) -> Headers {
        let [correlation_name, ..] = self.dialect.names();
        let mut headers = Headers::with_capacity(6);
        headers.push(correlation_name, self.correlation_id.clone());
        headers.push(
            headers::CONTENT_TYPE,
            match outcome {
                Outcome::Verdict => Verdict::MEDIA_TYPE,
                Outcome::Problem(_) => Problem::MEDIA_TYPE,
            },
        );
        if self.dialect == Dialect::Nest {
            if let Outcome::Problem(rejection) = outcome {
                headers.push(headers::NEST_ERR, rejection.detail.clone());
            }
            headers.push(headers::NEST_IS_DISPOSED, &[0_u8][..]);
        }
        headers
    }

    /// The correlation id of a reply, under whichever dialect's name it stands.
    pub fn correlation_id_of(headers: &Headers) -> Option<&[u8]> {
        headers
            .get(headers::SPRING_CORRELATION_ID)
            .or_else(|| headers.get(headers::SMALLRYE_CORRELATION_ID))
    }

    /// Whether the requester has stopped waiting at `now_unix_ms` (milliseconds since 1970).
    pub fn is_late(&self, now_unix_ms: i64) -> bool {
        self.deadline_unix_ms.is_some_and(|deadline| now_unix_ms > deadline)
    }
}

/// The families of names, the one used last first: a service that passes a record on appends its
/// own address to that of its caller, perhaps in another dialect.
fn families(headers: &Headers) -> [Dialect; 2] {
    let last = headers
        .iter()
        .filter(|(name, _)| {
            [headers::SPRING_CORRELATION_ID, headers::SMALLRYE_CORRELATION_ID].contains(name)
        })
        .last();
    match last {
        Some((headers::SMALLRYE_CORRELATION_ID, _)) => [Dialect::SmallRye, Dialect::Spring],
        _ => [Dialect::Spring, Dialect::SmallRye],
    }
}

fn bad(detail: String) -> Rejection {
    Rejection::new(ErrorKind::BadReplyTopic, detail)
}

/// The partition and whether it was written as text.
fn read_partition(bytes: &[u8], name: &str) -> Result<(Option<i32>, bool), Rejection> {
    let is_text = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    let partition = if is_text {
        std::str::from_utf8(bytes).ok().and_then(|digits| digits.parse().ok())
    } else {
        <[u8; 4]>::try_from(bytes).ok().map(i32::from_be_bytes).filter(|partition| *partition >= 0)
    };
    match partition {
        Some(partition) => Ok((Some(partition), is_text)),
        None => Err(bad(format!(
            "header {name} must be a partition in 4 big-endian bytes or decimal digits, but it has {} other bytes",
            bytes.len()
        ))),
    }
}

/// Which topics answers may go to. The reply topic of a record comes from outside: without this
/// list, whoever may write reviews could make Verdict write to any topic.
#[derive(Debug, Clone)]
pub struct AllowedReplyTopics {
    pattern: String,
    regex: Option<Regex>,
}

/// Topics that answers may go to unless configured otherwise.
pub const DEFAULT_ALLOWED_REPLY_TOPICS: &str = r"^reviews\.replies(\..+)?$";

/// An allow-list that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("allowed reply topics must be a regular expression, got {pattern:?}: {reason}")]
pub struct BadPattern {
    pattern: String,
    reason: String,
}

impl AllowedReplyTopics {
    /// Topics whose whole name matches the regular expression `pattern`.
    ///
    /// # Errors
    /// When `pattern` is not a regular expression.
    pub fn matching(pattern: &str) -> Result<Self, BadPattern> {
        // Anchored: without that, a pattern would allow more than it shows.
        let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| BadPattern {
            pattern: pattern.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self { pattern: pattern.to_owned(), regex: Some(regex) })
    }

    /// No topic at all.
    pub fn none() -> Self {
        Self { pattern: "(none)".to_owned(), regex: None }
    }

    /// Whether answers may go to `topic`. A name that Kafka does not take is never allowed.
    pub fn allows(&self, topic: &str) -> bool {
        let legal = (1..=249).contains(&topic.len())
            && topic.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        legal && self.regex.as_ref().is_some_and(|regex| regex.is_match(topic))
    }
}

impl Default for AllowedReplyTopics {
    fn default() -> Self {
        Self::matching(DEFAULT_ALLOWED_REPLY_TOPICS).unwrap_or_else(|_| Self::none())
    }
}

impl std::fmt::Display for AllowedReplyTopics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.pattern)
    }
}
