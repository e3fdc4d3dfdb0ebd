//! `GET /api/v1/reviews/{id}/timeline`, and what the page of a review shows of it.

use http::{StatusCode, header};
use percent_encoding::percent_decode_str;
use verdict_messages::MAX_ID_BYTES;

use super::{
    app::App,
    form,
    response::{Responder, Response, json, set},
};
use crate::{
    ids::time_in,
    problems::{self, HttpProblem},
    publish::Publisher,
    stored::{Fate, Sought},
    timeline::{Timeline, timeline},
};

impl<P: Publisher> App<P> {
    /// `GET /api/v1/reviews/{id}/timeline`; `id` and the query as they stand in the target. Always
    /// from the topics, so the same on every instance.
    pub(super) async fn timeline(&self, id: &str, query: &str) -> Response {
        let Ok(id) = percent_decode_str(id).decode_utf8() else {
            return Responder::JSON.problem(&problems::id_not_utf8());
        };
        match self.find_timeline(&id, query).await {
            Ok(timeline) if timeline.is_decided => json(StatusCode::OK, &timeline),
            Ok(timeline) => {
                let mut response = json(StatusCode::ACCEPTED, &timeline);
                set(&mut response, header::RETRY_AFTER, "1");
                response
            }
            Err(problem) => Responder::JSON.problem(&problem),
        }
    }

    /// What happened to a review; the query may say when it was sent.
    pub(super) async fn find_timeline(
        &self,
        id: &str,
        query: &str,
    ) -> Result<Timeline, HttpProblem> {
        let found = (self.records)(sought(id, query)?).await;
        let found = found.map_err(|_| problems::too_many_look())?;
        let found = found.map_err(|_away| problems::verdicts_away(id))?;
        let told = timeline(id, &found, (self.asker.outbox.sources.now_unix_ms)());
        match &found.fate {
            Fate::Gone => Err(problems::gone(id)),
            // What has the key of a verdict and is none is no verdict.
            Fate::Unknown => Err(problems::unknown_review(id)),
            Fate::Verdict(_) | Fate::DeadLetter(_) if !told.is_decided => {
                Err(problems::unknown_review(id))
            }
            _ => Ok(told),
        }
    }
}

/// The review with this id; the query may say when it was sent.
pub(super) fn sought(id: &str, query: &str) -> Result<Sought, HttpProblem> {
    let since = form::field(query.as_bytes(), "since").map_err(problems::bad_request)?;
    let since = since
        .map(|since| since.parse().map_err(|_| problems::since_not_a_time(&since)))
        .transpose()?;
    if id.len() > MAX_ID_BYTES {
        return Err(problems::unknown_review(id));
    }
    Ok(Sought { id: id.to_owned(), since_unix_ms: since.or_else(|| time_in(id)) })
}
