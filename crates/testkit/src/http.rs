//! Servers on this machine, asked over HTTP.

use std::net::{SocketAddr, TcpListener};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Response};

use crate::wait::eventually_ok;

/// What a server answered, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn read(answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<Self, String> {
        let (head, mut body) = answer.map_err(|error| error.to_string())?.into_parts();
        let text = body.read_to_string().map_err(|error| error.to_string())?;
        Ok(Self { status: head.status.as_u16(), headers: head.headers, text })
    }
}

pub(crate) fn agent() -> &'static Agent {
    static AGENT: OnceLock<Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        let config = Agent::config_builder()
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(20)))
            // Servers of tests end and come back at the same address.
            .max_idle_connections(0)
            .http_status_as_error(false);
        config.build().into()
    })
}

/// GET.
///
/// # Errors
/// Nobody answers.
pub fn get(url: &str) -> Result<Answer, String> {
    Answer::read(agent().get(url).call())
}

/// POST with these header fields.
///
/// # Errors
/// Nobody answers.
pub fn post(url: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer, String> {
    let request = agent().post(url);
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Answer::read(request.send(body))
}

/// Gets a page again and again until it holds what is wanted.
///
/// # Panics
/// It does not within [`PATIENCE`](crate::PATIENCE).
#[track_caller]
pub fn await_page(url: &str, holds: impl Fn(&Answer) -> bool) -> Answer {
    eventually_ok(url, || {
        let answer = get(url)?;
        if holds(&answer) { Ok(answer) } else { Err(format!("{}: {}", answer.status, answer.text)) }
    })
}

/// An address of this machine on which nobody listened a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
