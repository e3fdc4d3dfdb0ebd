//! What metrics and observing cost: scoring batches of real reviews with them and without, in one
//! run, alternating.
//!
//! `make bench-telemetry DATA=path/to/aclImdb_v1.tar.gz`. Each round scores the same batches in
//! each way, one way after the other batch by batch, in an order that changes; what is printed is
//! the median of the rounds' ratios. The time is the CPU time of the process, which neighbours on a
//! shared machine move least. Exit code 1 when metrics and observing cost full batches more than
//! [`MOST`]: they are what throughput is made of, and a consumer with small batches waits. Nothing
//! of Kafka is in it: there the part of all this is smaller still.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a benchmark"
)]

use std::{
    hint::black_box,
    num::NonZeroUsize,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser as _;
use verdict_consumer::{
    batch::Pool,
    cli::Cli,
    events::Events,
    observe::{Observer, Plan, Shadow},
    score::Scorer,
    settings::Settings,
};
use verdict_datasets::{OpenOptions, Source, Split};
use verdict_kafka_io::Record;
use verdict_messages::Headers;
use verdict_sentiment::Model;
use verdict_service::Pages;
use verdict_telemetry::{CpuPrice, Service, Telemetry, cpu, labels::Stage};

/// The cost that is accepted, as a ratio of times.
const MOST: f64 = 1.03;
const ROUNDS: usize = 15;
/// Reviews of a round.
const REVIEWS: usize = 12_000;
/// Reviews that one way processes before it is another's turn.
const TURN: usize = 4_000;
/// The largest batch of the defaults, and one as a trickle makes it.
const BATCHES: [usize; 2] = [FULL, 10];
const FULL: usize = 4_000;

/// One way to process a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Scoring alone.
    Bare,
    /// With metrics and observing, as by default.
    Watched,
    /// With a shadow model, the same as the serving one, too.
    Shadowed,
}

const WAYS: [Way; 3] = [Way::Bare, Way::Watched, Way::Shadowed];

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Watched => "metrics and observing",
            Self::Shadowed => "with a shadow model",
        }
    }
}

struct Consumer {
    model: Arc<Model>,
    settings: Settings,
    pool: Pool,
    events: Events,
    observer: Observer,
    beside: Observer,
}

impl Consumer {
    fn new(model: Arc<Model>, threads: NonZeroUsize) -> Self {
        let settings = Cli::parse_from(["consumer"]).run.check().unwrap();
        let telemetry = Telemetry::start(Service::Consumer, CpuPrice::default()).unwrap();
        let observer = Observer::new(&settings.observe, None, &telemetry, &Pages::default());
        observer.model_taken(&model);
        let shadow = Shadow::new(Arc::clone(&model), 1.0);
        let beside = Observer::new(&settings.observe, Some(shadow), &telemetry, &Pages::default());
        beside.model_taken(&model);
        Self {
            events: Events::new(telemetry.metrics().clone(), &settings),
            pool: Pool::new(threads),
            model,
            settings,
            observer,
            beside,
        }
    }

    fn process(&mut self, way: Way, records: &[Record]) {
        let started = Instant::now();
        let observer = match way {
            Way::Bare => None,
            Way::Watched => Some(&self.observer),
            Way::Shadowed => Some(&self.beside),
        };
        let plan = observer.map_or_else(Plan::default, |observer| observer.plan(records.len()));
        let scoring = &self.settings.scoring;
        let scorer = Scorer::new(&self.model, scoring, 0);
        if observer.is_some() {
            self.events.batch_read(records, 0);
        }
        let endings = self.pool.score(&scorer, plan, records);
        if let Some(observer) = observer {
            self.events.stage(Stage::Score, started.elapsed());
            self.events.stage(Stage::Deliver, started.elapsed());
            self.events.batch_committed(&endings, started.elapsed());
            observer.batch(records, &endings, plan.stride);
        }
        black_box(endings);
    }

    /// The CPU time of these records in batches of `batch`.
    fn time(&mut self, way: Way, records: &[Record], batch: usize) -> Duration {
        let started = cpu::process_time();
        for records in records.chunks(batch) {
            self.process(way, records);
        }
        cpu::process_time().saturating_sub(started)
    }
}

fn archive() -> Option<PathBuf> {
    std::env::var_os("VERDICT_IMDB").map(PathBuf::from)
}

fn records(archive: &PathBuf) -> Vec<Record> {
    let options = OpenOptions { split: Split::Test, ..OpenOptions::default() };
    let reviews = Source::open(archive, &options).unwrap();
    let texts: Vec<String> = reviews.map(|review| review.unwrap().text).collect();
    // The archive has one side after the other; every so many of all.
    let step = texts.len() / REVIEWS;
    let record = |(offset, text): (i64, &String)| Record {
        topic: "reviews".into(),
        partition: 0,
        offset,
        key: Some(offset.to_string().into_bytes()),
        value: Some(text.clone().into_bytes()),
        headers: Headers::default(),
        timestamp_ms: Some(0),
    };
    let every = texts.iter().step_by(step.max(1)).take(REVIEWS);
    (0..).zip(every).map(record).collect()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn main() -> ExitCode {
    let Some(archive) = archive() else {
        println!("left out: VERDICT_IMDB does not name the aclImdb archive");
        return ExitCode::SUCCESS;
    };
    let records = records(&archive);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/default/model.verdict");
    let model = Arc::new(Model::from_bytes(&std::fs::read(path).unwrap()).unwrap());
    let all = std::thread::available_parallelism().unwrap();
    let mut threads = vec![NonZeroUsize::MIN];
    threads.extend((all > NonZeroUsize::MIN).then_some(all));
    println!(
        "{} reviews a round, {ROUNDS} rounds; median of the rounds' ratios to bare (smallest to largest)",
        records.len()
    );
    let mut ends_well = true;
    for (threads, batch) in
        threads.iter().flat_map(|&threads| BATCHES.map(|batch| (threads, batch)))
    {
        let mut consumer = Consumer::new(Arc::clone(&model), threads);
        for way in WAYS {
            consumer.time(way, &records, batch);
        }
        let mut times = [const { Vec::new() }; WAYS.len()];
        for round in 0..ROUNDS {
            let mut took = [Duration::ZERO; WAYS.len()];
            for (turn, records) in records.chunks(TURN).enumerate() {
                for i in 0..WAYS.len() {
                    let which = (round + turn + i) % WAYS.len();
                    took[which] += consumer.time(WAYS[which], records, batch);
                }
            }
            for (times, took) in times.iter_mut().zip(took) {
                times.push(took.as_secs_f64());
            }
        }
        for (way, of_way) in WAYS.iter().zip(&times) {
            let ratios: Vec<f64> = of_way.iter().zip(&times[0]).map(|(t, b)| t / b).collect();
            let smallest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let largest = ratios.iter().copied().fold(0.0, f64::max);
            let ratio = median(ratios);
            let rate = records.len() as f64 / median(of_way.clone());
            println!(
                "{threads} thread(s), batches of {batch:>4}: {:<20} {rate:>7.0} reviews per CPU second  {ratio:.4} ({smallest:.3} to {largest:.3})",
                way.name()
            );
            if *way == Way::Watched && batch == FULL && ratio > MOST {
                println!("  more than {MOST}");
                ends_well = false;
            }
        }
    }
    if ends_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
