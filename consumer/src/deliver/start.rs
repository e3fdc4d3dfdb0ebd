//! Which delivery a consumer has: what was asked for, and what the broker can do.

use std::time::Duration;

use verdict_kafka_io::{Cause, Failure, KafkaSettings, topics::present};
use verdict_messages::topic::PROBES;
use verdict_telemetry::Metrics;

use super::{Delivery, at_least_once::AtLeastOnce, transactional::Transactional};

/// How long a broker may take to list its topics.
const WITHIN: Duration = Duration::from_secs(5);

/// What is promised of each review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Its outcome exactly once: does not start where the broker cannot keep that
    ExactlyOnce,
    /// Its outcome at least once
    AtLeastOnce,
    /// Exactly once where the broker can keep that, otherwise at least once
    Auto,
}

/// Waits until the broker has shown what it can do, and makes the delivery of `mode`. `reviews` is
/// the topic that is read, `id` the `transactional.id`, `patience` gets why it waits and says
/// whether to go on.
///
/// # Errors
/// [`Failure::Fatal`] when what was asked for cannot be kept, or the settings are refused;
/// [`Failure::Retry`] when patience has ended.
pub fn start(
    mut mode: Mode,
    kafka: &KafkaSettings,
    reviews: &str,
    id: &str,
    metrics: &Metrics,
    mut patience: impl FnMut(&Failure) -> bool,
) -> Result<Box<dyn Delivery>, Failure> {
    loop {
        if mode == Mode::AtLeastOnce {
            return Ok(Box::new(AtLeastOnce::new(kafka)?));
        }
        let failure = match Transactional::start(kafka, id, metrics) {
            Ok(delivery) => return Ok(Box::new(delivery)),
            Err(failure) => failure,
        };
        let why = failure.details();
        if is_to_wait(&failure, kafka, reviews) {
            if !patience(&failure) {
                return Err(failure);
            }
        } else if mode == Mode::ExactlyOnce {
            let context = "--delivery exactly-once cannot be kept";
            return Err(Failure::fatal(context, why.to_string(), why.cause));
        } else {
            tracing::warn!("every review has its outcome at least once, not exactly once: {why}");
            mode = Mode::AtLeastOnce;
        }
    }
}

/// Whether the broker has not answered yet. A topic of probes that is missing is an answer once the
/// reviews are there.
fn is_to_wait(failure: &Failure, kafka: &KafkaSettings, reviews: &str) -> bool {
    match failure.details().cause {
        Cause::Transport => true,
        Cause::UnknownTopic => {
            let topics = present(kafka, WITHIN).unwrap_or_default();
            let is_there = |name: &str| topics.iter().any(|(topic, _)| topic == name);
            !is_there(reviews) || is_there(PROBES)
        }
        _ => matches!(failure, Failure::Retry(_)),
    }
}
