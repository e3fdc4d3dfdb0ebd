//! A review from whatever a producer chose to write: a record, the body of a request, a line of a
//! file.

use super::{MAX_ID_BYTES, Review, json};
use crate::{ErrorKind, Headers, Rejection, Sentiment, json::without_mark, rejection::shown};

impl<'a> Review<'a> {
    /// The review in a record with this value and these headers; the value may have `max_bytes`
    /// bytes. Serving and training both read records here.
    ///
    /// The last header `content-type` (or `contentType`) decides; quotes around it and parameters
    /// do not count:
    ///
    /// - absent: a value that is a JSON object is a review in JSON; any other UTF-8 is plain text,
    ///   even if it begins with `{`, unless a quoted name follows: that is a broken object. So a
    ///   person can pipe lines in.
    /// - `text/plain`: plain text, whatever it looks like.
    /// - `application/json`, `text/json`, `…+json`: must be a JSON object.
    /// - `application/cloudevents+json`: a CloudEvent in structured mode whose data is the review.
    ///
    /// A Confluent frame (a zero byte and a four-byte schema id) before the payload is taken off;
    /// what it frames must be JSON, since Avro and Protobuf may look like text. A UTF-8 mark before
    /// the payload is no part of it. Of the object, members that are not known are ignored, of two
    /// of one name the last counts, `null` counts as absent, and an `id` that is a number is its
    /// text as it stands there. In binary mode CloudEvents need no care: their attributes are
    /// headers.
    ///
    /// # Errors
    /// `too_large` beyond `max_bytes`; `decode` when the bytes are not what the content type says
    /// or when that is none of the above (JSON is RFC 8259's: no `NaN`, no half of a surrogate pair
    /// in a member that is read); `schema` when there is no value, when `text` is missing, blank,
    /// no string or holds a NUL, or when another known member has the wrong type. No detail quotes
    /// the review.
    pub fn from_record(
        value: Option<&'a [u8]>,
        headers: &Headers,
        max_bytes: usize,
    ) -> Result<Self, Rejection> {
        let value =
            value.ok_or_else(|| Rejection::schema("the record has no value (a tombstone)"))?;
        if value.len() > max_bytes {
            let detail =
                format!("the value must be at most {max_bytes} bytes, got {}", value.len());
            return Err(Rejection::new(ErrorKind::TooLarge, detail));
        }
        let format = Format::of(headers.content_type())?;
        match confluent_frame(value) {
            Some((schema_id, payload)) => framed(schema_id, without_mark(payload), format),
            None => read(without_mark(value), format),
        }?
        .checked()
    }

    /// The review in the body of an HTTP request of this media type: as in a record, but never
    /// framed.
    ///
    /// # Errors
    /// `decode` and `schema`, as [`from_record`](Self::from_record).
    pub fn from_body(body: &'a [u8], media_type: &str) -> Result<Self, Rejection> {
        let format = Format::of(Some(media_type.as_bytes()))?;
        read(without_mark(body), format)?.checked()
    }

    /// The review in a line of JSON lines, with its label if it has one. Files name things in two
    /// ways: `text` or `review`, `label` or `sentiment`, `id` or `review_id`. All else is as in a
    /// record that is JSON.
    ///
    /// # Errors
    /// `decode` and `schema`, as [`from_record`](Self::from_record); `schema` too when both names
    /// of one thing stand there, or when the label is none.
    pub fn from_line(line: &'a [u8]) -> Result<(Self, Option<Sentiment>), Rejection> {
        let (review, label) = json::line(without_mark(line))?;
        Ok((review.checked()?, label))
    }

    fn checked(self) -> Result<Self, Rejection> {
        if self.text.trim().is_empty() {
            return Err(Rejection::schema("text must not be blank"));
        }
        if let Some(at) = nul_in(&self.text) {
            return Err(Rejection::schema(has_nul("text", at)));
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
        // Spring writes a header's text as JSON: in quotes.
        let media_type = text
            .trim()
            .trim_matches('"')
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

fn read(payload: &[u8], format: Format) -> Result<Review<'_>, Rejection> {
    match format {
        Format::Unsaid if begins_as_object(payload) => match json::review(payload) {
            Err(rejection) if rejection.kind == ErrorKind::Decode && !names_a_member(payload) => {
                plain(payload)
            }
            decoded => decoded,
        },
        Format::Unsaid | Format::Plain => plain(payload),
        Format::Json => json::review(payload),
        Format::CloudEvent => json::cloud_event(payload),
    }
}

/// The schema id and the payload: Confluent's serialisers write a zero byte and the id, big-endian,
/// before it.
fn confluent_frame(value: &[u8]) -> Option<(u32, &[u8])> {
    match value {
        [0, a, b, c, d, payload @ ..] => Some((u32::from_be_bytes([*a, *b, *c, *d]), payload)),
        _ => None,
    }
}

fn framed(schema_id: u32, payload: &[u8], format: Format) -> Result<Review<'_>, Rejection> {
    let review = match format {
        Format::CloudEvent => json::cloud_event(payload),
        _ => json::review(payload),
    };
    review.map_err(|rejection| match rejection.kind {
        ErrorKind::Decode => Rejection::decode(format!(
            "in a Confluent frame (schema id {schema_id}) must be JSON, and Avro and Protobuf are not read: {}",
            rejection.detail
        )),
        _ => rejection,
    })
}

fn begins_as_object(payload: &[u8]) -> bool {
    payload.trim_ascii_start().first() == Some(&b'{')
}

/// Whether a quoted name follows the brace: then an object was meant. JavaScript and Python write
/// some that are no JSON (`NaN`, half of an emoji, single quotes).
fn names_a_member(payload: &[u8]) -> bool {
    let inside = payload.trim_ascii_start().get(1..).unwrap_or_default();
    matches!(inside.trim_ascii_start().first(), Some(b'"' | b'\''))
}

fn plain(payload: &[u8]) -> Result<Review<'_>, Rejection> {
    match std::str::from_utf8(payload) {
        Ok(text) => match nul_in(text) {
            Some(at) => Err(Rejection::decode(has_nul("plain text", at))),
            None => Ok(Review::from_text(text)),
        },
        Err(error) => Err(Rejection::decode(format!(
            "plain text must be UTF-8, but byte {} is not{}",
            error.valid_up_to(),
            if has_utf16_mark(payload) { ": it begins with the mark of UTF-16" } else { "" }
        ))),
    }
}

fn has_utf16_mark(payload: &[u8]) -> bool {
    matches!(payload, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
}

/// Where the first NUL is. Nearly always there is none, which `contains` finds out fast.
fn nul_in(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    bytes.contains(&0).then(|| bytes.iter().position(|byte| *byte == 0))?
}

fn has_nul(what: &str, at: usize) -> String {
    format!("{what} must not hold a NUL, but byte {at} is one: UTF-16 has them, read as UTF-8")
}
