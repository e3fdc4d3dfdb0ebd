//! JSON from outside, read one way for every message, file and body.
//!
//! - A struct is a JSON object. Derived code accepts an array too, by the order of the fields
//!   (serde issue 1587), and a column of another table would become the text of a review.
//!   [`from_slice`] refuses arrays, at any depth.
//! - A UTF-8 mark (EF BB BF) before the text is no part of it (RFC 8259, section 8.1).
//! - An id may be a number ([`id`]), a label any of the forms that [`Sentiment::from_label`] knows
//!   ([`label`]).
//! - JSON is what RFC 8259 says: `NaN`, `Infinity` and, in a text that is read, half of a surrogate
//!   pair are errors.

mod objects;

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, Unexpected},
};
use serde_json::value::RawValue;

use crate::{ErrorKind, Rejection, Sentiment};
use objects::Objects;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// `text` without a UTF-8 mark before it.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// A value from JSON text.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Row { text: String }
///
/// let row: Row = verdict_messages::json::from_slice("\u{feff}{\"text\":\"Fine.\"}".as_bytes())?;
/// assert_eq!(row.text, "Fine.");
/// assert!(verdict_messages::json::from_slice::<Row>(br#"["Fine."]"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// Those of serde_json for text that is not JSON or not a `T`; an array in place of a struct.
pub fn from_slice<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(without_mark(text));
    let value = T::deserialize(Objects(&mut reader))?;
    reader.end()?;
    Ok(value)
}

/// `message` as JSON in one allocation for most messages.
pub(crate) fn to_vec<T: Serialize>(message: &T) -> Result<Vec<u8>, Rejection> {
    let mut json = Vec::with_capacity(448);
    match serde_json::to_writer(&mut json, message) {
        Ok(()) => Ok(json),
        Err(error) => Err(Rejection::new(
            ErrorKind::Internal,
            format!("message cannot be written as JSON: {error}"),
        )),
    }
}

/// Implements `encode` and `decode` for a message whose value is JSON.
macro_rules! json_message {
    ($name:ident $(<$lifetime:lifetime>)?, $what:literal) => {
        impl $(<$lifetime>)? $name $(<$lifetime>)? {
            #[doc = concat!("Reads a ", $what, " from the value of a record.")]
            ///
            /// # Errors
            /// `schema` when the value is not this message.
            pub fn decode(value: &$($lifetime)? [u8]) -> Result<Self, $crate::Rejection> {
                $crate::json::from_slice(value)
                    .map_err(|error| $crate::Rejection::schema(format!("{}: {error}", $what)))
            }

            /// The value of a record.
            ///
            /// # Errors
            /// None that is known; what the JSON writer reports is passed on as `internal`.
            pub fn encode(&self) -> Result<Vec<u8>, $crate::Rejection> {
                $crate::json::to_vec(self)
            }
        }
    };
}
pub(crate) use json_message;

/// For `#[serde(deserialize_with)]`: an id. A number becomes its text, as written, so that `5000`
/// and `"5000"` are one id.
///
/// # Errors
/// A value that is neither text nor number.
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    match Scalar::of(raw).map_err(D::Error::custom)? {
        Scalar::Text(text) => Ok(text),
        Scalar::Number(text) => Ok(Cow::Borrowed(text)),
        other => {
            Err(D::Error::invalid_type(Unexpected::Other(other.kind()), &"a text or a number"))
        }
    }
}

/// For `#[serde(deserialize_with)]`: a label in any of its forms.
///
/// # Errors
/// A value that is no label.
pub fn label<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sentiment, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    let scalar = Scalar::of(raw).map_err(D::Error::custom)?;
    scalar.label().ok_or_else(|| {
        D::Error::custom(format_args!(
            "a label must be {}, got {}",
            Sentiment::LABELS,
            crate::rejection::shown(raw.get())
        ))
    })
}

/// A JSON value that is to be an id or a label.
pub(crate) enum Scalar<'a> {
    Text(Cow<'a, str>),
    /// As it stands there.
    Number(&'a str),
    Truth(bool),
    Null,
    Object,
    Array,
}

impl<'a> Scalar<'a> {
    /// # Errors
    /// A text with half of a surrogate pair.
    pub(crate) fn of(raw: &'a RawValue) -> Result<Self, serde_json::Error> {
        let json = raw.get();
        Ok(match json.as_bytes().first() {
            Some(b'"') => Self::Text(text(json)?),
            Some(b't') => Self::Truth(true),
            Some(b'f') => Self::Truth(false),
            Some(b'n') => Self::Null,
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            _ => Self::Number(json),
        })
    }

    pub(crate) fn label(&self) -> Option<Sentiment> {
        match self {
            Self::Text(text) => Sentiment::from_label(text),
            Self::Number(text) => Sentiment::from_label(text),
            Self::Truth(true) => Some(Sentiment::Positive),
            Self::Truth(false) => Some(Sentiment::Negative),
            Self::Null | Self::Object | Self::Array => None,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Number(_) => "a number",
            Self::Truth(_) => "a boolean",
            Self::Null => "null",
            Self::Object => "an object",
            Self::Array => "an array",
        }
    }
}

/// The text of a JSON string, borrowed where it has no escapes; `Cow` alone would never borrow.
fn text(json: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(json).map(|Text(text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Label, ModelPointer, Problem, Verdict};

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        name: String,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        many: Vec<Inner>,
        #[serde(default)]
        choice: Option<Choice>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        a: i64,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Choice {
        One { a: i64 },
        Two(i64, i64),
    }

    #[test]
    fn a_struct_is_an_object_at_any_depth() {
        let read = |json: &str| from_slice::<Outer>(json.as_bytes());
        let json = r#"{"name":"n","inner":{"a":1},"many":[{"a":2}],"choice":{"Two":[3,4]}}"#;
        let whole = read(json).unwrap();
        assert_eq!(whole.many, [Inner { a: 2 }]);
        assert_eq!(whole.choice, Some(Choice::Two(3, 4)));
        for json in [
            r#"["n"]"#,
            r#"["n",{"a":1},[],null]"#,
            r#"{"name":"n","inner":[1]}"#,
            r#"{"name":"n","many":[{"a":2},[3]]}"#,
            r#"{"name":"n","choice":{"One":[5]}}"#,
            r#"{"name":"n"} x"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
        let error = read(r#"["n"]"#).unwrap_err().to_string();
        assert!(error.contains("invalid type: sequence"), "{error}");
    }

    #[test]
    fn no_message_is_read_from_an_array() {
        assert!(Label::decode(br#"["r1","positive","user","x"]"#).is_err());
        let nested = r#"{"id":"r1","label":"positive","probability":0.5,"score":0.1,"model":["m","1","ab"],"source":["t",0,1],"scored_at":"x"}"#;
        assert!(Verdict::decode(nested.as_bytes()).is_err());
        assert!(Problem::decode(br#"["about:blank","t",400]"#).is_err());
        let pointer = |ranges: &str| {
            format!(
                r#"{{"name":"m","version":"1","uri":"u","sha256":"s","bytes":1,"metrics":{{}},"trained_at":"x","trained_from":{{"ranges":[{ranges}]}}}}"#
            )
        };
        let object = r#"{"topic":"reviews","partition":0,"from":0,"to":5}"#;
        assert!(ModelPointer::decode(pointer(object).as_bytes()).is_ok());
        assert!(ModelPointer::decode(pointer(r#"["reviews",0,0,5]"#).as_bytes()).is_err());
    }
}
