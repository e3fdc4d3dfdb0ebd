//! Outputs and positions in one Kafka transaction: takes the steps that [`decide`](super::decide)
//! says, on a real producer.

use std::time::{Duration, Instant};

use verdict_kafka_io::{
    Cause, Commit, Failure, KafkaSettings, Settled, Source, TransactionalPublisher, probe,
};
use verdict_telemetry::{
    Metrics,
    labels::{Promise, TransactionEnd},
};

use super::{
    Delivery, Outputs,
    decide::{Answer, Decisions, End, Step},
};
use crate::score::Ending;

/// How long one call waits for the broker; then patience is asked.
const CALL: Duration = Duration::from_secs(2);
/// Longer than this, and the broker has not ended a transaction that it should have ended (10 s).
const HELD_BACK: Duration = Duration::from_secs(20);

/// Every review has its outcome exactly once, for those who read committed records only.
#[derive(Debug)]
pub(super) struct Transactional {
    kafka: KafkaSettings,
    /// The `transactional.id`.
    id: String,
    metrics: Metrics,
    decisions: Decisions,
    producer: Option<TransactionalPublisher>,
    // The producer's broken connections when it was made.
    known_breaks: u64,
    outputs: Outputs,
    // Why the last step was not done.
    trouble: Option<Failure>,
}

/// What a step works on.
struct Batch<'a> {
    source: &'a Source,
    endings: &'a [Ending],
    commits: &'a [Commit],
}

impl Transactional {
    /// Makes a producer with the id `id`, which ends what a former one left open, and lets the
    /// broker show that it keeps transactions.
    ///
    /// # Errors
    /// [`Failure::Retry`] when the broker does not answer yet; otherwise why it keeps none.
    pub(super) fn start(
        kafka: &KafkaSettings,
        id: &str,
        metrics: &Metrics,
    ) -> Result<Self, Failure> {
        let producer = TransactionalPublisher::new(kafka, id)?;
        if producer.init(CALL)? == Settled::Unknown {
            let reason = "the client does not come to an end";
            return Err(Failure::retry("starting transactions", reason, Cause::Transport));
        }
        let known_breaks = producer.breaks();
        let on_one_broker = probe(kafka, &producer, id)?;
        if !on_one_broker.is_empty() {
            let topics = on_one_broker.join(",");
            tracing::warn!(topics, "only one of several brokers holds these topics");
        }
        let mut decisions = Decisions::default();
        decisions.renewed();
        Ok(Self {
            kafka: kafka.clone(),
            id: id.to_owned(),
            metrics: metrics.clone(),
            decisions,
            known_breaks,
            producer: Some(producer),
            outputs: Outputs::default(),
            trouble: None,
        })
    }

    /// Takes a step.
    fn take(
        &mut self,
        step: Step,
        batch: &Batch<'_>,
        patience: &mut dyn FnMut() -> bool,
    ) -> Answer {
        if !patience() {
            return Answer::GivenUp;
        }
        let Batch { source, endings, commits } = *batch;
        let producer = match (step, &self.producer) {
            (Step::Positions, _) => {
                return match source.is_committed(commits) {
                    Ok(true) => Answer::Committed,
                    Ok(false) => Answer::NotCommitted,
                    Err(failure) => self.failed(failure),
                };
            }
            (Step::Renew, None) => match TransactionalPublisher::new(&self.kafka, &self.id) {
                Ok(new) => self.producer.insert(new),
                Err(failure) => return self.failed(failure),
            },
            (_, Some(producer)) => producer,
            (_, None) => return Answer::Broken,
        };
        let settled = match step {
            Step::Renew => {
                let settled = producer.init(CALL);
                // What breaks from here on may be about a request of a transaction.
                self.known_breaks = producer.breaks();
                settled
            }
            Step::Begin => producer.begin(),
            Step::Write => {
                let (send, wait) =
                    (|output: &_| producer.send(output), |slice| producer.wait_delivered(slice));
                let written = self.outputs.write(endings, send, wait, patience);
                written.map(|()| Settled::Promptly)
            }
            Step::Offsets => producer.send_offsets(source, commits, CALL),
            Step::Commit => producer.commit(CALL),
            Step::Abort => producer.abort(CALL),
            Step::Positions | Step::End(_) => return Answer::Broken,
        };
        match settled {
            Ok(Settled::Promptly) => Answer::Done,
            Ok(Settled::Late) => Answer::DoneLate,
            Ok(Settled::Unknown) => {
                let reason = "no answer came";
                let doubt =
                    Failure::retry(format!("{step:?} of a transaction"), reason, Cause::Transport);
                self.trouble = Some(doubt);
                if step == Step::Renew {
                    self.producer = None;
                }
                Answer::Unknown
            }
            Err(failure) => self.failed(failure),
        }
    }

    fn look_for_breaks(&mut self) {
        let breaks = self.producer.as_ref().map(TransactionalPublisher::breaks);
        if breaks != Some(self.known_breaks) {
            self.decisions.taint();
        }
    }

    fn failed(&mut self, failure: Failure) -> Answer {
        let answer = match &failure {
            Failure::Retry(_) => Answer::Again,
            Failure::Abort(_) => Answer::Refused,
            Failure::Fatal(_) => Answer::Broken,
        };
        tracing::debug!("{failure}");
        self.trouble = Some(failure);
        answer
    }

    /// The present producer is to be replaced: dropping it ends its connections.
    fn let_go(&mut self) {
        self.producer = None;
        self.metrics.record_epochs(1);
        let why = self.trouble.as_ref().map_or("a late answer".to_owned(), Failure::to_string);
        tracing::warn!(id = self.id, "a new producer takes the place of the last one: {why}");
    }
}

impl Delivery for Transactional {
    fn deliver(
        &mut self,
        source: &mut Source,
        endings: &[Ending],
        commits: &[Commit],
        patience: &mut dyn FnMut() -> bool,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        self.trouble = None;
        // The client's log may come later than its answer: this may be about the last batch.
        self.look_for_breaks();
        let (mut before, mut step) = (None, self.decisions.begin());
        let (mut is_unknown, mut is_told) = (false, false);
        let end = loop {
            if let Step::End(end) = step {
                break end;
            }
            if step == Step::Renew && before != Some(Step::Renew) {
                self.let_go();
            }
            is_unknown |= step == Step::Positions;
            let batch = Batch { source, endings, commits };
            let answer = self.take(step, &batch, patience);
            let waits = step == Step::Positions && answer == Answer::Again;
            if waits && !is_told && started.elapsed() > HELD_BACK {
                let why = self.trouble.as_ref().map_or(String::new(), Failure::to_string);
                tracing::warn!("the positions are held back by a transaction that is open: {why}");
                is_told = true;
            }
            // Also where the answer is a refusal: a request before it may have been sent twice.
            self.look_for_breaks();
            (before, step) = (Some(step), self.decisions.next(step, answer));
        };
        let outcome = match end {
            _ if is_unknown => TransactionEnd::Unknown,
            End::Stands => TransactionEnd::Committed,
            _ => TransactionEnd::Aborted,
        };
        self.metrics.record_transactions(outcome, 1);
        self.metrics.record_transaction(started.elapsed());
        if end == End::Stands {
            source.note_committed(commits);
            return Ok(());
        }
        let failure = self.trouble.take().unwrap_or_else(|| {
            let reason = "an answer came late, and the positions are not those of the batch";
            Failure::fatal("delivering a batch", reason, Cause::Transport)
        });
        let details = failure.details().clone();
        Err(if end == End::Fatal { Failure::Fatal(details) } else { Failure::Abort(details) })
    }

    fn promise(&self) -> Promise {
        Promise::ExactlyOnce
    }
}
