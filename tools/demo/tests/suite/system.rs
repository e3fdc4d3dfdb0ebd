//! The whole system on a real Kafka, and what people do with it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use clap::Parser;
use tempfile::TempDir;
use ureq::Agent;
use verdict_demo::{Settings, Stack};
use verdict_kafka::{Kafka, Options};
use verdict_kafka_io::{KafkaSettings, Outgoing, Publisher, PublisherRole};

use crate::common::{PATIENCE, left_out, root};

/// The services' binaries.
const PROGRAMS: [&str; 4] = ["consumer", "producer", "trainer", "web"];

/// The folder with the services' binaries. A test of the workspace has them built; a test of this crate alone builds those
/// that were never built.
pub(crate) fn binaries() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_demo")).parent().unwrap().to_path_buf();
    if PROGRAMS.iter().any(|program| !folder.join(program).exists()) {
        let packages = PROGRAMS.map(|program| format!("--package=verdict-{program}"));
        let built = Command::new(env!("CARGO"))
            .args(["build", "--locked"])
            .args(packages)
            .current_dir(root())
            .status();
        assert!(built.unwrap().success());
    }
    folder
}

/// Whether a Kafka can be started here; if not, one line says why. In CI that is a failure.
pub(crate) fn is_kafka_installed() -> bool {
    verdict_kafka::is_installed().map_err(|error| left_out(&error.to_string())).is_ok()
}

/// A real Apache Kafka of the test's own, or `None`, said in one line. In CI that is a failure.
pub(crate) fn kafka() -> Option<Kafka> {
    Kafka::start(Options::default()).map_err(|error| left_out(&error.to_string())).ok()
}

/// Kafka, the services beside it, and reviews with labels. Fields are dropped in this order.
pub(crate) struct System {
    pub(crate) stack: Stack,
    bin: PathBuf,
    folder: TempDir,
}

impl System {
    /// Everything, with a shadow model; `None` with one line where Kafka or Prometheus cannot be had. In CI that is a failure.
    pub(crate) fn start() -> Option<Self> {
        if Command::new("prometheus").arg("--version").output().is_err() {
            left_out("no prometheus (e.g. apt-get install prometheus)");
            return None;
        }
        if !is_kafka_installed() {
            return None;
        }
        let (bin, folder) = (binaries(), tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("params.yaml"), PARAMS).unwrap();
        write_reviews(&folder.path().join("reviews.csv"), 600);
        let system = |words: &[&str]| run(&bin, folder.path(), words);
        system(&[
            "trainer",
            "train",
            "--data",
            "reviews.csv",
            "--params",
            "params.yaml",
            "--out",
            "small",
        ]);

        let path = |name: &str| folder.path().join(name).display().to_string();
        let any = "--web-port=0 --consumer-port=0 --producer-port=0 --trainer-port=0 --monitor-port=0 --prometheus-port=0";
        let mut flags: Vec<String> = any.split(' ').map(str::to_owned).collect();
        flags.extend([
            "--kafka-port=0".to_owned(),
            "--no-trickle".to_owned(),
            format!("--root={}", root().display()),
            format!("--bin={}", bin.display()),
            format!("--state={}", path("state")),
            format!("--params={}", path("params.yaml")),
            format!("--shadow={}", path("small")),
        ]);
        flags.extend(
            [
                "--consumers=2",
                "--new-labels=200",
                "--audit-every-s=3",
                "--drift-window=100",
                "--scrape-interval=1s",
            ]
            .map(str::to_owned),
        );
        let settings =
            Settings::try_parse_from(std::iter::once("demo".to_owned()).chain(flags)).unwrap();
        let stack = Stack::start(&settings, &AtomicBool::new(false))
            .unwrap_or_else(|error| panic!("{error}"));
        Some(Self { stack, bin, folder })
    }

    /// Publishes the reviews with their labels, slowly, with metrics of its own, until it is dropped.
    pub(crate) fn publish(&self) -> Running {
        let listen = format!("127.0.0.1:{}", self.stack.ports().producer);
        let words = ["publish", "reviews.csv", "--labels", "--rate", "12", "--listen", &listen];
        let child = Command::new(self.bin.join("producer"))
            .args(words)
            .args(["--bootstrap-servers", &self.stack.broker().bootstrap()])
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Running(child.unwrap())
    }

    /// Lets the small model serve, as `trainer publish` does.
    pub(crate) fn swap(&self) {
        let registry = self.stack.registry().display().to_string();
        let servers = self.stack.broker().bootstrap();
        let words = [
            "trainer",
            "publish",
            "--model",
            "small",
            "--registry",
            &registry,
            "--bootstrap-servers",
            &servers,
        ];
        run(&self.bin, self.folder.path(), &words);
    }

    /// Writes records as they are.
    pub(crate) fn records(&self, topic: &str, key: &str, values: &[&[u8]]) {
        let publisher = Publisher::new(
            &KafkaSettings::new(self.stack.broker().bootstrap()),
            PublisherRole::Bulk,
        )
        .unwrap();
        for value in values {
            publisher.send(&Outgoing::to(topic).key(key).value(*value)).unwrap();
        }
        publisher.wait_delivered(PATIENCE).unwrap();
    }

    /// People at the page and programs at the interface, until it is dropped.
    pub(crate) fn visitors(&self) -> Visitors {
        let base = format!("http://127.0.0.1:{}", self.stack.ports().web);
        let leaving = Arc::new(AtomicBool::new(false));
        let left = Arc::clone(&leaving);
        let visits = std::thread::spawn(move || {
            let config = Agent::config_builder()
                .timeout_global(Some(Duration::from_secs(20)))
                .http_status_as_error(false);
            let agent: Agent = config.build().into();
            for number in 0.. {
                if left.load(Ordering::Relaxed) {
                    break;
                }
                visit(&agent, &base, number);
            }
        });
        Visitors { leaving, visits: Some(visits) }
    }
}

/// One after the other: the form, the interface, a label, the page.
fn visit(agent: &Agent, base: &str, number: usize) {
    let text = text(number);
    let form = format!("text={}", text.replace(' ', "+"));
    let json = format!(r#"{{"id":"visit-{number}","text":"{text}"}}"#);
    let label = r#"{"label":"positive"}"#;
    let post = |path: &str, kind: &str, body: &str| {
        agent
            .post(format!("{base}{path}"))
            .header("content-type", kind)
            .send(body)
            .map(|answer| answer.status())
    };
    let statuses = [
        post("/predict", "application/x-www-form-urlencoded", &form),
        post("/api/v1/reviews", "application/json", &json),
        post(&format!("/api/v1/reviews/visit-{number}/label"), "application/json", label),
        agent.get(format!("{base}/")).call().map(|answer| answer.status()),
    ];
    for status in statuses {
        assert!(status.unwrap().is_success(), "visit {number}");
    }
    std::thread::park_timeout(Duration::from_millis(100));
}

/// Visitors who leave when this is dropped.
pub(crate) struct Visitors {
    leaving: Arc<AtomicBool>,
    visits: Option<JoinHandle<()>>,
}

impl Visitors {
    /// They leave, and every one was answered.
    pub(crate) fn leave(mut self) {
        self.leaving.store(true, Ordering::Relaxed);
        self.visits.take().unwrap().join().unwrap();
    }
}

impl Drop for Visitors {
    fn drop(&mut self) {
        self.leaving.store(true, Ordering::Relaxed);
    }
}

/// A process that is killed when this is dropped.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn run(bin: &Path, folder: &Path, words: &[&str]) {
    let output =
        Command::new(bin.join(words[0])).args(&words[1..]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A small vocabulary, and a gate for some hundred reviews.
const PARAMS: &str = "data_ingestion: {split: hash}\nfeature_engineering: {max_features: 300}\npromotion:\n  min_reviews: 20\n  \
    max_regression: 0.02\n  floors: {accuracy: 0.7, precision: 0.7, recall: 0.7, f1: 0.7, auc: 0.7, log_loss: 0.7, ece: 0.5}\n";
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

fn write_reviews(path: &Path, n: usize) {
    let mut file = std::fs::File::create(path).unwrap();
    writeln!(file, "id,review,sentiment").unwrap();
    for number in 0..n {
        let label = if number.is_multiple_of(2) { "positive" } else { "negative" };
        writeln!(file, "review-{number},{},{label}", text(number)).unwrap();
    }
}
