//! The page and the form, as browsers and curl use them.

use crate::interface::eventually;
use crate::support::{Behaviour, FORM, Web, bytes_of};

#[tokio::test]
async fn the_page_is_served_with_its_style_and_icon() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let page = web.get("/").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    page.has(&["<textarea"]);
    for (path, media) in [
        ("/assets/verdict.css", "text/css; charset=utf-8"),
        ("/assets/verdict.js", "text/javascript; charset=utf-8"),
        ("/assets/icon.svg", "image/svg+xml"),
    ] {
        page.has(&[path]);
        let asset = web.get(path).await;
        assert_eq!((asset.status, asset.header("content-type")), (200, media));
        let tag = asset.header("etag").to_owned();
        let again = web.request("GET", path, &[("if-none-match", &tag)], b"").await;
        assert_eq!((again.status, again.body.as_str()), (304, ""));
    }
    assert_eq!(web.request("HEAD", "/", &[], b"").await.body, "");
}

#[tokio::test]
async fn a_form_post_leads_to_a_page_with_label_probability_and_marked_words() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let posted = web.form(b"text=A+good+film%2C+truly").await;
    assert_eq!(posted.status, 303);
    let page = posted.header("location");
    for _reload in 0..2 {
        let answer = web.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        answer.has(&[
            "<h1 id=\"verdict\">Positive</h1>",
            "87.5 %",
            "A <mark class=\"p3\" title=\"+1.750\">good<span",
            "</mark> film, truly</blockquote>",
            ">\n</textarea>",
        ]);
    }
    assert_eq!(web.kafka.seen().len(), 1, "a reload asks nothing");
    let change = page.replace("/r/", "/?from=");
    web.get(page).await.has(&[&change]);
    web.get(&change).await.has(&[">\nA good film, truly</textarea>"]);
    let metrics = web.get("/metrics").await;
    metrics.has(&["app_request_count_total{endpoint=\"/r/{id}\",method=\"GET\"} 3"]);
}

#[tokio::test]
async fn a_label_leads_back_to_the_verdict() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let sent = web.form(b"text=a+good+film").await;
    let (page, cookie) = (sent.header("location"), sent.header("set-cookie"));
    let token = cookie.split(';').next().unwrap();
    let body = format!("id={}&label=negative&{token}", page.replace("/r/", ""));
    let browser = [FORM, ("accept", "text/html")];
    let labelled = web.request("POST", "/label", &browser, body.as_bytes()).await;
    let back = labelled.header("location");
    assert_eq!((labelled.status, back), (303, format!("{page}?labelled=negative").as_str()));
    let answer = web.get(back).await;
    answer.has(&["you say that it is negative", "Positive</h1>", "film</blockquote>"]);
    assert!(!answer.body.contains("action=\"/label\""), "{answer:?}");
    assert_eq!(web.kafka.seen().len(), 2);
}

#[tokio::test]
async fn a_page_of_a_review_that_is_not_known_or_not_scored_says_so() {
    let web = Web::start(Behaviour::Reject, &[]).await;
    let unknown = web.get("/r/none").await;
    assert_eq!(unknown.status, 404);
    unknown.has(&["No such review is known"]);
    let labelled = web.get("/r/none?labelled=positive").await;
    assert_eq!(labelled.status, 200);
    labelled.has(&["Noted: Positive"]);
    assert_eq!(web.get("/r/%FF").await.status, 400);
    assert_eq!(web.form(b"text=x").await.status, 422, "the text stays in the form");
    let late = Web::start(Behaviour::Silent, &["--default-wait-ms=1"]).await;
    let answer = late.form(b"text=a+good+film").await;
    assert_eq!(answer.status, 504);
    let page = answer.header("location").replace("/api/v1/reviews/", "/r/");
    answer.has(&[&format!("href=\"{page}\""), "a good film</textarea>"]);
    late.kafka.answer().await;
    let found = eventually(async || Some(late.get(&page).await).filter(|page| page.status == 200));
    found.await.has(&["good<span", "film</blockquote>"]);
}

#[tokio::test]
async fn curl_reads_the_result_near_the_top_or_as_a_line_or_as_json() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let ask = async |accept: &str| {
        let headers = [FORM, ("accept", accept)];
        web.request("POST", "/predict", &headers, b"text=so+bad").await
    };
    let html = ask("*/*").await;
    assert_eq!(html.body.lines().nth(1), Some("<!-- Negative, 87.5 % -->"));
    let line = ask("text/plain").await;
    assert_eq!((line.status, line.body.as_str()), (200, "negative 0.1250\n"));
    let dots =
        web.request("POST", "/predict", &[FORM, ("accept", "text/plain")], b"text=...").await;
    assert_eq!(dots.body, "negative 0.1250 (I know none of these words)\n");
    let json = ask("application/json").await;
    assert_eq!(json.json()["label"], "negative");
}

#[tokio::test]
async fn a_form_that_cannot_be_used_says_what_is_wrong_with_it() {
    let web = Web::start(Behaviour::Score, &["--max-text-chars=10"]).await;
    for (body, status, part) in [
        (&b"text="[..], 422, "must not be empty"),
        (b"text=++%0A", 422, "blank"),
        (b"review=x", 422, "no field named text"),
        (b"text=12345678901", 422, "at most 10 characters, got 11"),
        (b"text=ab%FF", 400, "byte 2"),
        (b"text=\xC3\x28", 400, "byte 0"),
        (b"text=ab%00", 422, "NUL"),
    ] {
        let answer = web.form(body).await;
        assert_eq!(answer.status, status, "{body:?}");
        answer.has(&[part, "role=\"alert\""]);
        let json =
            web.request("POST", "/predict", &[FORM, ("accept", "application/json")], body).await;
        assert!(json.problem()["detail"].as_str().unwrap().contains(part), "{json:?}");
        let line = web.request("POST", "/predict", &[FORM, ("accept", "text/plain")], body).await;
        assert!(line.body.contains(part) && line.body.lines().count() == 1, "{line:?}");
    }
    assert!(web.kafka.seen().is_empty());
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let web = Web::start(Behaviour::Score, &[]).await;
    for answer in [
        web.get("/").await,
        web.get("/nowhere").await,
        web.get("/assets/verdict.css").await,
        web.form(b"text=good").await,
        web.review(&[], "{}").await,
    ] {
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'; script-src 'self'; connect-src 'self';",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn another_site_cannot_post_in_a_persons_name() {
    let web = Web::start(Behaviour::Score, &[]).await;
    for (header, status) in [
        (("sec-fetch-site", "cross-site"), 403),
        (("origin", "https://evil.test"), 403),
        (("origin", "null"), 403),
        (("origin", "http://verdict.test"), 200),
        (("sec-fetch-site", "same-origin"), 200),
    ] {
        let answer = web.request("POST", "/predict", &[FORM, header], b"text=good").await;
        assert_eq!(answer.status, status, "{header:?}");
    }
    assert_eq!(web.kafka.seen().len(), 2);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_so_in_the_right_form() {
    let web = Web::start(Behaviour::Score, &[]).await;
    for (method, path, status, allow) in [
        ("GET", "/predict", 405, "POST"),
        ("GET", "/label", 405, "POST"),
        ("GET", "/api/v1/reviews/x/label", 405, "POST"),
        ("GET", "/api/v1/reviews/x/label/y", 404, ""),
        ("DELETE", "/", 405, "GET, HEAD"),
        ("GET", "/api/v1/reviews", 405, "POST"),
        ("PUT", "/api/v1/reviews/x", 405, "GET, HEAD"),
        ("PATCH", "/metrics", 405, "GET, HEAD"),
        ("DELETE", "/assets/verdict.css", 405, "GET, HEAD"),
        ("GET", "/assets/none.css", 404, ""),
        ("POST", "/r/x", 405, "GET, HEAD"),
        ("POST", "/model", 405, "GET, HEAD"),
        ("POST", "/status", 405, "GET, HEAD"),
        ("GET", "/r/x/y", 404, ""),
        ("GET", "/no/where", 404, ""),
        ("GET", "/nowhere", 404, ""),
        ("GET", "/api/v2", 404, ""),
    ] {
        let answer = web.request(method, path, &[("accept", "application/json")], b"").await;
        assert_eq!((answer.status, answer.header("allow")), (status, allow), "{method} {path}");
        answer.problem();
    }
    let page = web.request("GET", "/nowhere", &[("accept", "text/html")], b"").await;
    page.has(&["There is nothing here"]);
}

#[tokio::test]
async fn a_kafka_that_is_away_is_told_on_the_page_and_the_text_is_kept() {
    let web = Web::start(Behaviour::Refuse, &[]).await;
    let answer = web.form(b"text=a+good+film").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
    answer.has(&["was not accepted", "a good film</textarea>"]);
}

#[tokio::test]
async fn the_kept_metrics_count_requests_by_route_and_not_by_path() {
    let web = Web::start(Behaviour::Score, &[]).await;
    web.form(b"text=good").await;
    web.get("/a").await;
    web.get("/b").await;
    let metrics = web.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    metrics.has(&[
        "app_request_count_total{endpoint=\"/predict\",method=\"POST\"} 1",
        "app_request_count_total{endpoint=\"unmatched\",method=\"GET\"} 2",
        "app_request_latency_seconds_count{endpoint=\"/predict\"} 1",
        "verdict_web_replies_total{outcome=\"delivered\"} 1",
        "verdict_web_pending 0",
    ]);
}

#[tokio::test]
async fn probes_follow_health() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let check = web.telemetry.health().check("kafka");
    assert_eq!(web.get("/healthz").await.status, 200);
    assert_eq!(web.get("/readyz").await.status, 503);
    check.pass();
    assert_eq!(web.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_request_that_is_under_way_ends_well_during_shutdown() {
    let web = Web::start(Behaviour::Silent, &["--drain-ms=10000"]).await;
    let (address, kafka) = (web.address, web.kafka.clone());
    let mut stream = web.send(&bytes_of("POST", "/predict", &[FORM], b"text=good")).await;
    kafka.first().await;
    let health = web.telemetry.health().clone();
    let stopped = web.stop();
    kafka.answer().await;
    let answer = crate::support::read(&mut stream).await;
    assert_eq!(answer.status, 200);
    tokio::time::timeout(std::time::Duration::from_secs(5), stopped).await.expect("stops").unwrap();
    assert!(!health.readiness(std::time::Instant::now()).ok);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the door is closed");
}

#[tokio::test]
async fn a_connection_that_never_ends_is_cut_off_at_the_drain_deadline() {
    let web = Web::start(Behaviour::Hang, &["--drain-ms=100", "--default-wait-ms=30000"]).await;
    let _stream = web.send(&bytes_of("POST", "/predict", &[FORM], b"text=good")).await;
    web.kafka.first().await;
    let stopped = web.stop();
    tokio::time::timeout(std::time::Duration::from_secs(5), stopped).await.expect("stops").unwrap();
}
