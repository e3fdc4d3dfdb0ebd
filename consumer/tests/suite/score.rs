//! From bytes to an ending, without a broker.

use std::{num::NonZeroUsize, time::Duration};

use proptest::prelude::*;
use verdict_consumer::{
    batch::{Pool, commits},
    observe::Plan,
    score::{Ending, Explain, Outcome, Reply, ScoreSettings, Scorer},
};
use verdict_kafka_io::{Outgoing, Record};
use verdict_messages::{
    Decision, ErrorKind, Problem, Sentiment, UnsureReview, Verdict, dead_letter,
};
use verdict_sentiment::{Model, Scratch};

use crate::common::{model, record, score_settings};

const NOW: i64 = 1_767_323_045_000;
const JSON: (&str, &[u8]) = ("content-type", b"application/json");
const ASK: [(&str, &[u8]); 3] = [
    ("kafka_correlationId", &[1, 2, 3]),
    ("kafka_replyTopic", b"reviews.replies"),
    ("kafka_replyPartition", &[0, 0, 0, 7]),
];

fn scorer<'a>(model: &'a Model, settings: &'a ScoreSettings) -> Scorer<'a> {
    Scorer::new(model, settings, NOW).read_earlier(Duration::from_millis(10))
}

fn score(record: &Record, explain: Explain) -> Ending {
    let (model, settings) = (model(), score_settings(explain));
    scorer(&model, &settings).score_record(&mut Scratch::default(), record)
}

fn verdict(outgoing: &Outgoing) -> Verdict<'_> {
    Verdict::decode(outgoing.value.as_deref().unwrap()).unwrap()
}

fn answer(ending: &Ending) -> &Outgoing {
    match &ending.reply {
        Reply::Answer(answer) => answer,
        other => panic!("there is an answer, got {other:?}"),
    }
}

#[test]
fn a_verdict_says_how_many_terms_of_the_review_the_model_knows() {
    for (text, knows) in [("A great, great film.", true), ("...", false), ("水", false)] {
        let ending = score(&record(41, text, &[]), Explain::Always);
        let said = verdict(&ending.output);
        let listed = said.explanation.as_ref().map_or(0, Vec::len);
        assert_eq!(said.known_terms, u32::try_from(listed).ok(), "{text}: {said:?}");
        assert_eq!(listed > 0, knows, "{text}: {said:?}");
    }
}

#[test]
fn what_the_model_is_unsure_about_goes_to_the_topic_of_its_own_too() {
    let model = model();
    for (topic, text, expected) in [
        (None, "水", None),
        (Some("reviews.unsure"), "A great, great film.", None),
        (Some("reviews.unsure"), "水", Some("reviews.unsure")),
    ] {
        let unsure_topic = topic.map(Into::into);
        let settings = ScoreSettings { unsure_topic, ..score_settings(Explain::Always) };
        let review = record(41, format!(r#"{{"id":"r1","text":"{text}"}}"#), &[JSON]);
        let ending = scorer(&model, &settings).score_record(&mut Scratch::default(), &review);
        let said = verdict(&ending.output);
        let decided = if text == "水" { Decision::Unsure } else { Decision::Positive };
        assert_eq!((said.decision, ending.is_unsure), (Some(decided), text == "水"));
        assert_eq!(ending.unsure.as_ref().map(|unsure| &*unsure.topic), expected);
        if let Some(unsure) = ending.unsure {
            assert_eq!((unsure.partition, &unsure.key), (Some(3), &ending.output.key));
            let unsure = UnsureReview::decode(unsure.value.as_deref().unwrap()).unwrap();
            assert_eq!((&*unsure.text, unsure.verdict), (text, said));
        }
    }
}

#[test]
fn a_review_becomes_a_verdict_in_the_partition_of_its_number() {
    let review = record(
        41,
        r#"{"id":"r1","text":"A great, great film."}"#,
        &[JSON, ("traceparent", b"00-a-b-01"), ("ce_id", b"e1")],
    );
    let ending = score(&review, Explain::Replies);
    assert_eq!(
        (ending.outcome, &ending.reply),
        (Outcome::Verdict(Sentiment::Positive), &Reply::NotAsked)
    );
    let output = &ending.output;
    assert_eq!(
        (&*output.topic, output.partition, output.key.as_deref()),
        ("reviews.verdicts", Some(3), Some(&b"r1"[..]))
    );
    let said = verdict(output);
    assert_eq!(
        (said.id.as_ref(), said.label, said.source.to_string().as_str()),
        ("r1", Sentiment::Positive, "reviews-3-41")
    );
    assert_eq!(
        (said.model.name.as_ref(), said.scored_at.as_ref()),
        ("test", "2026-01-02T03:04:05.000Z")
    );
    assert_eq!(said.read_at.as_deref(), Some("2026-01-02T03:04:04.990Z"));
    assert_eq!(said.model.sha256, model().identity().sha256);
    assert!(said.score > 0.0 && said.probability > 0.5 && said.explanation.is_none());
    let expected = [
        ("content-type", "application/json"),
        ("ce_specversion", "1.0"),
        ("ce_id", "reviews-3-41"),
        ("ce_source", "/verdict/consumer"),
        ("ce_type", "dev.verdict.review.scored.v1"),
        ("ce_time", "2026-01-02T03:04:05.000Z"),
        ("traceparent", "00-a-b-01"),
        ("ce_causationid", "e1"),
    ];
    let seen: Vec<_> =
        output.headers.iter().map(|(n, v)| (n, std::str::from_utf8(v.unwrap()).unwrap())).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_line_of_text_is_a_review_too() {
    let ending = score(&record(0, "An awful film.", &[]), Explain::Never);
    assert_eq!(ending.outcome, Outcome::Verdict(Sentiment::Negative));
    assert_eq!(
        verdict(&ending.output).id,
        "reviews-3-0",
        "a review without an id is named by its position"
    );
}

#[test]
fn who_waits_is_told_what_weighed_and_it_adds_up() {
    let review = record(0, "A great film, not awful.", &ASK);
    for (explain, in_reply, in_verdict) in [
        (Explain::Never, false, false),
        (Explain::Replies, true, false),
        (Explain::Always, true, true),
    ] {
        let ending = score(&review, explain);
        let reply = answer(&ending);
        assert_eq!((&*reply.topic, reply.partition), ("reviews.replies", Some(7)));
        assert_eq!(reply.headers.get("kafka_correlationId"), Some(&[1, 2, 3][..]));
        assert_eq!(reply.headers.iter().filter(|(name, _)| *name == "content-type").count(), 1);
        let (told, stored) = (verdict(reply), verdict(&ending.output));
        assert_eq!(
            (told.explanation.is_some(), stored.explanation.is_some()),
            (in_reply, in_verdict),
            "{explain:?}"
        );
        assert_eq!(told.score.to_bits(), stored.score.to_bits());
        if in_reply {
            assert_eq!(told.explanation.as_ref().unwrap()[0].term, "awful");
            assert_eq!(told.explained_score().map(f64::to_bits), Some(told.score.to_bits()));
        }
    }
}

#[test]
fn who_has_stopped_waiting_is_not_answered_but_the_review_is_scored() {
    let deadline = (NOW - 1).to_string();
    let late = [ASK[0], ASK[1], ("x-deadline-unix-ms", deadline.as_bytes())];
    let ending = score(&record(0, "great", &late), Explain::Replies);
    assert_eq!(
        (ending.outcome, ending.reply),
        (Outcome::Verdict(Sentiment::Positive), Reply::Expired)
    );
}

#[test]
fn a_record_that_is_no_review_is_a_dead_letter_and_its_requester_is_told() {
    let cases: [(&[u8], &str); 4] = [
        (br#"{"text":"Fi"#, "decode"),
        (br#"{"text":5}"#, "schema"),
        (b"\xff\xfe", "decode"),
        (&[b'a'; 1001], "too_large"),
    ];
    for (value, kind) in cases {
        let headers = [&ASK[..], &[JSON]].concat();
        let ending = score(&record(9, value, &headers), Explain::Replies);
        let kind = ErrorKind::from_text(kind).unwrap();
        assert_eq!(ending.outcome, Outcome::DeadLetter(kind));
        let letter = &ending.output;
        assert_eq!((&*letter.topic, letter.partition), ("dlq.reviews", Some(3)));
        assert_eq!(
            (letter.key.as_deref(), letter.value.as_deref()),
            (Some(&b"k"[..]), Some(value))
        );
        assert_eq!(letter.timestamp_ms, Some(1_700_000_000_000));
        assert_eq!(letter.headers.text("content-type"), Some("application/json"));
        assert_eq!(letter.headers.text("__dlq.errors.group"), Some("verdict"));
        assert_eq!(letter.headers.text("__dlq.errors.time"), Some("2026-01-02T03:04:05.000Z"));
        assert_eq!(dead_letter::source(&letter.headers).unwrap().to_string(), "reviews-3-9");
        let problem = Problem::decode(answer(&ending).value.as_deref().unwrap()).unwrap();
        assert_eq!(
            (problem.kind, answer(&ending).headers.text("content-type")),
            (Some(kind), Some("application/problem+json"))
        );
    }
}

#[test]
fn a_record_that_asks_for_a_reply_elsewhere_is_a_dead_letter_and_nobody_is_told() {
    let headers: [(&str, &[u8]); 2] =
        [("kafka_correlationId", b"1"), ("kafka_replyTopic", b"__consumer_offsets")];
    let ending = score(&record(0, "great", &headers), Explain::Replies);
    assert_eq!(
        (ending.outcome, ending.reply),
        (Outcome::DeadLetter(ErrorKind::BadReplyTopic), Reply::NotAsked)
    );
}

#[test]
fn a_tombstone_is_a_dead_letter() {
    let tombstone = Record { value: None, ..record(0, "", &[]) };
    let ending = score(&tombstone, Explain::Replies);
    assert_eq!(
        (ending.outcome, ending.output.value),
        (Outcome::DeadLetter(ErrorKind::Schema), None)
    );
}

#[test]
fn threads_change_neither_the_endings_nor_their_order() {
    let (model, settings) = (model(), score_settings(Explain::Replies));
    let text = "A great film. ".repeat(60);
    let records: Vec<_> = (0..1000)
        .map(|n| record(n, if n % 7 == 0 { String::new() } else { text.clone() }, &ASK))
        .collect();
    let score = |threads| {
        let mut pool = Pool::new(NonZeroUsize::new(threads).unwrap());
        let mut endings = pool.score(&scorer(&model, &settings), Plan::default(), &records);
        endings.iter_mut().for_each(|ending| ending.took = Duration::ZERO);
        endings
    };
    let one = score(1);
    assert_eq!(one.len(), records.len());
    for threads in [2, 3, 8] {
        assert!(score(threads) == one, "{threads} threads");
    }
    let mut pool = Pool::new(NonZeroUsize::MIN);
    assert!(pool.score(&scorer(&model, &settings), Plan::default(), &[]).is_empty());
}

proptest! {
    #[test]
    fn any_record_has_exactly_one_ending(
        value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..80)),
        headers in proptest::collection::vec((0..8_usize, proptest::collection::vec(any::<u8>(), 0..20)), 0..6),
    ) {
        let names = ["content-type", "kafka_correlationId", "kafka_replyTopic", "kafka_replyPartition", "REPLY_TOPIC",
            "REPLY_CORRELATION_ID", "x-deadline-unix-ms", "x"];
        let mut given = Record { value, ..record(5, "", &[]) };
        headers.into_iter().for_each(|(name, value)| given.headers.push(names[name], value));
        let ending = score(&given, Explain::Replies);
        prop_assert_eq!(ending.output.partition, Some(3));
        match ending.outcome {
            Outcome::Verdict(_) => prop_assert_eq!(verdict(&ending.output).source, given.position()),
            Outcome::DeadLetter(_) => prop_assert_eq!(ending.output.value, given.value),
        }
    }

    #[test]
    fn a_partition_goes_on_after_the_last_record_of_the_batch(places in proptest::collection::vec((0..3_i32, 0..1000_i64), 0..40)) {
        let records: Vec<_> = places.iter().map(|(partition, offset)| Record { partition: *partition, ..record(*offset, "x", &[]) }).collect();
        let found: Vec<_> = commits(&records).iter().map(|commit| (commit.partition, commit.next.get())).collect();
        for partition in 0..3 {
            let last = places.iter().filter(|(p, _)| *p == partition).map(|(_, offset)| offset + 1).max();
            let committed: Vec<_> = found.iter().filter(|(p, _)| *p == partition).map(|(_, next)| *next).collect();
            prop_assert_eq!(committed, last.into_iter().collect::<Vec<_>>());
        }
    }
}
