//! What the handlers share, and who may send at all.

use std::time::{Duration, Instant};

use bytes::Bytes;
use verdict_telemetry::{Telemetry, labels::Refused};

use super::{
    body::BodyLimits,
    cross_site::is_cross_site,
    hosts::Edge,
    negotiate::{Format, choose},
    request::RequestHead,
    response::Responder,
};
use crate::{
    ask::Asker,
    feed::Feed,
    label_rights::LabelRights,
    peers::PeerPages,
    problems::{self, HttpProblem},
    publish::Outbox,
    rate::Buckets,
    stored::{FindRecords, FindStored},
    texts::Texts,
};

/// All that the handlers need.
pub(crate) struct App<P> {
    pub(crate) asker: Asker<P>,
    pub(crate) labels: Outbox<P>,
    pub(crate) feed: Feed,
    pub(crate) stored: FindStored,
    pub(crate) records: FindRecords,
    pub(crate) rights: LabelRights,
    pub(crate) texts: Texts,
    pub(crate) peers: PeerPages,
    pub(crate) telemetry: Telemetry,
    pub(crate) buckets: Option<Buckets>,
    pub(crate) body: BodyLimits,
    pub(crate) edge: Edge,
    pub(crate) max_chars: usize,
    pub(crate) default_wait: Duration,
    pub(crate) max_wait: Duration,
}

impl<P> App<P> {
    /// Answers with the page, JSON or a line of text, as the client prefers.
    pub(super) fn responder(&self, accept: Option<&str>) -> Responder<'static> {
        let format = choose(accept, &[Format::Html, Format::Json, Format::Text]);
        Responder { format, text: "", max_chars: self.max_chars }
    }

    /// Whether this client may send a review, or a label, at all.
    pub(super) fn admit(&self, head: &RequestHead) -> Result<(), HttpProblem> {
        if is_cross_site(&head.headers, &self.edge) {
            return Err(problems::cross_site());
        }
        if let (Some(buckets), Some(address)) = (&self.buckets, head.address)
            && let Err(wait) = buckets.take(address, Instant::now())
        {
            self.telemetry.metrics().record_web_refused(Refused::RateLimit);
            let seconds = wait.as_secs().saturating_add(1);
            return Err(problems::too_often(buckets.rate.per_second, seconds));
        }
        Ok(())
    }

    /// The body of a form that this client may send.
    pub(super) fn form_body(
        &self,
        head: &RequestHead,
        body: Result<Bytes, HttpProblem>,
    ) -> Result<Bytes, HttpProblem> {
        self.admit(head)?;
        let body = body?;
        match head.media_type().as_str() {
            "application/x-www-form-urlencoded" | "" => Ok(body),
            other => Err(problems::media_type("application/x-www-form-urlencoded", other)),
        }
    }
}
