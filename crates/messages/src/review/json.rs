//! Reviews in JSON, read in one pass into borrowed text.
//!
//! Written by hand where a derive would do, for two reasons: `Option<Cow<str>>` does not borrow with a derive, and the
//! derive's messages quote the value that has the wrong type, which here is what a person wrote.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::Review;
use crate::Rejection;

/// The review in a JSON object.
pub(super) fn review(payload: &[u8]) -> Result<Review<'_>, Rejection> {
    match serde_json::from_slice::<Member<'_>>(payload) {
        Ok(Member::Object(found)) => found.review(),
        Ok(other) => Err(Rejection::schema(format!(
            "a review must be a JSON object, got {}",
            other.kind()
        ))),
        Err(error) => Err(unreadable(&error)),
    }
}

/// The review that is the data of a CloudEvent in structured mode.
pub(super) fn cloud_event(payload: &[u8]) -> Result<Review<'_>, Rejection> {
    let event = match serde_json::from_slice::<Member<'_>>(payload) {
        Ok(Member::Object(event)) => *event,
        Ok(other) => {
            return Err(Rejection::schema(format!(
                "a CloudEvent must be a JSON object, got {}",
                other.kind()
            )));
        }
        Err(error) => return Err(unreadable(&error)),
    };
    if event.specversion.text("specversion")?.as_deref() != Some("1.0") {
        return Err(Rejection::schema(
            "a CloudEvent must have specversion \"1.0\"",
        ));
    }
    let media_type = event.datacontenttype.text("datacontenttype")?;
    let is_plain = media_type.is_some_and(|t| {
        t.trim_start()
            .to_ascii_lowercase()
            .starts_with("text/plain")
    });
    match event.data {
        Member::Object(data) => data.review(),
        Member::Text(text) if is_plain => Ok(Review::from_text(text)),
        Member::Absent => Err(Rejection::schema(
            "a CloudEvent must carry its review in data",
        )),
        other => Err(Rejection::schema(format!(
            "data must be a JSON object, got {}",
            other.kind()
        ))),
    }
}

/// The position of a syntax error, never what stands there.
fn unreadable(error: &serde_json::Error) -> Rejection {
    Rejection::decode(format!("not JSON: {error}"))
}

/// The members that matter, of a review or of the event around it.
#[derive(Default)]
struct Object<'a> {
    id: Member<'a>,
    text: Member<'a>,
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
            text: self
                .text
                .text("text")?
                .ok_or_else(|| Rejection::schema("text is missing"))?,
            id: self.id.text("id")?,
            author: self.author.text("author")?,
            source: self.source.text("source")?,
            created_at: self.created_at.text("created_at")?,
        })
    }
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
            other => Err(Rejection::schema(format!(
                "{name} must be a string, got {}",
                other.kind()
            ))),
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
            let slot = match name {
                Name::Id => &mut object.id,
                Name::Text => &mut object.text,
                Name::Author => &mut object.author,
                Name::Source => &mut object.source,
                Name::CreatedAt => &mut object.created_at,
                Name::Specversion => &mut object.specversion,
                Name::Datacontenttype => &mut object.datacontenttype,
                Name::Data => &mut object.data,
                Name::Other => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *slot = members.next_value()?;
        }
        Ok(Member::Object(Box::new(object)))
    }
}

/// The names that matter.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Id,
    Text,
    Author,
    Source,
    CreatedAt,
    Specversion,
    Datacontenttype,
    Data,
    #[serde(other)]
    Other,
}
