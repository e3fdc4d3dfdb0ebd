//! Reviews in JSON, read in one pass into borrowed text.
//!
//! Not derived, for two reasons: derived code does not borrow in `Option<Cow<str>>`, and its errors
//! quote a value of the wrong type, which here is what a person wrote.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use serde_json::value::RawValue;

use super::Review;
use crate::{Rejection, Sentiment, json::Scalar, rejection::shown};

/// The review in a JSON object.
pub(super) fn review(payload: &[u8]) -> Result<Review<'_>, Rejection> {
    object(payload, "a review")?.review()
}

/// The review and the label in a line of a file.
pub(super) fn line(payload: &[u8]) -> Result<(Review<'_>, Option<Sentiment>), Rejection> {
    object(payload, "a line")?.labelled()
}

/// The review that is the data of a CloudEvent in structured mode.
pub(super) fn cloud_event(payload: &[u8]) -> Result<Review<'_>, Rejection> {
    let event = object(payload, "a CloudEvent")?;
    if event.specversion.text("specversion")?.as_deref() != Some("1.0") {
        return Err(Rejection::schema("a CloudEvent must have specversion \"1.0\""));
    }
    let media_type = event.datacontenttype.text("datacontenttype")?;
    let is_plain =
        media_type.is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("text/plain"));
    match event.data {
        Member::Object(data) => data.review(),
        Member::Text(text) if is_plain => Ok(Review::from_text(text)),
        Member::Absent => Err(Rejection::schema("a CloudEvent must carry its review in data")),
        other => {
            Err(Rejection::schema(format!("data must be a JSON object, got {}", other.kind())))
        }
    }
}

fn object<'a>(payload: &'a [u8], what: &str) -> Result<Object<'a>, Rejection> {
    match serde_json::from_slice::<Member<'_>>(payload) {
        Ok(Member::Object(found)) => Ok(*found),
        Ok(other) => {
            Err(Rejection::schema(format!("{what} must be a JSON object, got {}", other.kind())))
        }
        Err(error) => Err(unreadable(&error)),
    }
}

/// The position of a syntax error, never the text there.
fn unreadable(error: &serde_json::Error) -> Rejection {
    Rejection::decode(format!("not JSON: {error}"))
}

/// The members that matter, of a review or of the event around it.
#[derive(Default)]
struct Object<'a> {
    id: Option<&'a RawValue>,
    review_id: Option<&'a RawValue>,
    text: Member<'a>,
    review: Member<'a>,
    label: Option<&'a RawValue>,
    sentiment: Option<&'a RawValue>,
    author: Member<'a>,
    source: Member<'a>,
    created_at: Member<'a>,
    specversion: Member<'a>,
    datacontenttype: Member<'a>,
    data: Member<'a>,
}

impl<'a> Object<'a> {
    fn review(self) -> Result<Review<'a>, Rejection> {
        Ok(Review {
            text: self.text.text("text")?.ok_or_else(|| missing("text"))?,
            id: id(self.id, "id")?,
            author: self.author.text("author")?,
            source: self.source.text("source")?,
            created_at: self.created_at.text("created_at")?,
        })
    }

    fn labelled(self) -> Result<(Review<'a>, Option<Sentiment>), Rejection> {
        let text = one("text", self.text.text("text")?, "review", self.review.text("review")?)?;
        let text = text.ok_or_else(|| missing("text (or review)"))?;
        let id = one("id", id(self.id, "id")?, "review_id", id(self.review_id, "review_id")?)?;
        let (a, b) = (label(self.label, "label")?, label(self.sentiment, "sentiment")?);
        let label = one("label", a, "sentiment", b)?;
        Ok((Review { id, ..Review::from_text(text) }, label))
    }
}

fn missing(name: &str) -> Rejection {
    Rejection::schema(format!("{name} is missing"))
}

/// The value under either of two names; both together would be ambiguous.
fn one<T>(a: &str, of_a: Option<T>, b: &str, of_b: Option<T>) -> Result<Option<T>, Rejection> {
    match (of_a, of_b) {
        (Some(_), Some(_)) => Err(Rejection::schema(format!(
            "{a} and {b} are two names of one thing, and both are there: leave one out"
        ))),
        (of_a, of_b) => Ok(of_a.or(of_b)),
    }
}

fn id<'a>(raw: Option<&'a RawValue>, name: &str) -> Result<Option<Cow<'a, str>>, Rejection> {
    match scalar(raw)? {
        Scalar::Null => Ok(None),
        Scalar::Text(text) => Ok(Some(text)),
        Scalar::Number(text) => Ok(Some(Cow::Borrowed(text))),
        other => Err(Rejection::schema(format!(
            "{name} must be a string or a number, got {}",
            other.kind()
        ))),
    }
}

fn label(raw: Option<&RawValue>, name: &str) -> Result<Option<Sentiment>, Rejection> {
    let scalar = scalar(raw)?;
    match (&scalar, scalar.label()) {
        (Scalar::Null, _) => Ok(None),
        // A gap in a table that was turned into JSON.
        (Scalar::Text(text), _) if text.trim().is_empty() => Ok(None),
        (_, Some(label)) => Ok(Some(label)),
        (_, None) => Err(Rejection::schema(format!(
            "{name} must be {}, got {}",
            Sentiment::LABELS,
            raw.map_or_else(String::new, |raw| shown(raw.get()))
        ))),
    }
}

fn scalar(raw: Option<&RawValue>) -> Result<Scalar<'_>, Rejection> {
    raw.map_or(Ok(Scalar::Null), |raw| Scalar::of(raw).map_err(|error| unreadable(&error)))
}

/// One JSON value, as far as a review cares.
#[derive(Default)]
enum Member<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Object(Box<Object<'a>>),
    Array,
    Number,
    Boolean,
}

impl<'a> Member<'a> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Absent => "null",
            Self::Text(_) => "a string",
            Self::Object(_) => "an object",
            Self::Array => "an array",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
        }
    }

    fn text(self, name: &str) -> Result<Option<Cow<'a, str>>, Rejection> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            other => {
                Err(Rejection::schema(format!("{name} must be a string, got {}", other.kind())))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Member<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Owned(text)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Member::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Member::Boolean)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Member::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Member::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Member::Number)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Member::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        // The last of two members of one name counts, as most JSON readers have it.
        let mut object = Object::default();
        while let Some(name) = members.next_key::<Name>()? {
            match name {
                Name::Id => object.id = members.next_value()?,
                Name::ReviewId => object.review_id = members.next_value()?,
                Name::Text => object.text = members.next_value()?,
                Name::Review => object.review = members.next_value()?,
                Name::Label => object.label = members.next_value()?,
                Name::Sentiment => object.sentiment = members.next_value()?,
                Name::Author => object.author = members.next_value()?,
                Name::Source => object.source = members.next_value()?,
                Name::CreatedAt => object.created_at = members.next_value()?,
                Name::Specversion => object.specversion = members.next_value()?,
                Name::Datacontenttype => object.datacontenttype = members.next_value()?,
                Name::Data => object.data = members.next_value()?,
                Name::Other => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Member::Object(Box::new(object)))
    }
}

/// The names that matter.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Id,
    ReviewId,
    Text,
    Review,
    Label,
    Sentiment,
    Author,
    Source,
    CreatedAt,
    Specversion,
    Datacontenttype,
    Data,
    #[serde(other)]
    Other,
}
