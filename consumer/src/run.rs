//! The loop: gather, score, deliver, reply. The only place where decisions become IO.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwap;
use verdict_kafka_io::{BatchLimits, Failure, Record, Source};
use verdict_sentiment::Model;
use verdict_service::Shutdown;
use verdict_telemetry::{Telemetry, labels::Stage};

use crate::{
    batch::{Pool, commits},
    breaker::{self, Breaker, Permit, Transition},
    deliver::{self, Delivery, in_words},
    events::Events,
    health::Health,
    models::follow::ModelFollower,
    observe::observer::Observer,
    replies::Replies,
    score::{Ending, Reply, Scorer},
    settings::Settings,
    summary::Summary,
    traces::{TracedBatch, Traces},
};

/// How often lag and readiness are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often the loop goes round until it is given its partitions.
const JOINING: Duration = Duration::from_millis(10);
/// How long replies may take at the end.
const LAST_REPLIES: Duration = Duration::from_secs(1);
/// How long a batch may take to end once a shutdown is requested; the process has 10 s in all.
const DRAIN: Duration = Duration::from_secs(5);

/// Scores reviews until `shutdown` is requested, on the calling thread. The model of a batch is the
/// one that `models` holds when the batch begins. Where the settings say which models to follow, a
/// thread puts them there, and nothing is scored before the one that is pointed to now was taken or
/// refused, or the start has waited long enough. The `observer` gets the batches that stand.
///
/// A broker that is away is waited for, however long it takes. When asked to stop, the loop
/// finishes its batch (or gives it up after five seconds; then it is read again by the next to
/// come), commits, and leaves the group.
///
/// # Errors
/// [`Failure::Fatal`] when the settings are refused, or when this member cannot go on.
pub fn run(
    settings: &Settings,
    models: &Arc<ArcSwap<Model>>,
    observer: Observer,
    telemetry: &Telemetry,
    shutdown: &Shutdown,
) -> Result<Summary, Failure> {
    let health = Health::of(telemetry);
    let reviews_topic = settings.source.topics.first().map_or("", String::as_str);
    let follower = settings.models.as_ref().map(|follow| {
        let metrics = telemetry.metrics().clone();
        let (registry, models) = (settings.registry.clone(), Arc::clone(models));
        ModelFollower::start(&settings.kafka, follow, registry, models, metrics)
    });
    let follower = follower.transpose()?;
    if let Some(follower) = &follower {
        follower.await_first(shutdown);
    }
    let replies = Replies::new(&settings.kafka)?;
    let source = Source::new(&settings.kafka, settings.source.clone())?;
    // While the group is being joined.
    let delivery = match wait_for_delivery(settings, reviews_topic, telemetry, &health, shutdown) {
        Err(Failure::Retry(_)) => return Ok(Summary::default()),
        delivery => delivery?,
    };
    let promise = delivery.promise();
    observer.promised(in_words(promise));
    let mut turn = Loop {
        settings,
        models,
        shutdown,
        events: Events::new(telemetry.metrics().clone(), settings),
        traces: Traces::new(telemetry.tracer().clone(), reviews_topic, &settings.source.group),
        observer,
        health,
        pool: Pool::new(settings.threads),
        breaker: Breaker::new(settings.breaker.clone()),
        current: None,
        delivery,
        replies,
        source,
    };
    let ended = turn.go_round();
    telemetry.health().stopping();
    drop(follower);
    turn.replies.finish(LAST_REPLIES);
    turn.events.replies(turn.replies.settled());
    // Leaving the group and ending the clients takes as long as the broker takes; whoever cannot
    // wait runs this loop in a thread and does not join it (see `service`).
    let Loop { source, delivery, replies, events, .. } = turn;
    let summary = events.stopped();
    drop(source);
    drop((delivery, replies));
    ended.map(|()| summary)
}

/// Waits for a broker that shows what it can do, for as long as it takes.
fn wait_for_delivery(
    settings: &Settings,
    reviews_topic: &str,
    telemetry: &Telemetry,
    health: &Health,
    shutdown: &Shutdown,
) -> Result<Box<dyn Delivery>, Failure> {
    let Settings { delivery, kafka, transactional_id, .. } = settings;
    let patience = |failure: &Failure| {
        tracing::debug!("{failure}");
        health.progress.touch();
        health.turn.touch();
        health.kafka.fail(failure.details().to_string());
        !shutdown.is_requested()
    };
    let metrics = telemetry.metrics();
    let delivery =
        deliver::start(*delivery, kafka, reviews_topic, transactional_id, metrics, patience)?;
    metrics.set_promise(delivery.promise());
    health.promise.pass_with(in_words(delivery.promise()));
    Ok(delivery)
}

struct Loop<'a> {
    settings: &'a Settings,
    models: &'a ArcSwap<Model>,
    shutdown: &'a Shutdown,
    events: Events,
    traces: Traces,
    observer: Observer,
    health: Health,
    pool: Pool,
    breaker: Breaker,
    // The model of the last batch.
    current: Option<Arc<Model>>,
    delivery: Box<dyn Delivery>,
    replies: Replies,
    source: Source,
}

impl Loop<'_> {
    fn go_round(&mut self) -> Result<(), Failure> {
        let mut records = Vec::new();
        let mut looked: Option<Instant> = None;
        self.take_model();
        if let Some(model) = &self.current {
            self.events.started(self.settings, model, in_words(self.delivery.promise()));
        }
        while !self.shutdown.is_requested() {
            self.health.progress.touch();
            self.health.turn.touch();
            // A batch asks again; this is for the pages that show which model serves while nothing
            // arrives.
            self.take_model();
            let limits = self.permitted();
            let mut first = None;
            match self.source.poll_batch(&limits, &mut records) {
                Ok(polled) => {
                    first = polled.first;
                    if polled.assigned + polled.revoked > 0 {
                        self.events.rebalanced(
                            polled.assigned,
                            polled.revoked,
                            self.source.partitions(),
                        );
                    }
                }
                Err(fatal @ Failure::Fatal(_)) => return Err(fatal),
                Err(failure) => self.events.trouble(&failure),
            }
            self.health.look(&self.source);
            if looked.is_none_or(|at| at.elapsed() >= LOOK) {
                looked = Some(Instant::now());
                self.events.lag(&self.source);
                self.events.flush();
                self.events.replies(self.replies.settled());
                for took in self.replies.measured() {
                    self.events.stage(Stage::Reply, took);
                }
                self.observer.tick();
            }
            if !records.is_empty() {
                self.process(&records, first)?;
            }
        }
        Ok(())
    }

    /// The limits of the next batch. Where nothing may be read, reading is paused, but the polls go
    /// on: they keep this member in its group.
    fn permitted(&mut self) -> BatchLimits {
        let permit = self.breaker.permit(Instant::now());
        self.source.set_paused(permit == Permit::Nothing);
        if permit != Permit::Nothing {
            self.health.breaker.pass();
        }
        let mut limits = self.settings.limits;
        if !self.source.has_joined() {
            limits.idle = JOINING;
        }
        match permit {
            Permit::Try(records) => BatchLimits { records: limits.records.min(records), ..limits },
            Permit::Batches | Permit::Nothing => limits,
        }
    }

    fn inform_breaker(&mut self, endings: &[Ending]) {
        match self.breaker.batch(breaker::verdicts(endings), Instant::now()) {
            Some(Transition::Opened { in_a_row }) => {
                let pause = self.settings.breaker.pause();
                self.health.breaker.fail(format!(
                    "{in_a_row} dead letters in a row: reading is paused for {pause:?}"
                ));
                self.events.breaker_opened(in_a_row, pause);
            }
            Some(Transition::Closed { in_a_row }) => self.events.breaker_closed(in_a_row),
            None => {}
        }
    }

    /// One batch, from records to replies; when its first record was read.
    fn process(&mut self, records: &[Record], first: Option<Instant>) -> Result<(), Failure> {
        let started = Instant::now();
        let now = now_unix_ms();
        self.events.batch_read(records, now);
        let traced = self.traces.begin(records);
        let model = self.take_model();
        let plan = self.observer.plan(records.len());
        let stride = plan.stride;
        let gathered = first.map_or(Duration::ZERO, |first| started.duration_since(first));
        let scorer = Scorer::new(&model, &self.settings.scoring, now).read_earlier(gathered);
        let scoring = Instant::now();
        let mut endings = self.pool.score(&scorer, plan, records);
        self.events.stage(Stage::Score, scoring.elapsed());
        traced.decided(&mut endings);
        let delivering = Instant::now();
        // A wait goes on for ever, until the loop is to end; then for as long as draining may take.
        let mut asked: Option<Instant> = None;
        let mut patience = || {
            // Waiting for a broker is no wedge: a restart would wait for the same broker.
            self.health.progress.touch();
            !self.shutdown.is_requested()
                || asked.get_or_insert_with(Instant::now).elapsed() < DRAIN
        };
        let commits = commits(records);
        let delivered = self.delivery.deliver(&mut self.source, &endings, &commits, &mut patience);
        match delivered {
            Ok(()) => {
                let committed = Instant::now();
                self.events.stage(Stage::Deliver, committed - delivering);
                self.events.batch_committed(&endings, started.elapsed());
                self.observer.batch(records, &endings, stride);
                self.inform_breaker(&endings);
                self.reply(endings, &traced, committed);
                Ok(())
            }
            Err(failure) => {
                traced.failed(failure.details().cause.as_str());
                if matches!(failure, Failure::Fatal(_)) {
                    return Err(failure);
                }
                self.events.batch_failed(&failure, records.len());
                // When the loop is to end, nobody reads on from here.
                if self.shutdown.is_requested() { Ok(()) } else { self.source.rewind() }
            }
        }
    }

    fn reply(&mut self, endings: Vec<Ending>, traced: &TracedBatch, committed: Instant) {
        let mut is_sent = false;
        for (index, ending) in endings.into_iter().enumerate() {
            let Reply::Answer(mut reply) = ending.reply else {
                continue;
            };
            let span = self.traces.reply(traced, index, &mut reply);
            let sent = self.replies.send(&reply);
            is_sent |= sent.is_ok();
            if let Err(failure) = sent {
                if let Some(span) = span {
                    span.fail(failure.details().cause.as_str());
                }
                self.events.reply_not_queued(&failure);
            }
        }
        if is_sent {
            self.replies.measure(committed);
        }
    }

    /// The model of the next batch.
    fn take_model(&mut self) -> Arc<Model> {
        let started = Instant::now();
        let model = self.models.load_full();
        if !self.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &model)) {
            self.observer.model_taken(&model);
            self.health.model.pass();
            // Not the last of the old model: the thread that follows the models frees it.
            self.current = Some(Arc::clone(&model));
            self.events.model_taken(&model, started.elapsed());
        }
        model
    }
}

#[expect(clippy::disallowed_methods, reason = "the loop is where the time comes from")]
fn now_unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
