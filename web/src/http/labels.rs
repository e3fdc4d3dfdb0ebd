//! Labels: what a person, or a program, says a review is.

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use verdict_messages::{MAX_ID_BYTES, Sentiment, json};

use super::{
    app::App,
    form,
    negotiate::Format,
    pages::see_page,
    request::RequestHead,
    response::{Responder, Response},
};
use crate::{
    ids::ReviewId,
    labels::{self, NewLabel},
    problems::{self, HttpProblem},
    publish::Publisher,
};

const MAX_SOURCE_BYTES: usize = 128;
const USER: &str = "user";

/// The body of the interface for programs.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "NewLabel")]
#[serde(deny_unknown_fields)]
pub(super) struct NewLabelBody {
    /// What the review is.
    #[serde(deserialize_with = "json::label")]
    #[schemars(schema_with = "super::shapes::label")]
    label: Sentiment,
    /// Who says so.
    #[schemars(length(max = 128), regex(pattern = super::shapes::ID))]
    source: Option<String>,
}

impl<P: Publisher> App<P> {
    /// `POST /api/v1/reviews/{id}/label`; `id` as it stands in the path.
    pub(super) async fn label(
        &self,
        id: &str,
        head: RequestHead,
        body: Result<Bytes, HttpProblem>,
    ) -> Response {
        let new = self.admit(&head).and(body).and_then(|body| {
            let body = decode(&head, &body)?;
            let id = percent_decode_str(id).decode_utf8().map_err(|_| problems::id_not_utf8())?;
            let source = body.source.as_deref().unwrap_or(USER);
            Ok(NewLabel {
                review_id: review_id(&id)?,
                label: body.label,
                source: bounded(source, "source", MAX_SOURCE_BYTES)?.to_owned(),
            })
        });
        self.publish_label(Responder::JSON, &head, new).await
    }

    /// `POST /label`, the buttons of the page.
    pub(super) async fn label_form(
        &self,
        head: RequestHead,
        body: Result<Bytes, HttpProblem>,
    ) -> Response {
        let new = self.form_body(&head, body).and_then(|body| {
            let id = field(&body, "id")?;
            let label = sentiment(&field(&body, "label")?)?;
            Ok(NewLabel { review_id: review_id(&id)?, label, source: USER.to_owned() })
        });
        self.publish_label(self.responder(head.accept()), &head, new).await
    }

    async fn publish_label(
        &self,
        responder: Responder<'_>,
        head: &RequestHead,
        new: Result<NewLabel, HttpProblem>,
    ) -> Response {
        let new = match new {
            Ok(new) => new,
            Err(problem) => return responder.problem(&problem),
        };
        match labels::publish(&self.labels, &new, head.trace()).await {
            Ok(()) if responder.format == Format::Html && head.is_browser() => {
                see_page(&new.review_id, Some(new.label))
            }
            Ok(()) => responder.labelled(&new.review_id, new.label),
            Err(error) => responder.problem(&error.into()),
        }
    }
}

fn decode(head: &RequestHead, body: &[u8]) -> Result<NewLabelBody, HttpProblem> {
    let media = head.media_type();
    if media != "application/json" && !media.ends_with("+json") {
        return Err(problems::media_type("application/json", &media));
    }
    json::from_slice(body).map_err(|error: serde_json::Error| {
        let detail = format!("a label is {{\"label\": \"positive\" or \"negative\"}}: {error}");
        if error.is_data() { problems::no_label(detail) } else { problems::bad_request(detail) }
    })
}

fn field(body: &[u8], name: &str) -> Result<String, HttpProblem> {
    form::field(body, name)
        .map_err(problems::bad_request)?
        .ok_or_else(|| problems::no_label(format!("the form has no field named {name}")))
}

fn sentiment(word: &str) -> Result<Sentiment, HttpProblem> {
    match word {
        "positive" => Ok(Sentiment::Positive),
        "negative" => Ok(Sentiment::Negative),
        other => Err(problems::no_label(format!(
            "label must be positive or negative, got {:?}",
            other.chars().take(32).collect::<String>()
        ))),
    }
}

fn review_id(id: &str) -> Result<ReviewId, HttpProblem> {
    bounded(id, "the review id", MAX_ID_BYTES).map(ReviewId::new)
}

fn bounded<'a>(text: &'a str, what: &str, most: usize) -> Result<&'a str, HttpProblem> {
    if (1..=most).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    Err(problems::no_label(format!(
        "{what} must have 1 to {most} bytes and no control characters, got {} bytes",
        text.len()
    )))
}
