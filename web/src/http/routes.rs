//! The routes, as warp filters. No filter rejects in the end: what no route takes is a 404 or a 405 with its words.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use sha2::{Digest, Sha256};
use verdict_messages::Review;
use verdict_service::{Page, page};
use verdict_telemetry::{Telemetry, labels::Refused};
use warp::{Filter, Rejection, Reply, filters::BoxedFilter};

use super::{
    assets,
    body::{self, BodyLimits},
    cross_site, form,
    negotiate::{Form, choose},
    request::{Client, client},
    response::{self, Answer, Filled, respond, set},
};
use crate::{
    ask::{self, Asker, Question},
    labels::Feedback,
    pending::{Repeatable, Reply as KnownReply, ReviewId},
    problems::{self, Refusal},
    publish::Exchange,
    rate::Buckets,
};

/// All that the routes need.
#[derive(Debug)]
pub(crate) struct App<E> {
    pub(crate) asker: Asker<E>,
    pub(crate) feedback: Feedback<E>,
    pub(crate) telemetry: Telemetry,
    pub(crate) buckets: Option<Buckets>,
    pub(crate) body: BodyLimits,
    pub(crate) max_chars: usize,
    pub(crate) default_wait: Duration,
    pub(crate) max_wait: Duration,
}

pub(super) const PAGE_FORMS: &[Form] = &[Form::Html, Form::Json, Form::Text];
pub(super) const API_FORMS: &[Form] = &[Form::Json];
pub(super) const NOTHING: Filled<'static> = Filled { text: "", max_chars: 0 };

/// Every route.
pub(crate) fn routes<E: Exchange>(app: Arc<App<E>>) -> BoxedFilter<(impl Reply,)> {
    let with_app = {
        let app = Arc::clone(&app);
        warp::any().map(move || Arc::clone(&app))
    };
    let read = || warp::get().or(warp::head()).unify();
    let home = warp::path::end()
        .and(read())
        .and(with_app.clone())
        .map(|app: Arc<App<E>>| response::blank_page(app.max_chars));
    let predict = warp::path!("predict")
        .and(warp::post())
        .and(with_app.clone())
        .and(client())
        .and(body::limited(app.body))
        .then(|app: Arc<App<E>>, client, body| async move { app.predict(client, body).await });
    let review = warp::path!("api" / "v1" / "reviews")
        .and(warp::post())
        .and(with_app.clone())
        .and(client())
        .and(body::limited(app.body))
        .then(|app: Arc<App<E>>, client, body| async move { app.review(client, body).await });
    let label = warp::path!("api" / "v1" / "reviews" / String / "label")
        .and(warp::post())
        .and(with_app.clone())
        .and(client())
        .and(body::limited(app.body))
        .then(|id: String, app: Arc<App<E>>, client, body| async move {
            app.label(&id, client, body).await
        });
    let label_form = warp::path!("label")
        .and(warp::post())
        .and(with_app.clone())
        .and(client())
        .and(body::limited(app.body))
        .then(|app: Arc<App<E>>, client, body| async move { app.label_form(client, body).await });
    let known = warp::path!("api" / "v1" / "reviews" / String)
        .and(read())
        .and(with_app.clone())
        .map(|id: String, app: Arc<App<E>>| app.known(&id));
    let operator = warp::path!(String).and(read()).and(with_app.clone()).and_then(
        |name: String, app: Arc<App<E>>| async move {
            let found = Page::at(&format!("/{name}")).ok_or_else(warp::reject::not_found)?;
            Ok::<_, Rejection>(page(found, &app.telemetry))
        },
    );
    let assets = warp::path!("assets" / String)
        .and(read())
        .and(warp::header::headers_cloned())
        .and_then(|name: String, headers: HeaderMap| async move {
            assets::asset(&name, &headers).ok_or_else(warp::reject::not_found)
        });
    let nothing = warp::path::full().and(warp::header::headers_cloned()).and(with_app).map(
        |path: warp::path::FullPath, headers: HeaderMap, app: Arc<App<E>>| {
            app.nothing(path.as_str(), &headers)
        },
    );
    // Boxed one by one: the type of the whole would take the compiler minutes.
    home.boxed()
        .or(predict.boxed())
        .unify()
        .or(review.boxed())
        .unify()
        .or(label.boxed())
        .unify()
        .or(label_form.boxed())
        .unify()
        .or(known.boxed())
        .unify()
        .or(operator.boxed())
        .unify()
        .or(assets.boxed())
        .unify()
        .or(nothing.boxed())
        .unify()
        .boxed()
}

impl<E: Exchange> App<E> {
    async fn predict(&self, client: Client, body: Result<Bytes, Refusal>) -> Answer {
        let form = choose(client.text(header::ACCEPT), PAGE_FORMS);
        let mut filled = Filled { text: "", max_chars: self.max_chars };
        let text = match self.form_text(&client, body) {
            Ok(text) => text,
            Err(refusal) => return response::refusal(form, filled, &refusal),
        };
        filled.text = &text;
        let question = self.review_of(Review::from_text(text.as_str())).map(|review| Question {
            review,
            wait: self.default_wait,
            async_is_fine: false,
            repeatable: None,
            trace: client.trace(),
        });
        let question = match question {
            Ok(question) => question,
            Err(refusal) => return response::refusal(form, filled, &refusal),
        };
        match self.asker.ask(question).await {
            Ok(ask::Answer::Verdict(_, json)) => response::verdict(form, filled, &json),
            // Only asked for by the interface for programs.
            Ok(ask::Answer::Accepted(id)) => accepted(&id),
            Err(trouble) => response::refusal(form, filled, &trouble.into()),
        }
    }

    fn form_text(&self, client: &Client, body: Result<Bytes, Refusal>) -> Result<String, Refusal> {
        form::field(&self.form_body(client, body)?, "text")
            .map_err(problems::bad_request)?
            .ok_or_else(|| problems::unprocessable("the form has no field named text"))
    }

    /// The body of a form that this client may send.
    pub(super) fn form_body(
        &self,
        client: &Client,
        body: Result<Bytes, Refusal>,
    ) -> Result<Bytes, Refusal> {
        self.admit(client)?;
        let body = body?;
        match client.media_type().as_str() {
            "application/x-www-form-urlencoded" | "" => Ok(body),
            other => Err(problems::media_type("application/x-www-form-urlencoded", other)),
        }
    }

    async fn review(&self, client: Client, body: Result<Bytes, Refusal>) -> Answer {
        let form = choose(client.text(header::ACCEPT), API_FORMS);
        let asked = client.preferences();
        let wait = match (asked.wait, asked.respond_async) {
            (Some(wait), _) => wait.min(self.max_wait),
            (None, true) => Duration::ZERO,
            (None, false) => self.default_wait,
        };
        let body = self.admit(&client).and(body);
        let question = match &body {
            Ok(body) => self.question(&client, body, wait, asked.respond_async),
            Err(refusal) => Err(refusal.clone()),
        };
        let question = match question {
            Ok(question) => question,
            Err(refusal) => return response::refusal(form, NOTHING, &refusal),
        };
        let mut response = match self.asker.ask(question).await {
            Ok(ask::Answer::Verdict(id, json)) => {
                let mut response = response::verdict(form, NOTHING, &json);
                set(&mut response, header::CONTENT_LOCATION, &problems::location(&id));
                response
            }
            Ok(ask::Answer::Accepted(id)) => accepted(&id),
            Err(trouble) => response::refusal(form, NOTHING, &trouble.into()),
        };
        let applied = HeaderName::from_static("preference-applied");
        if response.status() == StatusCode::ACCEPTED {
            set(&mut response, applied, "respond-async");
        } else if asked.wait.is_some() {
            set(&mut response, applied, &format!("wait={}", wait.as_secs()));
        }
        response
    }

    fn question<'a>(
        &self,
        client: &Client,
        body: &'a Bytes,
        wait: Duration,
        async_is_fine: bool,
    ) -> Result<Question<'a>, Refusal> {
        let media = client.media_type();
        let json = media == "application/json" || media.ends_with("+json");
        if !json && media != "text/plain" {
            return Err(problems::media_type("application/json or text/plain", &media));
        }
        if let Err(error) = std::str::from_utf8(body) {
            return Err(problems::bad_request(format!(
                "the body must be UTF-8, but byte {} of its {} bytes is not",
                error.valid_up_to(),
                body.len()
            )));
        }
        let review = Review::from_body(body, &media)
            .map_err(|rejection| Refusal::from(verdict_messages::Problem::from(&rejection)))?;
        Ok(Question {
            review: self.review_of(review)?,
            wait,
            async_is_fine,
            repeatable: repeatable(client, body)?,
            trace: client.trace(),
        })
    }

    /// The bounds on a review that comes over HTTP.
    fn review_of<'a>(&self, review: Review<'a>) -> Result<Review<'a>, Refusal> {
        let chars = review.text.chars().count();
        if chars > self.max_chars {
            return Err(problems::unprocessable(format!(
                "text must have at most {} characters, got {chars}",
                self.max_chars
            )));
        }
        if review.text.trim().is_empty() {
            return Err(problems::unprocessable(if chars == 0 {
                "text must not be empty".to_owned()
            } else {
                format!("text must not be blank, got {chars} characters of white space")
            }));
        }
        if review.text.contains('\0') {
            return Err(problems::unprocessable("text must not hold a NUL"));
        }
        match &review.id {
            Some(id) if id.len() > MAX_ID_BYTES || id.chars().any(char::is_control) => {
                Err(problems::unprocessable(format!(
                    "id must have at most {MAX_ID_BYTES} bytes and no control characters, got {} bytes",
                    id.len()
                )))
            }
            _ => Ok(review),
        }
    }

    fn known(&self, id: &str) -> Answer {
        let decoded = percent_encoding::percent_decode_str(id).decode_utf8();
        let Ok(id) = decoded else {
            let refusal = problems::bad_request("the review id in the path must be UTF-8");
            return response::refusal(Form::Json, NOTHING, &refusal);
        };
        let id = ReviewId::new(&id);
        match self.asker.desk().find(&id).as_deref() {
            Some(KnownReply::Verdict(json)) => response::verdict(Form::Json, NOTHING, json),
            Some(KnownReply::Problem(problem)) => {
                response::refusal(Form::Json, NOTHING, &problem.clone().into())
            }
            None => response::refusal(Form::Json, NOTHING, &problems::unknown_review(&id)),
        }
    }

    fn nothing(&self, path: &str, headers: &HeaderMap) -> Answer {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let offered = if path.starts_with("/api/") { API_FORMS } else { PAGE_FORMS };
        let refusal = match path {
            "/predict" | "/label" | "/api/v1/reviews" => problems::method_not_allowed("POST"),
            "/" | "/healthz" | "/readyz" | "/metrics" => problems::method_not_allowed("GET, HEAD"),
            path if is_label(path) => problems::method_not_allowed("POST"),
            path if path.strip_prefix("/api/v1/reviews/").is_some_and(is_segment) => {
                problems::method_not_allowed("GET, HEAD")
            }
            path if path.strip_prefix("/assets/").is_some_and(assets::exists) => {
                problems::method_not_allowed("GET, HEAD")
            }
            _ => problems::not_found(),
        };
        let filled = Filled { text: "", max_chars: self.max_chars };
        response::refusal(choose(accept, offered), filled, &refusal)
    }

    /// May this client send a review, or a label, at all?
    pub(super) fn admit(&self, client: &Client) -> Result<(), Refusal> {
        if cross_site::is_cross_site(&client.headers) {
            return Err(problems::cross_site());
        }
        if let (Some(buckets), Some(address)) = (&self.buckets, client.address)
            && let Err(wait) = buckets.take(address, Instant::now())
        {
            self.telemetry.metrics().record_web_refused(Refused::RateLimit);
            return Err(problems::too_often(
                buckets.rate().per_second,
                wait.as_secs().saturating_add(1),
            ));
        }
        Ok(())
    }
}

const MAX_ID_BYTES: usize = 128;
const MAX_KEY_BYTES: usize = 255;

/// Whether it is the path of a review's label.
pub(super) fn is_label(path: &str) -> bool {
    path.strip_prefix("/api/v1/reviews/")
        .and_then(|rest| rest.strip_suffix("/label"))
        .is_some_and(is_segment)
}

fn is_segment(rest: &str) -> bool {
    !rest.is_empty() && !rest.contains('/')
}

fn accepted(id: &ReviewId) -> Answer {
    let location = problems::location(id);
    let body =
        serde_json::json!({ "review_id": id.as_str(), "accepted": true, "location": location });
    let mut response = respond(StatusCode::ACCEPTED, "application/json", body.to_string());
    set(&mut response, header::LOCATION, &location);
    response
}

fn repeatable(client: &Client, body: &[u8]) -> Result<Option<Repeatable>, Refusal> {
    let Some(value) = client.headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if (1..=MAX_KEY_BYTES).contains(&key.len()) => {
            Ok(Some(Repeatable { key: key.to_owned(), body: Sha256::digest(body).into() }))
        }
        _ => Err(problems::bad_request(format!(
            "Idempotency-Key must be 1 to {MAX_KEY_BYTES} visible ASCII characters, got {} bytes",
            value.len()
        ))),
    }
}
