//! Targets, hosts and sites: what is turned away before a route sees it.

use crate::support::{Behaviour, FORM, JSON, Response, Web, bytes_of, read};
use tokio::io::AsyncWriteExt;

/// Sends a request line and headers, and reads until the connection ends.
async fn ask(web: &Web, line: &str, headers: &str) -> Response {
    web.raw(format!("{line}\r\n{headers}connection: close\r\n\r\n").as_bytes()).await
}

const HOST: &str = "host: verdict.test\r\n";

#[tokio::test]
async fn every_form_of_a_request_target_is_answered() {
    let web = Web::start(Behaviour::Score, &[]).await;
    for (target, status) in [
        // Origin form.
        ("GET /healthz", 200),
        ("GET /healthz?a=b", 200),
        ("GET /healthz/", 200),
        ("GET /?", 200),
        ("GET //", 404),
        ("GET /a%zz", 404),
        // Absolute form.
        ("GET http://verdict.test/healthz", 200),
        ("GET HTTP://verdict.test:8080/healthz/", 200),
        ("GET https://verdict.test", 200),
        ("GET http://evil.test/", 421),
        ("GET http://user@verdict.test/", 400),
        ("GET ftp://verdict.test/", 400),
        ("GET http:///healthz", 400),
        // Authority form.
        ("CONNECT 127.0.0.1:22", 400),
        ("CONNECT verdict.test:443", 400),
        ("CONNECT /healthz", 400),
        ("POST x", 400),
        ("GET healthz", 400),
        ("GET verdict.test:80", 400),
        ("OPTIONS verdict.test", 400),
        // Asterisk form.
        ("OPTIONS *", 204),
        ("GET *", 400),
        // None of them.
        ("GET", 400),
        ("GET ", 400),
        ("GET  /", 400),
        ("GET /a b", 400),
        ("GET ?a", 400),
        ("GET \\", 400),
    ] {
        let answer = ask(&web, &format!("{target} HTTP/1.1"), HOST).await;
        assert_eq!(answer.status, status, "{target}: {answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{target}");
    }
    assert_eq!(web.metric("verdict_web_panics_total"), 0);
    let problem = web.request("GET", "healthz", &[("accept", "application/json")], b"").await;
    assert_eq!(
        problem.problem()["detail"],
        "the target must be a path or an http URL, got healthz"
    );
    assert_eq!(web.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_panic_of_a_handler_is_a_problem_and_counted() {
    let web = Web::start(Behaviour::Panic, &[]).await;
    let mut kept = web.send(b"").await;
    let request = bytes_of("POST", "/api/v1/reviews", &[JSON], br#"{"text":"good"}"#);
    kept.write_all(&request).await.unwrap();
    let answer = read(&mut kept).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.problem()["title"], "A defect of ours");
    let page = web.form(b"text=good").await;
    assert_eq!(page.status, 500);
    page.has(&["A defect of ours"]);
    assert_eq!(web.metric("verdict_web_panics_total"), 2);
    assert_eq!(web.metric("verdict_web_pending"), 0);
    web.kafka.behave(Behaviour::Score);
    assert_eq!(web.form(b"text=good").await.status, 303);
}

#[tokio::test]
async fn a_host_is_needed_once_valid_and_allowed() {
    let web = Web::start(Behaviour::Score, &[]).await;
    for (line, host, status) in [
        ("GET / HTTP/1.1", "", 400),
        ("GET / HTTP/1.0", "", 200),
        ("GET / HTTP/1.1", "host: verdict.test\r\nhost: verdict.test\r\n", 400),
        ("GET / HTTP/1.1", "host:\r\n", 400),
        ("GET / HTTP/1.1", "host: a b\r\n", 400),
        ("GET / HTTP/1.1", "host: user@verdict.test\r\n", 400),
        ("GET / HTTP/1.1", "host: verdict.test:port\r\n", 400),
        ("GET / HTTP/1.1", "host: verdict.test:70000\r\n", 400),
        ("GET / HTTP/1.1", "host: http://verdict.test\r\n", 400),
        ("GET / HTTP/1.1", "host: verdict.test/x\r\n", 400),
        ("GET / HTTP/1.1", "host: caf\u{e9}.test\r\n", 400),
        ("GET / HTTP/1.1", "host: [::1\r\n", 400),
        ("GET / HTTP/1.1", "host: verdict.test:1\r\n", 200),
        ("GET / HTTP/1.1", "host: Localhost:8080\r\n", 200),
        ("GET / HTTP/1.1", "host: 127.0.0.1\r\n", 200),
        ("GET / HTTP/1.1", "host: [::1]:8080\r\n", 200),
        ("GET / HTTP/1.1", "host: evil.test\r\n", 421),
        ("GET / HTTP/1.0", "host: evil.test\r\n", 421),
        ("GET / HTTP/1.1", "host: 10.0.0.9\r\n", 421),
        ("GET /api/v1/reviews/x HTTP/1.1", "host: evil.test\r\n", 421),
        // Probes and scrapes know an address only.
        ("GET /healthz HTTP/1.1", "host: 10.0.0.9:8080\r\n", 200),
        ("GET /metrics HTTP/1.1", "host: evil.test\r\n", 200),
        ("GET /metrics HTTP/1.1", "", 400),
        // What is asked for by its whole URL has the host of that.
        ("GET http://verdict.test/ HTTP/1.1", "host: evil.test\r\n", 200),
        ("GET http://verdict.test/ HTTP/1.1", "", 400),
    ] {
        let answer = ask(&web, line, host).await;
        assert_eq!(answer.status, status, "{line} {host}: {answer:?}");
    }
    let other = ask(&web, "GET /api/v1/reviews/x HTTP/1.1", "host: evil.test\r\n").await;
    assert_eq!(other.problem()["detail"], "evil.test is not served here (--allowed-hosts)");
    let any = Web::start(Behaviour::Score, &["--allowed-hosts=*"]).await;
    assert_eq!(ask(&any, "GET / HTTP/1.1", "host: any.test\r\n").await.status, 200);
}

#[tokio::test]
async fn heads_that_cannot_be_read_are_problems_with_the_security_headers() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let many: String = (0..65).map(|n| format!("x-{n}: 1\r\n")).collect();
    let long = format!("x: {}\r\n", "a".repeat(1 << 20));
    for (line, extra, status) in [
        ("GET / HTTP/1.1", many.as_str(), 431),
        ("GET / HTTP/1.1", &long, 431),
        ("GET / HTTP/1.1", "content-length: 1\r\ncontent-length: 2\r\n", 400),
        ("GET / HTTP/1.1", "transfer-encoding: gzip\r\n", 400),
        ("GET / HTTP/1.1", "x\u{0}: 1\r\n", 400),
        ("GET / HTTP/3.9", "", 400),
        ("\u{16}\u{3}\u{1}", "", 400),
        (&format!("GET /{} HTTP/1.1", "a".repeat(70_000)), "", 431),
    ] {
        let answer = ask(&web, line, &format!("{HOST}{extra}")).await;
        let start: String = line.chars().take(20).collect();
        assert_eq!(answer.status, status, "{start}: {answer:?}");
        answer.problem();
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{start}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn only_the_own_site_and_allowed_ones_may_send() {
    let flags = ["--cors-origin=https://friend.test,http://localhost:3000"];
    let web = Web::start(Behaviour::Score, &flags).await;
    let status = async |headers: &[(&str, &str)]| {
        let headers = [&[FORM], headers].concat();
        web.request("POST", "/predict", &headers, b"text=good").await.status
    };
    for (headers, expected) in [
        (&[("sec-fetch-site", "same-origin")][..], 200),
        (&[("sec-fetch-site", "none")], 200),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "anything")], 403),
        (&[("origin", "http://verdict.test")], 200),
        (&[("origin", "http://verdict.test:80")], 200),
        (&[("origin", "http://verdict.test:9090")], 403),
        (&[("origin", "https://verdict.test")], 403),
        (&[("origin", "null")], 403),
        (&[("origin", "https://friend.test"), ("sec-fetch-site", "cross-site")], 200),
        (&[("origin", "http://localhost:3000"), ("sec-fetch-site", "cross-site")], 200),
        (&[("origin", "http://localhost:3001"), ("sec-fetch-site", "cross-site")], 403),
    ] {
        assert_eq!(status(headers).await, expected, "{headers:?}");
    }
    let tls = Web::start(Behaviour::Score, &["--behind-tls"]).await;
    for (origin, expected) in [("https://verdict.test", 200), ("http://verdict.test", 403)] {
        let headers = [FORM, ("origin", origin)];
        let answer = tls.request("POST", "/predict", &headers, b"text=good").await;
        assert_eq!(answer.status, expected, "{origin}");
    }
}

#[tokio::test]
async fn a_client_that_ended_its_half_is_answered() {
    let web = Web::start(Behaviour::Silent, &[]).await;
    let request = bytes_of("POST", "/api/v1/reviews", &[JSON], br#"{"text":"good"}"#);
    let mut stream = web.send(&request).await;
    stream.shutdown().await.unwrap();
    web.kafka.answer().await;
    assert_eq!(read(&mut stream).await.status, 200);
}

#[tokio::test]
async fn idle_connections_of_an_address_do_not_lock_it_out() {
    let web = Web::start(Behaviour::Score, &["--max-connections-per-address=8"]).await;
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(web.send(b"GET / HTTP/1.1\r\nhost: x\r\n").await);
    }
    assert_eq!(web.review(&[], r#"{"text":"good"}"#).await.status, 200);
    assert_eq!(web.metric("verdict_web_refused_total{reason=\"connections_per_address\"}"), 0);
    assert!(web.metric("verdict_web_refused_total{reason=\"displaced\"}") >= 93);
}
