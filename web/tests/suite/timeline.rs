//! What happened to a review: for programs, and on its page.

use serde_json::{Value, json};
use verdict_kafka_io::{Outgoing, Record};
use verdict_messages::{Headers, topic};
use verdict_testkit::kafka;
use verdict_web::{Fate, Records, Sought};

use crate::{
    stored::Instance,
    support::{Behaviour, Web, verdict_of},
};

fn record(topic: &str, offset: i64, timestamp_ms: i64, value: Vec<u8>) -> Record {
    Record {
        topic: topic.into(),
        partition: 3,
        offset,
        key: None,
        value: Some(value),
        headers: Headers::new(),
        timestamp_ms: Some(timestamp_ms),
    }
}

/// A review that was scored, replied and labelled, or what else became of it.
pub(crate) fn records(fate: Option<Fate>) -> Records {
    let at = |topic, offset, ms: i64, value| record(topic, offset, 1_767_323_045_000 + ms, value);
    let label =
        json!({ "review_id": "r1", "label": "negative", "source": "<b>user", "labelled_at": "" });
    let verdict = verdict_of("r1", true).encode().unwrap();
    Records {
        fate: fate.unwrap_or(Fate::Verdict(at("reviews.verdicts", 7, 5, verdict))),
        review: Some(at("reviews", 41, -20, Vec::new())),
        reply: Ok(Some(at("reviews.replies", 2, 9, Vec::new()))),
        labels: Ok(vec![at("reviews.labels", 0, 5_000, label.to_string().into_bytes())]),
        pointers: Ok(Vec::new()),
    }
}

#[tokio::test]
async fn what_happened_to_a_review_is_told_or_why_it_is_not_known() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let sought = || Sought { id: "r/1".to_owned(), since_unix_ms: Some(5) };
    for (fate, status, part) in [
        (None, 200, r#""is_decided":true"#),
        (Some(Fate::Pending), 202, r#""is_decided":false"#),
        (Some(Fate::Searching), 202, r#""review_id":"r/1""#),
        (Some(Fate::Unknown), 404, "No such review is known"),
        (Some(Fate::Verdict(record("v", 0, 0, b"{}".to_vec()))), 404, "No such review is known"),
        (Some(Fate::Gone), 410, "no longer kept"),
    ] {
        web.stories.lock().unwrap().insert(sought(), records(fate));
        let answer = web.get("/api/v1/reviews/r%2F1/timeline?since=5").await;
        assert_eq!(answer.status, status, "{answer:?}");
        answer.has(&[part]);
        let again = if status == 202 { "1" } else { "" };
        assert_eq!(answer.header("retry-after"), again, "{answer:?}");
    }
    let busy = web.get("/api/v1/reviews/other/timeline").await;
    assert_eq!((busy.status, busy.problem()["status"].as_u64()), (429, Some(429)));
    let odd = web.get("/api/v1/reviews/r1/timeline?since=yesterday").await;
    odd.has(&["since must be a time in milliseconds since 1970"]);
    let post = web.request("POST", "/api/v1/reviews/r1/timeline", &[], b"").await;
    assert_eq!((post.status, post.header("allow")), (405, "GET, HEAD"));
}

#[tokio::test]
async fn the_page_of_a_review_lists_what_happened_to_it() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let sought = Sought { id: "r1".to_owned(), since_unix_ms: None };
    let page = async || {
        let page = web.get("/r/r1").await;
        assert_eq!(page.status, 200, "{page:?}");
        page
    };
    let Fate::Verdict(verdict) = records(None).fate else { panic!("it has a verdict") };
    web.stored.lock().unwrap().insert(sought.clone(), Some(Ok(Fate::Verdict(verdict))));
    assert!(!page().await.body.contains("How it went"), "nobody waits for what is not found soon");
    web.stories.lock().unwrap().insert(sought, records(None));
    page().await.has(&[
        "<summary>How it went: 29 ms</summary>",
        "<strong>Published</strong> <bdi>reviews, partition 3, offset 41</bdi>",
        "<time datetime=\"2026-01-02T03:04:05.000Z\">",
        "<span class=\"since\">+20 ms</span>",
        "between 2026-01-02T03:04:05.005Z and 2026-01-02T03:04:05.009Z",
        "at an unknown time: its verdict does not say it",
        "<strong>Labelled</strong> <bdi>negative, by &lt;b&gt;user</bdi>",
        "href=\"/api/v1/reviews/r1/timeline\"",
    ]);
}

#[tokio::test]
async fn an_instance_that_has_restarted_tells_what_the_topics_know() {
    let Some((_kafka, settings)) = kafka::own_with_topics(3) else { return };
    let first = Instance::start(&settings);
    let location = first.send(r#"{"id":"r/1","text":"A fine film"}"#).await;
    let (path, query) = location.split_once('?').expect("its id has no time");
    let timeline = format!("{path}/timeline?{query}");
    let pending = first.get(&timeline).await;
    assert_eq!(pending.status, 202, "{pending:?}");
    assert_eq!(told(&pending.json()), ["received", "published"]);
    // What consumer, web and trainer write.
    let review = kafka::read(&settings, topic::REVIEWS).remove(0);
    let (partition, at) = (review.partition, review.timestamp_ms.unwrap());
    let verdict = json!({
        "id": "r/1", "label": "positive", "probability": 0.75, "score": 1.1,
        "model": { "name": "m", "version": "1", "sha256": "00" }, "source": review.position(),
        "read_at": time(at + 3), "scored_at": time(at + 4),
    });
    let label = |label| json!({ "review_id": "r/1", "label": label, "source": "user", "labelled_at": time(at) });
    let range = |topic, partition, to| json!({ "topic": topic, "partition": partition, "from": 0, "to": to });
    let write = |topic: &str, key: &str, value: &Value, after| {
        let record = Outgoing::to(topic).key(key).value(value.to_string());
        Outgoing { timestamp_ms: Some(at + after), ..record }
    };
    kafka::publish(
        &settings,
        [
            write(topic::VERDICTS, "r/1", &verdict, 5).partition(partition),
            write(topic::REPLIES, "other", &verdict, 6).partition(0),
            write(topic::REPLIES, "r/1", &verdict, 7).partition(0),
            write(topic::LABELS, "r/1", &label("negative"), 1_000),
        ],
    );
    let labelled = kafka::read(&settings, topic::LABELS).remove(0).position();
    let pointer = |version: &str, after, labels| {
        json!({
            "name": "m", "version": version, "uri": "u", "sha256": version, "bytes": 1, "metrics": {},
            "trained_at": time(at + after),
            "trained_from": { "ranges": [
                range(topic::REVIEWS, partition, review.offset + 1),
                range(topic::LABELS, labelled.partition, labels),
            ] },
        })
    };
    kafka::publish(
        &settings,
        [
            write(topic::MODELS, "m", &pointer("2", 900, labelled.offset), 900),
            write(topic::MODELS, "m", &pointer("3", 2_000, labelled.offset + 1), 2_000),
        ],
    );
    drop(first);

    let second = Instance::start(&settings);
    let answer = second.get(&timeline).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    let all =
        ["received", "published", "read", "scored", "committed", "replied", "labelled", "trained"];
    assert_eq!(told(&answer), all);
    let event = |at: usize| &answer["events"][at];
    assert_eq!(event(1)["position"], json!(review.position()));
    assert_eq!(event(3)["since_previous_ms"], 1);
    assert_eq!(event(3)["model"]["version"], "1");
    assert_eq!(event(4)["at"], Value::Null);
    assert_eq!(event(4)["not_before"], time(at + 5));
    assert_eq!(event(4)["not_after"], time(at + 7));
    assert_eq!(event(6)["position"], json!(labelled));
    assert_eq!(
        (&event(7)["model"]["version"], &event(7)["label"]),
        (&json!("3"), &json!("negative"))
    );
    let page = second.get(&location.replace("/api/v1/reviews/", "/r/")).await;
    page.has(&["<strong>Used in training</strong> <bdi>as negative, for m 3</bdi>"]);
    assert_eq!(second.get("/api/v1/reviews/other/timeline").await.status, 404);
}

fn time(unix_ms: i64) -> String {
    verdict_messages::time::rfc3339(unix_ms)
}

/// The names of what happened.
fn told(timeline: &Value) -> Vec<&str> {
    let events = timeline["events"].as_array().unwrap().iter();
    events.map(|event| event["event"].as_str().unwrap()).collect()
}
