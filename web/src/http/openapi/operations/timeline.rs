//! The timeline of a review.

use serde_json::{Value, json};

use super::{JSON, all, answer, id, reference, refused, since, verdict};

/// The operation.
pub(super) fn path() -> Value {
    json!({ "get": {
        "operationId": "timeline",
        "tags": ["reviews"],
        "summary": "What happened to a review",
        "description": "From the topics, so on any instance. Times are those of the writers' clocks; what did not happen, or not yet, has no event. `labelled` is placed by its time among the others. `trained` stands for the first and the newest announced model that had the review, with its label then, among its labelled ones.",
        "parameters": [id(), since()],
        "responses": all([
            answer(200, "Its outcome stands.", JSON, reference("Timeline"), example(true)),
            answer(202, "It has no outcome yet, or more has to be searched: ask again.", JSON, reference("Timeline"), example(false)),
            refused(&["BadRequest", "NotFound", "NotAcceptable", "Gone", "TooMany", "Defect", "Away"]),
        ]),
    }})
}

/// A timeline, for the examples.
fn example(is_decided: bool) -> Value {
    let at = |offset| json!({ "topic": "reviews", "partition": 3, "offset": offset });
    let mut events = vec![
        json!({ "event": "received", "at": "2026-01-02T03:04:04.970Z", "since_previous_ms": null }),
        json!({ "event": "published", "at": "2026-01-02T03:04:04.971Z", "since_previous_ms": 1, "position": at(41) }),
    ];
    if is_decided {
        events.push(json!({ "event": "scored", "at": "2026-01-02T03:04:05.000Z", "since_previous_ms": 29, "model": verdict().model, "label": "positive", "probability": 0.973 }));
    }
    json!({ "review_id": "r1", "is_decided": is_decided, "events": events })
}
