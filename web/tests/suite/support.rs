//! The frontend on a real socket, over an in-process stand-in for Kafka.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clap::Parser;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};
use verdict_kafka_io::{Outgoing, PublishError, Record};
use verdict_messages::{
    AllowedReplyTopics, ErrorKind, ModelRef, Position, Problem, Rejection, ReplyAddress, Review,
    Sentiment, TermContribution, Verdict, reply::Outcome, topic,
};
use verdict_telemetry::{CpuPrice, Service, Telemetry};
use verdict_web::{
    Fate, FindRecords, FindStored, Incoming, OpenVerdicts, RawSettings, Records, Sought,
    publish::{Publisher, Sources},
    serve_on,
};

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// What the stand-in does with a record. It only confirms labels, and never answers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Confirms, and answers with a verdict: positive when the text has "good" in it.
    Score,
    /// Confirms, and answers that the review cannot be scored.
    Reject,
    /// Confirms, and never answers.
    Silent,
    /// Confirms, and answers with the right correlation id but about another review.
    Mismatch,
    /// Answers, and never confirms.
    ReplyFirst,
    /// Never confirms nor refuses.
    Hang,
    /// Refuses: the record is not stored.
    Refuse,
    /// Fails: the record may be stored.
    Unconfirmed,
    /// Panics.
    Panic,
}

/// A Kafka that is not there.
#[derive(Debug, Clone)]
pub(crate) struct Fake(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    behaviour: Mutex<Behaviour>,
    seen: watch::Sender<Vec<Outgoing>>,
    replies: mpsc::Sender<Record>,
}

impl Fake {
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        *self.0.behaviour.lock().unwrap() = behaviour;
    }

    /// Every record published so far.
    pub(crate) fn seen(&self) -> Vec<Outgoing> {
        self.0.seen.borrow().clone()
    }

    /// The first record, once it is published.
    pub(crate) async fn first(&self) -> Outgoing {
        let mut seen = self.0.seen.subscribe();
        let published = seen.wait_for(|seen| !seen.is_empty());
        let published = tokio::time::timeout(Duration::from_secs(10), published).await;
        published.expect("a record is published in time").unwrap()[0].clone()
    }

    /// Answers the first record with its verdict, once it is published.
    pub(crate) async fn answer(&self) {
        let verdict = scored(&self.first().await, None);
        self.0.replies.send(verdict).await.unwrap();
    }
}

impl Publisher for Fake {
    async fn publish(&self, record: Outgoing) -> Result<(), PublishError> {
        let behaviour = *self.0.behaviour.lock().unwrap();
        self.0.seen.send_modify(|seen| seen.push(record.clone()));
        let reason = "as the test wants it".to_owned();
        let reply = match behaviour {
            Behaviour::Hang => std::future::pending().await,
            Behaviour::Panic => panic!("as the test wants it"),
            Behaviour::Refuse => return Err(PublishError::NeverQueued { reason }),
            Behaviour::Unconfirmed => return Err(PublishError::Unknown { reason }),
            _ if *record.topic == *topic::LABELS => return Ok(()),
            Behaviour::Silent => return Ok(()),
            Behaviour::Score | Behaviour::ReplyFirst => scored(&record, None),
            Behaviour::Mismatch => scored(&record, Some("somebody-else")),
            Behaviour::Reject => rejected(&record),
        };
        self.0.replies.send(reply).await.unwrap();
        if behaviour == Behaviour::ReplyFirst {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

pub(crate) fn key_of(record: &Outgoing) -> &str {
    std::str::from_utf8(record.key.as_deref().unwrap()).unwrap()
}

pub(crate) fn value_of(record: &Outgoing) -> &str {
    std::str::from_utf8(record.value.as_deref().unwrap()).unwrap()
}

fn scored(record: &Outgoing, other_id: Option<&str>) -> Record {
    let review = Review::from_body(value_of(record).as_bytes(), "application/json").unwrap();
    let positive = review.text.contains("good");
    let id = other_id.unwrap_or(key_of(record));
    let known_terms = Some(u32::from(review.text.chars().any(char::is_alphabetic)));
    let verdict = Verdict { known_terms, ..verdict_of(id, positive) };
    reply(record, id, verdict.encode().unwrap(), Outcome::Verdict)
}

/// A verdict of the stand-in.
pub(crate) fn verdict_of(id: &str, positive: bool) -> Verdict<'_> {
    Verdict {
        decision: None,
        id: id.into(),
        label: if positive { Sentiment::Positive } else { Sentiment::Negative },
        probability: if positive { 0.875 } else { 0.125 },
        score: if positive { 2.0 } else { -2.0 },
        model: ModelRef {
            name: "fake".into(),
            version: "1".into(),
            sha256: "00".repeat(32).into(),
        },
        explanation: Some(vec![TermContribution {
            term: if positive { "good".into() } else { "bad".into() },
            weight: if positive { 1.75 } else { -2.25 },
        }]),
        intercept: Some(0.25),
        rest: Some(0.0),
        known_terms: Some(1),
        source: Position::new("reviews", 0, 7),
        read_at: None,
        scored_at: "2026-01-02T03:04:05.000Z".into(),
    }
}

fn rejected(record: &Outgoing) -> Record {
    let rejection = Rejection::new(ErrorKind::Schema, "text must not be blank");
    let problem = Problem::from(&rejection).encode().unwrap();
    reply(record, key_of(record), problem, Outcome::Problem(&rejection))
}

fn reply(to: &Outgoing, key: &str, value: Vec<u8>, outcome: Outcome<'_>) -> Record {
    let allowed = AllowedReplyTopics::default();
    let address = ReplyAddress::from_headers(&to.headers, &allowed).unwrap().unwrap();
    Record {
        topic: topic::REPLIES.into(),
        partition: 3,
        offset: 0,
        key: Some(key.into()),
        value: Some(value),
        headers: address.reply_headers(outcome),
        timestamp_ms: None,
    }
}

/// Reads a topic of verdicts from its first record.
fn open(topic: watch::Sender<Vec<Record>>) -> OpenVerdicts {
    Box::new(move || {
        let (sender, records) = mpsc::channel(1);
        let mut topic = topic.subscribe();
        tokio::spawn(async move {
            let mut read = 0;
            loop {
                let record = topic.borrow_and_update().get(read).cloned();
                let Some(record) = record else {
                    if topic.changed().await.is_err() {
                        return;
                    }
                    continue;
                };
                read += 1;
                if sender.send(record).await.is_err() {
                    return;
                }
            }
        });
        records
    })
}

/// What a search finds: an answer of the test's, or that a review which was sent is not scored yet.
fn find(kafka: Fake, answers: Answers) -> FindStored {
    Box::new(move |sought| {
        let (sender, answered) = oneshot::channel();
        let is_sent = || kafka.seen().iter().any(|seen| key_of(seen) == sought.id);
        let answer = match answers.lock().unwrap().get(&sought).cloned() {
            Some(answer) => answer,
            None if is_sent() => Some(Ok(Fate::Pending)),
            None => Some(Ok(Fate::Unknown)),
        };
        if let Some(answer) = answer {
            sender.send(answer).unwrap();
        }
        answered
    })
}

/// What the topics say about reviews; `None` where too many ask.
type Answers = Arc<Mutex<HashMap<Sought, Option<Result<Fate, String>>>>>;

/// All that the topics have of reviews; too many ask for others.
type Stories = Arc<Mutex<HashMap<Sought, Records>>>;

fn tell(stories: Stories) -> FindRecords {
    Box::new(move |sought| {
        let (sender, answered) = oneshot::channel();
        if let Some(records) = stories.lock().unwrap().get(&sought).cloned() {
            sender.send(Ok(records)).unwrap();
        }
        answered
    })
}

/// A running frontend.
#[derive(Debug)]
pub(crate) struct Web {
    pub(crate) address: SocketAddr,
    pub(crate) kafka: Fake,
    /// The topic of verdicts.
    pub(crate) verdicts: watch::Sender<Vec<Record>>,
    /// What else the topics say.
    pub(crate) stored: Answers,
    /// All that they have of reviews.
    pub(crate) stories: Stories,
    pub(crate) telemetry: Telemetry,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Web {
    /// Starts one with these flags beside the defaults.
    pub(crate) async fn start(behaviour: Behaviour, flags: &[&str]) -> Self {
        let all =
            ["web", "--listen=127.0.0.1:0", "--instance=web-3", "--allowed-hosts=verdict.test,x"];
        let raw = RawSettings::try_parse_from(all.iter().chain(flags)).unwrap();
        let settings = raw.check().unwrap();
        let listener = TcpListener::bind(settings.listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let telemetry = Telemetry::start(Service::Web, CpuPrice::default()).unwrap();
        let (sender, replies) = mpsc::channel(16);
        let kafka = Fake(Arc::new(Shared {
            behaviour: Mutex::new(behaviour),
            seen: watch::Sender::default(),
            replies: sender,
        }));
        let topic = watch::Sender::<Vec<Record>>::default();
        let verdicts = open(topic.clone());
        let answers = Answers::default();
        let stored = find(kafka.clone(), Arc::clone(&answers));
        let stories = Stories::default();
        let records = tell(Arc::clone(&stories));
        let (stop, stopped) = oneshot::channel::<()>();
        let (publisher, served) = (kafka.clone(), telemetry.clone());
        let task = tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            let incoming = Incoming { replies, verdicts, stored, records };
            serve_on(listener, &settings, served, sources(), publisher, incoming, shutdown).await;
        });
        let (stored, stop) = (answers, Some(stop));
        Self { address, kafka, verdicts: topic, stored, stories, telemetry, stop, task }
    }

    /// Sends bytes and reads until the connection ends.
    pub(crate) async fn raw(&self, request: &[u8]) -> Response {
        read(&mut self.send(request).await).await
    }

    /// Sends bytes and reads what comes until the connection ends, as it is.
    pub(crate) async fn raw_bytes(&self, request: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.send(request).await.read_to_end(&mut bytes).await.unwrap();
        bytes
    }

    /// Sends bytes on a connection of their own.
    pub(crate) async fn send(&self, request: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        stream
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.raw(&bytes_of(method, path, headers, body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[], b"").await
    }

    /// Posts a form from a browser.
    pub(crate) async fn form(&self, body: &[u8]) -> Response {
        self.request("POST", "/predict", &[FORM, ("accept", "text/html")], body).await
    }

    /// Posts a review in JSON.
    pub(crate) async fn review(&self, headers: &[(&str, &str)], body: &str) -> Response {
        self.request("POST", "/api/v1/reviews", &[&[JSON], headers].concat(), body.as_bytes()).await
    }

    /// Asks the server to stop; the result ends when it has.
    pub(crate) fn stop(mut self) -> JoinHandle<()> {
        drop(self.stop.take());
        self.task
    }

    /// The value of a metric without labels, or with exactly these.
    pub(crate) fn metric(&self, series: &str) -> u64 {
        let text = self.telemetry.metrics().exposition().unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }
}

pub(crate) fn bytes_of(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nhost: verdict.test\r\nconnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if method == "POST" {
        request += &format!("content-length: {}\r\n", body.len());
    }
    request += "\r\n";
    [request.as_bytes(), body].concat()
}

pub(crate) async fn read(stream: &mut TcpStream) -> Response {
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes));
    ended.await.expect("the answer ends").unwrap();
    Response::parse(&bytes)
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) =
            text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self { status, headers, body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Asserts that the body has all these parts.
    #[track_caller]
    pub(crate) fn has(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.body.contains(part), "{part} is not in\n{}", self.body);
        }
    }

    pub(crate) fn has_not(&self, parts: &[&str]) {
        for part in parts {
            assert!(!self.body.contains(part), "{part} is in\n{}", self.body);
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The verdict as everybody may read it: without the token that came with it.
    pub(crate) fn verdict(&self) -> serde_json::Value {
        let mut verdict = self.json();
        let token = verdict.as_object_mut().and_then(|members| members.remove("label_token"));
        assert!(token.is_some(), "{self:?}");
        verdict
    }

    /// The problem, after checking that it is one and has the status of the answer.
    pub(crate) fn problem(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{self:?}");
        problem
    }
}

/// A clock that stands still and "random" numbers that count.
fn sources() -> Sources {
    let next = AtomicU64::new(1);
    Sources {
        now_unix_ms: Arc::new(|| 1_700_000_000_000),
        random: Arc::new(move || u128::from(next.fetch_add(1, Ordering::Relaxed)) << 64 | 0xabcd),
    }
}

/// Asserts that a record has these headers.
#[track_caller]
pub(crate) fn assert_headers(record: &Outgoing, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(record.headers.text(name), Some(*value), "{name}");
    }
}
