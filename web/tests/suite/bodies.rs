//! Bodies: how they are encoded, how long they are, and how they come.

use std::time::Duration;

use crate::support::{Behaviour, FORM, JSON, Response, Web, read, value_of};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// `{"text":"good"}` and a text of 100,000 `a`, by gzip 1.12.
const GOOD: &[u8] = include_bytes!("golden/good.json.gz");
const BOMB: &[u8] = include_bytes!("golden/long.json.gz");

async fn gzip(web: &Web, encoding: &str, body: &[u8]) -> Response {
    let headers = [JSON, ("content-encoding", encoding)];
    web.request("POST", "/api/v1/reviews", &headers, body).await
}

#[tokio::test]
async fn a_body_that_comes_as_gzip_is_read_within_the_same_limit() {
    let web = Web::start(Behaviour::Score, &["--max-body-bytes=65536"]).await;
    for encoding in ["gzip", "x-gzip", "GZIP"] {
        assert_eq!(gzip(&web, encoding, GOOD).await.status, 200, "{encoding}");
    }
    assert_eq!(gzip(&web, "identity", br#"{"text":"good"}"#).await.status, 200);
    for seen in web.kafka.seen() {
        assert!(value_of(&seen).contains(r#""text":"good""#));
    }
    assert!(BOMB.len() < 1_000);
    let bomb = gzip(&web, "gzip", BOMB).await;
    assert_eq!(bomb.status, 413);
    assert!(bomb.problem()["detail"].as_str().unwrap().contains("65536"));
    assert_eq!(gzip(&web, "gzip", br#"{"text":"good"}"#).await.status, 400, "it is no gzip");
    assert_eq!(gzip(&web, "gzip", &GOOD[..20]).await.status, 400, "it ends too early");
    for encoding in ["br", "deflate", "gzip, gzip", "utf-8"] {
        let answer = gzip(&web, encoding, GOOD).await;
        assert_eq!((answer.status, answer.header("accept-encoding")), (415, "gzip"), "{encoding}");
        answer.problem();
    }
    let lines = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
    let batch = web.request("POST", "/api/v1/reviews:batch", &lines, GOOD).await;
    assert_eq!(batch.status, 200);
    assert!(batch.body.contains("\"positive\""), "{batch:?}");
}

#[tokio::test]
async fn a_charset_that_is_not_utf_8_is_refused_by_its_name() {
    let web = Web::start(Behaviour::Score, &[]).await;
    for (path, media, status) in [
        ("/api/v1/reviews", "text/plain; charset=utf-8", 200),
        ("/api/v1/reviews", "text/plain; Charset=\"UTF-8\"", 200),
        ("/api/v1/reviews", "text/plain; format=flowed", 200),
        ("/api/v1/reviews", "text/plain; charset=utf-16le", 415),
        ("/api/v1/reviews", "text/plain; charset=iso-8859-1", 415),
        ("/api/v1/reviews/r/label", "application/json; charset=utf-16", 415),
        ("/predict", "application/x-www-form-urlencoded; charset=latin1", 415),
        ("/predict", "application/x-www-form-urlencoded;charset=utf-8", 200),
    ] {
        let headers = [("content-type", media), ("accept", "application/json")];
        let answer = web.request("POST", path, &headers, b"text=good").await;
        assert_eq!(answer.status, status, "{media}: {answer:?}");
        if status == 415 {
            let detail = answer.problem()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("expected utf-8"), "{detail}");
        }
    }
}

fn chunked(pieces: &[&str]) -> Vec<u8> {
    let mut request = "POST /api/v1/reviews HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
        content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        .to_owned();
    for piece in pieces {
        request += &format!("{:x}\r\n{piece}\r\n", piece.len());
    }
    request += "0\r\n\r\n";
    request.into_bytes()
}

#[tokio::test]
async fn a_body_in_chunks_is_taken_within_the_limit() {
    let web = Web::start(Behaviour::Score, &["--max-body-bytes=65536"]).await;
    assert_eq!(web.raw(&chunked(&["{\"text\":", "\"good\"}"])).await.status, 200);
    let long = "a".repeat(40_000);
    let answer = web.raw(&chunked(&["{\"text\":\"", &long, &long, "\"}"])).await;
    assert_eq!((answer.status, answer.header("connection")), (413, "close"));
    assert!(answer.problem()["detail"].as_str().unwrap().contains("at most 65536 bytes"));
    let none = web.raw(b"POST /api/v1/reviews HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n");
    assert_eq!(none.await.status, 400, "no body is an empty one");
    assert_eq!(web.kafka.seen().len(), 1);
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_before_it_sends() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let head = |length: usize, expect: &str| {
        format!(
            "POST /api/v1/reviews HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nexpect: {expect}\r\n\r\n"
        )
    };
    for (length, expect, status) in
        [(99_000_000, "100-continue", 413), (99_000_000, "100-Continue", 413), (2, "200-ok", 417)]
    {
        let mut stream = web.send(head(length, expect).as_bytes()).await;
        let at_once = tokio::time::timeout(Duration::from_secs(3), async {
            let mut start = [0; 12];
            stream.read_exact(&mut start).await.unwrap();
            String::from_utf8(start.to_vec()).unwrap()
        });
        assert_eq!(at_once.await.expect("at once"), format!("HTTP/1.1 {status}"));
    }
    let mut stream = web.send(head(15, "100-continue").as_bytes()).await;
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(br#"{"text":"good"}"#).await.unwrap();
    assert_eq!(read(&mut stream).await.status, 200);
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_any_json() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let lines = ("content-type", "application/x-ndjson");
    let tensor = r#"{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["good"]}]}"#;
    for (path, media, body, status) in [
        ("/api/v1/reviews", JSON, r#"{"text":"good"}"#, 200),
        ("/api/v1/reviews/r/label", JSON, r#"{"label":"positive"}"#, 401),
        ("/api/v1/reviews:batch", lines, r#"{"text":"good"}"#, 200),
        ("/v2/models/verdict/infer", JSON, tensor, 200),
        ("/predict", FORM, "text=good", 200),
    ] {
        let body = format!("\u{feff}{body}");
        let answer = web.request("POST", path, &[media], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(!answer.body.contains("not JSON"), "{path}: {answer:?}");
    }
}
