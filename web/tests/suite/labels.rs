//! Feedback: labels by the interface for programs and by the buttons of the page.

use crate::support::{Behaviour, FORM, JSON, Response, Web, assert_headers, key_of, value_of};
use verdict_messages::{Label, Sentiment, headers};

const BEARER: (&str, &str) = ("authorization", "Bearer 0123456789abcdef0123456789abcdef");

/// One whose operators have [`BEARER`].
async fn start(behaviour: Behaviour) -> (Web, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("operators");
    std::fs::write(&file, "crowd 0123456789abcdef0123456789abcdef\n").unwrap();
    let flag = format!("--label-token-file={}", file.display());
    (Web::start(behaviour, &[&flag]).await, folder)
}

/// As an operator.
async fn say(web: &Web, id: &str, body: &str) -> Response {
    let path = format!("/api/v1/reviews/{id}/label");
    web.request("POST", &path, &[JSON, BEARER], body.as_bytes()).await
}

#[tokio::test]
async fn a_label_is_published_with_the_headers_of_the_contract() {
    let (web, _file) = start(Behaviour::Score).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let (path, sent) = ("/api/v1/reviews/r%2F1/label", [JSON, BEARER, ("traceparent", trace)]);
    let answer = web.request("POST", path, &sent, br#"{"label":"negative"}"#).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(
        answer.json(),
        serde_json::json!({"review_id": "r/1", "label": "negative", "accepted": true})
    );
    let seen = web.kafka.seen().remove(0);
    assert_eq!((&*seen.topic, key_of(&seen)), ("reviews.labels", "r/1"));
    let label = Label::decode(value_of(&seen).as_bytes()).unwrap();
    assert_eq!(
        (&*label.review_id, label.label, &*label.source),
        ("r/1", Sentiment::Negative, "crowd")
    );
    assert_eq!(label.labelled_at, "2023-11-14T22:13:20.000Z");
    let expected = [
        JSON,
        (headers::CE_SPECVERSION, "1.0"),
        (headers::CE_SOURCE, "/verdict/web"),
        (headers::CE_TYPE, "dev.verdict.review.labelled.v1"),
        (headers::CE_TIME, "2023-11-14T22:13:20.000Z"),
        (headers::TRACEPARENT, trace),
    ];
    assert_headers(&seen, &expected);
    assert!(!seen.headers.contains(headers::SPRING_REPLY_TOPIC));
    let route = "endpoint=\"/api/v1/reviews/{id}/label\",method=\"POST\"";
    assert_eq!(web.metric(&format!("app_request_count_total{{{route}}}")), 1);
}

#[tokio::test]
async fn a_change_of_mind_is_another_event() {
    let (web, _file) = start(Behaviour::Score).await;
    for body in [r#"{"label":"negative"}"#, r#"{"label":"positive"}"#] {
        assert_eq!(say(&web, "r1", body).await.status, 202);
    }
    let seen = web.kafka.seen();
    let [first, second] = seen.as_slice() else {
        panic!("two labels, got {seen:?}");
    };
    assert_ne!(first.headers.get(headers::CE_ID), second.headers.get(headers::CE_ID));
}

#[tokio::test]
async fn a_label_has_the_forms_that_files_have() {
    let (web, _file) = start(Behaviour::Score).await;
    for label in ["\"neg\"", "0", "0.0", "false", "\"NEGATIVE\""] {
        let answer = say(&web, "5000", &format!("\u{feff}{{\"label\":{label}}}")).await;
        assert_eq!(answer.status, 202, "{label}");
    }
    for seen in web.kafka.seen() {
        let label = Label::decode(value_of(&seen).as_bytes()).unwrap();
        assert_eq!((&*label.review_id, label.label), ("5000", Sentiment::Negative));
    }
}

#[tokio::test]
async fn a_label_takes_the_token_of_its_review_and_has_the_source_that_the_server_says() {
    let (web, _file) = start(Behaviour::Score).await;
    let ask = async |id: &str| {
        let body = format!(r#"{{"id":"{id}","text":"so good"}}"#);
        web.request("POST", "/api/v1/reviews", &[JSON], body.as_bytes()).await.json()
    };
    let token = async |id: &str| ask(id).await["label_token"].as_str().unwrap().to_owned();
    let (mine, other) = (token("r1").await, token("r2").await);
    assert_eq!(token("r1").await, mine, "the same request has the same answer");
    let lines = web
        .request(
            "POST",
            "/api/v1/reviews:batch",
            &[("content-type", "application/x-ndjson")],
            br#"{"id":"r2","text":"so good"}"#,
        )
        .await;
    lines.has(&[&format!("\"label_token\":\"{other}\"}}")]);
    // Whoever knows an id can read its verdict, and no more.
    let read = web.get("/api/v1/reviews/r1").await.json();
    assert_eq!((&read["id"], &read["label_token"]), (&"r1".into(), &serde_json::Value::Null));
    web.get("/r/r1").await.has_not(&["action=\"/label\"", &mine]);

    let label = async |id: &str, headers: &[(&str, &str)], token: Option<&str>| {
        let body = serde_json::json!({ "label": "negative", "label_token": token }).to_string();
        let headers = [&[JSON], headers].concat();
        let path = format!("/api/v1/reviews/{id}/label");
        web.request("POST", &path, &headers, body.as_bytes()).await
    };
    let before = web.kafka.seen().len();
    let unknown = ("authorization", "Bearer 0123456789abcdef0123456789abcdee");
    for (headers, token, status) in [
        (vec![], None, 401),
        (vec![], Some(&*other), 403),
        (vec![], Some("0"), 403),
        (vec![unknown], Some(&*mine), 401),
    ] {
        let answer = label("r1", &headers, token).await;
        assert_eq!(answer.status, status, "{token:?} {}", answer.problem());
        let challenge = if status == 401 { "Bearer" } else { "" };
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
    // An id that the consumer gives, by the place in the topic, is nobody's own.
    assert_eq!(ask("reviews-0-0").await["status"], 422);
    assert_eq!(label("reviews-0-0", &[], Some(&mine)).await.status, 403);
    assert_eq!(web.kafka.seen().len(), before);

    assert_eq!(label("r1", &[], Some(&mine)).await.status, 202);
    assert_eq!(label("reviews-0-0", &[BEARER], None).await.status, 202);
    let sources: Vec<_> = web.kafka.seen()[before..]
        .iter()
        .map(|seen| Label::decode(value_of(seen).as_bytes()).unwrap().source.into_owned())
        .collect();
    assert_eq!(sources, ["user", "crowd"]);
}

#[tokio::test]
async fn what_is_no_label_is_refused_with_its_reason() {
    let (web, _file) = start(Behaviour::Score).await;
    let good = r#"{"label":"positive"}"#;
    let long_id = "x".repeat(513);
    for (id, body, status, part) in [
        ("r1", "", 400, "EOF"),
        ("r1", "{", 400, "EOF"),
        ("%FF", good, 400, "UTF-8"),
        ("r1", "{}", 422, "label"),
        ("r1", "7", 422, "label"),
        ("r1", r#"{"label":"neutral"}"#, 422, "neutral"),
        ("r1", r#"{"label":0.5}"#, 422, "0.5"),
        ("r1", r#"["negative","user"]"#, 422, "sequence"),
        ("r1", r#"["negative"]"#, 422, "sequence"),
        ("r1", r#"{"label":["negative"]}"#, 422, "label"),
        ("r1", r#"{"label":"positive","score":1}"#, 422, "score"),
        ("r1", r#"{"label":"positive","source":"user"}"#, 422, "source"),
        (&long_id, good, 422, "1 to 512 bytes and no control characters, got 513 bytes"),
        ("a%00", good, 422, "control"),
    ] {
        let answer = say(&web, id, body).await;
        let problem = answer.problem();
        assert_eq!(answer.status, status, "{id} {body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(part), "{id} {body}: {problem}");
    }
    let media = web.request("POST", "/api/v1/reviews/r1/label", &[FORM], b"label=positive").await;
    assert_eq!(media.status, 415);
    assert!(media.problem()["detail"].as_str().unwrap().contains("application/json"));
    let huge = say(&web, "r1", &"x".repeat(300_000)).await;
    assert_eq!(huge.status, 413);
    huge.problem();
    assert!(web.kafka.seen().is_empty());
}

#[tokio::test]
async fn a_label_that_is_not_confirmed_is_told_so() {
    for (behaviour, accepted) in [
        (Behaviour::Refuse, serde_json::json!(false)),
        (Behaviour::Unconfirmed, serde_json::json!("unknown")),
    ] {
        let (web, _file) = start(behaviour).await;
        let answer = say(&web, "r1", r#"{"label":"positive"}"#).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
        assert_eq!(answer.problem()["accepted"], accepted);
        assert_eq!(answer.problem()["review_id"], "r1");
    }
}

#[tokio::test]
async fn the_buttons_of_the_page_send_a_label_without_a_script() {
    let (web, _file) = start(Behaviour::Score).await;
    let sent = web.form(b"text=so+good").await;
    // The token is a cookie of this one page, so that its address can be given away.
    let page = sent.header("location");
    let (cookie, scope) = sent.header("set-cookie").split_once("; ").unwrap();
    let token = cookie.strip_prefix("label_token=").unwrap();
    assert_eq!(scope, format!("Path={page}; Max-Age=7776000; HttpOnly; SameSite=Lax"));
    web.get(page).await.has_not(&["action=\"/label\""]);
    let forged = ("cookie", &*format!("label_token={}", "0".repeat(32)));
    web.request("GET", page, &[forged], b"").await.has_not(&["action=\"/label\""]);
    let shown = web.request("GET", page, &[("cookie", &*format!("a=b; {cookie}"))], b"").await;
    let id = key_of(&web.kafka.first().await).to_owned();
    let field = format!("<input type=\"hidden\" name=\"id\" value=\"{id}\">");
    shown.has(&["action=\"/label\"", &field]);
    let post = async |accept: &str, body: &str| {
        web.request("POST", "/label", &[FORM, ("accept", accept)], body.as_bytes()).await
    };
    shown.has(&[&format!("name=\"label_token\" value=\"{token}\"")]);
    let body = format!("id={id}&label=negative&label_token={token}");
    let noted = post("text/html", &body).await;
    assert_eq!(
        (noted.status, noted.header("location")),
        (303, &*format!("/r/{id}?labelled=negative"))
    );
    let unasked = post("*/*", &body).await;
    assert_eq!(unasked.status, 202);
    unasked.has(&["Noted: Negative"]);
    let seen = web.kafka.seen().remove(1);
    assert_eq!((&*seen.topic, key_of(&seen)), ("reviews.labels", id.as_str()));
    assert_eq!(Label::decode(value_of(&seen).as_bytes()).unwrap().label, Sentiment::Negative);
    let line = post("text/plain", &body).await;
    assert_eq!((line.status, line.body.as_str()), (202, "labelled negative\n"));

    for (body, status, part) in [
        ("label=negative", 422, "no field named id"),
        ("id=x", 422, "no field named label"),
        ("id=&label=negative", 422, "1 to 512 bytes"),
        ("id=x&label=bad", 422, "got &quot;bad&quot;"),
        ("id=x&label=negative", 401, "label_token"),
    ] {
        let answer = post("text/html", body).await;
        assert_eq!(answer.status, status, "{body}");
        answer.has(&[part]);
    }
    assert_eq!(web.metric("app_request_count_total{endpoint=\"/label\",method=\"POST\"}"), 8);
}

#[tokio::test]
async fn another_site_cannot_label_in_a_persons_name() {
    let (web, _file) = start(Behaviour::Score).await;
    let foreign = ("sec-fetch-site", "cross-site");
    for (path, media, body) in [
        ("/label", FORM, "id=x&label=negative"),
        ("/api/v1/reviews/x/label", JSON, r#"{"label":"negative"}"#),
    ] {
        let answer = web.request("POST", path, &[media, foreign], body.as_bytes()).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert!(web.kafka.seen().is_empty());
}
