//! What went wrong, for HTTP clients and for requesters over Kafka: RFC 9457.

use serde::{Deserialize, Serialize};

use crate::{ErrorKind, Rejection, json::json_message};

json_message!(Problem, "problem");

/// A problem detail (RFC 9457), media type [`Problem::MEDIA_TYPE`], with Verdict's extension
/// members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(
    description = "A problem detail (RFC 9457) with the extension members of Verdict; media type application/problem+json."
)]
pub struct Problem {
    /// URI that names the kind of problem, by its title, and leads to what is written about it;
    /// `about:blank` where none came.
    #[serde(rename = "type", default = "about_blank")]
    pub problem_type: String,
    /// The kind of problem in a few words, the same each time it occurs.
    pub title: String,
    /// HTTP status code.
    pub status: u16,
    /// What is wrong this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Where to ask about this occurrence, for instance the status URL of a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The fault of the review, when that is the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ErrorKind>,
    /// Whether the review was stored, when that is in doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// Id of the review, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_id: Option<String>,
}

/// What is written about problems, with a heading for each title.
const DOCS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/problems.md");

fn about_blank() -> String {
    "about:blank".to_owned()
}

/// Whether a review is in the log: `true`, `false` or `"unknown"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(from = "AcceptedWire", into = "AcceptedWire")]
#[schemars(with = "AcceptedWire")]
pub enum Accepted {
    /// Stored and acknowledged by all replicas.
    Yes,
    /// Never sent.
    No,
    /// Sent, but not acknowledged: it may be stored.
    Unknown,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
enum AcceptedWire {
    Known(bool),
    Unknown(UnknownWord),
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
enum UnknownWord {
    #[serde(rename = "unknown")]
    Unknown,
}

impl From<AcceptedWire> for Accepted {
    fn from(wire: AcceptedWire) -> Self {
        match wire {
            AcceptedWire::Known(true) => Self::Yes,
            AcceptedWire::Known(false) => Self::No,
            AcceptedWire::Unknown(UnknownWord::Unknown) => Self::Unknown,
        }
    }
}

impl From<Accepted> for AcceptedWire {
    fn from(accepted: Accepted) -> Self {
        match accepted {
            Accepted::Yes => Self::Known(true),
            Accepted::No => Self::Known(false),
            Accepted::Unknown => Self::Unknown(UnknownWord::Unknown),
        }
    }
}

impl Problem {
    /// `content-type` of a problem.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem that its status and a title describe; the other members are empty.
    pub fn new(status: u16, title: impl Into<String>) -> Self {
        let title = title.into();
        Self {
            problem_type: format!("{DOCS}#{}", title.to_lowercase().replace(' ', "-")),
            title,
            status,
            detail: None,
            instance: None,
            kind: None,
            accepted: None,
            review_id: None,
        }
    }

    /// The same problem with a detail.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl From<&Rejection> for Problem {
    fn from(rejection: &Rejection) -> Self {
        let (status, title) = match rejection.kind {
            ErrorKind::Decode => (400, "The review cannot be read"),
            ErrorKind::Schema => (422, "This is not a review"),
            ErrorKind::TooLarge => (413, "The review is too long"),
            ErrorKind::BadReplyTopic => (400, "The reply topic is not allowed"),
            ErrorKind::Internal => (500, "The review could not be scored"),
        };
        Self {
            kind: Some(rejection.kind),
            ..Self::new(status, title).with_detail(&rejection.detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_written_as_rfc_9457_shows_it() {
        let rejection = Rejection::new(ErrorKind::Schema, "text must not be blank");
        let json = Problem::from(&rejection).encode().unwrap();
        let expected = r#"{"type":"https://github.com/verdict-rs/verdict/blob/main/docs/problems.md#this-is-not-a-review","title":"This is not a review","status":422,"detail":"text must not be blank","kind":"schema"}"#;
        assert_eq!(std::str::from_utf8(&json).unwrap(), expected);
    }

    #[test]
    fn acceptance_is_true_false_or_the_word_unknown() {
        for (accepted, json) in
            [(Accepted::Yes, "true"), (Accepted::No, "false"), (Accepted::Unknown, "\"unknown\"")]
        {
            assert_eq!(serde_json::to_string(&accepted).unwrap(), json);
            assert_eq!(serde_json::from_str::<Accepted>(json).unwrap(), accepted);
        }
        assert!(serde_json::from_str::<Accepted>("\"perhaps\"").is_err());
    }

    #[test]
    fn a_foreign_problem_may_leave_out_its_type() {
        let problem = Problem::decode(br#"{"title":"x","status":503,"more":1}"#).unwrap();
        assert_eq!(problem.problem_type, "about:blank");
    }
}
