//! The monitor of a running system reports what the evaluation reports of the same reviews.
//!
//! Made-up reviews are what there always is; `VERDICT_IMDB=data/raw/aclImdb_v1.tar.gz` takes some
//! thousands of the held-out ones of the Large Movie Review Dataset instead.

use crate::folder::Folder;
use crate::made::{Made, label, reviews, write_csv};
use arc_swap::ArcSwap;
use clap::Parser as _;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use verdict_consumer::cli::{Cli, Command};
use verdict_consumer::{observe::Observer, run};
use verdict_kafka_io::KafkaSettings;
use verdict_messages::topic;
use verdict_monitor::monitor::Monitor;
use verdict_monitor::{run as monitor, settings::MonitorSettings, tally::Tally};
use verdict_sentiment::Model;
use verdict_service::{Pages, Shutdown};
use verdict_telemetry::{CpuPrice, Service, Telemetry};
use verdict_testkit::{eventually, kafka, repository};
use verdict_trainer::ingest::file::{SplitName, read_corpus};
use verdict_trainer::params::Params;

/// Reviews, a multiple of what is made of them below.
const N: usize = 4_000;

#[test]
fn the_monitor_of_a_running_system_tells_what_the_evaluation_tells() {
    let Some((_broker, kafka)) = kafka::own_with_topics(3) else { return };
    let reviews = imdb().unwrap_or_else(|| reviews(N));
    assert_eq!(reviews.len(), N);
    let model = repository().join("models/default");
    let telemetry = Telemetry::start(Service::Monitor, CpuPrice::default()).unwrap();
    let settings = monitor_settings(&kafka);

    let shutdown = Shutdown::default();
    let live = thread::scope(|scope| {
        let monitor =
            scope.spawn(|| monitor::run(&settings, &telemetry, &Pages::default(), &shutdown));
        let _stops = Stop(&shutdown);
        let labelled = |n: u64| {
            await_series(
                &telemetry,
                "verdict_live_labelled{",
                n,
                "verdict_live_unmatched{what=\"label\"}",
                (N as u64) - n,
            );
        };
        // A quarter is labelled before it is scored; all other labels are wrong at first.
        write_reviews(&kafka, &reviews[..N / 2]);
        write_labels(&kafka, &reviews[..N / 4], |made| made.positive);
        with_consumer(&kafka, "verdict", &model, || labelled_first(&telemetry));
        write_labels(&kafka, &reviews[N / 4..], |made| !made.positive);
        labelled(N as u64 / 2);
        write_reviews(&kafka, &reviews[N / 2..]);
        write_labels(&kafka, &reviews[N / 4..], |made| made.positive);
        with_consumer(&kafka, "verdict", &model, || labelled(N as u64));
        // All outcomes a second time, by another group: they count once.
        with_consumer(&kafka, "again", &model, || {
            eventually("every outcome stands twice", || {
                let read = Monitor::read(&settings).unwrap().report();
                (read.verdicts == 2 * N as u64).then_some(())
            });
        });
        shutdown.request();
        monitor.join().unwrap().unwrap()
    });

    let offline = evaluated(&model, &reviews);
    let once = Monitor::read(&settings).unwrap().report();
    for (what, report) in [("live", &live), ("once", &once)] {
        let [(_, told)] = report.versions.as_slice() else {
            panic!("{what}: {report:?}");
        };
        assert_same(what, told, &offline);
        assert_eq!((report.unreadable, report.waiting_labels), (0, 0), "{what}");
    }
    assert_eq!(once.waiting_verdicts, 0);
    assert_eq!(once.versions, live.versions);
}

#[track_caller]
fn assert_same(what: &str, told: &Tally, offline: &Value) {
    let count = |key: &str| offline[key].as_u64().unwrap();
    let number = |key: &str| offline[key].as_f64().unwrap();
    assert_eq!(told.n(), count("n"), "{what}");
    assert_eq!(told.right(), count("tp") + count("tn"), "{what}");
    let accuracy = told.accuracy().unwrap();
    assert_eq!(accuracy.value.to_bits(), number("accuracy").to_bits());
    assert!(accuracy.low < accuracy.value && accuracy.value < accuracy.high);
    for (key, ours) in [("brier", told.brier().unwrap().value), ("ece", told.ece().unwrap())] {
        let theirs = number(key);
        assert!((ours - theirs).abs() < 1e-12, "{what} {key}: {ours} {theirs}");
    }
    eprintln!(
        "{what}: {} of {} right, Brier {:?}, ECE {:?}",
        told.right(),
        told.n(),
        told.brier(),
        told.ece()
    );
}

/// `trainer evaluate` of the same reviews.
fn evaluated(model: &Path, reviews: &[Made]) -> Value {
    let folder = Folder::new();
    write_csv(&folder.path("labelled.csv"), reviews);
    let model = model.to_str().unwrap();
    folder.json(&["evaluate", "--data=labelled.csv", "--split=all", "--model", model, "--json"])
}

/// Held-out reviews, every so many of them; the first half of the data set is negative.
fn imdb() -> Option<Vec<Made>> {
    let archive = repository().join(std::env::var("VERDICT_IMDB").ok()?);
    let split = Params::from_yaml("", "params.yaml").unwrap().data_ingestion.split;
    let corpus = read_corpus(&archive, SplitName::Test, &split).unwrap();
    let step = corpus.len() / N;
    let made = (0..N).map(|i| Made {
        id: corpus.ids[i * step].clone(),
        text: corpus.texts[i * step].clone(),
        positive: corpus.labels[i * step],
    });
    Some(made.collect())
}

fn monitor_settings(kafka: &KafkaSettings) -> MonitorSettings {
    let bootstrap = format!("--bootstrap-servers={}", kafka.bootstrap());
    let typed = ["consumer", "monitor", &bootstrap, "--audit-every-s=0"];
    match Cli::try_parse_from(typed).unwrap().command {
        Some(Command::Monitor(args)) => args.check().unwrap(),
        other => panic!("monitor was asked for, got {other:?}"),
    }
}

/// Runs a consumer while `work` is done.
fn with_consumer(kafka: &KafkaSettings, group: &str, model: &Path, work: impl FnOnce()) {
    let typed = [
        "consumer",
        "--no-follow-models",
        &format!("--bootstrap-servers={}", kafka.bootstrap()),
        &format!("--group={group}"),
    ];
    let settings = Cli::parse_from(typed).run.check().unwrap();
    let bytes = std::fs::read(model.join("model.verdict")).unwrap();
    let models = Arc::new(ArcSwap::from_pointee(Model::from_bytes(&bytes).unwrap()));
    let telemetry = Telemetry::start(Service::Consumer, CpuPrice::default()).unwrap();
    let observer = Observer::new(&settings.observe, None, &telemetry, &Pages::default());
    let shutdown = Shutdown::default();
    thread::scope(|scope| {
        let running = scope.spawn(|| run::run(&settings, &models, observer, &telemetry, &shutdown));
        let stops = Stop(&shutdown);
        work();
        drop(stops);
        running.join().unwrap().unwrap();
    });
}

/// Asks for the end when it goes, be it by a panic: a scope would wait for its threads for ever.
struct Stop<'a>(&'a Shutdown);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.request();
    }
}

fn write_reviews(kafka: &KafkaSettings, made: &[Made]) {
    kafka::publish(kafka, made.iter().map(|made| made.review(topic::REVIEWS)));
}

fn write_labels(kafka: &KafkaSettings, made: &[Made], is_positive: fn(&Made) -> bool) {
    let label = |made: &Made| label(topic::LABELS, &made.id, is_positive(made));
    kafka::publish(kafka, made.iter().map(label));
}

fn series(telemetry: &Telemetry, name: &str) -> Option<u64> {
    let exposition = telemetry.metrics().exposition().unwrap();
    let mut lines = exposition.lines();
    let line = lines.find(|line| line.starts_with(name))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// The first half is scored, and half of it labelled.
fn labelled_first(telemetry: &Telemetry) {
    await_series(
        telemetry,
        "verdict_live_labelled{",
        N as u64 / 4,
        "verdict_live_unmatched{what=\"verdict\"}",
        N as u64 / 4,
    );
}

fn await_series(telemetry: &Telemetry, one: &str, n: u64, other: &str, m: u64) {
    eventually(&format!("{one} is {n} and {other} is {m}"), || {
        let is = (series(telemetry, one), series(telemetry, other));
        (is == (Some(n), Some(m))).then_some(())
    });
}
