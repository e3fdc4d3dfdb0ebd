//! The services on a Kafka that asks for passwords and allows what tools/kafka/acls.tsv says: each as its own user.
use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::common::{eventually, root};
use crate::system;
use serde_json::Value;
use verdict_kafka::{Kafka, Options};

const USERS: [&str; 6] = [
    "verdict-consumer",
    "verdict-web",
    "verdict-monitor",
    "verdict-trainer",
    "verdict-producer",
    "verdict-topics",
];

/// Killed when it is dropped; its log is in the folder.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

struct Place {
    kafka: Kafka,
    bin: PathBuf,
    folder: tempfile::TempDir,
    agent: ureq::Agent,
}

impl Place {
    /// Kafka with users who may do nothing yet; `None` with one line where it cannot be had.
    fn start() -> Option<Self> {
        let users = USERS.map(|user| (user.to_owned(), password(user)));
        let options = Options { users: users.to_vec(), ..Options::default() };
        let kafka = Kafka::start(options)
            .map_err(|error| {
                assert!(!crate::common::in_ci(), "CI needs it: {error}");
                eprintln!("left out: {error}");
            })
            .ok()?;
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(20)))
            .http_status_as_error(false);
        Some(Self {
            kafka,
            bin: system::binaries(),
            folder: tempfile::tempdir().unwrap(),
            agent: config.build().into(),
        })
    }

    fn grant(&self, arguments: &[&str]) {
        let output = Command::new(root().join("tools/kafka/acls"))
            .args(["--bootstrap-server", &self.kafka.bootstrap()])
            .args(arguments)
            .env("KAFKA_ACLS", self.kafka.tool("org.apache.kafka.tools.AclCommand").join(" "))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A program as one of the users.
    fn command(&self, user: &str, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command
            .args(words)
            .args(["--bootstrap-servers", &self.kafka.secured().unwrap()])
            .args([
                "--kafka",
                "security.protocol=sasl_plaintext",
                "--kafka",
                "sasl.mechanism=SCRAM-SHA-512",
            ])
            .args([
                "--kafka",
                &format!("sasl.username={user}"),
                "--kafka",
                &format!("sasl.password={}", password(user)),
            ])
            .current_dir(self.folder.path());
        command
    }

    /// What a program that ends says on its standard output.
    fn run(&self, user: &str, program: &str, words: &[&str]) -> String {
        let output = self.command(user, program, words).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{user}: {program} {words:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn serve(&self, user: &str, program: &str, words: &[&str], port: u16) -> Running {
        let log = fs::File::create(self.log(program)).unwrap();
        let mut command = self.command(user, program, words);
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        Running(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    fn log(&self, program: &str) -> PathBuf {
        self.folder.path().join(format!("{program}.log"))
    }

    fn get(&self, port: u16, path: &str) -> Result<(u16, String), String> {
        let answer = self.agent.get(format!("http://127.0.0.1:{port}{path}")).call();
        let mut answer = answer.map_err(|error| error.to_string())?;
        let body = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        Ok((answer.status().as_u16(), body))
    }

    fn ready(&self, program: &str, port: u16) {
        eventually(&format!("{program} is ready"), || match self.get(port, "/readyz")? {
            (200, _) => Ok(()),
            (status, body) => Err(format!("{status} {body} {}", tail(&self.log(program)))),
        });
    }

    fn post(&self, port: u16, path: &str, body: &str) -> Value {
        let mut answer = self
            .agent
            .post(format!("http://127.0.0.1:{port}{path}"))
            .header("content-type", "application/json")
            .send(body)
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{path}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

fn password(user: &str) -> String {
    format!("{user}-{:x}", std::process::id())
}

fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn last(text: &str) -> Value {
    serde_json::from_str(text.trim().lines().last().unwrap())
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn each_service_works_with_its_own_rights() {
    let Some(place) = Place::start() else { return };
    place.grant(&[]);
    place.run("verdict-topics", "producer", &["topics", "ensure"]);
    let model = root().join("models/default").display().to_string();
    let (consumer_port, web_port) = (free_port(), free_port());
    let _consumer =
        place.serve("verdict-consumer", "consumer", &["run", "--model", &model], consumer_port);
    let _web = place.serve("verdict-web", "web", &[], web_port);
    place.ready("consumer", consumer_port);
    place.ready("web", web_port);
    // web → reviews → consumer → reviews.replies → web, and a label.
    let answer =
        place.post(web_port, "/api/v1/reviews", r#"{"id":"r1","text":"What a wonderful film"}"#);
    assert_eq!(answer["label"], "positive", "{answer}");
    place.post(web_port, "/api/v1/reviews/r1/label", r#"{"label":"positive"}"#);
    // In bulk, with labels.
    let reviews: String = (0..40)
        .map(|n| {
            format!(
                "b{n},\"{} number {n}\",{}\n",
                ["A wonderful film", "An awful film"][n % 2],
                ["positive", "negative"][n % 2]
            )
        })
        .collect();
    fs::write(place.folder.path().join("reviews.csv"), format!("id,review,sentiment\n{reviews}"))
        .unwrap();
    place.run("verdict-producer", "producer", &["publish", "reviews.csv", "--labels"]);
    // A model that was trained from the log is announced and taken.
    fs::write(
        place.folder.path().join("params.yaml"),
        "feature_engineering: {max_features: 100}\n",
    )
    .unwrap();
    place.run(
        "verdict-trainer",
        "trainer",
        &["stage", "data_ingestion", "--source", "kafka", "--params", "params.yaml"],
    );
    let trained = Command::new(place.bin.join("trainer"))
        .args(["train", "--data", "reviews.csv", "--params", "params.yaml", "--out", "small"])
        .current_dir(place.folder.path())
        .output()
        .unwrap();
    assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
    let before = place.get(consumer_port, "/model").unwrap().1;
    place.run(
        "verdict-trainer",
        "trainer",
        &["publish", "--model", "small", "--registry", "registry"],
    );
    eventually("the new model serves", || {
        let now = place.get(consumer_port, "/model")?.1;
        let version =
            |page: &str| serde_json::from_str::<Value>(page).unwrap()["model"]["sha256"].clone();
        (version(&now) != version(&before))
            .then_some(())
            .ok_or_else(|| format!("{now} {}", tail(&place.log("consumer"))))
    });
    // Everything has one outcome, and who watches may see it.
    eventually("every review has its outcome", || {
        let output = place
            .command("verdict-monitor", "consumer", &["audit", "--json", "--group", "verdict"])
            .output()
            .unwrap();
        let audit = last(&String::from_utf8_lossy(&output.stdout));
        (audit["ok"] == true && audit["reviews"] == 41)
            .then_some(())
            .ok_or_else(|| audit.to_string())
    });
    let live = place.run("verdict-monitor", "consumer", &["monitor", "--once", "--json"]);
    assert!(live.contains("accuracy"), "{live}");
}

#[test]
fn a_right_that_is_missing_is_told_and_not_waited_for_in_silence() {
    let Some(place) = Place::start() else { return };
    place.grant(&["--user", "verdict-topics"]);
    place.run("verdict-topics", "producer", &["topics", "ensure"]);
    let model = root().join("models/default").display().to_string();
    let listen = format!("127.0.0.1:{}", free_port());
    let mut refused = place.command(
        "verdict-consumer",
        "consumer",
        &["run", "--model", &model, "--listen", &listen],
    );
    let log = fs::File::create(place.log("consumer")).unwrap();
    let mut refused = Running(refused.stdout(Stdio::null()).stderr(log).spawn().unwrap());
    let status = eventually("the consumer ends", || {
        let ended = refused.0.try_wait().map_err(|error| error.to_string())?;
        ended.ok_or_else(|| tail(&place.log("consumer")))
    });
    let told = tail(&place.log("consumer"));
    eprintln!("{told}");
    assert!(!status.success() && told.contains("authoriz"), "{status}: {told}");
}
