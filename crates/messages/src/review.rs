//! The review: what there is to score, read from whatever a producer chose to write.

mod json;

use std::borrow::Cow;

use serde::Serialize;

use crate::{ErrorKind, Position, Rejection, rejection::shown};

/// Longest value of a review record in bytes, unless configured otherwise.
pub const MAX_REVIEW_BYTES: usize = 256 * 1024;

/// Longest id in bytes. Ids become record keys.
const MAX_ID_BYTES: usize = 512;

/// A review on topic [`REVIEWS`](crate::topic::REVIEWS).
///
/// Its text borrows from the record it was read from; only a text with escapes in it is copied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(
    description = "A review to score: the value of a record on the topic of reviews. Unknown members are ignored."
)]
pub struct Review<'a> {
    /// Id; a review without one is named by its position (see [`Review::id_or`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        description = "Id; a review without one is named by its position: topic-partition-offset."
    )]
    pub id: Option<Cow<'a, str>>,
    /// What the reviewer wrote; never blank.
    #[schemars(length(min = 1))]
    pub text: Cow<'a, str>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Cow<'a, str>>,
    /// Where it comes from: a site, a data set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Cow<'a, str>>,
    /// When it was written, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Cow<'a, str>>,
}

impl<'a> Review<'a> {
    /// `content-type` of a review that Verdict writes.
    pub const MEDIA_TYPE: &'static str = "application/json";

    /// A review with this text and nothing else.
    pub fn from_text(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// The review in the value of a record, at most [`MAX_REVIEW_BYTES`] long. See [`Review::decode_within`].
    ///
    /// # Errors
    /// As [`Review::decode_within`].
    pub fn decode(value: Option<&'a [u8]>, content_type: Option<&[u8]>) -> Result<Self, Rejection> {
        Self::decode_within(value, content_type, MAX_REVIEW_BYTES)
    }

    /// The review in the value of a record that may have `max_bytes` bytes.
    ///
    /// `content_type` is the record's header of that name; its media type decides, parameters do not:
    ///
    /// - absent: a value that is a JSON object is a review in JSON; any other UTF-8 is plain text, even if it begins
    ///   with `{`. So a person can pipe lines in, and a text that happens to look like broken JSON is still a text.
    /// - `text/plain`: plain text, whatever it looks like.
    /// - `application/json`, `text/json`, `…+json`: must be a JSON object.
    /// - `application/cloudevents+json`: a CloudEvent in structured mode whose data is the review.
    ///
    /// A Confluent frame (a zero byte and a four-byte schema id) before the payload is taken off. Members of the object
    /// that are not known are ignored; `null` counts as absent. In binary mode CloudEvents need no care: their
    /// attributes are headers.
    ///
    /// # Errors
    /// `too_large` beyond `max_bytes`; `decode` when the bytes are not what the content type says or when that is none
    /// of the above; `schema` when there is no value, when `text` is missing, blank or no string, or when another known
    /// member has the wrong type. No detail quotes the review.
    pub fn decode_within(
        value: Option<&'a [u8]>,
        content_type: Option<&[u8]>,
        max_bytes: usize,
    ) -> Result<Self, Rejection> {
        let value =
            value.ok_or_else(|| Rejection::schema("the record has no value (a tombstone)"))?;
        if value.len() > max_bytes {
            let detail = format!(
                "the value must be at most {max_bytes} bytes, got {}",
                value.len()
            );
            return Err(Rejection::new(ErrorKind::TooLarge, detail));
        }
        let payload = without_confluent_frame(value);
        let review = match Format::of(content_type)? {
            Format::Unsaid if looks_like_object(payload) => match json::review(payload) {
                Err(rejection) if rejection.kind == ErrorKind::Decode => plain(payload)?,
                decoded => decoded?,
            },
            Format::Unsaid | Format::Plain => plain(payload)?,
            Format::Json => json::review(payload)?,
            Format::CloudEvent => json::cloud_event(payload)?,
        };
        review.checked()
    }

    /// The value of a record.
    ///
    /// # Errors
    /// None that is known; what the JSON writer reports is passed on as `internal`.
    pub fn encode(&self) -> Result<Vec<u8>, Rejection> {
        crate::verdict::to_json(self)
    }

    /// The review's id, or the name of the record's position when it has none.
    pub fn id_or(&self, position: &Position) -> Cow<'a, str> {
        self.id
            .clone()
            .unwrap_or_else(|| Cow::Owned(position.to_string()))
    }

    /// The same review, owning all that it holds.
    pub fn into_owned(self) -> Review<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Review {
            id: self.id.map(owned),
            text: owned(self.text),
            author: self.author.map(owned),
            source: self.source.map(owned),
            created_at: self.created_at.map(owned),
        }
    }

    fn checked(self) -> Result<Self, Rejection> {
        if self.text.trim().is_empty() {
            return Err(Rejection::schema("text must not be blank"));
        }
        match &self.id {
            Some(id) if id.is_empty() => Err(Rejection::schema("id must not be empty")),
            Some(id) if id.len() > MAX_ID_BYTES => Err(Rejection::schema(format!(
                "id must be at most {MAX_ID_BYTES} bytes, got {}",
                id.len()
            ))),
            _ => Ok(self),
        }
    }
}

/// What the content type says the payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Unsaid,
    Plain,
    Json,
    CloudEvent,
}

impl Format {
    fn of(content_type: Option<&[u8]>) -> Result<Self, Rejection> {
        let Some(header) = content_type else {
            return Ok(Self::Unsaid);
        };
        // The common case of a busy stream, without an allocation.
        if header == b"application/json" {
            return Ok(Self::Json);
        }
        let text = std::str::from_utf8(header).map_err(|_| {
            Rejection::decode("header content-type must be a media type, but it is not UTF-8")
        })?;
        let media_type = text
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match media_type.as_str() {
            "" => Ok(Self::Unsaid),
            "text/plain" => Ok(Self::Plain),
            "application/cloudevents+json" => Ok(Self::CloudEvent),
            "application/json" | "text/json" => Ok(Self::Json),
            other if other.ends_with("+json") && !other.starts_with("application/cloudevents") => {
                Ok(Self::Json)
            }
            other => Err(Rejection::decode(format!(
                "content-type must be JSON, plain text or a structured CloudEvent in JSON, got {}",
                shown(other)
            ))),
        }
    }
}

/// Confluent's serialisers write a zero byte and the big-endian id of the schema before the payload.
fn without_confluent_frame(value: &[u8]) -> &[u8] {
    match value {
        [0, _, _, _, _, payload @ ..] => payload,
        unframed => unframed,
    }
}

fn looks_like_object(payload: &[u8]) -> bool {
    payload.trim_ascii_start().first() == Some(&b'{')
}

fn plain(payload: &[u8]) -> Result<Review<'_>, Rejection> {
    match std::str::from_utf8(payload) {
        Ok(text) => Ok(Review::from_text(text)),
        Err(error) => Err(Rejection::decode(format!(
            "plain text must be UTF-8, but byte {} is not",
            error.valid_up_to()
        ))),
    }
}
