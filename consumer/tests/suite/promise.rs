//! What a consumer promises: what was asked for, and what its broker shows.

use verdict_kafka_io::KafkaSettings;
use verdict_messages::topic;
use verdict_testkit::{Signal, kafka};

use crate::common::process::Running;

/// Starts a consumer, and asserts that it says this of itself wherever it says it.
#[track_caller]
fn assert_promises(kafka: &KafkaSettings, flags: &[&str], promise: &str) {
    let mut running = Running::consumer(kafka, flags);
    running.await_ready();
    let ready = running.get("/readyz").text;
    assert!(ready.contains(&format!("ok promise: {promise}\n")), "{ready}");
    assert_eq!(running.get("/model").json()["promise"], promise);
    let label = promise.replace(' ', "_");
    running.await_metrics(&[&format!("verdict_delivery_promise{{promise=\"{label}\"}} 1")]);
    running.process.err.next_with(&format!("every review has its outcome {promise}"));
    running.end(Signal::TERM);
}

#[test]
fn a_consumer_promises_exactly_once_where_its_broker_shows_that_it_keeps_transactions() {
    let Some(broker) = kafka::own() else { return };
    let kafka = KafkaSettings::new(broker.bootstrap());
    let without_probes = [topic::REVIEWS, topic::VERDICTS, topic::DEAD_LETTERS];
    kafka::create_topics(&kafka, without_probes.map(|name| (name, 1)));
    assert_promises(&kafka, &[], "at least once");
    let mut refused = Running::consumer(&kafka, &["--delivery=exactly-once"]);
    assert_eq!(refused.process.wait().code(), Some(70));
    let errors = refused.process.err.text();
    let part = "--delivery exactly-once cannot be kept: asking for the ends of topic \
                reviews.probes: there is no such topic";
    assert!(errors.contains(part), "{errors}");

    kafka::create_topics(&kafka, [(topic::PROBES, 1)]);
    assert_promises(&kafka, &["--delivery=exactly-once"], "exactly once");
    assert_promises(&kafka, &[], "exactly once");
    assert_promises(&kafka, &["--delivery=at-least-once"], "at least once");
}
