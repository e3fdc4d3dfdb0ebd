//! Many reviews in one request.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Behaviour, Web};

const LINES: (&str, &str) = ("content-type", "application/x-ndjson");
const PATH: &str = "/api/v1/reviews:batch";

#[tokio::test]
async fn each_line_has_its_answer_in_its_place() {
    let web = Web::start(Behaviour::Score, &["--max-body-bytes=64"]).await;
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(64));
    let body = [
        "{\"id\": \"a\", \"text\": \"good\"}",
        "",
        "{\"text\": 7}",
        &long,
        "not JSON",
        "{\"id\": \"b\", \"text\": \"dull\"}",
    ];
    let answer = web.request("POST", PATH, &[LINES], body.join("\r\n").as_bytes()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, LINES.1));
    let lines = dechunked(&answer.body);
    let found: Vec<_> = lines
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            (line["id"].as_str().map(str::to_owned), line["status"].as_u64())
        })
        .collect();
    let id = |id: &str| (Some(id.to_owned()), None);
    assert_eq!(
        found,
        [id("a"), (None, Some(422)), (None, Some(413)), (None, Some(400)), id("b")],
        "{lines}"
    );
    assert_eq!(web.kafka.seen().len(), 2);
}

#[tokio::test]
async fn a_line_is_answered_before_the_next_one_is_sent() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: verdict.test\r\ncontent-type: {}\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n",
        LINES.1
    );
    let mut stream = web.send(head.as_bytes()).await;
    let mut seen = String::new();
    for id in ["one", "two", "three"] {
        let line = format!("{{\"id\": \"{id}\", \"text\": \"good\"}}\n");
        let chunk = format!("{:x}\r\n{line}\r\n", line.len());
        stream.write_all(chunk.as_bytes()).await.unwrap();
        while !seen.contains(&format!("\"id\":\"{id}\"")) {
            let mut piece = [0; 4096];
            let read = stream.read(&mut piece).await.unwrap();
            assert!(read > 0, "the answer ended: {seen}");
            seen += std::str::from_utf8(&piece[..read]).unwrap();
        }
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    stream.read_to_string(&mut seen).await.unwrap();
    assert!(seen.ends_with("0\r\n\r\n"), "{seen}");
}

#[tokio::test]
async fn more_lines_than_may_wait_are_all_answered() {
    let web = Web::start(Behaviour::Score, &["--max-pending=2"]).await;
    let body = "{\"text\": \"good\"}\n".repeat(500);
    let answer = web.request("POST", PATH, &[LINES], body.as_bytes()).await;
    assert_eq!(dechunked(&answer.body).matches("\"positive\"").count(), 500);
    assert_eq!(web.metric("verdict_web_refused_total{reason=\"pending_full\"}"), 0);
}

#[tokio::test]
async fn what_is_not_json_lines_is_refused_and_nothing_is_answered_by_nothing() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let json = ("content-type", "application/json");
    assert_eq!(web.request("POST", PATH, &[json], b"[]").await.problem()["status"], 415);
    assert_eq!(web.get(PATH).await.status, 405);
    let empty = web.request("POST", PATH, &[LINES], b"\n\n").await;
    assert_eq!((empty.status, dechunked(&empty.body)), (200, String::new()));
}

/// A body whose length was not known at its head.
fn dechunked(body: &str) -> String {
    let mut rest = body;
    let mut whole = String::new();
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole += &after[..length];
        rest = &after[length + 2..];
    }
    whole
}
