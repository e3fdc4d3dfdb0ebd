//! The HTTP client under the exporters: blocking, because the SDK exports from threads of its own.

use std::{
    fmt,
    sync::Mutex,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

use crate::lock::lock;

/// A collector that goes on being away is told of so often.
const AGAIN: Duration = Duration::from_secs(300);
/// An answer to an export is a few bytes.
const LARGEST_ANSWER: u64 = 64 * 1024;

/// Sends exports, and says in the log when the collector is away and when it is back: once each, not once an export.
pub(super) struct Client {
    what: &'static str,
    agent: ureq::Agent,
    outage: Mutex<Outage>,
}

#[derive(Debug, Default)]
struct Outage {
    failed: u64,
    said: Option<Instant>,
}

impl Client {
    /// For exports of `what`, each try within `timeout`.
    pub(super) fn new(what: &'static str, timeout: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            // What a status means for an export is the exporter's to say.
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self { what, agent: config.into(), outage: Mutex::default() }
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let mut response = self.agent.run(request.map(|body| body.to_vec()))?;
        let body = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec()?;
        Ok(response.map(|_| Bytes::from(body)))
    }

    fn failed(&self, endpoint: &str, reason: &str) {
        let mut outage = lock(&self.outage);
        outage.failed += 1;
        if outage.said.is_none_or(|at| at.elapsed() >= AGAIN) {
            outage.said = Some(Instant::now());
            tracing::warn!(
                endpoint,
                failed = outage.failed,
                reason,
                "the collector does not take {}; the service goes on without",
                self.what
            );
        }
    }

    fn succeeded(&self) {
        let mut outage = lock(&self.outage);
        if outage.failed > 0 {
            tracing::info!(failed = outage.failed, "the collector takes {} again", self.what);
            *outage = Outage::default();
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let endpoint = shown(request.uri());
        let sent = self.send(request);
        match &sent {
            Ok(response) if response.status().is_success() => self.succeeded(),
            Ok(response) => self.failed(&endpoint, &format!("status {}", response.status())),
            Err(error) => self.failed(&endpoint, &error.to_string()),
        }
        sent.map_err(Into::into)
    }
}

/// Host, port and path. What else a URL may hold (a user, a password, a key) is not for the log.
fn shown(uri: &http::Uri) -> String {
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}{}", uri.host().unwrap_or_default(), uri.path())
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("what", &self.what).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_endpoint_does_not_reach_the_log() {
        let uri = "http://user:secret@collector:4318/v1/traces?key=hidden".parse().expect("a URI");
        assert_eq!(shown(&uri), "collector:4318/v1/traces");
    }
}
