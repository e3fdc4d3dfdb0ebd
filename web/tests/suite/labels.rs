//! Feedback: labels by the interface for programs and by the buttons of the page.

use crate::support::{Behaviour, FORM, JSON, Response, Web, assert_headers, key_of, value_of};
use verdict_messages::{Label, Sentiment, headers};

async fn say(web: &Web, id: &str, body: &str) -> Response {
    let path = format!("/api/v1/reviews/{id}/label");
    web.request("POST", &path, &[JSON], body.as_bytes()).await
}

#[tokio::test]
async fn a_label_is_published_with_the_headers_of_the_contract() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let (path, sent) = ("/api/v1/reviews/r%2F1/label", [JSON, ("traceparent", trace)]);
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
        ("r/1", Sentiment::Negative, "user")
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
    let web = Web::start(Behaviour::Score, &[]).await;
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
    let web = Web::start(Behaviour::Score, &[]).await;
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
async fn a_program_says_who_labelled() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let answer = say(&web, "r1", r#"{"label":"positive","source":"crowd"}"#).await;
    assert_eq!(answer.status, 202);
    let seen = web.kafka.seen().remove(0);
    assert_eq!(Label::decode(value_of(&seen).as_bytes()).unwrap().source, "crowd");
}

#[tokio::test]
async fn what_is_no_label_is_refused_with_its_reason() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let good = r#"{"label":"positive"}"#;
    let long_id = "x".repeat(513);
    let long_source = format!(r#"{{"label":"positive","source":"{}"}}"#, "s".repeat(129));
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
        ("r1", r#"{"label":"positive","source":""}"#, 422, "source"),
        ("r1", &long_source, 422, "1 to 128 bytes and no control characters, got 129 bytes"),
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
        let web = Web::start(behaviour, &[]).await;
        let answer = say(&web, "r1", r#"{"label":"positive"}"#).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
        assert_eq!(answer.problem()["accepted"], accepted);
        assert_eq!(answer.problem()["review_id"], "r1");
    }
}

#[tokio::test]
async fn the_buttons_of_the_page_send_a_label_without_a_script() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let shown = web.form(b"text=so+good").await;
    let shown = web.get(shown.header("location")).await;
    let id = key_of(&web.kafka.first().await).to_owned();
    let field = format!("<input type=\"hidden\" name=\"id\" value=\"{id}\">");
    shown.has(&["action=\"/label\"", &field]);
    let post = async |accept: &str, body: &str| {
        web.request("POST", "/label", &[FORM, ("accept", accept)], body.as_bytes()).await
    };
    let body = format!("id={id}&label=negative");
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
    ] {
        let answer = post("text/html", body).await;
        assert_eq!(answer.status, status, "{body}");
        answer.has(&[part]);
    }
    assert_eq!(web.metric("app_request_count_total{endpoint=\"/label\",method=\"POST\"}"), 7);
}

#[tokio::test]
async fn another_site_cannot_label_in_a_persons_name() {
    let web = Web::start(Behaviour::Score, &[]).await;
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
