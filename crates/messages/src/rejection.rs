//! Why a record was not scored.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of fault a record has: the closed list that dead letters and problems name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The bytes are not what the content type says they are.
    Decode,
    /// The bytes could be read, but they are not a review.
    Schema,
    /// The value is longer than the limit.
    TooLarge,
    /// The requester asks for the answer on a topic that is not allowed.
    BadReplyTopic,
    /// Verdict's own fault. The record is sound and may be sent again.
    Internal,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Decode, Self::Schema, Self::TooLarge, Self::BadReplyTopic, Self::Internal];

    /// The kind as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Schema => "schema",
            Self::TooLarge => "too_large",
            Self::BadReplyTopic => "bad_reply_topic",
            Self::Internal => "internal",
        }
    }

    /// The kind that `text` names.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A record that cannot be scored, and why.
///
/// The detail states value, bound and place, and never quotes the text of a review: it is shown in
/// logs and headers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct Rejection {
    /// What kind of fault it is.
    pub kind: ErrorKind,
    /// What was wrong, for people.
    pub detail: String,
}

impl Rejection {
    /// A rejection of this kind.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    pub(crate) fn decode(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Decode, detail)
    }

    pub(crate) fn schema(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Schema, detail)
    }
}

/// `name` fit for an error text: at most 64 characters, control characters replaced. It came from
/// outside.
pub(crate) fn shown(name: &str) -> String {
    const LONGEST: usize = 64;
    let mut shown: String =
        name.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_kind_names_it() {
        for kind in ErrorKind::ALL {
            assert_eq!(ErrorKind::from_text(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
        assert_eq!(ErrorKind::from_text("nothing"), None);
    }

    #[test]
    fn a_name_from_outside_is_cut_and_cleaned() {
        assert_eq!(shown("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\u{fffd}");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 65);
    }
}
