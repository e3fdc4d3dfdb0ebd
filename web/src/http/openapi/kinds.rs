//! The kinds of problems that an operation may answer with.

use std::time::Duration;

use verdict_kafka_io::PublishError;

use crate::{
    ask::AskError,
    ids::ReviewId,
    problems::{self, HttpProblem},
};

/// Name, meaning and an example of each kind of problem.
pub(super) fn kinds() -> [(&'static str, &'static str, HttpProblem); 17] {
    let reason = String::new();
    let late = AskError::TimedOut(ReviewId::new("r1"), Duration::from_secs(5));
    let away = AskError::NotPublished(ReviewId::new("r1"), PublishError::NeverQueued { reason });
    [
        (
            "BadRequest",
            "The request cannot be read: its JSON, its encoding or one of its headers.",
            problems::bad_request("the body must be UTF-8, but byte 3 of its 7 bytes is not"),
        ),
        ("CrossSite", "A browser says that another site sends this.", problems::cross_site()),
        (
            "NoToken",
            "Neither the review's label_token nor an operator's token came.",
            problems::no_label_token("r1"),
        ),
        (
            "WrongToken",
            "The label_token is not this review's; or a browser says that another site sends this.",
            problems::wrong_label_token("r1"),
        ),
        ("NotFound", "No such review is known.", problems::unknown_review("r1")),
        ("Gone", "Verdicts of its time are deleted.", problems::gone("r1")),
        (
            "KeyReused",
            "This Idempotency-Key came with another body before, or this id with another text.",
            problems::key_reused(),
        ),
        ("TooSlow", "The body did not come in time.", problems::slow_body(Duration::from_secs(5))),
        (
            "NotAcceptable",
            "The client accepts nothing of what there is.",
            problems::not_acceptable(&["application/json"]),
        ),
        ("TooLarge", "The body is too large.", problems::body_too_large(65_536, 70_000)),
        (
            "MediaType",
            "This media type, charset or content encoding is not taken here.",
            problems::media_type("application/json or text/plain", "image/png"),
        ),
        (
            "NotAReview",
            "What was read is no review: no text, a blank or a too long one.",
            problems::no_review("text must not be empty"),
        ),
        (
            "NotALabel",
            "What was read is no label.",
            problems::no_label("label must be positive or negative, got \"good\""),
        ),
        (
            "TooMany",
            "As many wait as may, or one address sends too often.",
            AskError::Busy(4_000).into(),
        ),
        ("Defect", "A defect of ours.", AskError::Internal("its cause".to_owned()).into()),
        ("Away", "Kafka cannot be reached, or did not confirm.", away.into()),
        (
            "Late",
            "The review is stored, and no verdict came in time: ask at Location.",
            late.into(),
        ),
    ]
}
