//! How far behind a consumer says it is, and how long reviews have waited, when writers do what
//! writers may.

use verdict_kafka_io::Outgoing;
use verdict_messages::topic;
use verdict_testkit::kafka::{self, Transactions};

use crate::common::process::Running;

const REVIEW: (&str, &[u8]) = ("k", b"A great film.");

#[test]
fn no_review_waits_behind_a_marker_and_no_timestamp_is_a_wait_of_fifty_years() {
    let Some((_kafka, settings)) = kafka::own_with_topics(2) else { return };
    let consumer = Running::consumer(&settings, &[]);
    let queue = "verdict_stage_duration_seconds_count{stage=\"queue\"} ";

    // None of these is a time to subtract.
    for timestamp_ms in [1, 1_000, 946_684_799_999] {
        let review = Outgoing::to(topic::REVIEWS).value("An awful film.");
        kafka::publish(&settings, [Outgoing { timestamp_ms: Some(timestamp_ms), ..review }]);
    }
    let page = consumer.await_metrics(&["verdict_endings_total{ending=\"verdict\"} 3"]);
    let counted = page.lines().find_map(|line| line.strip_prefix(queue));
    assert!(matches!(counted, None | Some("0")), "{page}");

    let sender = Transactions::new(&settings, "lag");
    for _ in 0..3 {
        sender.commit(topic::REVIEWS, 0, &[REVIEW]);
    }
    sender.abort(topic::REVIEWS, 0, &[REVIEW; 4]);
    sender.abort(topic::REVIEWS, 1, &[REVIEW; 4]);
    let done = [
        "verdict_endings_total{ending=\"verdict\"} 6",
        "verdict_consumer_lag{partition=\"0\",topic=\"reviews\"} 0",
        "verdict_consumer_lag{partition=\"1\",topic=\"reviews\"} 0",
    ];
    let page = consumer.await_metrics(&done);
    assert!(page.lines().any(|line| line.starts_with(queue)), "{page}");
    drop(consumer);

    // Another one in its place: the positions stand before markers.
    let consumer = Running::consumer(&settings, &[]);
    consumer.await_metrics(&done[1..]);
}
