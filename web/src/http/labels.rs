//! Feedback: what a person, or a program, says a review is.

use bytes::Bytes;
use http::header;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use verdict_messages::{Sentiment, json};

use super::{
    form,
    negotiate::{Form, choose},
    request::Client,
    response::{self, Answer, Filled},
    routes::{API_FORMS, App, NOTHING, PAGE_FORMS},
};
use crate::{
    labels::Said,
    pending::ReviewId,
    problems::{self, Refusal},
    publish::Exchange,
};

/// Longest id in bytes: the consumer takes no longer one, so no review has one.
const MAX_ID_BYTES: usize = 512;
/// Longest name of a source in bytes.
const MAX_SOURCE_BYTES: usize = 128;
const USER: &str = "user";

/// The body of the interface for programs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(deserialize_with = "json::label")]
    label: Sentiment,
    source: Option<String>,
}

impl<E: Exchange> App<E> {
    /// `POST /api/v1/reviews/{id}/label`; `id` as it stands in the path.
    pub(super) async fn label(
        &self,
        id: &str,
        client: Client,
        body: Result<Bytes, Refusal>,
    ) -> Answer {
        let form = choose(client.text(header::ACCEPT), API_FORMS);
        let said = self.admit(&client).and(body).and_then(|body| {
            let body = label_in(&client, &body)?;
            let id = percent_decode_str(id)
                .decode_utf8()
                .map_err(|_| problems::bad_request("the review id in the path must be UTF-8"))?;
            Ok((review_id(&id)?, body.label, source(body.source)?))
        });
        self.say(form, NOTHING, &client, said).await
    }

    /// `POST /label`, the buttons of the page.
    pub(super) async fn label_form(&self, client: Client, body: Result<Bytes, Refusal>) -> Answer {
        let form = choose(client.text(header::ACCEPT), PAGE_FORMS);
        let filled = Filled { text: "", max_chars: self.max_chars };
        let said = self.form_body(&client, body).and_then(|body| {
            let id = field(&body, "id")?;
            let label = field(&body, "label")?;
            Ok((review_id(&id)?, sentiment(&label)?, USER.to_owned()))
        });
        self.say(form, filled, &client, said).await
    }

    async fn say(
        &self,
        form: Form,
        filled: Filled<'_>,
        client: &Client,
        said: Result<(ReviewId, Sentiment, String), Refusal>,
    ) -> Answer {
        let (review_id, label, source) = match said {
            Ok(said) => said,
            Err(refusal) => return response::refusal(form, filled, &refusal),
        };
        let said =
            Said { review_id: review_id.clone(), label, source: &source, trace: client.trace() };
        match self.feedback.label(said).await {
            Ok(()) => response::labelled(form, filled, &review_id, label),
            Err(untold) => response::refusal(form, filled, &untold.into()),
        }
    }
}

fn label_in(client: &Client, body: &[u8]) -> Result<Body, Refusal> {
    let media = client.media_type();
    if media != "application/json" && !media.ends_with("+json") {
        return Err(problems::media_type("application/json", &media));
    }
    json::from_slice(body).map_err(|error: serde_json::Error| {
        let detail = format!("a label is {{\"label\": \"positive\" or \"negative\"}}: {error}");
        if error.is_data() { problems::no_label(detail) } else { problems::bad_request(detail) }
    })
}

fn field(body: &[u8], name: &str) -> Result<String, Refusal> {
    form::field(body, name)
        .map_err(problems::bad_request)?
        .ok_or_else(|| problems::no_label(format!("the form has no field named {name}")))
}

fn sentiment(word: &str) -> Result<Sentiment, Refusal> {
    match word {
        "positive" => Ok(Sentiment::Positive),
        "negative" => Ok(Sentiment::Negative),
        other => Err(problems::no_label(format!(
            "label must be positive or negative, got {:?}",
            other.chars().take(32).collect::<String>()
        ))),
    }
}

fn review_id(id: &str) -> Result<ReviewId, Refusal> {
    bounded(id, "the review id", MAX_ID_BYTES).map(ReviewId::new)
}

fn source(given: Option<String>) -> Result<String, Refusal> {
    let source = given.unwrap_or_else(|| USER.to_owned());
    bounded(&source, "source", MAX_SOURCE_BYTES)?;
    Ok(source)
}

fn bounded<'a>(text: &'a str, what: &str, most: usize) -> Result<&'a str, Refusal> {
    if (1..=most).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    Err(problems::no_label(format!(
        "{what} must have 1 to {most} bytes and no control characters, got {} bytes",
        text.len()
    )))
}
