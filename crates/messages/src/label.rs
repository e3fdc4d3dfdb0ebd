//! Ground truth: what a person or a data set says about a review.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Sentiment, json, json::json_message};

json_message!(Label<'a>, "label");

/// A label on topic [`LABELS`](crate::topic::LABELS), keyed by review id. The last one of a key
/// counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    description = "What a person or a data set says about a review: the value of a record on the topic of labels, keyed by review id. The last one of a key counts."
)]
pub struct Label<'a> {
    /// Id of the review that is labelled.
    #[serde(borrow, deserialize_with = "json::id")]
    pub review_id: Cow<'a, str>,
    /// What the review is. Read in any form that [`Sentiment::from_label`] knows.
    #[serde(deserialize_with = "json::label")]
    #[schemars(description = "What the review is.")]
    pub label: Sentiment,
    /// Who says so: `user`, `dataset`, or another name.
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    /// When it was said, RFC 3339.
    #[serde(borrow)]
    pub labelled_at: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_written_as_the_contract_shows_it() {
        let label = Label {
            review_id: "r1".into(),
            label: Sentiment::Negative,
            source: "user".into(),
            labelled_at: "2026-01-02T03:04:05.000Z".into(),
        };
        let json = label.encode().unwrap();
        let expected = r#"{"review_id":"r1","label":"negative","source":"user","labelled_at":"2026-01-02T03:04:05.000Z"}"#;
        assert_eq!(std::str::from_utf8(&json).unwrap(), expected);
        assert_eq!(Label::decode(&json).unwrap(), label);
    }

    #[test]
    fn an_id_may_be_a_number_and_a_label_any_of_its_forms() {
        let read = |id: &str, label: &str| {
            let json = format!(
                "\u{feff}{{\"review_id\":{id},\"label\":{label},\"source\":\"user\",\"labelled_at\":\"x\"}}"
            );
            Label::decode(json.as_bytes())
                .map(|label| (label.review_id.into_owned(), label.label))
                .ok()
        };
        for label in [r#""negative""#, "0", "0.0", "false", r#""Neg""#] {
            assert_eq!(read("5000", label), Some(("5000".into(), Sentiment::Negative)), "{label}");
        }
        for (json, id) in [
            (r#""r1""#, "r1"),
            (r#""r\u0031""#, "r1"),
            ("-7", "-7"),
            ("1.50", "1.50"),
            ("12345678901234567890123", "12345678901234567890123"),
        ] {
            assert_eq!(read(json, "1"), Some((id.into(), Sentiment::Positive)), "{json}");
        }
        for (id, label) in [
            ("null", "1"),
            ("true", "1"),
            ("[1]", "1"),
            (r#""\ud83d""#, "1"),
            ("1", "0.5"),
            ("1", "[1]"),
        ] {
            assert_eq!(read(id, label), None, "{id} {label}");
        }
    }
}
