//! Answers: the right bytes, type and headers for what happened.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use verdict_messages::{Problem, Sentiment, Verdict};

use super::negotiate::Form;
use crate::{
    ask::Trouble,
    page::{self, Outcome, View},
    pending::ReviewId,
    problems::Refusal,
};

pub(crate) type Answer = Response<Bytes>;

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Bytes with a status and a media type. Nobody may store an answer unless its route says so.
pub(crate) fn respond(status: StatusCode, media: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What the form on the page held, for an answer in HTML.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filled<'a> {
    pub(crate) text: &'a str,
    pub(crate) max_chars: usize,
}

impl Filled<'_> {
    fn page(self, status: StatusCode, outcome: Outcome<'_>) -> Answer {
        let view = View { text: self.text, max_chars: self.max_chars, outcome };
        respond(status, HTML, page::render(&view))
    }
}

/// The page with nothing asked yet.
pub(crate) fn blank_page(max_chars: usize) -> Answer {
    let blank = Filled { text: "", max_chars };
    blank.page(StatusCode::OK, Outcome::None)
}

/// A verdict in the form that was asked for; `json` is the verdict as it came.
pub(crate) fn verdict(form: Form, filled: Filled<'_>, json: &Bytes) -> Answer {
    if form == Form::Json {
        return respond(StatusCode::OK, Verdict::MEDIA_TYPE, json.clone());
    }
    let verdict = match Verdict::decode(json) {
        Ok(verdict) => verdict,
        // The desk read it once, so this is a defect of ours, and told as one.
        Err(rejection) => {
            return refusal(form, filled, &Trouble::Internal(rejection.detail).into());
        }
    };
    match form {
        Form::Html | Form::Json => filled.page(StatusCode::OK, Outcome::Verdict(&verdict)),
        Form::Text => {
            let line = format!("{} {:.4}\n", verdict.label, verdict.probability);
            respond(StatusCode::OK, TEXT, line)
        }
    }
}

/// A label was stored, in the form that was asked for.
pub(crate) fn labelled(
    form: Form,
    filled: Filled<'_>,
    review_id: &ReviewId,
    label: Sentiment,
) -> Answer {
    // Learnt from later: no request sees that happen.
    let status = StatusCode::ACCEPTED;
    match form {
        Form::Html => filled.page(status, Outcome::Labelled(label)),
        Form::Json => {
            let body = serde_json::json!({
                "review_id": review_id.as_str(),
                "label": label,
                "accepted": true,
            });
            respond(status, "application/json", body.to_string())
        }
        Form::Text => respond(status, TEXT, format!("labelled {label}\n")),
    }
}

/// What went wrong, in the form that was asked for.
pub(crate) fn refusal(form: Form, filled: Filled<'_>, refusal: &Refusal) -> Answer {
    let problem = &refusal.problem;
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match form {
        Form::Html => filled.page(status, Outcome::Problem(problem, refusal.location.as_deref())),
        Form::Json => match problem.encode() {
            Ok(json) => respond(status, Problem::MEDIA_TYPE, json),
            Err(rejection) => respond(status, TEXT, format!("{rejection}\n")),
        },
        Form::Text => respond(status, TEXT, line(problem)),
    };
    if let Some(seconds) = refusal.retry_after {
        set(&mut response, header::RETRY_AFTER, &seconds.to_string());
    }
    if let Some(location) = &refusal.location {
        set(&mut response, header::LOCATION, location);
    }
    if let Some(allow) = refusal.allow {
        set(&mut response, header::ALLOW, allow);
    }
    response
}

/// Sets a header whose value this program made; one that is not a header value is left out.
pub(crate) fn set(response: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn line(problem: &Problem) -> String {
    match &problem.detail {
        Some(detail) => format!("{}: {detail}\n", problem.title),
        None => format!("{}\n", problem.title),
    }
}
