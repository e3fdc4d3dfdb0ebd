//! The real consumer beside a test, and the audit that judges it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use arc_swap::ArcSwap;
use clap::Parser as _;
use verdict_consumer::cli::Cli;
use verdict_consumer::{observe::Observer, run};
use verdict_kafka_io::{KafkaSettings, committed, snapshot};
use verdict_messages::topic;
use verdict_monitor::audit::{Report, audit};
use verdict_monitor::topics::TopicArgs;
use verdict_sentiment::Model;
use verdict_service::{Pages, Shutdown};
use verdict_telemetry::{CpuPrice, Service, Telemetry};
use verdict_testkit::{PATIENCE, eventually_ok, repository};

/// Runs a consumer while `work` is done.
pub(crate) fn with_consumer(kafka: &KafkaSettings, work: impl FnOnce()) {
    let servers = format!("--bootstrap-servers={}", kafka.bootstrap());
    let typed = ["consumer", "--no-follow-models", &servers];
    let settings = Cli::parse_from(typed).run.check().unwrap();
    let bytes = std::fs::read(repository().join("models/default/model.verdict")).unwrap();
    let models = Arc::new(ArcSwap::from_pointee(Model::from_bytes(&bytes).unwrap()));
    let telemetry = Telemetry::start(Service::Consumer, CpuPrice::default()).unwrap();
    let observer = Observer::new(&settings.observe, None, &telemetry, &Pages::default());
    let shutdown = Shutdown::default();
    thread::scope(|scope| {
        let running = scope.spawn(|| run::run(&settings, &models, observer, &telemetry, &shutdown));
        // A panic in the work must end the consumer too, or the scope would wait for it for ever.
        let done = catch_unwind(AssertUnwindSafe(work));
        shutdown.request();
        running.join().unwrap().unwrap();
        done.unwrap();
    });
}

/// Waits until the consumer is done with every review that is there now.
pub(crate) fn await_outcomes(kafka: &KafkaSettings) {
    let ends = snapshot::ends(kafka, topic::REVIEWS, PATIENCE).unwrap();
    // The group has no coordinator before its first member came.
    eventually_ok("every review has its outcome", || {
        match committed(kafka, "verdict", topic::REVIEWS, PATIENCE) {
            Ok(done) if done == ends => Ok(()),
            not_yet => Err(format!("{not_yet:?}")),
        }
    });
}

/// What an audit of all reviews finds.
pub(crate) fn audited(kafka: &KafkaSettings) -> Report {
    let (topics, stop) = (TopicArgs::default(), Shutdown::default());
    audit(kafka, &topics, None, PATIENCE, 5, &stop).unwrap().unwrap()
}
