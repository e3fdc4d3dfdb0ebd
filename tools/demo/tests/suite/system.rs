//! The demo with Prometheus and two models, and what people do with it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use verdict_testkit::{Process, free_address, get, installed, kafka, post, run};

use crate::demo::{Demo, JSON, command};

/// Kafka, the services, Prometheus, and reviews with labels. Fields are dropped in this order.
pub(crate) struct System {
    pub(crate) demo: Demo,
    /// The port of Prometheus.
    pub(crate) prometheus: u16,
    /// Where Prometheus looks for a producer.
    producer: u16,
    folder: TempDir,
}

impl System {
    /// Everything, with a shadow model; `None` is left out, where Kafka or Prometheus is not there.
    pub(crate) fn start() -> Option<Self> {
        if !installed("prometheus", "prometheus") || !kafka::is_installed() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("params.yaml"), PARAMS).unwrap();
        std::fs::write(folder.path().join("reviews.csv"), reviews(600)).unwrap();
        let train = ["train", "--data=reviews.csv", "--params=params.yaml", "--out=small"];
        run(program("trainer").args(train).current_dir(folder.path()));

        let (prometheus, producer) = (free_address().port(), free_address().port());
        let path = |name: &str| folder.path().join(name).display().to_string();
        let state = folder.path().join("state");
        let demo = Demo::start_as(
            command(&state)
                // So few reviews, which the small model was trained on, drift; then no accuracy would
                // be expected of them.
                .env("VERDICT_DRIFT_THRESHOLD", "10")
                .arg(format!("--prometheus-port={prometheus}"))
                .arg(format!("--producer-port={producer}"))
                .arg(format!("--params={}", path("params.yaml")))
                .arg(format!("--shadow={}", path("small")))
                .args(["--consumers=2", "--new-labels=200", "--audit-every-s=3"])
                .args(["--drift-window=100", "--scrape-interval=1s"]),
            &state,
        );
        Some(Self { demo, prometheus, producer, folder })
    }

    /// Publishes the reviews with their labels, slowly, with metrics of its own, until it is
    /// dropped.
    pub(crate) fn publish(&self) -> Process {
        let listen = format!("127.0.0.1:{}", self.producer);
        let words = ["publish", "reviews.csv", "--labels", "--rate", "12", "--listen", &listen];
        Process::start(
            program("producer")
                .args(words)
                .args(["--bootstrap-servers", &self.demo.bootstrap])
                .current_dir(self.folder.path()),
        )
    }

    /// Lets the small model serve, as `trainer publish` does.
    pub(crate) fn swap(&self) {
        run(program("trainer")
            .args(["publish", "--model=small", "--registry"])
            .arg(self.folder.path().join("state/registry"))
            .args(["--bootstrap-servers", &self.demo.bootstrap])
            .current_dir(self.folder.path()));
    }

    /// People at the page and programs at the interface. What is returned sends them away, and
    /// every one was answered.
    pub(crate) fn visitors(&self) -> impl FnOnce() + use<> {
        let (web, leaving) = (self.demo.web.clone(), Arc::new(AtomicBool::new(false)));
        let left = Arc::clone(&leaving);
        let visits = thread::spawn(move || {
            let numbers = (0..).take_while(|_| !left.load(Ordering::Relaxed));
            numbers.for_each(|number| visit(&web, number));
        });
        move || {
            leaving.store(true, Ordering::Relaxed);
            visits.join().unwrap();
        }
    }
}

/// One of the services' programs, which are built beside the demo.
pub(crate) fn program(name: &str) -> Command {
    Command::new(PathBuf::from(env!("CARGO_BIN_EXE_demo")).with_file_name(name))
}

/// One after the other: the form, the interface, a label, the page.
fn visit(web: &str, number: usize) {
    let text = text(number);
    let form = format!("text={}", text.replace(' ', "+"));
    let json = format!(r#"{{"id":"visit-{number}","text":"{text}"}}"#);
    let label = format!("/api/v1/reviews/visit-{number}/label");
    let urlencoded = ("content-type", "application/x-www-form-urlencoded");
    let post = |path: &str, kind, body: &str| post(&format!("{web}{path}"), &[kind], body).unwrap();
    let page = post("/predict", urlencoded, &form);
    let verdict = post("/api/v1/reviews", JSON, &json);
    let token = &verdict.json()["label_token"];
    let label = post(&label, JSON, &format!(r#"{{"label":"positive","label_token":{token}}}"#));
    for answer in [page, verdict, label, get(&format!("{web}/")).unwrap()] {
        assert!((200..300).contains(&answer.status), "visit {number}: {answer:?}");
    }
    thread::park_timeout(Duration::from_millis(100));
}

/// A small vocabulary, a target for decisions, and a gate for some hundred reviews, which are all that
/// it asks about.
const PARAMS: &str = "data_ingestion: {split: hash}\nfeature_engineering: {max_features: 300}\ndecision: {target_error: 0.3}\npromotion:\n  min_reviews: 20\n  \
    max_regression: 0.02\n  floors: {accuracy: 0.7, precision: 0.7, recall: 0.7, f1: 0.7, auc: 0.7, log_loss: 0.7, ece: 0.5}\n  \
    behaviour: {suite: null}\n";
const THINGS: [&str; 7] = ["plot", "cast", "music", "camera", "dialogue", "ending", "first half"];
const GOOD: [&str; 5] = ["wonderful", "moving", "witty", "superb", "charming"];
const BAD: [&str; 5] = ["dull", "awful", "clumsy", "boring", "a waste of time"];

/// A review of a few words, every other one positive, and one word in eight on the other side.
fn text(number: usize) -> String {
    let says: Vec<String> = (0..3 + number % 4)
        .map(|word| {
            let turns = (number * 5 + word * 3).is_multiple_of(8);
            let side = if number.is_multiple_of(2) != turns { GOOD } else { BAD };
            format!("the {} was {}", THINGS[(number + word * 2) % 7], side[(number / 7 + word) % 5])
        })
        .collect();
    format!("{} in number {number}", says.join(" and "))
}

/// A CSV file of so many.
fn reviews(n: usize) -> String {
    let mut csv = "id,review,sentiment\n".to_owned();
    for number in 0..n {
        let label = if number.is_multiple_of(2) { "positive" } else { "negative" };
        writeln!(csv, "review-{number},{},{label}", text(number)).unwrap();
    }
    csv
}
