//! `GET /api/v1/verdicts`: the verdicts as they come, as server-sent events.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::stream;
use http::{HeaderName, header};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use verdict_messages::Sentiment;

use super::{
    app::App,
    form,
    request::RequestHead,
    response::{Responder, Response, set},
    stream::streamed,
};
use crate::{
    feed::{Event, Watch},
    problems::{self, HttpProblem},
};

/// A line of no meaning is sent this often, so that nobody on the way takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Verdicts from before the watch that a client may ask for.
const MOST_RECENT: usize = 1_000;

/// Which verdicts a client wants.
#[derive(Debug, Default)]
struct Filter {
    label: Option<Sentiment>,
    above: Option<f64>,
    below: Option<f64>,
    model: Option<String>,
    recent: usize,
}

impl Filter {
    fn parse(query: &str) -> Result<Self, HttpProblem> {
        let field = |name| form::field(query.as_bytes(), name).map_err(problems::bad_request);
        let number = |name| match field(name)?.map(|text| (text.parse::<f64>(), text)) {
            None => Ok(None),
            Some((Ok(number), _)) if (0.0..=1.0).contains(&number) => Ok(Some(number)),
            Some((_, text)) => {
                let detail = format!("{name} must be a number from 0 to 1, got {text:?}");
                Err(problems::bad_request(detail))
            }
        };
        let label = match field("label")?.as_deref() {
            None => None,
            Some("positive") => Some(Sentiment::Positive),
            Some("negative") => Some(Sentiment::Negative),
            Some(other) => {
                let detail = format!("label must be positive or negative, got {other:?}");
                return Err(problems::bad_request(detail));
            }
        };
        let recent = match field("recent")?.map(|text| (text.parse::<usize>(), text)) {
            None => 0,
            Some((Ok(recent), _)) if recent <= MOST_RECENT => recent,
            Some((_, text)) => {
                let detail = format!("recent must be 0 to {MOST_RECENT}, got {text:?}");
                return Err(problems::bad_request(detail));
            }
        };
        Ok(Self {
            label,
            above: number("above")?,
            below: number("below")?,
            model: field("model")?,
            recent,
        })
    }

    fn takes(&self, event: &Event) -> bool {
        self.label.is_none_or(|label| label == event.label)
            && self.above.is_none_or(|bound| event.probability > bound)
            && self.below.is_none_or(|bound| event.probability < bound)
            && self.model.as_ref().is_none_or(|version| *version == event.model_version)
    }
}

/// What is sent to one watcher.
struct Sending {
    first: VecDeque<Bytes>,
    events: Receiver<Arc<Event>>,
    filter: Filter,
    has_ended: bool,
}

impl Sending {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(piece) = self.first.pop_front() {
            return Some(piece);
        }
        while !self.has_ended {
            match tokio::time::timeout(HEARTBEAT, self.events.recv()).await {
                Ok(Ok(event)) if self.filter.takes(&event) => return Some(written(&event)),
                Ok(Ok(_unwanted)) => {}
                Ok(Err(RecvError::Closed)) => return None,
                Ok(Err(RecvError::Lagged(missed))) => {
                    self.has_ended = true;
                    let why = format!("event: cut\ndata: {{\"missed\":{missed}}}\n\n");
                    return Some(why.into());
                }
                Err(_elapsed) => return Some(Bytes::from_static(b":\n\n")),
            }
        }
        None
    }
}

fn written(event: &Event) -> Bytes {
    let head = format!("id: {}\nevent: verdict\ndata: ", event.id);
    [head.as_bytes(), &event.json, b"\n\n"].concat().into()
}

impl<P> App<P> {
    /// `GET /api/v1/verdicts`.
    pub(super) fn verdicts(&self, head: &RequestHead, query: &str) -> Response {
        let filter = match Filter::parse(query) {
            Ok(filter) => filter,
            Err(problem) => return Responder::JSON.problem(&problem),
        };
        let last = head.headers.get("last-event-id").and_then(|value| value.to_str().ok());
        let Some(Watch { before, is_complete, events }) = self.feed.watch(last, filter.recent)
        else {
            return Responder::JSON.problem(&problems::too_many_watch());
        };
        let mut first = VecDeque::from([Bytes::from_static(b"retry: 2000\n\n")]);
        if !is_complete {
            first.push_back(Bytes::from_static(b"event: gap\ndata: {}\n\n"));
        }
        let wanted = before.iter().filter(|event| filter.takes(event));
        first.extend(wanted.map(|event| written(event)));
        let sending = Sending { first, events, filter, has_ended: false };
        let pieces = stream::unfold(sending, |mut sending| async move {
            let piece = sending.next().await?;
            Some((piece, sending))
        });
        let mut response = streamed("text/event-stream", pieces);
        // For proxies that would wait for more.
        set(&mut response, HeaderName::from_static("x-accel-buffering"), "no");
        set(&mut response, header::CACHE_CONTROL, "no-store");
        response
    }
}
