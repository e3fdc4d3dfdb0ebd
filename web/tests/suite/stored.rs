//! Verdicts that are fetched from the topics, by an instance that never saw the review.

use std::process::Command;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{Behaviour, JSON, Response, Web, bytes_of, read};
use verdict_kafka_io::{KafkaSettings, Outgoing, Record};
use verdict_messages::{ErrorKind, Headers, Position, Rejection, dead_letter, topic};
use verdict_testkit::{Process, await_page, free_address, kafka};
use verdict_web::{Fate, Sought};

fn record(value: Option<&str>, headers: Headers) -> Record {
    Record {
        topic: "t".into(),
        partition: 0,
        offset: 7,
        key: None,
        value: value.map(Into::into),
        headers,
        timestamp_ms: None,
    }
}

#[tokio::test]
async fn what_became_of_a_review_is_told_apart() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let rejection = Rejection::new(ErrorKind::Schema, "text must not be blank");
    let position = Position::new("reviews", 0, 1);
    let letter = dead_letter::headers(Headers::new(), &position, "g", &rejection);
    let verdict = r#"{"id":"r1"}"#;
    for (stored, status, part) in [
        (Some(Ok(Fate::Verdict(record(Some(verdict), Headers::new())))), 200, verdict),
        (Some(Ok(Fate::DeadLetter(record(None, letter)))), 422, "text must not be blank"),
        (Some(Ok(Fate::Pending)), 202, r#""accepted":true"#),
        (Some(Ok(Fate::Searching)), 202, r#""accepted":"unknown""#),
        (Some(Ok(Fate::Unknown)), 404, "No such review is known"),
        (Some(Ok(Fate::Gone)), 410, "no longer kept"),
        (Some(Err("no broker".to_owned())), 503, "The log of verdicts is away"),
        (None, 429, "ask again"),
    ] {
        let sought = Sought { id: "r/1".to_owned(), since_unix_ms: Some(5) };
        web.stored.lock().unwrap().insert(sought, stored);
        let answer = web.get("/api/v1/reviews/r%2F1?since=5").await;
        assert_eq!(answer.status, status, "{answer:?}");
        answer.has(&[part]);
        let again = if matches!(status, 202 | 429 | 503) { "retry" } else { "" };
        assert_eq!(answer.header("retry-after").is_empty(), again.is_empty(), "{answer:?}");
        let location = if status == 202 { "/api/v1/reviews/r%2F1?since=5" } else { "" };
        assert_eq!(answer.header("location"), location);
    }
    let odd = web.get("/api/v1/reviews/r1?since=yesterday").await;
    assert_eq!(odd.status, 400);
    odd.has(&["since must be a time in milliseconds since 1970"]);
}

#[tokio::test]
async fn an_id_that_the_page_made_is_looked_up_from_its_time_on() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let id = "018bcfe568007000800000000000abcd";
    let sought = Sought { id: id.to_owned(), since_unix_ms: Some(1_700_000_000_000) };
    web.stored.lock().unwrap().insert(sought, Some(Ok(Fate::Gone)));
    assert_eq!(web.get(&format!("/api/v1/reviews/{id}")).await.status, 410);
}

/// A web server of its own process.
pub(crate) struct Instance {
    address: std::net::SocketAddr,
    _process: Process,
}

impl Instance {
    pub(crate) fn start(kafka: &KafkaSettings) -> Self {
        let address = free_address();
        let mut command = Command::new(env!("CARGO_BIN_EXE_web"));
        command.args(["--listen", &address.to_string(), "--bootstrap-servers", kafka.bootstrap()]);
        command.arg("--allowed-hosts=verdict.test");
        let process = Process::start_unread(&mut command);
        await_page(&format!("http://{address}/readyz"), |page| page.status == 200);
        Self { address, _process: process }
    }

    async fn ask(&self, request: &[u8]) -> Response {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        read(&mut stream).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.ask(&bytes_of("GET", path, &[], b"")).await
    }

    /// Posts a review and does not wait: the `Location` of its verdict.
    pub(crate) async fn send(&self, body: &str) -> String {
        let headers = [JSON, ("prefer", "respond-async")];
        let path = "/api/v1/reviews";
        let answer = self.ask(&bytes_of("POST", path, &headers, body.as_bytes())).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.header("location").to_owned()
    }
}

#[tokio::test]
async fn a_location_is_answered_from_the_topics_by_an_instance_that_has_restarted() {
    let Some((_kafka, settings)) = kafka::own_with_topics(3) else { return };
    let first = Instance::start(&settings);
    let mut locations = vec![
        first.send(r#"{"text":"scored"}"#).await,
        first.send(r#"{"id":"r/1","text":"scored"}"#).await,
        first.send(r#"{"id":"bad","text":"failed"}"#).await,
        first.send(r#"{"id":"late","text":"waits"}"#).await,
    ];
    for location in &locations {
        let pending = first.get(location).await;
        assert_eq!((pending.status, pending.header("retry-after")), (202, "1"), "{pending:?}");
    }
    // What a consumer writes: to the partition of the same number as the review's.
    let rejection = Rejection::new(ErrorKind::Schema, "text must not be blank");
    let outcomes = kafka::read(&settings, "reviews").into_iter().filter_map(|review| {
        let key = String::from_utf8(review.key.clone().unwrap()).unwrap();
        let text = String::from_utf8(review.value.clone().unwrap()).unwrap();
        let verdict = serde_json::json!({
            "id": key, "label": "positive", "probability": 0.75, "score": 1.1,
            "model": { "name": "m", "version": "1", "sha256": "00" },
            "source": { "topic": "reviews", "partition": review.partition, "offset": 0 },
            "scored_at": "2026-01-02T03:04:05.000Z",
        });
        let verdict = verdict.to_string();
        let (topic, value) = match text {
            text if text.contains("scored") => (topic::VERDICTS, verdict),
            text if text.contains("failed") => (topic::DEAD_LETTERS, text),
            _ => return None,
        };
        let headers = dead_letter::headers(Headers::new(), &review.position(), "g", &rejection);
        let out = Outgoing::to(topic).partition(review.partition).key(key).value(value);
        Some(out.headers(headers))
    });
    kafka::publish(&settings, outcomes.collect::<Vec<_>>());
    drop(first);

    let second = Instance::start(&settings);
    let ids = locations.iter().map(|location| location.split('?').next().unwrap().to_owned());
    locations.extend(ids.collect::<Vec<_>>());
    for location in &locations {
        let answer = second.get(location).await;
        let expected = match location.as_str() {
            bad if bad.contains("/bad") => (422, "text must not be blank"),
            late if late.contains("/late") => (202, "late"),
            _ => (200, r#""label":"positive""#),
        };
        assert_eq!(answer.status, expected.0, "{location}: {answer:?}");
        answer.has(&[expected.1]);
    }
    assert_eq!(second.get("/api/v1/reviews/other").await.status, 404);
    let page = second.get(&locations[0].replace("/api/v1/reviews/", "/r/")).await;
    assert_eq!(page.status, 200, "{page:?}");
    page.has(&["<h1 id=\"verdict\">Positive</h1>"]);
    assert_eq!(second.get("/r/late").await.status, 202);
    let late = second.get("/api/v1/reviews/r%2F1?since=9000000000000").await;
    assert_eq!(late.status, 404, "it was sent before: {late:?}");
}
