//! Every problem that the frontend can answer with, as RFC 9457.

use std::time::Duration;

use http::{HeaderName, header};
use verdict_kafka_io::PublishError;
use verdict_messages::{Accepted, Problem, Rejection};

use crate::{ask::AskError, ids::ReviewId, labels::LabelError};

/// A problem with the response headers it needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HttpProblem {
    pub(crate) problem: Box<Problem>,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// `Location`, where the verdict can be fetched later.
    pub(crate) location: Option<String>,
    /// The header that its status asks for, such as `Allow`.
    pub(crate) header: Option<(HeaderName, &'static str)>,
}

impl From<Problem> for HttpProblem {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), retry_after: None, location: None, header: None }
    }
}

impl From<Rejection> for HttpProblem {
    fn from(rejection: Rejection) -> Self {
        Problem::from(&rejection).into()
    }
}

fn problem(status: u16, title: &str, detail: impl Into<String>) -> HttpProblem {
    Problem::new(status, title).with_detail(detail).into()
}

pub(crate) fn bad_request(detail: impl Into<String>) -> HttpProblem {
    problem(400, "The request cannot be read", detail)
}

pub(crate) fn id_not_utf8() -> HttpProblem {
    bad_request("the review id in the path must be UTF-8")
}

pub(crate) fn cross_site() -> HttpProblem {
    let detail =
        "the browser says that this request comes from another site (Sec-Fetch-Site or Origin)";
    problem(403, "Another site may not send reviews", detail)
}

pub(crate) fn not_found() -> HttpProblem {
    problem(404, "There is nothing here", "the page is at /, the interface at /api/v1/reviews")
}

pub(crate) fn unknown_model(known: &str, got: &str) -> HttpProblem {
    problem(404, "There is no such model", format!("the model is {known}, got {got:?}"))
}

pub(crate) fn unknown_review(review_id: &str) -> HttpProblem {
    let detail = "the topics have no such review; of one with an id of your own, the Location that \
        came with the answer has the time (?since=) at which it was sent, without which only the \
        last ones are looked through";
    problem(404, "No such review is known", detail).about(review_id)
}

pub(crate) fn not_yet(review_id: &ReviewId) -> HttpProblem {
    let detail = "the review is on its way; ask again in a moment";
    problem(202, "There is no verdict yet", detail)
        .about(review_id.as_str())
        .retry_after(1)
        .at(review_id.location())
}

pub(crate) fn gone(review_id: &str) -> HttpProblem {
    let detail = "the topic of verdicts has nothing of that time any more";
    problem(410, "The verdict is no longer kept", detail).about(review_id)
}

pub(crate) fn since_not_a_time(got: &str) -> HttpProblem {
    bad_request(format!("since must be a time in milliseconds since 1970, got {got:?}"))
}

pub(crate) fn too_many_look() -> HttpProblem {
    let detail = "too many ask for stored verdicts at once; ask again";
    problem(429, "Too many requests are waiting", detail).retry_after(1)
}

pub(crate) fn verdicts_away(review_id: &str) -> HttpProblem {
    let detail = "the topic of verdicts cannot be read; ask again";
    problem(503, "The log of verdicts is away", detail).about(review_id).retry_after(2)
}

pub(crate) fn method_not_allowed(allow: &'static str) -> HttpProblem {
    let detail = format!("allowed here: {allow}");
    let problem = problem(405, "This method is not allowed here", detail);
    HttpProblem { header: Some((header::ALLOW, allow)), ..problem }
}

pub(crate) fn slow_body(limit: Duration) -> HttpProblem {
    let detail = format!("its body must arrive within {limit:?}");
    problem(408, "The request did not arrive in time", detail)
}

pub(crate) fn body_too_large(limit: u64, got: u64) -> HttpProblem {
    let detail = format!("a request may have at most {limit} bytes, this one has {got}");
    problem(413, "The request is too large", detail)
}

pub(crate) fn body_beyond(limit: u64) -> HttpProblem {
    let detail = format!("a request may have at most {limit} bytes, this one has more");
    problem(413, "The request is too large", detail)
}

pub(crate) fn not_acceptable(offered: &[&str]) -> HttpProblem {
    let detail = format!("the answers here are {}", offered.join(", "));
    problem(406, "There is no answer in an accepted format", detail)
}

pub(crate) fn misdirected(host: &str) -> HttpProblem {
    let detail = format!("{host} is not served here (--allowed-hosts)");
    problem(421, "The request came to the wrong server", detail)
}

pub(crate) fn expectation(expect: &str) -> HttpProblem {
    let detail = format!("Expect may be 100-continue, got {expect:?}");
    problem(417, "This expectation cannot be met", detail)
}

/// A head that hyper refuses with this status, without saying why.
pub(crate) fn unreadable_head(status: u16) -> HttpProblem {
    match status {
        431 => {
            problem(431, "The head of the request is too large", "send fewer or shorter headers")
        }
        414 => problem(414, "The target of the request is too long", "send a shorter URL"),
        _ => problem(status, "The request cannot be read", "its head is not HTTP/1.1"),
    }
}

pub(crate) fn charset(got: &str) -> HttpProblem {
    problem(415, "This charset is not taken here", format!("expected utf-8, got {got:?}"))
}

pub(crate) fn content_encoding() -> HttpProblem {
    let detail = "a body may come as it is (identity) or as gzip";
    let problem = problem(415, "This content encoding is not taken here", detail);
    HttpProblem { header: Some((header::ACCEPT_ENCODING, "gzip")), ..problem }
}

pub(crate) fn media_type(expected: &str, got: &str) -> HttpProblem {
    let detail = format!("expected {expected}, got {got:?}");
    problem(415, "This media type is not taken here", detail)
}

pub(crate) fn no_review(detail: impl Into<String>) -> HttpProblem {
    problem(422, "This is not a review", detail)
}

pub(crate) fn key_reused() -> HttpProblem {
    let detail = "this Idempotency-Key came before with another body; a new review needs a new key";
    problem(409, "This key belongs to another review", detail)
}

pub(crate) fn id_taken(review_id: &str) -> HttpProblem {
    let detail = "a review with this id and another text came before; a new review needs a new id";
    problem(409, "This id belongs to another review", detail).about(review_id)
}

pub(crate) fn no_label(detail: impl Into<String>) -> HttpProblem {
    problem(422, "This is not a label", detail)
}

fn unauthorized(title: &str, detail: &str) -> HttpProblem {
    let header = Some((header::WWW_AUTHENTICATE, "Bearer"));
    HttpProblem { header, ..problem(401, title, detail) }
}

pub(crate) fn no_label_token(review_id: &str) -> HttpProblem {
    let detail = "send the label_token that came with the answer to the review, or an operator's \
        token (Authorization: Bearer)";
    unauthorized("A label needs a token", detail).about(review_id)
}

pub(crate) fn unknown_operator() -> HttpProblem {
    unauthorized("This token is not known", "no operator has it (--label-token-file)")
}

pub(crate) fn wrong_label_token(review_id: &str) -> HttpProblem {
    let detail = "this label_token is another review's, or was made with another key (--label-key)";
    problem(403, "This token does not fit the review", detail).about(review_id)
}

pub(crate) fn id_reserved(review_id: &str) -> HttpProblem {
    let detail = format!(
        "{review_id:?} is how reviews without an id are called, by their place in the topic; a \
         review with an id of its own needs another one"
    );
    no_review(detail)
}

pub(crate) fn too_often(limit: f64, seconds: u64) -> HttpProblem {
    let detail = format!(
        "one address may send {limit} reviews and labels a second; the rest is turned away"
    );
    problem(429, "Too many requests", detail).retry_after(seconds)
}

pub(crate) fn too_many_watch() -> HttpProblem {
    problem(503, "Too many watch the verdicts", "watch again later").retry_after(10)
}

pub(crate) fn internal(detail: impl Into<String>) -> HttpProblem {
    problem(500, "A defect of ours", detail)
}

impl From<AskError> for HttpProblem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Busy(limit) => {
                let detail = format!(
                    "{limit} reviews wait for their verdict already; this one was not accepted"
                );
                problem(429, "Too many requests are waiting", detail)
                    .accepted(Accepted::No)
                    .retry_after(1)
            }
            AskError::KeyReused => key_reused(),
            AskError::IdTaken(id) => id_taken(id.as_str()),
            AskError::NotPublished(id, error) => {
                let away = |detail: &str| problem(503, "The review log is away", detail);
                match error {
                    PublishError::NeverQueued { .. } => {
                        away("the review log cannot be reached; the review was not accepted")
                            .accepted(Accepted::No)
                    }
                    PublishError::Unknown { .. } => away(
                        "the review log did not confirm the review; it may or may not be stored",
                    )
                    .accepted(Accepted::Unknown)
                    .at(id.location()),
                }
                .about(id.as_str())
                .retry_after(2)
            }
            AskError::TimedOut(id, wait) => {
                let location = id.location();
                let detail = format!(
                    "the review is stored, but no verdict came within {wait:?}; ask again at \
                     {location}"
                );
                let mut late = problem(504, "No verdict came in time", detail)
                    .accepted(Accepted::Yes)
                    .about(id.as_str())
                    .retry_after(1);
                late.problem.instance = Some(location.clone());
                late.at(location)
            }
            AskError::Rejected(id, problem) => Self::from(*problem).about(id.as_str()),
            AskError::Internal(detail) => internal(detail),
        }
    }
}

impl From<LabelError> for HttpProblem {
    fn from(error: LabelError) -> Self {
        match error {
            LabelError::NotPublished(id, error) => {
                let (accepted, detail) = match error {
                    PublishError::NeverQueued { .. } => (
                        Accepted::No,
                        "the log of labels cannot be reached; the label was not accepted",
                    ),
                    PublishError::Unknown { .. } => (
                        Accepted::Unknown,
                        "the log of labels did not confirm the label; it may or may not be \
                         stored, and can be sent again",
                    ),
                };
                problem(503, "The log of labels is away", detail)
                    .accepted(accepted)
                    .about(id.as_str())
                    .retry_after(2)
            }
            LabelError::Internal(detail) => internal(detail),
        }
    }
}

impl HttpProblem {
    /// Says which part of the request it is about.
    pub(crate) fn within(mut self, part: &str) -> Self {
        let detail = self.problem.detail.take().unwrap_or_default();
        self.problem.detail = Some(format!("{part}: {detail}"));
        self
    }

    fn accepted(mut self, accepted: Accepted) -> Self {
        self.problem.accepted = Some(accepted);
        self
    }

    pub(crate) fn about(mut self, review_id: &str) -> Self {
        self.problem.review_id = Some(review_id.to_owned());
        self
    }

    fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }
}
