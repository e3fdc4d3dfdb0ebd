use futures::FutureExt;
use verdict_messages::{Headers, ModelRef, Position, Sentiment};

use super::*;

const LIMITS: PendingLimits =
    PendingLimits { pending: 2, remembered: 4, remembered_bytes: 64 * 1024 };

const WITHIN: Duration = Duration::from_secs(2);

fn correlation(n: u128) -> CorrelationId {
    CorrelationId::from_bits(n)
}

fn id(text: &str) -> ReviewId {
    ReviewId::new(text)
}

fn verdict(of: &str) -> Vec<u8> {
    let verdict = Verdict {
        decision: None,
        id: of.into(),
        label: Sentiment::Positive,
        probability: 0.9,
        score: 2.2,
        model: ModelRef { name: "m".into(), version: "1".into(), sha256: "00".into() },
        explanation: None,
        intercept: None,
        rest: None,
        known_terms: Some(3),
        source: Position::new("reviews", 0, 1),
        read_at: None,
        scored_at: "2026-01-02T03:04:05.000Z".into(),
    };
    verdict.encode().expect("encodes")
}

fn reply(n: u128, of: &str) -> Record {
    let mut headers = Headers::new();
    headers.push(headers::SPRING_CORRELATION_ID, correlation(n).as_bytes());
    headers.push(headers::CONTENT_TYPE, Verdict::MEDIA_TYPE);
    Record {
        topic: "reviews.replies".into(),
        partition: 0,
        offset: 0,
        key: Some(of.into()),
        value: Some(verdict(of)),
        headers,
        timestamp_ms: None,
    }
}

fn keyed(key: &str, body: u8) -> Option<Idempotency> {
    Some(Idempotency { key: key.to_owned(), body: [body; 32] })
}

fn new(opened: Result<Opened, OpenError>) -> Waiter {
    match opened {
        Ok(Opened::New(waiter)) => waiter,
        other => panic!("expected a new request, got {other:?}"),
    }
}

fn joined(opened: Result<Opened, OpenError>) -> Waiter {
    match opened {
        Ok(Opened::Joined(waiter)) => waiter,
        other => panic!("expected a joined request, got {other:?}"),
    }
}

#[test]
fn a_reply_reaches_the_request_it_belongs_to_and_no_other() {
    let pending = PendingReplies::new(LIMITS, WITHIN);
    let mut first = new(pending.open(correlation(1), &id("a"), None));
    let mut second = new(pending.open(correlation(2), &id("b"), None));
    assert_eq!(pending.deliver(reply(2, "b")), ReplyReceived::Delivered);
    assert_eq!(pending.deliver(reply(1, "b")), ReplyReceived::Mismatched);
    assert!(first.reply().now_or_never().is_none());
    assert_eq!(pending.deliver(reply(1, "a")), ReplyReceived::Delivered);
    assert_eq!(pending.deliver(reply(1, "a")), ReplyReceived::Late, "a second copy");
    assert!(first.reply().now_or_never().is_some());
    let replied = second.reply().now_or_never().expect("replied").expect("published");
    assert_eq!(*replied, Reply::Verdict(verdict("b").into()));
}

#[test]
fn what_is_no_reply_is_unreadable() {
    let pending = PendingReplies::new(LIMITS, WITHIN);
    let _waiter = new(pending.open(correlation(1), &id("a"), None));
    let good = reply(1, "a");
    let mut no_correlation = good.clone();
    no_correlation.headers = Headers::new();
    let mut short = good.clone();
    short.headers = Headers::new();
    short.headers.push(headers::SPRING_CORRELATION_ID, vec![1, 2, 3]);
    let tombstone = Record { value: None, ..good.clone() };
    let broken = Record { value: Some(b"{".into()), ..good.clone() };
    let other_key = Record { key: Some(b"b".into()), ..good };
    for record in [no_correlation, short, tombstone, broken, other_key] {
        assert_eq!(pending.deliver(record.clone()), ReplyReceived::Unreadable, "{record:?}");
    }
}

#[test]
fn a_late_reply_can_be_asked_for_but_reaches_no_request() {
    let pending = PendingReplies::new(LIMITS, WITHIN);
    drop(new(pending.open(correlation(1), &id("a"), None)));
    assert!(pending.find(&id("a")).is_none());
    assert_eq!(pending.deliver(reply(1, "a")), ReplyReceived::Late);
    assert!(pending.find(&id("a")).is_some());
    assert_eq!(pending.deliver(reply(9, "z")), ReplyReceived::Late);
    assert!(pending.find(&id("z")).is_none(), "a stranger's verdict is not kept");
}

#[test]
fn a_full_desk_refuses_and_a_free_place_is_given_again() {
    let pending = PendingReplies::new(LIMITS, WITHIN);
    let first = new(pending.open(correlation(1), &id("a"), None));
    let _second = new(pending.open(correlation(2), &id("b"), None));
    assert!(matches!(pending.open(correlation(3), &id("c"), None), Err(OpenError::Full(2))));
    drop(first);
    new(pending.open(correlation(3), &id("c"), None));
}

#[test]
fn a_repeated_request_waits_again_after_the_first_gave_up() {
    let pending = PendingReplies::new(LIMITS, WITHIN);
    drop(new(pending.open(correlation(1), &id("a"), keyed("k", 1))));
    let mut again = joined(pending.open(correlation(2), &id("b"), keyed("k", 1)));
    assert_eq!(pending.deliver(reply(1, "a")), ReplyReceived::Delivered);
    assert!(again.reply().now_or_never().expect("replied").is_ok());
}

#[test]
fn one_waiter_that_leaves_does_not_take_the_place_from_the_other() {
    let pending = PendingReplies::new(LIMITS, WITHIN);
    let first = new(pending.open(correlation(1), &id("a"), keyed("k", 1)));
    let mut again = joined(pending.open(correlation(2), &id("b"), keyed("k", 1)));
    drop(first);
    assert_eq!(pending.deliver(reply(1, "a")), ReplyReceived::Delivered);
    assert!(again.reply().now_or_never().expect("replied").is_ok());
}

#[test]
fn a_failed_publication_is_told_to_all_and_frees_the_key() {
    let reason = String::new;
    for (error, may_be_stored) in [
        (PublishError::NeverQueued { reason: reason() }, false),
        (PublishError::Unknown { reason: reason() }, true),
    ] {
        let pending = PendingReplies::new(LIMITS, WITHIN);
        let first = new(pending.open(correlation(1), &id("a"), keyed("k", 1)));
        let mut again = joined(pending.open(correlation(2), &id("b"), keyed("k", 1)));
        pending.fail(correlation(1), error.clone());
        assert_eq!(again.reply().now_or_never().expect("replied"), Err(error));
        drop((first, again));
        new(pending.open(correlation(3), &id("c"), keyed("k", 1)));
        // Only what may have been stored can still be answered.
        pending.deliver(reply(1, "a"));
        assert_eq!(pending.find(&id("a")).is_some(), may_be_stored);
    }
}

#[test]
fn only_so_many_verdicts_are_remembered() {
    let size = verdict("r0").len();
    for (limits, first) in [
        (LIMITS, 2),
        (PendingLimits { remembered_bytes: 3 * size, ..LIMITS }, 3),
        (PendingLimits { remembered_bytes: size - 1, ..LIMITS }, 6),
    ] {
        let pending = PendingReplies::new(limits, WITHIN);
        for n in 0..6 {
            let name = format!("r{n}");
            let _waiter = new(pending.open(correlation(n), &id(&name), None));
            pending.deliver(reply(n, &name));
        }
        for n in 0..6 {
            assert_eq!(
                pending.find(&id(&format!("r{n}"))).is_some(),
                n >= first,
                "{n}, {limits:?}"
            );
        }
    }
}
