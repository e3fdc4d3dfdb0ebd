//! The review: what there is to score.

mod json;
mod read;

use std::borrow::Cow;

use serde::Serialize;

use crate::{Position, Rejection, json::to_vec};

/// Longest value of a review record in bytes, unless configured otherwise.
pub const MAX_REVIEW_BYTES: usize = 256 * 1024;

/// Longest id in bytes. Ids become record keys.
pub const MAX_ID_BYTES: usize = 512;

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
        description = "Id; of a number it is the text. A review without one is named by its position: topic-partition-offset."
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
        Self { text: text.into(), ..Self::default() }
    }

    /// The value of a record.
    ///
    /// # Errors
    /// None that is known; what the JSON writer reports is passed on as `internal`.
    pub fn encode(&self) -> Result<Vec<u8>, Rejection> {
        to_vec(self)
    }

    /// The review's id, or the name of the record's position when it has none.
    pub fn id_or(&self, position: &Position) -> Cow<'a, str> {
        self.id.clone().unwrap_or_else(|| Cow::Owned(position.to_string()))
    }
}
