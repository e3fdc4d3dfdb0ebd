use verdict_messages::{ErrorKind, Headers, Rejection};

use super::*;

const T: i64 = 1_700_000_000_000;

fn record(topic: &str, offset: i64, at: i64, value: Option<String>) -> Record {
    Record {
        topic: topic.into(),
        partition: 3,
        offset,
        key: Some(b"r1".to_vec()),
        value: value.map(String::into_bytes),
        headers: Headers::new(),
        timestamp_ms: Some(at),
    }
}

fn review() -> Record {
    let mut review = record("reviews", 41, T + 2, Some(r#"{"id":"r1","text":"x"}"#.into()));
    review.headers.push(headers::CE_SOURCE, SOURCE);
    review.headers.push(headers::CE_TIME, time::rfc3339(T));
    review
}

fn verdict(read_at: &str) -> Record {
    let scored_at = time::rfc3339(T + 10);
    let json = format!(
        r#"{{"id":"r1","label":"positive","probability":0.75,"score":1.1,"model":{{"name":"m","version":"7","sha256":"ab"}},"source":{{"topic":"reviews","partition":3,"offset":41}},{read_at}"scored_at":"{scored_at}"}}"#
    );
    record("reviews.verdicts", 40, T + 12, Some(json))
}

fn label(offset: i64, at: i64, label: &str) -> Record {
    let json = format!(
        r#"{{"review_id":"r1","label":"{label}","source":"user","labelled_at":"2026-01-02T03:04:05Z"}}"#
    );
    record("reviews.labels", offset, at, Some(json))
}

fn pointer(version: &str, at: i64, from: &str) -> Record {
    let trained_at = time::rfc3339(at);
    let json = format!(
        r#"{{"name":"m","version":"{version}","uri":"u","sha256":"{version}","bytes":1,"metrics":{{}},"trained_at":"{trained_at}","trained_from":{from}}}"#
    );
    record("models", 0, at, Some(json))
}

/// Ranges of the log up to these ends.
fn log(reviews: i64, labels: i64) -> String {
    let range =
        |topic: &str, to: i64| format!(r#"{{"topic":"{topic}","partition":3,"from":0,"to":{to}}}"#);
    let (reviews, labels) = (range("reviews", reviews), range("reviews.labels", labels));
    format!(r#"{{"ranges":[{labels},{reviews}]}}"#)
}

fn found(fate: Fate) -> Records {
    Records {
        fate,
        review: Some(review()),
        reply: Ok(None),
        labels: Ok(Vec::new()),
        pointers: Ok(Vec::new()),
    }
}

/// Each event with its time since `T`, and since the one before it.
fn told(found: &Records) -> Vec<(What, Option<i64>, Option<i64>)> {
    let events = timeline("r1", found, T + 1_000).events.into_iter();
    events
        .map(|event| {
            assert_eq!(event.at.is_none(), event.why.is_some(), "{event:?}");
            let at = event.at.and_then(|at| time::unix_ms(&at)).map(|at| at - T);
            (event.event, at, event.since_previous_ms)
        })
        .collect()
}

#[test]
fn the_way_of_a_review_is_told_in_order_with_its_differences() {
    use What::*;
    let read_at = format!(r#""read_at":"{}","#, time::rfc3339(T + 6));
    let all = Records {
        reply: Ok(Some(record("reviews.replies", 5, T + 20, None))),
        labels: Ok(vec![label(0, T + 300, "negative"), label(1, T + 500, "positive")]),
        pointers: Ok(vec![
            pointer("1", T - 900, r#"{"sha256":"cd"}"#),
            pointer("2", T + 200, &log(42, 0)),
            pointer("3", T + 400, &log(42, 1)),
            pointer("4", T + 600, &log(42, 2)),
            pointer("5", T + 700, &log(41, 2)),
            pointer("6", T + 800, &log(42, 2)),
        ]),
        ..found(Fate::Verdict(verdict(&read_at)))
    };
    let events = [
        (Received, Some(0), None),
        (Published, Some(2), Some(2)),
        (Read, Some(6), Some(4)),
        (Scored, Some(10), Some(4)),
        (Committed, None, None),
        (Replied, Some(20), Some(10)),
        (Labelled, Some(300), Some(280)),
        (Trained, Some(400), Some(100)),
        (Labelled, Some(500), Some(100)),
        (Trained, Some(800), Some(300)),
    ];
    assert_eq!(told(&all), events);
    let events = timeline("r1", &all, T + 1_000).events;
    let committed = &events[4];
    assert_eq!(committed.not_before, Some(time::rfc3339(T + 12)), "when the verdict was written");
    assert_eq!(committed.not_after, Some(time::rfc3339(T + 20)), "when the reply was");
    assert_eq!(committed.position, Some(Position::new("reviews.verdicts", 3, 40)));
    let version = |event: &Event| event.model.as_ref().map(|model| model.version.to_string());
    let learned = |at: usize| (version(&events[at]), events[at].label);
    assert_eq!(learned(3), (Some("7".to_owned()), Some(Sentiment::Positive)));
    assert_eq!(learned(7), (Some("3".to_owned()), Some(Sentiment::Negative)));
    assert_eq!(learned(9), (Some("6".to_owned()), Some(Sentiment::Positive)));
}

#[test]
fn what_is_not_known_says_why() {
    let reply = Err("no reply");
    let found = Records {
        review: None,
        reply,
        labels: Err("no labels"),
        ..found(Fate::Verdict(verdict("")))
    };
    let events = timeline("r1", &found, T + 1_000).events;
    let why: Vec<_> = events.iter().map(|event| (event.event, event.why)).collect();
    assert_eq!(why[0], (What::Published, Some("the review is not kept, or elsewhere")));
    assert_eq!(events[0].position, Some(Position::new("reviews", 3, 41)));
    assert_eq!(why[1], (What::Read, Some("its verdict does not say it")));
    assert_eq!(events[3].not_after, Some(time::rfc3339(T + 1_000)), "when it was looked for");
    assert_eq!(why[4..], [(What::Replied, Some("no reply")), (What::Labelled, Some("no labels"))]);
}

#[test]
fn a_dead_letter_tells_its_reason_and_a_pending_review_what_is_known() {
    use What::*;
    let rejection = Rejection::new(ErrorKind::Schema, "text must not be blank");
    let source = Position::new("reviews", 3, 41);
    let mut letter = record("dlq.reviews", 0, T + 2, None);
    letter.headers = dead_letter::headers(Headers::new(), &source, "g", &rejection);
    let events = |letter: &Record| {
        let found = found(Fate::DeadLetter(letter.clone()));
        told(&found).into_iter().map(|(what, at, _)| (what, at)).collect::<Vec<_>>()
    };
    let before = [(Received, Some(0)), (Published, Some(2))];
    assert_eq!(events(&letter), [&before[..], &[(Rejected, None), (Committed, None)]].concat());
    letter.headers.push(headers::DLQ_TIME, time::rfc3339(T + 9));
    assert_eq!(events(&letter), [&before[..], &[(Rejected, Some(9)), (Committed, None)]].concat());
    let timeline = timeline("r1", &found(Fate::Pending), T);
    assert_eq!((timeline.is_decided, timeline.events.len()), (false, 2));
}

#[test]
fn a_label_that_came_before_the_verdict_stands_before_it_and_one_taken_back_trains_nobody() {
    use What::*;
    let taken_back = record("reviews.labels", 1, T + 30, None);
    let found = Records {
        labels: Ok(vec![label(0, T + 3, "positive"), taken_back]),
        pointers: Ok(vec![pointer("2", T + 40, &log(42, 2))]),
        ..found(Fate::Verdict(verdict("")))
    };
    let events: Vec<_> = told(&found).into_iter().map(|(what, ..)| what).collect();
    assert_eq!(events, [Received, Published, Read, Labelled, Scored, Committed, Unlabelled]);
}
