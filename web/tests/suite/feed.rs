//! The verdicts as they come.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use verdict_kafka_io::Record;
use verdict_messages::{ModelRef, Position, Sentiment, TermContribution, Verdict, topic};

use crate::support::{Behaviour, Web, bytes_of};

const PATH: &str = "/api/v1/verdicts";

/// Adds the record `offset` to the topic: a verdict with this probability by model version 1.
fn verdict(web: &Web, offset: i64, probability: f64) {
    let label = if probability >= 0.5 { Sentiment::Positive } else { Sentiment::Negative };
    let term = TermContribution { term: "secret".into(), weight: 1.0 };
    let verdict = Verdict {
        decision: None,
        id: format!("r{offset}").into(),
        label,
        probability,
        score: 0.0,
        model: ModelRef { name: "fake".into(), version: "1".into(), sha256: "00".into() },
        explanation: Some(vec![term]),
        intercept: Some(0.0),
        rest: Some(0.0),
        known_terms: Some(3),
        source: Position::new("reviews", 0, offset),
        read_at: None,
        scored_at: "2026-01-02T03:04:05.000Z".into(),
    };
    web.verdicts.send_modify(|records| {
        records.push(Record {
            topic: topic::VERDICTS.into(),
            partition: 0,
            offset,
            key: None,
            value: Some(verdict.encode().unwrap()),
            headers: verdict_messages::Headers::new(),
            timestamp_ms: None,
        });
    });
}

async fn watch(web: &Web, query: &str, headers: &[(&str, &str)]) -> TcpStream {
    web.send(&bytes_of("GET", &format!("{PATH}{query}"), headers, b"")).await
}

/// Reads until this part comes, and returns all that came.
async fn until(stream: &mut TcpStream, part: &str) -> String {
    let (mut seen, mut searched) = (String::new(), 0);
    while !seen[searched..].contains(part) {
        searched = seen.floor_char_boundary(seen.len().saturating_sub(part.len()));
        let mut piece = [0; 65_536];
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut piece)).await;
        let read = read.unwrap_or_else(|_| panic!("{part} does not come: {seen}")).unwrap();
        assert!(read > 0, "the feed ended: {seen}");
        seen += std::str::from_utf8(&piece[..read]).unwrap();
    }
    seen
}

#[tokio::test]
async fn verdicts_come_as_events_without_what_would_tell_their_text() {
    let web = Web::start(Behaviour::Score, &[]).await;
    verdict(&web, 1, 0.9);
    let mut stream = watch(&web, "", &[]).await;
    let seen = until(&mut stream, "\"r1\"").await;
    for part in ["content-type: text/event-stream", "retry: 2000\n\n", "id: 0-1\nevent: verdict\n"]
    {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    assert!(!seen.contains("secret"), "{seen}");
    verdict(&web, 2, 0.1);
    until(&mut stream, "\"r2\"").await;
}

#[tokio::test]
async fn a_watcher_has_what_it_asks_for_only() {
    let web = Web::start(Behaviour::Score, &[]).await;
    for (query, wanted) in [
        ("?label=positive", [2, 3].as_slice()),
        ("?label=negative", &[1]),
        ("?above=0.8", &[3]),
        ("?below=0.7&above=0.2", &[2]),
        ("?model=1", &[1, 2, 3]),
        ("?model=2", &[]),
    ] {
        let web = Web::start(Behaviour::Score, &[]).await;
        let mut all = watch(&web, "", &[]).await;
        let mut stream = watch(&web, query, &[]).await;
        until(&mut all, "retry").await;
        until(&mut stream, "retry").await;
        for (offset, probability) in [(1, 0.2), (2, 0.6), (3, 0.9)] {
            verdict(&web, offset, probability);
        }
        until(&mut all, "\"r3\"").await;
        web.stop();
        let mut seen = String::new();
        stream.read_to_string(&mut seen).await.unwrap();
        let found: Vec<_> =
            (1..=3).filter(|offset| seen.contains(&format!("\"r{offset}\""))).collect();
        assert_eq!(found, wanted, "{query} {seen}");
    }
    for query in ["?label=good", "?above=2", "?below=x", "?recent=100000", "?model=%ff"] {
        let answer = web.get(&format!("{PATH}{query}")).await;
        assert_eq!(answer.problem()["status"], 400, "{query}");
    }
}

#[tokio::test]
async fn one_who_comes_back_misses_nothing_or_is_told_so() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let mut first = watch(&web, "", &[]).await;
    for offset in 1..=4 {
        verdict(&web, offset, 0.9);
    }
    until(&mut first, "\"r4\"").await;
    let mut again = watch(&web, "", &[("last-event-id", "0-2")]).await;
    let seen = until(&mut again, "\"r4\"").await;
    assert!(seen.contains("\"r3\"") && !seen.contains("\"r2\"") && !seen.contains("gap"), "{seen}");
    let mut lost = watch(&web, "", &[("last-event-id", "0-99")]).await;
    let seen = until(&mut lost, "\"r4\"").await;
    assert!(seen.contains("event: gap\n"), "{seen}");
    let mut recent = watch(&web, "?recent=1", &[]).await;
    let seen = until(&mut recent, "\"r4\"").await;
    assert!(!seen.contains("\"r3\""), "{seen}");
}

#[tokio::test]
async fn one_who_does_not_read_is_cut_off_and_told_so() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(65_536).unwrap();
    let mut slow = socket.connect(web.address).await.unwrap();
    slow.write_all(&bytes_of("GET", PATH, &[], b"")).await.unwrap();
    let mut good = watch(&web, "", &[]).await;
    until(&mut slow, "retry").await;
    // More than fits into the buffers of both sockets; Linux lets that of the sender grow to 4 MiB.
    for offset in 1..=20_000 {
        verdict(&web, offset, 0.9);
        if offset % 500 == 0 {
            until(&mut good, &format!("\"r{offset}\"")).await;
        }
    }
    until(&mut slow, "event: cut\ndata: {\"missed\":").await;
    let mut rest = String::new();
    slow.read_to_string(&mut rest).await.unwrap();
}
