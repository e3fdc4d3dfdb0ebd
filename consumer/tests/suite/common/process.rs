//! A command of the consumer as a process of its own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use verdict_kafka_io::KafkaSettings;

/// A running process with operator pages; killed when the test is over.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) log: Receiver<String>,
    pub(crate) address: String,
}

impl Running {
    pub(crate) fn start(kafka: &KafkaSettings, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_consumer"))
            .args(arguments)
            .args(["--bootstrap-servers", kafka.bootstrap()])
            .args(["--listen", "127.0.0.1:0", "--log-format", "json"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = lines(child.stderr.take().unwrap());
        let line = until(&log, "serving /metrics");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = find(&line, "address").unwrap();
        Self { child, log, address }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.child.id().try_into().unwrap()).unwrap(), signal).unwrap();
    }

    /// Status line and body of an operator page.
    pub(crate) fn get(&self, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }

    /// Waits until a page says so, and gives it.
    pub(crate) fn await_page(&self, path: &str, holds: impl Fn(&str, &str) -> bool) -> String {
        let asked = Instant::now();
        loop {
            let (status, body) = self.get(path);
            if holds(&status, &body) {
                return body;
            }
            assert!(asked.elapsed() < READY_WITHIN, "{path}: {status}: {body}");
            thread::park_timeout(Duration::from_millis(50));
        }
    }

    pub(crate) fn await_ready(&self) {
        self.await_page("/readyz", |status, _| status == "HTTP/1.1 200 OK");
    }

    /// Waits until the exposition has all of these lines.
    pub(crate) fn await_metrics(&self, lines: &[&str]) -> String {
        self.await_page("/metrics", |_, body| {
            lines.iter().all(|line| body.lines().any(|has| has == *line))
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Long enough for a member that was killed to be missed by its group.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The lines of a log as they are written; read all the time, so that the writer never waits.
fn lines(log: ChildStderr) -> Receiver<String> {
    let (tell, lines) = channel();
    thread::spawn(move || {
        BufReader::new(log).lines().map_while(Result::ok).all(|line| tell.send(line).is_ok())
    });
    lines
}

/// The first line of the log that says so.
pub(crate) fn until(log: &Receiver<String>, what: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let line = log.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        let line = line.unwrap_or_else(|error| panic!("{what:?} is not in the log: {error}"));
        if line.contains(what) {
            return line;
        }
    }
}

fn find(value: &serde_json::Value, name: &str) -> Option<String> {
    let object = value.as_object()?;
    let here = object.get(name).and_then(|found| found.as_str()).map(str::to_owned);
    here.or_else(|| object.values().find_map(|inner| find(inner, name)))
}
