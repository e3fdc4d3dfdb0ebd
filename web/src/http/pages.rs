//! The pages: home, a verdict with an address to keep, the model and the system.

use std::time::{Duration, Instant};

use http::StatusCode;
use percent_encoding::percent_decode_str;
use verdict_messages::{Sentiment, Verdict};

use super::{
    app::App,
    browser::LABEL_TOKEN,
    form,
    negotiate::Format,
    request::RequestHead,
    response::{Responder, Response, html},
    reviews::Found,
};
use crate::{
    ask::AskError,
    ids::ReviewId,
    page::{ModelPage, Outcome, ServiceStatus, StatusPage, VerdictView, serving},
    peers,
    pending::Reply,
    problems,
    publish::Publisher,
};

// A verdict does not wait longer than this for what happened to it.
const TIMELINE_WAIT: Duration = Duration::from_millis(300);

impl<P: Publisher> App<P> {
    /// `GET /`; `?from=ID` begins with the text of a review that came lately.
    pub(super) async fn home(&self, query: &str) -> Response {
        let serving = self.peers.model_at_hand().await.and_then(|model| serving(&model));
        let from = form::field(query.as_bytes(), "from").ok().flatten();
        let text = from.and_then(|id| self.texts.find(&ReviewId::new(&id)));
        let responder = Responder { text: text.as_deref().unwrap_or_default(), ..self.html() };
        responder.page(StatusCode::OK, Outcome::Home(serving))
    }

    /// `GET /r/{id}`; `id` as it stands in the path. `?labelled=` is where the buttons lead.
    pub(super) async fn verdict_page(&self, id: &str, query: &str, head: &RequestHead) -> Response {
        let Ok(id) = percent_decode_str(id).decode_utf8() else {
            return self.html().problem(&problems::id_not_utf8());
        };
        let labelled = match form::field(query.as_bytes(), "labelled").ok().flatten().as_deref() {
            Some("positive") => Some(Sentiment::Positive),
            Some("negative") => Some(Sentiment::Negative),
            _ => None,
        };
        let id = ReviewId::new(&id);
        let text = self.texts.find(&id);
        let token = head.cookie(LABEL_TOKEN).filter(|token| self.rights.is_token(&id, token));
        let found = match self.find(id.as_str(), query).await {
            Ok(Found::Reply(reply)) => Ok(reply),
            Ok(Found::NotYet(id, _)) => Err(problems::not_yet(&id)),
            Err(problem) => Err(problem),
        };
        match (found.as_deref(), labelled) {
            (Ok(Reply::Verdict(json)), _) => match Verdict::decode(json) {
                Ok(verdict) => {
                    let told =
                        tokio::time::timeout(TIMELINE_WAIT, self.find_timeline(id.as_str(), query));
                    let told = told.await.ok().and_then(Result::ok);
                    self.html().page(
                        StatusCode::OK,
                        Outcome::Verdict(Box::new(
                            VerdictView::new(text.as_deref(), &verdict, labelled, token)
                                .told(told.as_ref()),
                        )),
                    )
                }
                // It was decoded when it came, so this is a defect of ours.
                Err(error) => self.html().problem(&AskError::Internal(error.detail).into()),
            },
            (Ok(Reply::Problem(problem)), _) => {
                let text = text.as_deref().unwrap_or_default();
                Responder { text, ..self.html() }.problem(&problem.clone().into())
            }
            (Err(_), Some(label)) => self.html().page(StatusCode::OK, Outcome::Labelled(label)),
            (Err(problem), None) => {
                let text = text.as_deref().unwrap_or_default();
                Responder { text, ..self.html() }.problem(problem)
            }
        }
    }

    /// `GET /model`.
    pub(super) async fn model_page(&self) -> Response {
        let (model, live) = futures::join!(self.peers.model(), self.peers.live());
        html(StatusCode::OK, &ModelPage::new(model, live))
    }

    /// `GET /status`: 200 whatever it says, since it could be made. `/readyz` is for programs.
    pub(super) async fn status_page(&self) -> Response {
        let own = self.telemetry.health().readiness(Instant::now());
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        let mut services = vec![ServiceStatus {
            name: "Web",
            is_ready: own.ok,
            lines: lines(&own.text),
            address: None,
        }];
        let ask = async |name: &'static str, address: &Option<String>| {
            let address = address.clone()?;
            let said = peers::page(&address, "/readyz").await;
            let (is_ready, lines) = match said {
                // The first line says the same as the status.
                Ok((is_ready, text)) => {
                    (is_ready, text.lines().skip(1).map(str::to_owned).collect())
                }
                Err(why) => (false, vec![why]),
            };
            Some(ServiceStatus { name, is_ready, lines, address: Some(address) })
        };
        let (consumer, monitor) = futures::join!(
            ask("Consumer", &self.peers.at.consumer),
            ask("Monitor", &self.peers.at.monitor)
        );
        services.extend([consumer, monitor].into_iter().flatten());
        html(StatusCode::OK, &StatusPage { services })
    }

    fn html(&self) -> Responder<'static> {
        Responder { format: Format::Html, text: "", max_chars: self.max_chars }
    }
}
