use proptest::prelude::*;

use super::*;

const PAUSE: Duration = Duration::from_secs(30);

fn breaker(dead_letters: u64) -> Breaker {
    let breaker_pause_s = PAUSE.as_secs();
    Breaker::new(BreakerArgs { breaker_dead_letters: dead_letters, breaker_pause_s })
}

fn bad(n: usize) -> Vec<bool> {
    vec![false; n]
}

#[test]
fn it_opens_waits_tries_and_closes() {
    let mut breaker = breaker(1000);
    let start = Instant::now();
    let at = |s| start + Duration::from_secs(s);
    assert_eq!(breaker.permit(at(0)), Permit::Batches);
    assert_eq!(breaker.batch(bad(999), at(0)), None);
    assert_eq!(breaker.batch(bad(501), at(1)), Some(Transition::Opened { in_a_row: 1500 }));
    for s in [1, 15, 30] {
        assert_eq!(breaker.permit(at(s)), Permit::Nothing, "{s} s");
    }
    assert_eq!(breaker.permit(at(31)), Permit::Try(100));
    // Nothing was there to try it with.
    assert_eq!(breaker.batch([], at(32)), None);
    assert_eq!(breaker.permit(at(90)), Permit::Try(100));
    // What is at hand comes in pieces; all of them together are the try.
    assert_eq!(breaker.batch(bad(30), at(91)), None);
    assert_eq!(breaker.permit(at(91)), Permit::Try(70));
    assert_eq!(breaker.batch(bad(70), at(100)), Some(Transition::Opened { in_a_row: 1600 }));
    assert_eq!(breaker.permit(at(129)), Permit::Nothing);
    assert_eq!(breaker.permit(at(130)), Permit::Try(100));
    assert!(breaker.is_open());
    assert_eq!(
        breaker.batch([false, true, false], at(131)),
        Some(Transition::Closed { in_a_row: 1600 })
    );
    assert_eq!(breaker.permit(at(131)), Permit::Batches);
    assert!(!breaker.is_open());
}

#[test]
fn a_verdict_in_between_begins_the_run_anew() {
    let now = Instant::now();
    let cases: [(&str, Vec<Vec<bool>>, bool); 5] = [
        ("just enough", vec![bad(9), bad(1)], true),
        ("one short", vec![bad(9)], false),
        ("a verdict between", vec![bad(9), vec![true], bad(9)], false),
        ("a verdict at the end of a long run", vec![[bad(50), vec![true]].concat()], false),
        ("a verdict at its begin", vec![[vec![true], bad(10)].concat()], true),
    ];
    for (what, batches, opens) in cases {
        let mut breaker = breaker(10);
        let changes = batches.into_iter().filter_map(|batch| breaker.batch(batch, now));
        assert_eq!(changes.count() > 0, opens, "{what}");
    }
}

#[test]
fn off_it_never_opens() {
    let mut breaker = breaker(0);
    let now = Instant::now();
    assert_eq!(breaker.batch(bad(1_000_000), now), None);
    assert_eq!(breaker.permit(now), Permit::Batches);
}

proptest! {
    #[test]
    fn it_is_closed_unless_the_last_records_say_otherwise(
        batches in prop::collection::vec((prop::collection::vec(prop::bool::weighted(0.1), 0..40), 0..60_u64), 1..60),
        dead_letters in 1..50_u64,
    ) {
        let mut breaker = breaker(dead_letters);
        let mut now = Instant::now();
        let mut opened: Option<Instant> = None;
        for (batch, later) in batches {
            now += Duration::from_secs(later);
            let was_open = breaker.is_open();
            match breaker.permit(now) {
                // It holds back only while it is open, and never for longer than the pause.
                Permit::Nothing => {
                    prop_assert!(now - opened.unwrap() < PAUSE);
                    continue;
                }
                Permit::Try(n) => prop_assert!((1..=TRY).contains(&n) && was_open && now - opened.unwrap() >= PAUSE),
                Permit::Batches => prop_assert!(!was_open),
            }
            let change = breaker.batch(batch.iter().copied(), now);
            match change {
                Some(Transition::Opened { in_a_row }) => {
                    prop_assert!(in_a_row >= dead_letters);
                    prop_assert!(!batch.is_empty() && !batch.ends_with(&[true]));
                    opened = Some(now);
                }
                Some(Transition::Closed { .. }) => prop_assert!(was_open && batch.contains(&true)),
                None => prop_assert_eq!(breaker.is_open(), was_open),
            }
            if batch.contains(&true) && was_open {
                prop_assert!(!breaker.is_open(), "a verdict closes it");
            }
        }
    }
}
