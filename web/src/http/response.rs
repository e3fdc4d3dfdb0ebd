//! Responses: the right bytes, type and headers for what happened.

use askama::Template;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use verdict_messages::{self as messages, Decision, Problem, Sentiment, Verdict};

use super::negotiate::Format;
use crate::{
    ask::AskError,
    ids::ReviewId,
    page::{Outcome, Page, VerdictView, knows_nothing},
    problems::HttpProblem,
};

pub(crate) type Response = http::Response<Bytes>;

const TEXT: &str = "text/plain; charset=utf-8";

/// Bytes with a status and a media type. Nobody may store a response unless its route says so.
pub(crate) fn respond(status: StatusCode, media: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A JSON response that is neither a verdict nor a problem.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(json) => respond(status, "application/json", json),
        Err(error) => respond(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
    }
}

/// Sets a header whose value this program made; one that is not a header value is left out.
pub(crate) fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// That a review has no verdict yet, and where it will be.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Stored<'a> {
    pub(crate) review_id: &'a str,
    pub(crate) accepted: messages::Accepted,
    pub(crate) location: &'a str,
    /// What allows to label the review, for who sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label_token: Option<&'a str>,
}

/// That a label is stored.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Labelled<'a> {
    review_id: &'a str,
    label: Sentiment,
    accepted: bool,
}

/// A page.
pub(crate) fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => respond(status, "text/html; charset=utf-8", html),
        Err(error) => respond(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
    }
}

/// Responds to one request in the format it asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Responder<'a> {
    pub(crate) format: Format,
    /// What the form on the page holds.
    pub(crate) text: &'a str,
    /// Most characters that the form takes.
    pub(crate) max_chars: usize,
}

impl Responder<'_> {
    /// For the interface for programs, which has no page.
    pub(crate) const JSON: Responder<'static> =
        Responder { format: Format::Json, text: "", max_chars: 0 };

    /// The page.
    pub(crate) fn page(self, status: StatusCode, outcome: Outcome<'_>) -> Response {
        html(status, &Page { text: self.text, max_chars: self.max_chars, outcome })
    }

    /// A verdict; `json` is the verdict as it came, or with the token to label it, which the page
    /// has too.
    pub(crate) fn verdict(self, json: &Bytes, label_token: Option<&str>) -> Response {
        if self.format == Format::Json {
            return respond(StatusCode::OK, Verdict::MEDIA_TYPE, json.clone());
        }
        match Verdict::decode(json) {
            Ok(verdict) if self.format == Format::Text => {
                let known = match verdict.decision {
                    _ if knows_nothing(&verdict) => " (I know none of these words)",
                    Some(Decision::Unsure) => " (too close to call)",
                    _ => "",
                };
                let line = format!("{} {:.4}{known}\n", verdict.label, verdict.probability);
                respond(StatusCode::OK, TEXT, line)
            }
            Ok(verdict) => self.page(
                StatusCode::OK,
                Outcome::Verdict(Box::new(VerdictView::new(
                    Some(self.text),
                    &verdict,
                    None,
                    label_token,
                ))),
            ),
            // It was decoded when it came, so this is a defect of ours.
            Err(rejection) => self.problem(&AskError::Internal(rejection.detail).into()),
        }
    }

    /// A label was stored. The next model learns from it, which no request sees: so 202.
    pub(crate) fn labelled(self, review_id: &ReviewId, label: Sentiment) -> Response {
        let status = StatusCode::ACCEPTED;
        let id = review_id.as_str();
        match self.format {
            Format::Html => self.page(status, Outcome::Labelled(label)),
            Format::Json => json(status, &Labelled { review_id: id, label, accepted: true }),
            Format::Text => respond(status, TEXT, format!("labelled {label}\n")),
        }
    }

    /// What went wrong.
    pub(crate) fn problem(self, refused: &HttpProblem) -> Response {
        let problem = &refused.problem;
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match self.format {
            Format::Html => {
                self.page(status, Outcome::Problem(problem, refused.location.as_deref()))
            }
            Format::Json => match problem.encode() {
                Ok(json) => respond(status, Problem::MEDIA_TYPE, json),
                Err(rejection) => respond(status, TEXT, format!("{rejection}\n")),
            },
            Format::Text => {
                let detail = problem.detail.iter().map(|detail| format!(": {detail}"));
                respond(status, TEXT, format!("{}{}\n", problem.title, detail.collect::<String>()))
            }
        };
        if let Some(seconds) = refused.retry_after {
            set(&mut response, header::RETRY_AFTER, &seconds.to_string());
        }
        if let Some(location) = &refused.location {
            set(&mut response, header::LOCATION, location);
        }
        if let Some((name, value)) = &refused.header {
            set(&mut response, name.clone(), value);
        }
        response
    }
}
