//! What clients, proxies, browsers and crawlers expect of a server.

use std::io::Read;

use crate::support::{Behaviour, FORM, JSON, Web};

#[tokio::test]
async fn options_tell_what_may_be_asked() {
    let web = Web::start(Behaviour::Score, &[]).await;
    for (path, allow) in [
        ("*", "GET, HEAD, POST, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
        ("/predict", "POST, OPTIONS"),
        ("/predict/", "POST, OPTIONS"),
        ("/api/v1/reviews", "POST, OPTIONS"),
        ("/api/v1/reviews/x", "GET, HEAD, OPTIONS"),
        ("/metrics", "GET, HEAD, OPTIONS"),
        ("/robots.txt", "GET, HEAD, OPTIONS"),
    ] {
        let answer = web.request("OPTIONS", path, &[], b"").await;
        assert_eq!((answer.status, answer.header("allow")), (204, allow), "{path}");
        assert_eq!((answer.body.as_str(), answer.header("content-type")), ("", ""), "{path}");
    }
    assert_eq!(web.request("OPTIONS", "/nowhere", &[], b"").await.status, 404);
}

#[tokio::test]
async fn every_line_of_accept_counts_and_an_api_without_an_answer_says_406() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let two = [FORM, ("accept", "image/png"), ("accept", "application/json")];
    let answer = web.request("POST", "/predict", &two, b"text=good").await;
    assert_eq!(answer.header("content-type"), "application/json");
    for (method, path, accept, status) in [
        ("POST", "/api/v1/reviews", "text/html", 406),
        ("POST", "/api/v1/reviews", "application/json;q=0", 406),
        ("POST", "/api/v1/reviews", "text/html, */*;q=0.1", 200),
        ("POST", "/api/v1/reviews", "application/problem+json", 200),
        ("GET", "/api/v1/reviews/x", "text/csv", 406),
        ("GET", "/api/v1/verdicts", "application/json", 406),
        ("POST", "/api/v1/reviews:batch", "text/html", 406),
        ("POST", "/v2/models/verdict/infer", "text/html", 406),
        ("GET", "/v2", "text/html", 200),
        ("GET", "/", "application/json", 200),
        ("GET", "/metrics", "application/openmetrics-text", 200),
        ("GET", "/nowhere", "image/png", 404),
    ] {
        let headers = [JSON, ("accept", accept)];
        let answer = web.request(method, path, &headers, br#"{"text":"good"}"#).await;
        assert_eq!(answer.status, status, "{method} {path} {accept}: {answer:?}");
    }
}

#[tokio::test]
async fn an_asset_that_the_client_has_is_not_sent_again() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let path = "/assets/verdict.css";
    let tag = web.get(path).await.header("etag").to_owned();
    let strong = tag.trim_start_matches("W/").to_owned();
    let list = format!("\"other\", {tag}");
    for (value, status) in [
        (tag.as_str(), 304),
        (&strong, 304),
        (&list, 304),
        ("*", 304),
        ("\"other\"", 200),
        ("\"other\", W/\"another\"", 200),
        ("", 200),
    ] {
        let answer = web.request("GET", path, &[("if-none-match", value)], b"").await;
        assert_eq!(answer.status, status, "{value}");
    }
    let lines = [("if-none-match", "\"other\""), ("if-none-match", &strong)];
    assert_eq!(web.request("GET", path, &lines, b"").await.status, 304, "a second line counts");
}

#[tokio::test]
async fn a_slash_at_the_end_is_no_other_route() {
    let web = Web::start(Behaviour::Score, &[]).await;
    assert_eq!(web.request("POST", "/predict/", &[FORM], b"text=good").await.status, 200);
    let get = web.get("/predict/").await;
    assert_eq!((get.status, get.header("allow")), (405, "POST"));
    assert_eq!(web.metric("app_request_count_total{endpoint=\"/predict\",method=\"POST\"}"), 1);
}

#[tokio::test]
async fn an_answer_can_be_found_again_and_says_what_it_cost() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let own = web.request("GET", "/", &[("x-request-id", "my-id.1")], b"").await;
    assert_eq!(own.header("x-request-id"), "my-id.1");
    for bad in ["a b", "", &"x".repeat(129)] {
        let made = web.request("GET", "/nowhere", &[("x-request-id", bad)], b"").await;
        let id = made.header("x-request-id");
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    }
    assert_ne!(
        web.get("/").await.header("x-request-id"),
        web.get("/").await.header("x-request-id")
    );
    let timing = web.review(&[], r#"{"text":"good"}"#).await.header("server-timing").to_owned();
    let total: f64 =
        timing.strip_prefix("total;dur=").unwrap().split(',').next().unwrap().parse().unwrap();
    assert!(total > 0.0 && timing.contains("cpu;dur="), "{timing}");
}

#[tokio::test]
async fn a_limit_on_requests_is_told_with_every_answer_to_a_post() {
    let web = Web::start(Behaviour::Score, &["--rate-limit=0.01", "--rate-burst=2"]).await;
    for (status, left) in [(200, 1), (200, 0), (429, 0)] {
        let answer = web.review(&[], r#"{"text":"good"}"#).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("ratelimit-policy"), "\"address\";q=2;w=200");
        let limit = answer.header("ratelimit");
        assert!(limit.starts_with(&format!("\"address\";r={left};t=")), "{limit}");
    }
    assert_eq!(web.get("/").await.header("ratelimit"), "", "reading has no limit");
    let without = Web::start(Behaviour::Score, &[]).await;
    assert_eq!(without.review(&[], r#"{"text":"good"}"#).await.header("ratelimit-policy"), "");
}

#[tokio::test]
async fn scripts_of_other_sites_may_use_the_interface_only_if_their_site_is_allowed() {
    let origin = ("origin", "https://friend.test");
    let preflight = [
        origin,
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    let web = Web::start(Behaviour::Score, &["--cors-origin=https://friend.test"]).await;
    let allowed = web.request("OPTIONS", "/api/v1/reviews", &preflight, b"").await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://friend.test");
    assert_eq!(allowed.header("access-control-allow-methods"), "POST, OPTIONS");
    assert!(allowed.header("access-control-allow-headers").contains("content-type"));
    let answer =
        web.review(&[origin, ("sec-fetch-site", "cross-site")], r#"{"text":"good"}"#).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "https://friend.test");
    assert!(answer.header("access-control-expose-headers").contains("content-location"));
    assert!(answer.header("vary").contains("origin"));
    let other =
        web.request("OPTIONS", "/api/v1/reviews", &[("origin", "https://x.test")], b"").await;
    assert_eq!(other.header("access-control-allow-origin"), "");

    let off = Web::start(Behaviour::Score, &[]).await;
    let refused = off.request("OPTIONS", "/api/v1/reviews", &preflight, b"").await;
    assert_eq!(refused.header("access-control-allow-methods"), "");
    assert_eq!(refused.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_large_answer_is_compressed_for_a_client_that_takes_it() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let request = |accept: &str| {
        format!(
            "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept-encoding: {accept}\r\n\r\n"
        )
    };
    let plain = web.raw(request("identity").as_bytes()).await;
    assert_eq!(plain.header("content-encoding"), "");
    let bytes = web.raw_bytes(request("br, gzip").as_bytes()).await;
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
    assert!(head.contains("vary: accept-encoding\r\n"), "{head}");
    assert!(bytes.len() - at < plain.body.len(), "{} of {}", bytes.len() - at, plain.body.len());
    let body = unchunked(&bytes[at..]);
    let mut text = String::new();
    flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
    assert!(text.contains("app_request_count_total"), "{text}");
    let small = [("accept-encoding", "gzip")];
    assert_eq!(web.request("GET", "/healthz", &small, b"").await.header("content-encoding"), "");
}

/// The content of a body in chunks.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n").unwrap();
        let length = std::str::from_utf8(&body[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            return content;
        }
        content.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 4 + length..];
    }
}

#[tokio::test]
async fn browsers_and_crawlers_find_what_they_ask_for_by_themselves() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let icon = web.get("/favicon.ico").await;
    assert_eq!((icon.status, icon.header("content-type")), (200, "image/svg+xml"));
    assert_eq!(icon.body, web.get("/assets/icon.svg").await.body);
    let robots = web.get("/robots.txt").await;
    assert_eq!((robots.status, robots.header("content-type")), (200, "text/plain; charset=utf-8"));
    robots.has(&["User-agent: *", "Disallow: /"]);
}

#[tokio::test]
async fn browsers_are_told_to_stay_with_tls_only_where_it_is_in_front() {
    let web = Web::start(Behaviour::Score, &[]).await;
    assert_eq!(web.get("/").await.header("strict-transport-security"), "");
    let tls = Web::start(Behaviour::Score, &["--behind-tls"]).await;
    assert_eq!(tls.get("/").await.header("strict-transport-security"), "max-age=31536000");
}
