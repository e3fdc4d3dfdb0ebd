//! Labels: what a person, or a program, says a review is.

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use verdict_messages::{MAX_ID_BYTES, Sentiment, json};

use super::{
    app::App,
    browser::see_page,
    form,
    negotiate::Format,
    request::RequestHead,
    response::{Responder, Response},
};
use crate::{
    ids::ReviewId,
    labels::{self, NewLabel},
    problems::{self, HttpProblem},
    publish::Publisher,
};

/// The body of the interface for programs.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "NewLabel")]
#[serde(deny_unknown_fields)]
pub(super) struct NewLabelBody {
    /// What the review is.
    #[serde(deserialize_with = "json::label")]
    #[schemars(schema_with = "super::shapes::label")]
    label: Sentiment,
    /// That came with the answer to the review; an operator's token does instead.
    label_token: Option<String>,
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
            self.new_label(review_id(&id)?, body.label, body.label_token.as_deref(), head.bearer())
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
            let token = form::field(&body, "label_token").map_err(problems::bad_request)?;
            self.new_label(review_id(&id)?, label, token.as_deref(), None)
        });
        self.publish_label(self.responder(head.accept()), &head, new).await
    }

    fn new_label(
        &self,
        review_id: ReviewId,
        label: Sentiment,
        label_token: Option<&str>,
        bearer: Option<&str>,
    ) -> Result<NewLabel, HttpProblem> {
        let source = self.rights.source(&review_id, label_token, bearer)?.to_owned();
        Ok(NewLabel { review_id, label, source })
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
    if (1..=MAX_ID_BYTES).contains(&id.len()) && !id.chars().any(char::is_control) {
        return Ok(ReviewId::new(id));
    }
    Err(problems::no_label(format!(
        "the review id must have 1 to {MAX_ID_BYTES} bytes and no control characters, got {} bytes",
        id.len()
    )))
}
