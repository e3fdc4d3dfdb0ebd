//! The thread that follows the topic and swaps the model.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use verdict_kafka_io::{Cause, Failure, Followed, Follower, KafkaSettings, Record};
use verdict_messages::ModelPointer;
use verdict_registry::Resolver;
use verdict_sentiment::Model;
use verdict_service::{Shutdown, join_within};
use verdict_telemetry::{Metrics, labels::ModelSwap};

use super::{
    decide::{Decision, Serving, decide},
    error::ModelError,
    events::Events,
    fetch::fetch,
    settings::ModelSettings,
    verify::verify,
};

/// The longest wait before the thread looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(50);
/// From the first to the second try for bytes that are not there; doubles up to [`SLOWEST`].
const FIRST_AGAIN: Duration = Duration::from_millis(100);
const SLOWEST: Duration = Duration::from_secs(5);
/// How long the end waits for the thread, which may be fetching.
const END_WITHIN: Duration = Duration::from_millis(200);

/// The running thread. Ends when it is dropped.
#[derive(Debug)]
pub struct ModelFollower {
    settled: Receiver<()>,
    stop: Shutdown,
    thread: Option<JoinHandle<()>>,
    models: Arc<ArcSwap<Model>>,
    start_wait: Duration,
}

impl ModelFollower {
    /// Starts to follow the topic. Models that are taken are stored in `models`, under the version
    /// that the pointer gives.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused or no thread can be had.
    pub fn start(
        kafka: &KafkaSettings,
        settings: &ModelSettings,
        registry: Resolver,
        models: Arc<ArcSwap<Model>>,
        metrics: Metrics,
    ) -> Result<Self, Failure> {
        let follower = Follower::start(kafka, settings.topic.as_str())?;
        let stop = Shutdown::default();
        let (tell_settled, settled) = channel();
        let worker = Worker {
            settings: settings.clone(),
            models: Arc::clone(&models),
            events: Events::new(metrics),
            registry,
            serving: Serving { version: None, sha256: models.load().identity().sha256.clone() },
            candidate: None,
            caught_up: false,
            settled: Some(tell_settled),
            retired: Vec::new(),
        };
        let flag = stop.clone();
        let thread = std::thread::Builder::new()
            .name("models".to_owned())
            .spawn(move || worker.run(&follower, &flag))
            .map_err(|error| {
                Failure::fatal("starting to follow the models", error.to_string(), Cause::Other)
            })?;
        let start_wait = settings.start_wait;
        Ok(Self { settled, stop, thread: Some(thread), models, start_wait })
    }

    /// Waits until the topic was read to its end and its last pointer was followed or refused, or
    /// for as long as the start may wait, or until `shutdown` is requested.
    pub fn await_first(&self, shutdown: &Shutdown) {
        let asked = Instant::now();
        while !shutdown.is_requested() {
            match self.settled.recv_timeout(LOOK) {
                Ok(()) => return,
                Err(RecvTimeoutError::Timeout) if asked.elapsed() < self.start_wait => {}
                Err(_) => {
                    return tracing::warn!(
                        sha256 = self.models.load().identity().sha256,
                        "topic of models not read within {:.1?}, or what it points to not fetched; serving --model until it is",
                        asked.elapsed()
                    );
                }
            }
        }
    }
}

impl Drop for ModelFollower {
    fn drop(&mut self) {
        self.stop.request();
        if let Some(thread) = self.thread.take() {
            join_within(thread, END_WITHIN, "the thread that follows the models");
        }
    }
}

/// A pointer that is not done with.
struct Candidate {
    pointer: ModelPointer,
    first: Option<Instant>,
    next: Instant,
    pause: Duration,
    tries: u32,
}

struct Worker {
    settings: ModelSettings,
    models: Arc<ArcSwap<Model>>,
    events: Events,
    registry: Resolver,
    serving: Serving,
    candidate: Option<Candidate>,
    caught_up: bool,
    // Sent once: the start need not wait any longer.
    settled: Option<Sender<()>>,
    // Models that were replaced, until the loop has let go of them: freeing megabytes is this
    // thread's work, not its.
    retired: Vec<Arc<Model>>,
}

impl Worker {
    fn run(mut self, follower: &Follower, stop: &Shutdown) {
        while !stop.is_requested() {
            if let Err(failure) = self.listen(follower) {
                return log(&failure);
            }
            if self.caught_up {
                self.try_candidate(stop);
                if self.candidate.is_none() {
                    self.settle();
                }
            }
            self.retired.retain(|model| Arc::strong_count(model) > 1);
        }
    }

    /// Takes in all that is at hand: only the last pointer counts.
    fn listen(&mut self, follower: &Follower) -> Result<(), Failure> {
        let mut next = follower.next(self.wait())?;
        while let Some(followed) = next {
            match followed {
                Followed::Record(record) => self.read(&record),
                Followed::CaughtUp => self.caught_up = true,
                Followed::Absent => {
                    let topic = &self.settings.topic;
                    tracing::info!(
                        topic,
                        "there is no topic of models yet; the model goes on serving"
                    );
                    self.settle();
                }
                Followed::Failed(failure) => log(&failure),
            }
            next = follower.next(Duration::ZERO)?;
        }
        Ok(())
    }

    fn wait(&self) -> Duration {
        let until_next =
            |candidate: &Candidate| candidate.next.saturating_duration_since(Instant::now());
        match &self.candidate {
            Some(candidate) if self.caught_up => until_next(candidate).min(LOOK),
            _ => LOOK,
        }
    }

    fn read(&mut self, record: &Record) {
        if record.key.as_deref() != Some(self.settings.name.as_bytes()) {
            return;
        }
        let Some(value) = &record.value else {
            self.give_up_candidate();
            return self.events.removed();
        };
        match ModelPointer::decode(value) {
            Ok(pointer) => {
                self.give_up_candidate();
                self.candidate = Some(Candidate {
                    pointer,
                    first: None,
                    next: Instant::now(),
                    pause: FIRST_AGAIN,
                    tries: 0,
                });
            }
            // It is the last record all the same: what stood before it is no longer what is to
            // serve.
            Err(rejection) => {
                self.give_up_candidate();
                self.events.unreadable(&record.position(), &rejection);
            }
        }
    }

    /// A newer record came.
    fn give_up_candidate(&mut self) {
        if let Some(candidate) = self.candidate.take() {
            if candidate.first.is_some() {
                let why = "not there before the next pointer came";
                let gone = ModelError::new(ModelSwap::Unreachable, why);
                self.events.refused(&candidate.pointer, &gone, candidate.tries);
            } else {
                self.events.superseded();
            }
        }
    }

    /// Follows the pointer if it is time to; what is left then is to be tried again.
    fn try_candidate(&mut self, stop: &Shutdown) {
        let now = Instant::now();
        let Some(mut candidate) = self.candidate.take_if(|candidate| candidate.next <= now) else {
            return;
        };
        let ModelSettings { name, allow_rollback, .. } = &self.settings;
        let decision = decide(&self.serving, &candidate.pointer, name, *allow_rollback);
        if decision != Decision::Take {
            return self.events.declined(&candidate.pointer, decision, &self.serving);
        }
        candidate.tries += 1;
        let fetched = fetch(&self.registry, &candidate.pointer.uri);
        let verified = fetched.and_then(|bytes| verify(&candidate.pointer, &bytes));
        if stop.is_requested() {
            return;
        }
        match verified {
            Ok(model) => self.swap(model),
            Err(error) => {
                let first = *candidate.first.get_or_insert(now);
                if !error.may_pass() || first.elapsed() >= self.settings.fetch_for {
                    return self.events.refused(&candidate.pointer, &error, candidate.tries);
                }
                if candidate.tries == 1 {
                    let ModelPointer { name, version, uri, .. } = &candidate.pointer;
                    tracing::warn!(
                        name,
                        version,
                        uri,
                        "the model cannot be read yet, which is tried again: {error}"
                    );
                }
                candidate.next = Instant::now() + candidate.pause;
                candidate.pause = (candidate.pause * 2).min(SLOWEST);
                self.candidate = Some(candidate);
            }
        }
    }

    fn swap(&mut self, model: Model) {
        let identity = model.identity();
        self.serving =
            Serving { version: Some(identity.version.clone()), sha256: identity.sha256.clone() };
        self.events.swapped(&model);
        self.retired.push(self.models.swap(Arc::new(model)));
    }

    fn settle(&mut self) {
        if let Some(settled) = self.settled.take() {
            // Whoever started this may have stopped waiting.
            settled.send(()).unwrap_or(());
        }
    }
}

fn log(failure: &Failure) {
    tracing::warn!(cause = failure.details().cause.as_str(), "{failure}");
}
