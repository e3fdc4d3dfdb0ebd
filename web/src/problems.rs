//! What went wrong, in words: every problem that the frontend can answer, as RFC 9457.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use verdict_messages::{Accepted, Problem};

use crate::{ask::Trouble, labels::Untold, pending::ReviewId, publish::PublishError};

/// A problem with the response headers it needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) problem: Box<Problem>,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// `Location`, where to ask again.
    pub(crate) location: Option<String>,
    /// `Allow`, for 405.
    pub(crate) allow: Option<&'static str>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), retry_after: None, location: None, allow: None }
    }
}

const ID: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where the verdict of a review can be asked for.
pub(crate) fn location(review_id: &ReviewId) -> String {
    format!("/api/v1/reviews/{}", utf8_percent_encode(review_id.as_str(), ID))
}

fn problem(status: u16, title: &str, detail: impl Into<String>) -> Refusal {
    Problem::new(status, title).with_detail(detail).into()
}

pub(crate) fn bad_request(detail: impl Into<String>) -> Refusal {
    problem(400, "The request cannot be read", detail)
}

pub(crate) fn cross_site() -> Refusal {
    problem(
        403,
        "Another site may not send reviews",
        "the browser says that this request comes from another site (Sec-Fetch-Site or Origin)",
    )
}

pub(crate) fn not_found() -> Refusal {
    problem(404, "There is nothing here", "the page is at /, the interface at /api/v1/reviews")
}

pub(crate) fn unknown_review(review_id: &ReviewId) -> Refusal {
    let mut refusal = problem(
        404,
        "No verdict is known for this review",
        "this instance remembers verdicts it received lately; one that is still on its way will be here once it came",
    );
    refusal.problem.review_id = Some(review_id.as_str().to_owned());
    refusal
}

pub(crate) fn method_not_allowed(allow: &'static str) -> Refusal {
    Refusal {
        allow: Some(allow),
        ..problem(405, "This method is not allowed here", format!("allowed here: {allow}"))
    }
}

pub(crate) fn slow_body(limit: Duration) -> Refusal {
    problem(
        408,
        "The request did not arrive in time",
        format!("its body must arrive within {limit:?}"),
    )
}

pub(crate) fn length_required() -> Refusal {
    problem(
        411,
        "The length of the request is missing",
        "send a Content-Length header; chunked bodies are not taken",
    )
}

pub(crate) fn body_too_large(limit: u64, got: u64) -> Refusal {
    problem(
        413,
        "The request is too large",
        format!("a request may have at most {limit} bytes, this one has {got}"),
    )
}

pub(crate) fn media_type(expected: &str, got: &str) -> Refusal {
    problem(415, "This media type is not taken here", format!("expected {expected}, got {got:?}"))
}

pub(crate) fn unprocessable(detail: impl Into<String>) -> Refusal {
    problem(422, "This is not a review", detail)
}

pub(crate) fn no_label(detail: impl Into<String>) -> Refusal {
    problem(422, "This is not a label", detail)
}

pub(crate) fn too_often(limit: f64, retry_after: u64) -> Refusal {
    Refusal {
        retry_after: Some(retry_after),
        ..problem(
            429,
            "Too many requests",
            format!(
                "one address may send {limit} reviews and labels a second; the rest is turned away"
            ),
        )
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Busy(limit) => Self {
                retry_after: Some(1),
                ..problem(
                    429,
                    "Too many requests are waiting",
                    format!(
                        "{limit} reviews wait for their verdict already; this one was not accepted"
                    ),
                )
                .accepted(Accepted::No)
            },
            Trouble::KeyReused => unprocessable(
                "this Idempotency-Key came before with another body; use a new key for a new review",
            ),
            Trouble::NotPublished(review_id, error) => {
                let (accepted, detail, location) = match error {
                    PublishError::NeverQueued => (
                        Accepted::No,
                        "the review log cannot be reached; the review was not accepted",
                        None,
                    ),
                    PublishError::Unknown => (
                        Accepted::Unknown,
                        "the review log did not confirm the review; it may or may not be stored",
                        Some(location(&review_id)),
                    ),
                };
                Self {
                    retry_after: Some(2),
                    location,
                    ..problem(503, "The review log is away", detail)
                        .accepted(accepted)
                        .about(&review_id)
                }
            }
            Trouble::TimedOut(review_id, wait) => {
                let location = location(&review_id);
                let mut refusal = problem(
                    504,
                    "No verdict came in time",
                    format!("the review is stored, but no verdict came within {wait:?}; ask again at {location}"),
                )
                .accepted(Accepted::Yes)
                .about(&review_id);
                refusal.problem.instance = Some(location.clone());
                Self { location: Some(location), retry_after: Some(1), ..refusal }
            }
            Trouble::Rejected(review_id, problem) => Self::from(*problem).about(&review_id),
            Trouble::Internal(detail) => problem(500, "A defect of ours", detail),
        }
    }
}

impl From<Untold> for Refusal {
    fn from(untold: Untold) -> Self {
        match untold {
            Untold::NotPublished(review_id, error) => {
                let (accepted, detail) = match error {
                    PublishError::NeverQueued => (
                        Accepted::No,
                        "the log of labels cannot be reached; the label was not accepted",
                    ),
                    PublishError::Unknown => (
                        Accepted::Unknown,
                        "the log of labels did not confirm the label; it may or may not be stored, and can be sent again",
                    ),
                };
                Self {
                    retry_after: Some(2),
                    ..problem(503, "The log of labels is away", detail)
                        .accepted(accepted)
                        .about(&review_id)
                }
            }
            Untold::Internal(detail) => problem(500, "A defect of ours", detail),
        }
    }
}

impl Refusal {
    fn accepted(mut self, accepted: Accepted) -> Self {
        self.problem.accepted = Some(accepted);
        self
    }

    fn about(mut self, review_id: &ReviewId) -> Self {
        self.problem.review_id = Some(review_id.as_str().to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_its_status_and_says_what_became_of_the_review() {
        let id = ReviewId::new("a/b");
        let table = [
            (Trouble::Busy(1000), 429, Some(Accepted::No), None),
            (Trouble::KeyReused, 422, None, None),
            (
                Trouble::NotPublished(id.clone(), PublishError::NeverQueued),
                503,
                Some(Accepted::No),
                None,
            ),
            (
                Trouble::NotPublished(id.clone(), PublishError::Unknown),
                503,
                Some(Accepted::Unknown),
                Some("/api/v1/reviews/a%2Fb"),
            ),
            (
                Trouble::TimedOut(id.clone(), Duration::from_secs(5)),
                504,
                Some(Accepted::Yes),
                Some("/api/v1/reviews/a%2Fb"),
            ),
            (Trouble::Rejected(id, Box::new(Problem::new(422, "x"))), 422, None, None),
            (Trouble::Internal("x".to_owned()), 500, None, None),
        ];
        for (trouble, status, accepted, location) in table {
            let refusal = Refusal::from(trouble.clone());
            assert_eq!(refusal.problem.status, status, "{trouble:?}");
            assert_eq!(refusal.problem.accepted, accepted, "{trouble:?}");
            assert_eq!(refusal.location.as_deref(), location, "{trouble:?}");
            assert_eq!(
                refusal.retry_after.is_some(),
                matches!(status, 429 | 503 | 504),
                "{trouble:?}"
            );
        }
    }

    #[test]
    fn a_limit_is_told_with_the_value_that_broke_it() {
        let refusal = body_too_large(65_536, 10_000_000);
        let detail = refusal.problem.detail.unwrap_or_default();
        assert!(detail.contains("65536") && detail.contains("10000000"), "{detail}");
    }
}
