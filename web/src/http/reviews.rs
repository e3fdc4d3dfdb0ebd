//! Reviews: the form of the page, the interface for programs, and fetching a verdict later.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, StatusCode, header};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use verdict_kafka_io::Record;
use verdict_messages::{self as messages, Problem, Review, dead_letter, time};

use super::{
    app::App,
    browser::{let_label, see_page},
    form,
    negotiate::Format,
    request::RequestHead,
    response::{Responder, Response, Stored, json, set},
    timeline::sought,
};
use crate::{
    ask::{Answer, AskError, Question},
    ids::ReviewId,
    pending::{Idempotency, Reply},
    problems::{self, HttpProblem},
    publish::Publisher,
    stored::Fate,
};

const MAX_KEY_BYTES: usize = 255;

/// What is known of a review.
pub(super) enum Found {
    /// What the consumer says.
    Reply(Arc<Reply>),
    /// Nothing yet; and whether it is stored.
    NotYet(ReviewId, messages::Accepted),
}

impl<P: Publisher> App<P> {
    /// `POST /predict`, the form of the page.
    pub(super) async fn predict(
        &self,
        head: RequestHead,
        body: Result<Bytes, HttpProblem>,
    ) -> Response {
        let blank = self.responder(head.accept());
        // Whoever is turned away keeps what was typed.
        let typed = body.as_ref().ok().and_then(|body| text_field(body).ok()).unwrap_or_default();
        let text = match self.form_body(&head, body).and_then(|body| text_field(&body)) {
            Ok(text) => text,
            Err(problem) => return Responder { text: &typed, ..blank }.problem(&problem),
        };
        let filled = Responder { text: &text, ..blank };
        let review = match self.check(Review::from_text(text.as_str())) {
            Ok(review) => review,
            Err(problem) => return filled.problem(&problem),
        };
        let question = Question {
            review,
            wait: self.default_wait,
            respond_async: false,
            waits_for_room: false,
            idempotency: None,
            trace: head.trace(),
        };
        match self.asker.ask(question).await {
            Ok(Answer::Verdict(id, json)) => {
                self.texts.insert(&id, &text);
                let token = self.rights.token(&id);
                let mut response = if filled.format == Format::Html && head.is_browser() {
                    see_page(&id, None)
                } else {
                    filled.verdict(&self.rights.with_token(&id, &json), Some(&token))
                };
                let_label(&mut response, &id, &token, self.edge.behind_tls);
                response
            }
            // Only the interface for programs asks for this.
            Ok(Answer::Accepted(id)) => accepted(&id, messages::Accepted::Yes, None),
            Err(error) => {
                // Its verdict may come yet.
                let late =
                    if let AskError::TimedOut(id, _) = &error { Some(id.clone()) } else { None };
                let mut response = filled.problem(&error.into());
                if let Some(id) = late {
                    self.texts.insert(&id, &text);
                    let token = self.rights.token(&id);
                    let_label(&mut response, &id, &token, self.edge.behind_tls);
                }
                response
            }
        }
    }

    /// `POST /api/v1/reviews`.
    pub(super) async fn review(
        &self,
        head: RequestHead,
        body: Result<Bytes, HttpProblem>,
    ) -> Response {
        let prefer = head.preferences();
        let (wait, respond_async) = match (prefer.wait, prefer.respond_async) {
            // A wait that is shorter than usual is the client's choice, and its end no fault of ours.
            (Some(wait), respond_async) => {
                (wait.min(self.max_wait), respond_async || wait < self.default_wait)
            }
            (None, true) => (Duration::ZERO, true),
            (None, false) => (self.default_wait, false),
        };
        let body = match self.admit(&head).and(body) {
            Ok(body) => body,
            Err(problem) => return Responder::JSON.problem(&problem),
        };
        let question = match self.question(&head, &body) {
            Ok(question) => Question { wait, respond_async, ..question },
            Err(problem) => return Responder::JSON.problem(&problem),
        };
        let mut response = match self.asker.ask(question).await {
            Ok(Answer::Verdict(id, json)) => {
                let json = self.rights.with_token(&id, &json);
                let mut response = Responder::JSON.verdict(&json, None);
                set(&mut response, header::CONTENT_LOCATION, &id.location());
                response
            }
            Ok(Answer::Accepted(id)) => {
                accepted(&id, messages::Accepted::Yes, Some(&self.rights.token(&id)))
            }
            Err(error) => Responder::JSON.problem(&error.into()),
        };
        let applied = HeaderName::from_static("preference-applied");
        if response.status() == StatusCode::ACCEPTED {
            set(&mut response, applied, "respond-async");
        } else if prefer.wait.is_some() {
            set(&mut response, applied, &format!("wait={}", wait.as_secs()));
        }
        response
    }

    /// `GET /api/v1/reviews/{id}`; `id` and the query as they stand in the target. Replies of the
    /// last minutes are here, and have their explanation; all else is looked up in the topics.
    pub(super) async fn fetch(&self, id: &str, query: &str) -> Response {
        let Ok(id) = percent_decode_str(id).decode_utf8() else {
            return Responder::JSON.problem(&problems::id_not_utf8());
        };
        match self.find(&id, query).await {
            Ok(Found::Reply(reply)) => match &*reply {
                Reply::Verdict(json) => Responder::JSON.verdict(json, None),
                Reply::Problem(problem) => Responder::JSON.problem(&problem.clone().into()),
            },
            Ok(Found::NotYet(id, is_stored)) => accepted(&id, is_stored, None),
            Err(problem) => Responder::JSON.problem(&problem),
        }
    }

    /// What became of a review; the query may say when it was sent.
    pub(super) async fn find(&self, id: &str, query: &str) -> Result<Found, HttpProblem> {
        let sought = sought(id, query)?;
        let review_id = ReviewId::new(id);
        if let Some(reply) = self.asker.pending.find(&review_id) {
            return Ok(Found::Reply(reply));
        }
        let review_id = match sought.since_unix_ms {
            Some(since) => review_id.sent_at(since),
            None => review_id,
        };
        let fate = (self.stored)(sought).await.map_err(|_| problems::too_many_look())?;
        match fate.map_err(|_away| problems::verdicts_away(id))? {
            Fate::Verdict(Record { value: Some(json), .. }) => {
                Ok(Found::Reply(Reply::Verdict(json.into()).into()))
            }
            Fate::DeadLetter(Record { headers, .. }) => {
                let mut problem = Problem::from(&dead_letter::reason(&headers)?);
                problem.review_id = Some(id.to_owned());
                Ok(Found::Reply(Reply::Problem(problem).into()))
            }
            Fate::Pending => Ok(Found::NotYet(review_id, messages::Accepted::Yes)),
            Fate::Searching => Ok(Found::NotYet(review_id, messages::Accepted::Unknown)),
            Fate::Gone => Err(problems::gone(id)),
            Fate::Unknown | Fate::Verdict(_) => Err(problems::unknown_review(id)),
        }
    }

    /// The question of a request to the interface for programs, but for what it prefers.
    fn question<'a>(
        &self,
        head: &RequestHead,
        body: &'a Bytes,
    ) -> Result<Question<'a>, HttpProblem> {
        let media = head.media_type();
        let is_json = media == "application/json" || media.ends_with("+json");
        if !is_json && media != "text/plain" {
            return Err(problems::media_type("application/json or text/plain", &media));
        }
        if let Err(error) = std::str::from_utf8(body) {
            return Err(problems::bad_request(format!(
                "the body must be UTF-8, but byte {} of its {} bytes is not",
                error.valid_up_to(),
                body.len()
            )));
        }
        Ok(Question {
            review: self.check(Review::from_body(body, &media)?)?,
            wait: self.default_wait,
            respond_async: false,
            waits_for_room: false,
            idempotency: idempotency(head, &media, body)?,
            trace: head.trace(),
        })
    }

    /// The bounds on a review that comes over HTTP, beside those of every review.
    pub(super) fn check<'a>(&self, review: Review<'a>) -> Result<Review<'a>, HttpProblem> {
        let (chars, max) = (characters(&review.text), self.max_chars);
        let id = review.id.as_deref().unwrap_or_default();
        if is_place_in(&self.asker.outbox.topic, id) {
            return Err(problems::id_reserved(id));
        }
        let detail = if chars > max {
            format!("text must have at most {max} characters, got {chars}")
        } else if chars == 0 {
            "text must not be empty".to_owned()
        } else if review.text.trim().is_empty() {
            format!("text must not be blank, got {chars} characters of white space")
        } else if review.text.contains('\0') {
            "text must not hold a NUL".to_owned()
        } else if id.chars().any(char::is_control) {
            format!("id must have no control characters, got {id:?}")
        } else if matches!(id, "." | "..") {
            format!("id must not be {id:?}: no address can name it")
        } else if let Some(time) = review.created_at.as_deref()
            && time::unix_ms(time).is_none()
        {
            "created_at must be a time as in RFC 3339, like 2026-01-02T03:04:05Z".to_owned()
        } else {
            return Ok(review);
        };
        Err(problems::no_review(detail))
    }
}

/// Characters as the page counts them: a line break is one, though forms send two for it.
fn characters(text: &str) -> usize {
    text.chars().count() - text.matches("\r\n").count()
}

/// Whether the id is the place of a record of this topic: `reviews-3-41`.
fn is_place_in(topic: &str, id: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    id.strip_prefix(topic)
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(partition, offset)| is_number(partition) && is_number(offset))
}

fn text_field(body: &[u8]) -> Result<String, HttpProblem> {
    form::field(body, "text")
        .map_err(problems::bad_request)?
        .ok_or_else(|| problems::no_review("the form has no field named text"))
}

/// There is no verdict yet: where and when to ask again.
fn accepted(id: &ReviewId, is_stored: messages::Accepted, label_token: Option<&str>) -> Response {
    let (review_id, location) = (id.as_str(), id.location());
    let body = Stored { review_id, accepted: is_stored, location: &location, label_token };
    let mut response = json(StatusCode::ACCEPTED, &body);
    set(&mut response, header::RETRY_AFTER, "1");
    set(&mut response, header::LOCATION, &location);
    response
}

/// Who asks: two clients that choose the same key mean two reviews.
fn client(head: &RequestHead) -> String {
    match (head.headers.get(header::AUTHORIZATION), head.address) {
        (Some(credentials), _) => format!("{:x?}", Sha256::digest(credentials.as_bytes())),
        (None, address) => format!("{address:?}"),
    }
}

fn idempotency(
    head: &RequestHead,
    media: &str,
    body: &[u8],
) -> Result<Option<Idempotency>, HttpProblem> {
    let Some(value) = head.headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key)
            if (1..=MAX_KEY_BYTES).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            let hash = Sha256::new().chain_update(media).chain_update([0]).chain_update(body);
            let key = format!("{} {key}", client(head));
            Ok(Some(Idempotency { key, body: hash.finalize().into() }))
        }
        _ => Err(problems::bad_request(format!(
            "Idempotency-Key must be 1 to {MAX_KEY_BYTES} visible ASCII characters, got {} bytes",
            value.len()
        ))),
    }
}
