//! The loop against a real Apache Kafka, and the audit that judges it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use verdict_consumer::summary::Summary;
use verdict_kafka_io::{KafkaSettings, Outgoing};
use verdict_messages::{ReplyAddress, Sentiment, Verdict, reply::Dialect, topic};
use verdict_telemetry::Telemetry;
use verdict_testkit::{
    eventually,
    kafka::{self, publish},
};

use crate::common::{
    audited, beside_consumer, metric, model, observer, read_until, review, settings, sources,
    telemetry,
};

const OUTCOMES: [&str; 2] = [topic::VERDICTS, topic::DEAD_LETTERS];

fn with_consumer(
    kafka: &KafkaSettings,
    flags: &[&str],
    telemetry: &Telemetry,
    work: impl FnOnce(),
) -> Summary {
    let models = Arc::new(ArcSwap::from_pointee(model()));
    let bootstrap = format!("--bootstrap-servers={}", kafka.bootstrap());
    let settings = settings(&[&[&*bootstrap], flags].concat());
    let observer = observer(&settings, telemetry);
    beside_consumer(&settings, &models, observer, telemetry, work).unwrap()
}

/// `n` records, of which every tenth is no review.
fn reviews(n: usize) -> impl Iterator<Item = Outgoing> {
    (0..n).map(|n| {
        let review = review(n);
        if n % 10 == 9 { review.value(vec![0xff, 0xfe]) } else { review }
    })
}

#[test]
fn every_review_has_one_outcome_and_the_counters_add_up() {
    let Some((_broker, kafka)) = kafka::own_with_topics(3) else { return };
    let telemetry = telemetry();
    publish(&kafka, reviews(3000));
    assert_eq!(audited(&kafka).missing.count, 3000, "before the consumer ran");
    let summary = with_consumer(&kafka, &["--max-batch-records=500"], &telemetry, || {
        read_until(&kafka, &OUTCOMES, |records| records.len() >= 3000);
        publish(&kafka, reviews(500));
        read_until(&kafka, &OUTCOMES, |records| records.len() >= 3500);
        let readiness = telemetry.health().readiness(Instant::now());
        assert!(readiness.ok, "{readiness:?}");
    });
    let endings = summary.endings;
    assert_eq!((endings.read, endings.verdicts(), endings.dead_letters()), (3500, 3150, 350));
    assert_eq!(endings.read, endings.verdicts() + endings.dead_letters());
    assert_eq!(summary.failed_batches, 0);
    let report = audited(&kafka);
    assert!(report.ok(false), "{report:?}");
    assert_eq!((report.reviews, report.verdicts, report.dead_letters), (3500, 3150, 350));

    let exposition = telemetry.metrics().exposition().unwrap();
    let sum = |name: &str| -> u64 {
        let lines = exposition.lines().filter(|line| line.starts_with(name));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    assert_eq!(sum("verdict_endings_total{"), 3500, "{exposition}");
    assert_eq!(sum("messaging_client_consumed_messages_total{"), 3500, "{exposition}");
    assert_eq!(sum("model_prediction_count_total{"), 3150);
    let readiness = telemetry.health().readiness(Instant::now());
    assert!(!readiness.ok, "a consumer that has stopped is not ready");

    // The positions are committed: another member finds nothing to do.
    let idle = with_consumer(&kafka, &[], &telemetry, || {
        read_until(&kafka, &OUTCOMES, |records| records.len() >= 3500);
    });
    assert_eq!(idle.endings.read, 0);
}

#[test]
fn a_requester_is_answered_in_its_dialect_and_partition() {
    let Some((_broker, kafka)) = kafka::own_with_topics(3) else { return };
    let ask = |dialect, id: u8| {
        let address = ReplyAddress {
            dialect,
            topic: topic::REPLIES.into(),
            partition: Some(2),
            correlation_id: vec![id],
            deadline_unix_ms: None,
        };
        Outgoing::to(topic::REVIEWS)
            .key("k")
            .value("A great film.")
            .headers(address.request_headers())
    };
    let dialects = [Dialect::Spring, Dialect::SmallRye, Dialect::Nest];
    let summary = with_consumer(&kafka, &[], &telemetry(), || {
        publish(&kafka, dialects.into_iter().zip(1..).map(|(dialect, id)| ask(dialect, id)));
        let replies = read_until(&kafka, &[topic::REPLIES], |records| records.len() >= 3);
        let mut ids = Vec::new();
        for reply in &replies {
            assert_eq!(reply.partition, 2);
            let verdict = Verdict::decode(reply.value.as_deref().unwrap()).unwrap();
            assert_eq!(verdict.label, Sentiment::Positive);
            assert_eq!(verdict.explained_score(), Some(verdict.score));
            ids.push(ReplyAddress::correlation_id_of(&reply.headers).unwrap().to_vec());
        }
        ids.sort();
        assert_eq!(ids, [[1], [2], [3]]);
    });
    assert_eq!(summary.endings.verdicts(), 3);
}

#[test]
fn members_that_come_and_go_lose_nothing_and_double_nothing() {
    let Some((_broker, kafka)) = kafka::own_with_topics(6) else { return };
    let flags = ["--max-batch-records=100"];
    publish(&kafka, reviews(2000));
    with_consumer(&kafka, &flags, &telemetry(), || {
        for round in 1..=2 {
            with_consumer(&kafka, &flags, &telemetry(), || {
                publish(&kafka, reviews(1000));
                let enough = 2000 + round * 1000;
                read_until(&kafka, &OUTCOMES, |records| records.len() >= enough);
            });
        }
    });
    let report = audited(&kafka);
    assert!(report.ok(false) && report.reviews == 4000, "{report:?}");
}

#[test]
fn a_broker_that_is_killed_and_comes_back_loses_nothing() {
    let Some((mut broker, kafka)) = kafka::own_with_topics(3) else { return };
    let flags = ["--max-batch-records=200", "--kafka=session.timeout.ms=6000"];
    publish(&kafka, reviews(5000));
    with_consumer(&kafka, &flags, &telemetry(), || {
        read_until(&kafka, &OUTCOMES, |records| records.len() >= 500);
        broker.kill9().unwrap();
        broker.restart().unwrap();
        publish(&kafka, reviews(1000));
        read_until(&kafka, &OUTCOMES, |records| sources(records).len() >= 6000);
    });
    // Whether some came twice depends on where the broker was hit; the audit tells, and nothing
    // else may be wrong.
    let report = audited(&kafka);
    assert!(report.ok(true) && report.reviews == 6000, "{report:?}");
}

#[test]
fn a_consumer_whose_broker_is_away_stops_in_time() {
    let Some((mut broker, kafka)) = kafka::own_with_topics(1) else { return };
    publish(&kafka, reviews(10));
    let mut started = None;
    with_consumer(&kafka, &[], &telemetry(), || {
        read_until(&kafka, &[topic::VERDICTS], |records| records.len() >= 9);
        broker.kill9().unwrap();
        started = Some(Instant::now());
    });
    let took = started.unwrap().elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_long_run_of_dead_letters_pauses_reading_and_loses_nothing() {
    const BAD: usize = 1500;
    const GOOD: usize = 300;
    // One partition: then the run of bad records is one in the order of reading too.
    let Some((_broker, kafka)) = kafka::own_with_topics(1) else { return };
    let telemetry = telemetry();
    let flags = [
        "--max-batch-records=500",
        "--breaker-dead-letters=1000",
        "--breaker-pause-s=2",
        // Whoever does not poll for so long is out of its group.
        "--kafka=session.timeout.ms=6000",
        "--kafka=max.poll.interval.ms=6000",
    ];
    let bad = |n| Outgoing::to(topic::REVIEWS).key(format!("b{n}")).value(vec![0xff]);
    let good = |n| Outgoing::to(topic::REVIEWS).key(format!("g{n}")).value("A great film.");
    publish(&kafka, (0..BAD).map(bad));
    publish(&kafka, (0..GOOD).map(good));
    let metric = |begin: &str| metric(&telemetry, begin);
    let summary = with_consumer(&kafka, &flags, &telemetry, || {
        eventually("it opens", || {
            let readiness = telemetry.health().readiness(Instant::now());
            let text = readiness.text;
            let is_open = text.contains("failing breaker: ")
                && text.contains(" dead letters in a row: reading is paused for 2s");
            (!readiness.ok && is_open).then_some(())
        });
        assert_eq!(metric("verdict_breaker_open "), Some(1.0));
        let read = read_until(&kafka, &[topic::DEAD_LETTERS], |records| records.len() >= 1000);
        assert!(read.len() < BAD, "{}: it has stopped", read.len());
        eventually("it is in its group", || {
            telemetry.health().readiness(Instant::now()).text.contains("ok group").then_some(())
        });
        eventually("everything is processed", || {
            let verdicts = metric("verdict_endings_total{ending=\"verdict\"}");
            (verdicts == Some(GOOD as f64)).then_some(())
        });
        eventually("it is closed and ready", || {
            let is_ready = telemetry.health().readiness(Instant::now()).ok;
            (is_ready && metric("verdict_breaker_open ") == Some(0.0)).then_some(())
        });
    });
    assert_eq!(
        (summary.endings.verdicts(), summary.endings.dead_letters(), summary.failed_batches),
        (GOOD as u64, BAD as u64, 0)
    );
    // After 1,000 it opened, and again after each try that brought nothing else: 5 or more, by how
    // many each found at hand.
    let trips = metric("verdict_breaker_trips_total ");
    assert!(trips.is_some_and(|trips| trips > 1.0), "{trips:?}");
    let report = audited(&kafka);
    assert!(report.ok(false) && report.reviews == 1800, "{report:?}");
}
