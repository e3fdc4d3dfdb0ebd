use futures::FutureExt;
use verdict_messages::{ModelRef, Position, Sentiment};

use super::*;

const LIMITS: DeskLimits = DeskLimits { pending: 2, remembered: 4, remembered_bytes: 64 * 1024 };

fn correlation(n: u128) -> CorrelationId {
    CorrelationId::from_bits(n)
}

fn id(text: &str) -> ReviewId {
    ReviewId::new(text)
}

fn verdict(of: &str) -> Bytes {
    let verdict = Verdict {
        id: of.into(),
        label: Sentiment::Positive,
        probability: 0.9,
        score: 2.2,
        model: ModelRef { name: "m".into(), version: "1".into(), sha256: "00".into() },
        explanation: None,
        intercept: None,
        rest: None,
        source: Position::new("reviews", 0, 1),
        scored_at: "2026-01-02T03:04:05.000Z".into(),
    };
    verdict.encode().expect("encodes").into()
}

fn reply(n: u128, of: &str) -> Incoming {
    let mut headers = Headers::new();
    headers.push(headers::SPRING_CORRELATION_ID, correlation(n).as_bytes());
    headers.push(headers::CONTENT_TYPE, Verdict::MEDIA_TYPE);
    Incoming { key: Some(Bytes::copy_from_slice(of.as_bytes())), value: Some(verdict(of)), headers }
}

fn keyed(key: &str, body: u8) -> Option<Repeatable> {
    Some(Repeatable { key: key.to_owned(), body: [body; 32] })
}

fn new(place: Result<Place, NoPlace>) -> Waiter {
    match place {
        Ok(Place::New(waiter)) => waiter,
        other => panic!("expected a new place, got {other:?}"),
    }
}

fn joined(place: Result<Place, NoPlace>) -> Waiter {
    match place {
        Ok(Place::Joined(waiter)) => waiter,
        other => panic!("expected a joined place, got {other:?}"),
    }
}

#[test]
fn a_reply_reaches_the_request_it_belongs_to_and_no_other() {
    let desk = Desk::new(LIMITS);
    let mut first = new(desk.open(correlation(1), &id("a"), None));
    let mut second = new(desk.open(correlation(2), &id("b"), None));
    assert_eq!(desk.deliver(&reply(2, "b")), ReplyReceived::Delivered);
    assert!(first.reply().now_or_never().is_none());
    let told = second.reply().now_or_never().expect("told").expect("published");
    assert_eq!(*told, Reply::Verdict(verdict("b")));
}

#[test]
fn a_reply_with_our_correlation_id_but_another_review_is_dropped() {
    let desk = Desk::new(LIMITS);
    let mut waiter = new(desk.open(correlation(1), &id("a"), None));
    assert_eq!(desk.deliver(&reply(1, "b")), ReplyReceived::Mismatched);
    assert!(waiter.reply().now_or_never().is_none());
    assert!(desk.find(&id("b")).is_none());
    assert_eq!(desk.deliver(&reply(1, "a")), ReplyReceived::Delivered);
    assert!(waiter.reply().now_or_never().is_some());
}

#[test]
fn a_second_copy_of_a_reply_is_late() {
    let desk = Desk::new(LIMITS);
    let _waiter = new(desk.open(correlation(1), &id("a"), None));
    assert_eq!(desk.deliver(&reply(1, "a")), ReplyReceived::Delivered);
    assert_eq!(desk.deliver(&reply(1, "a")), ReplyReceived::Late);
}

#[test]
fn what_is_no_reply_is_unreadable() {
    let desk = Desk::new(LIMITS);
    let _waiter = new(desk.open(correlation(1), &id("a"), None));
    let good = reply(1, "a");
    let mut no_correlation = good.clone();
    no_correlation.headers = Headers::new();
    let mut short = good.clone();
    short.headers = Headers::new();
    short.headers.push(headers::SPRING_CORRELATION_ID, vec![1, 2, 3]);
    let tombstone = Incoming { value: None, ..good.clone() };
    let broken = Incoming { value: Some(Bytes::from_static(b"{")), ..good.clone() };
    let other_key = Incoming { key: Some(Bytes::from_static(b"b")), ..good };
    for incoming in [no_correlation, short, tombstone, broken, other_key] {
        assert_eq!(desk.deliver(&incoming), ReplyReceived::Unreadable, "{incoming:?}");
    }
}

#[test]
fn a_problem_is_a_reply_too_and_its_key_names_the_review() {
    let desk = Desk::new(LIMITS);
    let mut waiter = new(desk.open(correlation(1), &id("a"), None));
    let problem = Problem::new(422, "This is not a review");
    let mut incoming = reply(1, "a");
    incoming.headers = Headers::new();
    incoming.headers.push(headers::SPRING_CORRELATION_ID, correlation(1).as_bytes());
    incoming.headers.push(headers::CONTENT_TYPE, Problem::MEDIA_TYPE);
    incoming.value = Some(problem.encode().expect("encodes").into());
    assert_eq!(desk.deliver(&incoming), ReplyReceived::Delivered);
    let told = waiter.reply().now_or_never().expect("told").expect("published");
    assert_eq!(*told, Reply::Problem(problem));
}

#[test]
fn a_late_reply_can_be_asked_for_but_reaches_no_request() {
    let desk = Desk::new(LIMITS);
    drop(new(desk.open(correlation(1), &id("a"), None)));
    assert!(desk.find(&id("a")).is_none());
    assert_eq!(desk.deliver(&reply(1, "a")), ReplyReceived::Late);
    assert!(desk.find(&id("a")).is_some());
    assert_eq!(desk.deliver(&reply(9, "z")), ReplyReceived::Late);
    assert!(desk.find(&id("z")).is_none(), "a stranger's verdict is not kept");
}

#[test]
fn a_reply_that_was_asked_for_later_is_kept_and_not_late() {
    let desk = Desk::new(LIMITS);
    new(desk.open(correlation(1), &id("a"), None)).ask_later();
    assert_eq!(desk.deliver(&reply(1, "a")), ReplyReceived::Kept);
    assert!(desk.find(&id("a")).is_some());
}

#[test]
fn a_full_desk_refuses_and_a_free_place_is_given_again() {
    let desk = Desk::new(LIMITS);
    let first = new(desk.open(correlation(1), &id("a"), None));
    let _second = new(desk.open(correlation(2), &id("b"), None));
    assert!(matches!(desk.open(correlation(3), &id("c"), None), Err(NoPlace::Full(2))));
    drop(first);
    new(desk.open(correlation(3), &id("c"), None));
}

#[test]
fn the_same_key_and_body_join_the_request_that_is_under_way() {
    let desk = Desk::new(LIMITS);
    let mut first = new(desk.open(correlation(1), &id("a"), keyed("k", 1)));
    let mut again = joined(desk.open(correlation(2), &id("b"), keyed("k", 1)));
    assert_eq!(again.review_id(), &id("a"));
    desk.deliver(&reply(1, "a"));
    for waiter in [&mut first, &mut again] {
        assert!(waiter.reply().now_or_never().expect("told").is_ok());
    }
    match desk.open(correlation(3), &id("c"), keyed("k", 1)) {
        Ok(Place::Answered(review_id, _)) => assert_eq!(review_id, id("a")),
        other => panic!("expected the same answer, got {other:?}"),
    }
}

#[test]
fn the_same_key_with_another_body_is_refused() {
    let desk = Desk::new(LIMITS);
    let _first = new(desk.open(correlation(1), &id("a"), keyed("k", 1)));
    assert!(matches!(desk.open(correlation(2), &id("b"), keyed("k", 2)), Err(NoPlace::OtherBody)));
}

#[test]
fn a_repeated_request_waits_again_after_the_first_gave_up() {
    let desk = Desk::new(LIMITS);
    drop(new(desk.open(correlation(1), &id("a"), keyed("k", 1))));
    let mut again = joined(desk.open(correlation(2), &id("b"), keyed("k", 1)));
    assert_eq!(desk.deliver(&reply(1, "a")), ReplyReceived::Delivered);
    assert!(again.reply().now_or_never().expect("told").is_ok());
}

#[test]
fn one_waiter_that_leaves_does_not_take_the_place_from_the_other() {
    let desk = Desk::new(LIMITS);
    let first = new(desk.open(correlation(1), &id("a"), keyed("k", 1)));
    let mut again = joined(desk.open(correlation(2), &id("b"), keyed("k", 1)));
    drop(first);
    assert_eq!(desk.deliver(&reply(1, "a")), ReplyReceived::Delivered);
    assert!(again.reply().now_or_never().expect("told").is_ok());
}

#[test]
fn a_failed_publication_is_told_to_all_and_frees_the_key() {
    for error in [PublishError::NeverQueued, PublishError::Unknown] {
        let desk = Desk::new(LIMITS);
        let first = new(desk.open(correlation(1), &id("a"), keyed("k", 1)));
        let mut again = joined(desk.open(correlation(2), &id("b"), keyed("k", 1)));
        desk.fail(correlation(1), error);
        assert_eq!(again.reply().now_or_never().expect("told"), Err(error));
        drop((first, again));
        new(desk.open(correlation(3), &id("c"), keyed("k", 1)));
        // Only what may have been stored can still be answered.
        desk.deliver(&reply(1, "a"));
        assert_eq!(desk.find(&id("a")).is_some(), error == PublishError::Unknown);
    }
}

#[test]
fn only_so_many_verdicts_are_remembered() {
    let desk = Desk::new(LIMITS);
    for n in 0..6_u128 {
        let name = format!("r{n}");
        let _waiter = new(desk.open(correlation(n), &id(&name), None));
        desk.deliver(&reply(n, &name));
    }
    assert!(desk.find(&id("r1")).is_none());
    assert!(desk.find(&id("r5")).is_some());
}
