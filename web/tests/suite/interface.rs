//! The interface for programs: waiting, not waiting, fetching later, and every way to fail.

use std::time::{Duration, Instant};

use crate::support::{Behaviour, FORM, JSON, Web, assert_headers, key_of, value_of};
use verdict_messages::{Review, headers};

#[tokio::test]
async fn a_review_is_answered_with_its_verdict_and_found_again() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let answer = web.review(&[], r#"{"id":"r/1","text":"good","author":"me"}"#).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.json()["id"], "r/1");
    assert_eq!(answer.json()["probability"], 0.875);
    assert_eq!(answer.header("content-location"), "/api/v1/reviews/r%2F1?since=1700000000000");
    let again = web.get(answer.header("content-location")).await;
    assert_eq!((again.status, again.json()), (200, answer.verdict()));
    let bad = web.get("/api/v1/reviews/r%2F1?since=9223372036854775808").await;
    assert_eq!(bad.status, 400, "what is wrong is refused, though it is not needed");
    let unknown = web.get("/api/v1/reviews/other").await;
    assert_eq!(unknown.problem()["review_id"], "other");
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_review_is_published_with_the_headers_of_the_contract() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let extra = [("traceparent", trace), ("tracestate", "a=b")];
    web.review(&extra, r#"{"id":"r1","text":"good","author":"me","other":1}"#).await;
    let seen = web.kafka.seen().remove(0);
    assert_eq!(key_of(&seen), "r1");
    assert_eq!(value_of(&seen), r#"{"id":"r1","text":"good","author":"me"}"#);
    let expected = [
        JSON,
        (headers::CE_SPECVERSION, "1.0"),
        (headers::CE_ID, "r1"),
        (headers::CE_SOURCE, "/verdict/web"),
        (headers::CE_TIME, "2023-11-14T22:13:20.000Z"),
        (headers::SPRING_REPLY_TOPIC, "reviews.replies"),
        (headers::DEADLINE_UNIX_MS, "1700000600000"),
    ];
    assert_headers(&seen, &[&expected[..], &extra].concat());
    // Spring's dialect: 16 raw bytes, and 4 bytes big-endian; the instance is web-3.
    assert_eq!(seen.headers.get(headers::SPRING_CORRELATION_ID).unwrap().len(), 16);
    assert_eq!(seen.headers.get(headers::SPRING_REPLY_PARTITION).unwrap(), [0, 0, 0, 3]);
}

#[tokio::test]
async fn a_trace_context_that_is_none_is_not_handed_on() {
    let web = Web::start(Behaviour::Score, &[]).await;
    web.review(&[("traceparent", "00-zz-1-01"), ("tracestate", "a=b")], r#"{"text":"good"}"#).await;
    let seen = web.kafka.seen().remove(0);
    assert!(
        !seen.headers.contains(headers::TRACEPARENT) && !seen.headers.contains(headers::TRACESTATE)
    );
}

#[tokio::test]
async fn requests_at_the_same_time_get_their_own_answers() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let ask = async |n: usize| {
        let text = if n.is_multiple_of(2) { "good" } else { "bad" };
        let body = format!(r#"{{"id":"r{n}","text":"{text} {n}"}}"#);
        (n, web.review(&[], &body).await)
    };
    for (n, answer) in futures::future::join_all((0..100).map(ask)).await {
        let json = answer.json();
        assert_eq!(json["id"], format!("r{n}"));
        assert_eq!(json["label"], if n.is_multiple_of(2) { "positive" } else { "negative" });
    }
}

#[tokio::test]
async fn a_reply_about_another_review_is_dropped_and_counted() {
    let web = Web::start(Behaviour::Mismatch, &["--default-wait-ms=100"]).await;
    let answer = web.review(&[], r#"{"text":"good"}"#).await;
    assert_eq!(answer.status, 504);
    assert_eq!(web.metric("verdict_web_replies_total{outcome=\"mismatched\"}"), 1);
    assert_eq!(web.get("/api/v1/reviews/somebody-else").await.status, 404);
}

#[tokio::test]
async fn a_reply_may_overtake_the_confirmation() {
    let web = Web::start(Behaviour::ReplyFirst, &[]).await;
    assert_eq!(web.review(&[], r#"{"text":"good"}"#).await.status, 200);
}

#[tokio::test]
async fn a_request_ends_by_its_deadline_and_its_verdict_can_be_asked_for_later() {
    let web = Web::start(Behaviour::Silent, &["--default-wait-ms=1000"]).await;
    let started = Instant::now();
    let answer = web.review(&[("prefer", "wait=1")], r#"{"text":"good"}"#).await;
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(3), "{took:?}");
    assert_eq!((answer.status, answer.header("preference-applied")), (504, "wait=1"));
    let problem = answer.problem();
    assert_eq!(problem["accepted"], true);
    let location = answer.header("location");
    assert_eq!(problem["instance"], location);
    assert_eq!(web.get(location).await.status, 202, "it is stored");

    web.kafka.answer().await;
    let found =
        eventually(async || Some(web.get(location).await).filter(|found| found.status == 200))
            .await;
    assert_eq!(found.json()["label"], "positive");
    assert_eq!(web.metric("verdict_web_replies_total{outcome=\"late\"}"), 1);
    assert_eq!(web.metric("verdict_web_pending"), 0);
}

#[tokio::test]
async fn the_wait_is_bounded_whatever_the_client_prefers() {
    let web = Web::start(Behaviour::Silent, &["--default-wait-ms=100", "--max-wait-ms=200"]).await;
    let started = Instant::now();
    assert_eq!(web.review(&[("prefer", "wait=3600")], r#"{"text":"good"}"#).await.status, 504);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn respond_async_is_202_with_a_location_once_the_review_is_stored() {
    let web = Web::start(Behaviour::Silent, &[]).await;
    let answer = web.review(&[("prefer", "respond-async")], r#"{"text":"good"}"#).await;
    assert_eq!((answer.status, answer.header("preference-applied")), (202, "respond-async"));
    let location = answer.header("location");
    assert!(location.starts_with("/api/v1/reviews/"), "{location}");
    assert_eq!(answer.json()["accepted"], true);
    web.kafka.answer().await;
    eventually(async || Some(web.get(location).await).filter(|found| found.status == 200)).await;
    assert_eq!(web.metric("verdict_web_replies_total{outcome=\"kept\"}"), 1);
}

#[tokio::test]
async fn a_wait_of_nothing_is_respond_async_and_no_short_wait_is_a_fault_of_the_server() {
    for (prefer, behaviour) in
        [("wait=0", Behaviour::Silent), ("wait=0", Behaviour::Score), ("wait=1", Behaviour::Silent)]
    {
        let web = Web::start(behaviour, &[]).await;
        for _ in 0..20 {
            let answer = web.review(&[("prefer", prefer)], r#"{"text":"good"}"#).await;
            assert!(matches!(answer.status, 200 | 202), "{prefer}: {answer:?}");
            if prefer == "wait=1" || answer.status == 202 {
                assert_eq!(answer.header("preference-applied"), "respond-async");
                assert_eq!(answer.header("retry-after"), "1");
                assert!(!answer.header("location").is_empty());
            }
            if prefer == "wait=1" {
                break;
            }
        }
    }
}

#[tokio::test]
async fn respond_async_with_a_wait_answers_at_once_when_the_verdict_is_quick() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let answer = web.review(&[("prefer", "respond-async, wait=5")], r#"{"text":"good"}"#).await;
    assert_eq!((answer.status, answer.header("preference-applied")), (200, "wait=5"));
}

#[tokio::test]
async fn a_review_that_the_consumer_rejects_is_a_problem_of_the_client() {
    let web = Web::start(Behaviour::Reject, &[]).await;
    let answer = web.review(&[], r#"{"text":"good"}"#).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.problem()["kind"], "schema");
    assert!(answer.problem()["review_id"].is_string());
}

#[tokio::test]
async fn a_failed_publication_says_whether_the_review_may_be_stored() {
    for (behaviour, accepted, location) in [
        (Behaviour::Refuse, serde_json::json!(false), ""),
        (
            Behaviour::Unconfirmed,
            serde_json::json!("unknown"),
            "/api/v1/reviews/a%2Fb?since=1700000000000",
        ),
    ] {
        let web = Web::start(behaviour, &[]).await;
        for prefer in ["wait=2", "respond-async"] {
            let answer = web.review(&[("prefer", prefer)], r#"{"id":"a/b","text":"good"}"#).await;
            assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
            assert_eq!(answer.header("location"), location);
            assert_eq!(answer.problem()["accepted"], accepted);
        }
        assert_eq!(web.metric("verdict_web_pending"), 0);
    }
}

#[tokio::test]
async fn a_broker_that_never_confirms_leaves_the_review_in_doubt() {
    let web = Web::start(Behaviour::Hang, &["--default-wait-ms=100"]).await;
    let answer = web.review(&[], r#"{"text":"good"}"#).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.problem()["accepted"], "unknown");
}

#[tokio::test]
async fn more_requests_than_may_wait_are_turned_away() {
    let web = Web::start(Behaviour::Silent, &["--max-pending=1"]).await;
    let waiting = web.review(&[("prefer", "wait=5")], r#"{"text":"good"}"#);
    let turned_away = async {
        web.kafka.first().await;
        let answer = web.review(&[], r#"{"id":"b","text":"good too"}"#).await;
        web.kafka.answer().await;
        answer
    };
    let (waited, turned_away) = futures::future::join(waiting, turned_away).await;
    assert_eq!((waited.status, turned_away.status), (200, 429));
    assert_eq!(turned_away.header("retry-after"), "1");
    assert_eq!(turned_away.problem()["accepted"], false);
    assert_eq!(web.metric("verdict_web_refused_total{reason=\"pending_full\"}"), 1);
    // It is not stored, so its id is anybody's.
    web.kafka.behave(Behaviour::Score);
    assert_eq!(web.review(&[], r#"{"id":"b","text":"another"}"#).await.status, 200);
}

#[tokio::test]
async fn a_client_that_floods_is_told_when_to_come_back() {
    let web = Web::start(Behaviour::Score, &["--rate-limit=0.001", "--rate-burst=2"]).await;
    let body = r#"{"text":"good"}"#;
    let statuses =
        [web.review(&[], body).await, web.review(&[], body).await].map(|answer| answer.status);
    assert_eq!(statuses, [200, 200]);
    let flooded = web.review(&[], body).await;
    assert_eq!(flooded.status, 429);
    assert!(flooded.header("retry-after").parse::<u64>().unwrap() > 100);
    assert_eq!(web.get("/").await.status, 200, "reading is not limited");
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer_and_one_review() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let key = [("idempotency-key", "k1")];
    let first = web.review(&key, r#"{"text":"good"}"#).await;
    let again = web.review(&key, r#"{"text":"good"}"#).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(web.kafka.seen().len(), 1);
    let other = web.review(&key, r#"{"text":"bad"}"#).await;
    assert_eq!(other.status, 409);
    assert!(other.problem()["detail"].as_str().unwrap().contains("Idempotency-Key"));
    let other_key = web.review(&[("idempotency-key", "k2")], r#"{"text":"good"}"#).await;
    assert_ne!(other_key.json()["id"], first.json()["id"]);
}

#[tokio::test]
async fn an_id_that_is_another_texts_is_refused_and_its_verdict_stays_what_it_was() {
    let web = Web::start(Behaviour::Refuse, &[]).await;
    assert_eq!(web.review(&[], r#"{"id":"r1","text":"never stored"}"#).await.status, 503);
    web.kafka.behave(Behaviour::Score);
    let mine = web.review(&[], r#"{"id":"r1","text":"good"}"#).await;
    assert_eq!(mine.status, 200, "the id was not taken by what was not stored");
    assert_eq!(web.review(&[], r#"{"id":"r1","text":"good"}"#).await.status, 200, "again");
    let stranger = web.review(&[], r#"{"id":"r1","text":"bad"}"#).await;
    assert_eq!((stranger.status, &stranger.problem()["review_id"]), (409, &"r1".into()));
    assert_eq!(web.get("/api/v1/reviews/r1").await.json(), mine.verdict());
}

#[tokio::test]
async fn a_key_is_of_one_client_and_one_type_of_body() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let post = async |media: &str, who: &str| {
        let headers = [("content-type", media), ("idempotency-key", "k"), ("authorization", who)];
        web.request("POST", "/api/v1/reviews", &headers, br#"{"text":"good"}"#).await
    };
    let json = post("application/json", "Bearer a").await;
    assert_eq!(post("text/plain", "Bearer a").await.status, 409, "this is another review");
    let other = post("application/json", "Bearer b").await;
    assert_ne!(other.json()["id"], json.json()["id"]);
    assert_eq!(post("application/json", "Bearer a").await.body, json.body);
    assert_eq!(web.kafka.seen().len(), 2);
}

#[tokio::test]
async fn as_many_characters_as_the_page_says_are_taken_in_every_encoding() {
    let web = Web::start(Behaviour::Score, &[]).await;
    for piece in ["\u{6c34}", "\u{436}", "\u{1f600}", "\n", "good "] {
        let count = 20_000 / piece.chars().count() - 1;
        let text = format!("good{}", piece.repeat(count - 3));
        let crlf = text.replace('\n', "\r\n");
        let percent: String = crlf.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let form = web.form(format!("text={percent}").as_bytes()).await;
        assert!(matches!(form.status, 200 | 303), "form of {piece:?}: {form:?}");
        let escaped: String = crlf.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        for body in
            [format!(r#"{{"text":"{escaped}"}}"#), serde_json::json!({ "text": crlf }).to_string()]
        {
            assert_eq!(web.review(&[], &body).await.status, 200, "JSON of {piece:?}");
        }
    }
    let over = format!("text={}", "good ".repeat(4_001));
    let refused = web.form(over.as_bytes()).await;
    assert_eq!(refused.status, 422);
    refused.has(&["at most 20000 characters, got 20005", "good good", "</textarea>"]);
}

#[tokio::test]
async fn who_is_turned_away_keeps_what_was_typed() {
    let web = Web::start(Behaviour::Refuse, &["--rate-limit=0.001", "--rate-burst=1"]).await;
    for status in [503, 429] {
        let answer = web.form(b"text=so+good+a+film").await;
        assert_eq!(answer.status, status);
        answer.has(&["so good a film</textarea>"]);
    }
}

#[tokio::test]
async fn two_requests_with_one_key_at_the_same_time_are_one_review() {
    let web = Web::start(Behaviour::Silent, &[]).await;
    let key = [("idempotency-key", "k1")];
    let ask = || web.review(&key, r#"{"text":"good"}"#);
    let answering = async {
        web.kafka.answer().await;
    };
    let (first, second, ()) = futures::future::join3(ask(), ask(), answering).await;
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(first.body, second.body);
    assert_eq!(web.kafka.seen().len(), 1);
}

#[tokio::test]
async fn a_key_is_free_again_after_a_failure_and_names_the_same_review() {
    let web = Web::start(Behaviour::Unconfirmed, &[]).await;
    let key = [("idempotency-key", "k1")];
    assert_eq!(web.review(&key, r#"{"text":"good"}"#).await.status, 503);
    web.kafka.behave(Behaviour::Score);
    assert_eq!(web.review(&key, r#"{"text":"good"}"#).await.status, 200);
    let seen = web.kafka.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].key, seen[1].key, "a reader can drop the copy");
}

#[tokio::test]
async fn what_is_no_review_is_refused_with_its_reason() {
    let web = Web::start(Behaviour::Score, &["--max-text-chars=10"]).await;
    let long_id = format!(r#"{{"text":"good","id":"{}"}}"#, "x".repeat(513));
    for (body, status, part) in [
        ("", 400, ""),
        ("{\"text\":", 400, ""),
        ("[1]", 422, ""),
        ("{}", 422, "text"),
        (r#"{"text":7}"#, 422, "text"),
        (r#"["good"]"#, 422, "must be a JSON object, got an array"),
        (r#"{"text":"good","stars":NaN}"#, 400, "not JSON"),
        (r#"{"text":"good \ud83d"}"#, 400, "not JSON"),
        (r#"{"text":"go\u0000od"}"#, 422, "NUL"),
        ("\0\0\0\0\u{2a}{\"text\":\"good\"}", 400, "not JSON"),
        (r#"{"text":"good","id":[5]}"#, 422, "a string or a number"),
        (r#"{"text":" \n "}"#, 422, "blank"),
        (r#"{"text":"12345678901"}"#, 422, "at most 10 characters, got 11"),
        (r#"{"text":"good","id":""}"#, 422, "id"),
        (r#"{"text":"good","id":"a\u0000"}"#, 422, "control"),
        (&long_id, 422, "at most 512 bytes, got 513"),
        (r#"{"text":"good","id":"."}"#, 422, "no address can name it"),
        (r#"{"text":"good","id":".."}"#, 422, "no address can name it"),
        (r#"{"text":"good","created_at":"yesterday"}"#, 422, "created_at must be a time"),
        (r#"{"text":"good","created_at":"2026-13-02T03:04:05Z"}"#, 422, "created_at"),
    ] {
        let answer = web.review(&[], body).await;
        let problem = answer.problem();
        assert_eq!(answer.status, status, "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(part), "{body}: {problem}");
    }
    assert!(web.kafka.seen().is_empty());
}

#[tokio::test]
async fn a_mark_is_no_character_of_a_body_and_a_number_is_an_id() {
    let web = Web::start(Behaviour::Score, &[]).await;
    for body in [r#"{"text":"good","id":5000}"#, "\u{feff}{\"text\":\"good\",\"id\":\"5000\"}"] {
        let answer = web.review(&[], body).await;
        assert_eq!((answer.status, &answer.json()["id"]), (200, &"5000".into()));
    }
    for (path, media_type, body) in [
        ("/api/v1/reviews", ("content-type", "text/plain"), "\u{feff}good"),
        ("/predict", FORM, "\u{feff}text=good"),
    ] {
        let answer = web.request("POST", path, &[media_type], body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    for seen in web.kafka.seen() {
        let review = Review::from_body(value_of(&seen).as_bytes(), "application/json").unwrap();
        assert_eq!(review.text, "good");
    }
}

#[tokio::test]
async fn bodies_of_another_type_or_encoding_are_refused() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let post = async |media: &str, body: &[u8]| {
        let headers = [("content-type", media)];
        web.request("POST", "/api/v1/reviews", &headers, body).await
    };
    let form = post("application/x-www-form-urlencoded", b"text=good").await;
    assert_eq!(form.status, 415);
    assert!(form.problem()["detail"].as_str().unwrap().contains("application/json"));
    let latin = post("application/json", b"{\"text\":\"caf\xe9\"}").await;
    assert_eq!(latin.status, 400);
    assert!(latin.problem()["detail"].as_str().unwrap().contains("byte 12"), "{latin:?}");
    assert_eq!(post("text/plain", b"good as plain text").await.status, 200);
    let no_form = web.request("POST", "/predict", &[JSON], b"{}").await;
    assert_eq!(no_form.status, 415);
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_refused() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let huge = web.review(&[], &"x".repeat(10_000_000)).await;
    assert_eq!(huge.status, 413);
    let detail = huge.problem()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("256384") && detail.contains("10000000"), "{detail}");
    let form = web.form(format!("text={}", "x".repeat(300_000)).as_bytes()).await;
    assert_eq!(form.status, 413);
    form.has(&["at most 256384 bytes", "your browser has it: go back"]);
    assert!(web.kafka.seen().is_empty());
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let web = Web::start(Behaviour::Score, &["--read-timeout-ms=200"]).await;
    let request = b"POST /api/v1/reviews HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
        content-length: 15\r\n\r\n{\"te";
    let answer = web.raw(request).await;
    assert_eq!(answer.status, 408);
}

/// Asks again until there is an answer, or ten seconds are over.
pub(crate) async fn eventually<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it did not happen within ten seconds");
        tokio::task::yield_now().await;
    }
}
