//! The services on a Kafka that asks for passwords and allows what tools/kafka/acls.tsv says: each
//! as its own user.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use verdict_kafka::{Kafka, Options};
use verdict_kafka_io::{KafkaSettings, Outgoing};
use verdict_messages::topic;
use verdict_testkit::{
    Answer, Process, await_page, eventually, eventually_ok, free_address, get, kafka, post,
    repository, run, together,
};

use crate::demo::JSON;
use crate::system::program;

const USERS: [&str; 6] = [
    "verdict-consumer",
    "verdict-web",
    "verdict-monitor",
    "verdict-trainer",
    "verdict-producer",
    "verdict-topics",
];

/// A Kafka with users, and a folder for what they do.
struct Secured {
    kafka: Kafka,
    folder: TempDir,
}

impl Secured {
    /// With users who may do nothing yet; `None` is left out.
    fn start() -> Option<Self> {
        let users = USERS.map(|user| (user.to_owned(), password(user))).to_vec();
        let kafka = kafka::own_with(Options { users, ..Options::default() })?;
        Some(Self { kafka, folder: tempfile::tempdir().unwrap() })
    }

    /// A program as one of the users.
    fn command(&self, user: &str, name: &str, words: &[&str]) -> Command {
        let mut command = program(name);
        command.args(words).args(["--bootstrap-servers", &self.kafka.secured().unwrap()]);
        for property in [
            "security.protocol=sasl_plaintext",
            "sasl.mechanism=SCRAM-SHA-512",
            &format!("sasl.username={user}"),
            &format!("sasl.password={}", password(user)),
        ] {
            command.args(["--kafka", property]);
        }
        command.current_dir(self.folder.path());
        command
    }

    /// What a program that ends says on its standard output.
    fn run(&self, user: &str, program: &str, words: &[&str]) -> String {
        run(&mut self.command(user, program, words))
    }

    /// A service that is ready, and where it answers.
    fn serve(&self, user: &str, program: &str, words: &[&str]) -> (Process, String) {
        let address = free_address().to_string();
        let service =
            Process::start(self.command(user, program, words).args(["--listen", &address]));
        let url = format!("http://{address}");
        eventually_ok(&format!("{program} is ready"), || match get(&format!("{url}/readyz"))? {
            Answer { status: 200, .. } => Ok(()),
            answer => Err(format!("{answer:?} {}", service.err.text())),
        });
        (service, url)
    }
}

fn password(user: &str) -> String {
    format!("{user}-{:x}", std::process::id())
}

#[test]
fn each_service_works_with_its_own_rights() {
    let _turn = together();
    let Some(kafka) = Secured::start() else { return };
    run(&mut kafka::acls(&kafka.kafka));
    kafka.run("verdict-topics", "producer", &["topics", "ensure"]);
    let model = repository().join("models/default").display().to_string();
    let (_consumer, consumer) =
        kafka.serve("verdict-consumer", "consumer", &["run", "--model", &model]);
    let (_web, web) = kafka.serve("verdict-web", "web", &[]);
    // web → reviews → consumer → reviews.replies → web, and a label.
    let ask = |path: &str, body: &str| post(&format!("{web}{path}"), &[JSON], body).unwrap().json();
    let verdict = ask("/api/v1/reviews", r#"{"id":"r1","text":"What a wonderful film"}"#);
    assert_eq!(verdict["label"], "positive", "{verdict}");
    let answer = ask(
        "/api/v1/reviews/r1/label",
        &format!(r#"{{"label":"positive","label_token":{}}}"#, verdict["label_token"]),
    );
    assert_eq!(answer["accepted"], true, "{answer}");
    let timeline = get(&format!("{web}/api/v1/reviews/r1/timeline")).unwrap().json();
    let last = timeline["events"].as_array().and_then(|events| events.last()).unwrap();
    assert_eq!((&last["event"], &last["why"]), (&"labelled".into(), &Value::Null), "{timeline}");
    // In bulk, with labels.
    let row = |n: usize| {
        let (text, label) =
            [("A wonderful film", "positive"), ("An awful film", "negative")][n % 2];
        format!("b{n},\"{text} number {n}\",{label}\n")
    };
    let reviews: String = (0..40).map(row).collect();
    let folder = kafka.folder.path();
    fs::write(folder.join("reviews.csv"), format!("id,review,sentiment\n{reviews}")).unwrap();
    fs::write(folder.join("params.yaml"), "feature_engineering: {max_features: 100}\n").unwrap();
    kafka.run("verdict-producer", "producer", &["publish", "reviews.csv", "--labels"]);
    // A dead letter that comes back, and fails again.
    let nonsense = Outgoing::to(topic::REVIEWS).key("x").value(vec![0xff]);
    kafka::publish(&KafkaSettings::new(kafka.kafka.bootstrap()), [nonsense]);
    let dlq = |words: &[&str]| {
        kafka.run("verdict-producer", "producer", &[&["dlq"], words, &["--json"]].concat())
    };
    eventually("it is a dead letter", || (!dlq(&["ls"]).is_empty()).then_some(()));
    let redriven = dlq(&["redrive", "--all"]);
    assert!(redriven.contains("\"redriven\":1"), "{redriven}");
    // A model that was trained from the log is announced and taken.
    let ingest = ["stage", "data_ingestion", "--source", "kafka", "--params", "params.yaml"];
    kafka.run("verdict-trainer", "trainer", &ingest);
    let train = ["train", "--data=reviews.csv", "--params=params.yaml", "--out=small"];
    run(program("trainer").args(train).current_dir(folder));
    let page = format!("{consumer}/model");
    let serves = |page: &Answer| page.json()["model"]["sha256"].clone();
    let before = serves(&get(&page).unwrap());
    let publish = ["publish", "--model", "small", "--registry", "registry"];
    kafka.run("verdict-trainer", "trainer", &publish);
    await_page(&page, |now| serves(now) != before);
    // Everything has one outcome, and who watches may see it.
    eventually_ok("every review has its outcome", || {
        let words = ["audit", "--json", "--group", "verdict"];
        let output = kafka.command("verdict-monitor", "consumer", &words).output().unwrap();
        let audit = String::from_utf8(output.stdout).unwrap();
        let last: Value = serde_json::from_str(audit.lines().last().unwrap()).unwrap();
        if last["ok"] == true && last["reviews"] == 43 { Ok(()) } else { Err(audit) }
    });
    let live = kafka.run("verdict-monitor", "consumer", &["monitor", "--once", "--json"]);
    assert!(live.contains("accuracy"), "{live}");
}

#[test]
fn a_right_that_is_missing_is_told_and_not_waited_for_in_silence() {
    let _turn = together();
    let Some(kafka) = Secured::start() else { return };
    run(kafka::acls(&kafka.kafka).args(["--user", "verdict-topics"]));
    kafka.run("verdict-topics", "producer", &["topics", "ensure"]);
    let model = repository().join("models/default").display().to_string();
    let words = ["run", "--model", &model, "--listen", "127.0.0.1:0"];
    let mut refused = Process::start(&mut kafka.command("verdict-consumer", "consumer", &words));
    let status = refused.wait();
    let said = eventually("the log says why", || {
        let said = refused.err.text();
        said.contains("authoriz").then_some(said)
    });
    assert!(!status.success(), "{status}: {said}");
}
