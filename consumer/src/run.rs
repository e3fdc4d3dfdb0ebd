//! The loop: gather, score, deliver, reply. The only place where decisions become IO.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwap;
use verdict_kafka_io::{BatchLimits, Failure, Record, Source};
use verdict_sentiment::Model;
use verdict_service::{Pages, Shutdown};
use verdict_telemetry::{
    Telemetry,
    health::{Check, Progress},
};

use crate::{
    batch::{Pool, commits},
    breaker::{self, Breaker, Change, Permit},
    deliver::{AtLeastOnce, Delivery, Replies},
    events::Events,
    models::{ModelFollower, fetch},
    observe::{Observer, Shadow},
    score::{Ending, Reply, Scorer},
    settings::Settings,
    summary::Summary,
    traces::{TracedBatch, Traces},
};

/// The loop is wedged when it does not come round for so long.
const WEDGED: Duration = Duration::from_secs(30);
/// The longest time from batch to batch, with Kafka's confirmations, after which a consumer is
/// still ready for work.
const STUCK: Duration = Duration::from_secs(7);
/// How often lag and readiness are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long replies may take at the end.
const LAST_REPLIES: Duration = Duration::from_secs(1);

/// Scores reviews until `shutdown` is requested, on the calling thread. The model of a batch is the one that `models`
/// holds when the batch begins. Where the settings say which models to follow, a thread puts them there, and nothing is
/// scored before the one that is pointed to now was taken or refused, or the start has waited long enough.
///
/// A broker that is away is waited for, however long it takes. When asked to stop, the loop finishes its batch (or gives
/// it up after [`Settings::drain`]; then it is read again by the next to come), commits, and leaves the group.
///
/// # Errors
/// [`Failure::Fatal`] when the settings are refused, or when this member cannot go on.
pub fn run(
    settings: &Settings,
    models: &Arc<ArcSwap<Model>>,
    telemetry: &Telemetry,
    shutdown: &Shutdown,
) -> Result<Summary, Failure> {
    run_beside(settings, models, None, telemetry, &Pages::default(), shutdown)
}

/// [`run`] with a shadow model, if there is one; the model that serves is shown on `pages`.
///
/// # Errors
/// Those of [`run`].
pub fn run_beside(
    settings: &Settings,
    models: &Arc<ArcSwap<Model>>,
    shadow: Option<Shadow>,
    telemetry: &Telemetry,
    pages: &Pages,
    shutdown: &Shutdown,
) -> Result<Summary, Failure> {
    let health = Health::of(telemetry);
    let delivery = AtLeastOnce::new(&settings.kafka)?;
    let follower = settings.models.as_ref().map(|follow| {
        ModelFollower::start(
            &settings.kafka,
            follow,
            Arc::clone(models),
            telemetry.metrics().clone(),
            fetch::from_registry(settings.registry.clone()),
        )
    });
    let follower = follower.transpose()?;
    if let Some(follower) = &follower {
        follower.await_first(shutdown);
    }
    let replies = Replies::new(&settings.kafka)?;
    // Made last, so that it is dropped first: the group is left before the producers end.
    let source = Source::new(&settings.kafka, settings.source.clone())?;
    let mut turn = Loop {
        settings,
        models,
        shutdown,
        events: Events::new(telemetry.metrics().clone(), settings),
        traces: Traces::new(
            telemetry.tracer().clone(),
            settings.source.topics.first().map_or("", String::as_str),
            &settings.source.group,
        ),
        observe: Observer::new(&settings.observe, shadow, telemetry, pages),
        health,
        pool: Pool::new(settings.threads),
        breaker: Breaker::new(settings.breaker),
        verdicts_topic: Arc::from(settings.verdicts_topic.as_str()),
        dead_letters_topic: Arc::from(settings.dead_letters_topic.as_str()),
        current: None,
        summary: Summary::default(),
        delivery,
        replies,
        source,
    };
    let ended = turn.go_round();
    telemetry.health().stopping();
    drop(follower);
    turn.replies.finish(LAST_REPLIES);
    turn.events.replies(turn.replies.settled());
    turn.events.stopped(&turn.summary);
    let summary = turn.summary;
    // Leaving the group and ending the clients takes as long as the broker takes; whoever cannot wait runs this loop in
    // a thread and does not join it (see `service`).
    let Loop { source, delivery, replies, .. } = turn;
    drop(source);
    drop((delivery, replies));
    ended.map(|()| summary)
}

struct Loop<'a> {
    settings: &'a Settings,
    models: &'a ArcSwap<Model>,
    shutdown: &'a Shutdown,
    events: Events,
    traces: Traces,
    observe: Observer,
    health: Health,
    pool: Pool,
    breaker: Breaker,
    verdicts_topic: Arc<str>,
    dead_letters_topic: Arc<str>,
    current: Option<Arc<Model>>,
    summary: Summary,
    delivery: AtLeastOnce,
    replies: Replies,
    source: Source,
}

impl Loop<'_> {
    fn go_round(&mut self) -> Result<(), Failure> {
        let mut records = Vec::new();
        let mut looked: Option<Instant> = None;
        self.take_model();
        if let Some(model) = &self.current {
            self.events.started(self.settings, model, self.delivery.promise());
        }
        while !self.shutdown.is_requested() {
            self.health.progress.touch();
            self.health.turn.touch();
            // A batch asks again; this is for the pages that tell which model serves while nothing arrives.
            self.take_model();
            let limits = self.permitted();
            match self.source.poll_batch(&limits, &mut records) {
                Ok(polled) => {
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
            if looked.is_none_or(|at| at.elapsed() >= LOOK) {
                looked = Some(Instant::now());
                self.health.look(&self.source);
                self.events.lag(&self.source);
                self.events.tell();
                self.events.replies(self.replies.settled());
                self.observe.tick();
            }
            if !records.is_empty() {
                self.process(&records)?;
            }
        }
        Ok(())
    }

    /// The limits of the next batch. Where nothing may be read, reading is paused, but the polls go on: they keep this member in
    /// its group.
    fn permitted(&mut self) -> BatchLimits {
        let permit = self.breaker.permit(Instant::now());
        self.source.set_paused(permit == Permit::Nothing);
        if permit != Permit::Nothing {
            self.health.breaker.pass();
        }
        let limits = self.settings.limits;
        match permit {
            Permit::Try(records) => BatchLimits { records: limits.records.min(records), ..limits },
            Permit::Batches | Permit::Nothing => limits,
        }
    }

    fn tell_breaker(&mut self, endings: &[Ending]) {
        let change = self.breaker.batch(breaker::verdicts(endings), Instant::now());
        match change {
            Some(Change::Opened { in_a_row }) => {
                let pause = self.settings.breaker.pause;
                self.health.breaker.fail(format!(
                    "{in_a_row} dead letters in a row: reading is paused for {pause:?}"
                ));
                self.events.breaker_opened(in_a_row, pause);
            }
            Some(Change::Closed { in_a_row }) => self.events.breaker_closed(in_a_row),
            None => {}
        }
    }

    /// One batch, from records to replies.
    fn process(&mut self, records: &[Record]) -> Result<(), Failure> {
        let started = Instant::now();
        let now = now_unix_ms();
        self.events.batch_read(records, now);
        let traced = self.traces.begin(records);
        let model = self.take_model();
        let plan = self.observe.plan(records.len());
        let stride = plan.stride;
        let scorer = Scorer::new(
            &model,
            &self.settings.scoring,
            Arc::clone(&self.verdicts_topic),
            Arc::clone(&self.dead_letters_topic),
            now,
        )
        .observing(plan);
        let scoring = Instant::now();
        let mut endings = self.pool.score(&scorer, records);
        self.events.batch_scored(scoring.elapsed());
        traced.decided(&mut endings);
        let delivering = Instant::now();
        let mut patience = Patience::new(self.settings.drain, self.shutdown, &self.health.progress);
        match self
            .delivery
            .deliver(&mut self.source, &endings, &commits(records), &mut || patience.goes_on())
        {
            Ok(()) => {
                self.events.batch_delivered(delivering.elapsed());
                self.summary.add(&endings);
                self.events.batch_committed(&endings, started.elapsed());
                self.observe.batch(records, &endings, stride);
                self.tell_breaker(&endings);
                self.reply(endings, &traced);
                Ok(())
            }
            Err(failure) => {
                traced.failed(failure.trouble().cause.as_str());
                if matches!(failure, Failure::Fatal(_)) {
                    return Err(failure);
                }
                self.summary.failed_batches += 1;
                self.events.batch_failed(&failure, records.len());
                // When the loop is to end, nobody reads on from here.
                if self.shutdown.is_requested() { Ok(()) } else { self.source.rewind() }
            }
        }
    }

    fn reply(&mut self, endings: Vec<Ending>, traced: &TracedBatch) {
        for (index, ending) in endings.into_iter().enumerate() {
            let Reply::Answer(mut reply) = ending.reply else {
                continue;
            };
            let span = self.traces.reply(traced, index, &mut reply);
            if let Err(failure) = self.replies.send(&reply) {
                if let Some(span) = span {
                    span.fail(failure.trouble().cause.as_str());
                }
                self.events.reply_not_queued(&failure);
            }
        }
    }

    fn take_model(&mut self) -> Arc<Model> {
        let started = Instant::now();
        let model = self.models.load_full();
        if !self.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &model)) {
            self.events.model_taken(&model);
            self.observe.model_taken(&model);
            self.health.model.pass();
            // Not the last of the old model: the thread that follows the models frees it.
            self.current = Some(Arc::clone(&model));
            self.summary.models += 1;
            self.summary.longest_swap = self.summary.longest_swap.max(started.elapsed());
        }
        model
    }
}

/// How long a wait goes on: for ever, until the loop is to end; then for as long as draining may take.
struct Patience<'a> {
    drain: Duration,
    shutdown: &'a Shutdown,
    progress: &'a Progress,
    asked: Option<Instant>,
}

impl<'a> Patience<'a> {
    fn new(drain: Duration, shutdown: &'a Shutdown, progress: &'a Progress) -> Self {
        Self { drain, shutdown, progress, asked: None }
    }

    fn goes_on(&mut self) -> bool {
        // Waiting for a broker is no wedge: a restart would wait for the same broker.
        self.progress.touch();
        if !self.shutdown.is_requested() {
            return true;
        }
        self.asked.get_or_insert_with(Instant::now).elapsed() < self.drain
    }
}

struct Health {
    kafka: Check,
    group: Check,
    model: Check,
    // Fails while reading is paused. Half open it passes: the member takes work again, and there may be none to try it with.
    breaker: Check,
    progress: Progress,
    // Not touched while results wait for their confirmation.
    turn: Progress,
}

/// The readiness checks of a consumer.
pub(crate) const CHECKS: [&str; 4] = ["kafka", "group", "model", "breaker"];

impl Health {
    fn of(telemetry: &Telemetry) -> Self {
        let health = telemetry.health();
        let [kafka, group, model, breaker] = CHECKS.map(|name| health.check(name));
        Self {
            kafka,
            group,
            model,
            breaker,
            progress: health.progress("loop", WEDGED),
            turn: health.turns("delivery", STUCK),
        }
    }

    fn look(&self, source: &Source) {
        match source.connection().why_down() {
            None => self.kafka.pass(),
            Some(why) => self.kafka.fail(why),
        }
        if source.has_joined() {
            self.group.pass();
        } else {
            self.group.fail("the group has not given this member its partitions yet");
        }
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
