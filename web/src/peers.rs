//! What the other services say on their operator pages, for the pages about the model and the
//! system. Nothing of a verdict depends on it: where a page is not named, or does not answer, its
//! part is left out.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use verdict_service::get;

// Somebody waits for the page.
const WAIT: Duration = Duration::from_secs(2);
// What a consumer says of its model is asked no more often than this, however many visit.
const FRESH: Duration = Duration::from_secs(2);
// The form does not wait longer than this for a line about the model.
const HURRY: Duration = Duration::from_millis(100);
// And does not wait at all for so long after it waited in vain.
const AWAY: Duration = Duration::from_secs(5);

/// Where the operator pages of other services are, as `HOST:PORT`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peers {
    /// Those of a consumer.
    pub consumer: Option<String>,
    /// Those of the monitor.
    pub monitor: Option<String>,
}

/// The operator pages of other services.
#[derive(Debug)]
pub(crate) struct PeerPages {
    pub(crate) at: Peers,
    model: Mutex<Option<(Instant, Value)>>,
    // When somebody in a hurry had no answer.
    missed: Mutex<Option<Instant>>,
}

impl PeerPages {
    pub(crate) fn new(at: Peers) -> Self {
        Self { at, model: Mutex::default(), missed: Mutex::default() }
    }

    /// What a consumer says of its model, or said a moment ago. One asks for all who wait.
    pub(crate) async fn model(&self) -> Result<Value, String> {
        let mut said = self.model.lock().await;
        if let Some((_, model)) = said.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(model.clone());
        }
        let model = json(self.at.consumer.as_deref(), "--consumer-pages", "/model").await?;
        *said = Some((Instant::now(), model.clone()));
        Ok(model)
    }

    /// The same for those who do not wait for it: `None` where it does not come at once. While the
    /// consumer is away, one visitor in five seconds waits for it.
    pub(crate) async fn model_at_hand(&self) -> Option<Value> {
        if self.missed.lock().await.is_some_and(|at| at.elapsed() < AWAY) {
            return None;
        }
        let model = timeout(HURRY, self.model()).await.ok().and_then(Result::ok);
        *self.missed.lock().await = model.is_none().then(Instant::now);
        model
    }

    /// What the monitor says of live accuracy.
    pub(crate) async fn live(&self) -> Result<Value, String> {
        json(self.at.monitor.as_deref(), "--monitor-pages", "/live").await
    }
}

/// The page at `path`, and whether it says that all is well.
///
/// # Errors
/// A sentence: who does not answer, and why.
pub(crate) async fn page(address: &str, path: &'static str) -> Result<(bool, String), String> {
    let answer = timeout(WAIT, get(address, path)).await;
    let (status, text) = answer
        .map_err(|_elapsed| format!("{address} gave no answer within {WAIT:?}"))?
        .map_err(|error| error.to_string())?;
    let text = text.map_err(|error| format!("{address} gave no whole answer: {error}"))?;
    Ok((status.is_success(), String::from_utf8_lossy(&text).into_owned()))
}

async fn json(address: Option<&str>, flag: &str, path: &'static str) -> Result<Value, String> {
    let Some(address) = address else {
        return Err(format!("this page is not told where to ask ({flag})"));
    };
    match page(address, path).await? {
        (true, text) => serde_json::from_str(&text)
            .map_err(|error| format!("{address}{path} is not what it should be: {error}")),
        (false, text) => {
            let line = text.lines().next().unwrap_or_default();
            Err(format!("{address}{path} cannot be had: {line}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_consumer_that_gives_no_answer_is_waited_for_once_in_a_while() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        silent.set_nonblocking(true).unwrap();
        let consumer = Some(silent.local_addr().unwrap().to_string());
        let pages = PeerPages::new(Peers { consumer, monitor: None });
        let asked = || std::iter::from_fn(|| silent.accept().ok()).count();
        for (passed, asks) in [(Duration::ZERO, 1), (Duration::ZERO, 0), (AWAY, 1)] {
            tokio::time::advance(passed).await;
            assert_eq!(pages.model_at_hand().await, None);
            assert_eq!(asked(), asks, "{passed:?} later");
        }
    }
}
