//! A review now and then, so that there is something to see.

use std::net::SocketAddr;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::samples::SAMPLES;

/// Posts samples until it is dropped.
#[derive(Debug)]
pub(crate) struct Trickle {
    _stop: mpsc::Sender<()>,
}

impl Trickle {
    /// Posts the first sample at once and then one every `interval`, and awaits no verdict.
    pub(crate) fn start(web: SocketAddr, interval: Duration) -> Self {
        let (stop, stopped) = mpsc::channel();
        std::thread::spawn(move || {
            for sample in SAMPLES.iter().cycle() {
                let review = serde_json::json!({ "text": sample, "source": "demo" });
                let posted = ureq::post(format!("http://{web}/api/v1/reviews"))
                    .header("content-type", "application/json")
                    .header("prefer", "respond-async")
                    .send(review.to_string());
                // Web says in its log and metrics what it refuses; the next sample may fare better.
                drop(posted);
                match stopped.recv_timeout(interval) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Self { _stop: stop }
    }
}
