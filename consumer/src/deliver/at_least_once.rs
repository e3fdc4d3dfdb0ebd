//! Outputs are confirmed, then positions are committed.

use std::time::{Duration, Instant};

use verdict_kafka_io::{Commit, Failure, KafkaSettings, Publisher, PublisherRole, Source};
use verdict_telemetry::labels::Promise;

use super::{Delivery, Outputs};
use crate::score::Ending;

/// How long the positions of a batch are tried to be committed, each try lasting as long as the
/// client makes it.
const COMMIT_FOR: Duration = Duration::from_secs(30);

/// Every review has its outcome at least once; a crash between writing and committing writes some
/// twice, with the same position in them.
#[derive(Debug)]
pub(super) struct AtLeastOnce {
    publisher: Publisher,
    outputs: Outputs,
}

impl AtLeastOnce {
    /// Connects in the background.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused.
    pub(super) fn new(kafka: &KafkaSettings) -> Result<Self, Failure> {
        let publisher = Publisher::new(kafka, PublisherRole::Pipeline)?;
        Ok(Self { publisher, outputs: Outputs::default() })
    }
}

impl Delivery for AtLeastOnce {
    fn deliver(
        &mut self,
        source: &mut Source,
        endings: &[Ending],
        commits: &[Commit],
        patience: &mut dyn FnMut() -> bool,
    ) -> Result<(), Failure> {
        let Self { publisher, outputs } = self;
        let send = |output: &_| publisher.send(output);
        outputs.write(endings, send, |slice| publisher.wait_delivered(slice), patience)?;
        // From here on the outputs stand. Positions that cannot be committed mean that some are
        // written twice, so it is worth trying for a while.
        let started = Instant::now();
        loop {
            match source.commit(commits) {
                Err(Failure::Retry(_)) if started.elapsed() < COMMIT_FOR && patience() => {}
                Err(Failure::Retry(trouble)) => return Err(Failure::Abort(trouble)),
                committed_or_failed => return committed_or_failed,
            }
        }
    }

    fn promise(&self) -> Promise {
        Promise::AtLeastOnce
    }
}
