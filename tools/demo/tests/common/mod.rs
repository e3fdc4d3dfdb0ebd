//! The demo as a process, on either broker.
#![allow(dead_code, reason = "each test uses its part of this")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};
use verdict_kafka::{Kafka, Options};
use verdict_kafka_io::KafkaSettings;

/// Far longer than anything takes: only a hang reaches it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A running demo; killed when it is dropped.
pub struct Demo {
    child: Child,
    pub web: String,
    pub bootstrap: String,
    /// The lines of its log so far.
    pub log: Arc<Mutex<Vec<String>>>,
}

/// What a demo stands on, for as long as a test lasts.
pub enum Ground {
    Embedded {
        state: tempfile::TempDir,
        port: u16,
    },
    Kafka {
        state: tempfile::TempDir,
        kafka: Box<Kafka>,
    },
}

impl Ground {
    pub fn embedded() -> Self {
        Self::Embedded {
            state: tempfile::tempdir().unwrap(),
            port: free_port(),
        }
    }

    /// A real Apache Kafka, or `None` with one line where Java or Maven is missing; in CI that is a failure.
    #[allow(clippy::disallowed_methods, reason = "CI is told by the environment")]
    pub fn kafka() -> Option<Self> {
        match Kafka::start(Options::default()) {
            Ok(kafka) => Some(Self::Kafka {
                state: tempfile::tempdir().unwrap(),
                kafka: Box::new(kafka),
            }),
            Err(error) if std::env::var("CI").is_ok() => panic!("{error}"),
            Err(error) => {
                eprintln!("left out: {error}");
                None
            }
        }
    }

    /// The directory that keeps what the demo knows.
    pub fn state(&self) -> &Path {
        match self {
            Self::Embedded { state, .. } | Self::Kafka { state, .. } => state.path(),
        }
    }

    pub fn start(&self) -> Demo {
        self.start_with(&[])
    }

    pub fn start_with(&self, more: &[&str]) -> Demo {
        self.start_in(more, &[])
    }

    /// The same with variables of the environment.
    pub fn start_in(&self, more: &[&str], environment: &[(&str, &str)]) -> Demo {
        let (web, metrics) = (free_port(), free_port());
        let (bootstrap, flags) = match self {
            Self::Embedded { port, .. } => (
                format!("127.0.0.1:{port}"),
                ["--kafka-port".to_owned(), port.to_string()],
            ),
            Self::Kafka { kafka, .. } => (
                kafka.bootstrap(),
                ["--bootstrap-servers".to_owned(), kafka.bootstrap()],
            ),
        };
        let child = command()
            .args([
                "--web-port",
                &web.to_string(),
                "--metrics-port",
                &metrics.to_string(),
                "--no-trickle",
                "--state",
                &path(self.state()),
            ])
            .args(more)
            .args(flags)
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut demo = Demo {
            child,
            web: format!("http://127.0.0.1:{web}"),
            bootstrap,
            log: Arc::default(),
        };
        demo.await_banner();
        eventually("the page is ready", || {
            demo.get("/readyz").is_ok().then_some(())
        });
        demo
    }
}

impl Demo {
    fn await_banner(&mut self) {
        let stderr = self.child.stderr.take().unwrap();
        let (sender, banner) = mpsc::channel();
        let log = Arc::clone(&self.log);
        // Goes on reading, so that the demo never waits for its log to be read.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                eprintln!("demo: {line}");
                if line.contains("Verdict is running") {
                    sender.send(()).ok();
                }
                log.lock().unwrap().push(line);
            }
        });
        banner
            .recv_timeout(PATIENCE)
            .expect("the demo never said that it is running");
    }

    pub fn kafka(&self) -> KafkaSettings {
        KafkaSettings::new(self.bootstrap.clone())
    }

    pub fn get(&self, path: &str) -> Result<String, ureq::Error> {
        ureq::get(format!("{}{path}", self.web))
            .call()?
            .body_mut()
            .read_to_string()
    }

    pub fn post(&self, path: &str, content_type: &str, accept: &str, body: &str) -> String {
        let request =
            ureq::post(format!("{}{path}", self.web)).header("content-type", content_type);
        request
            .header("accept", accept)
            .send(body)
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap()
    }

    /// As Ctrl-C does.
    pub fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }

    /// As a power cut does.
    pub fn kill9(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.current_dir(root());
    command
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Asks again and again until there is an answer.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{what}: not within {PATIENCE:?}"
        );
        std::thread::park_timeout(Duration::from_millis(50));
    }
}
