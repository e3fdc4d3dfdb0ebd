//! A follower against a real Apache Kafka.
use std::time::{Duration, Instant};

use crate::common::{kafka, publish, topic};
use verdict_kafka_io::{Followed, Follower, KafkaSettings};

const PATIENCE: Duration = Duration::from_secs(30);

/// What is told until `is_last` says so, trouble left out: how much of that there is depends on the machine.
fn told_until(follower: &Follower, is_last: impl Fn(&Followed) -> bool) -> Vec<Followed> {
    let deadline = Instant::now() + PATIENCE;
    let mut told = Vec::new();
    loop {
        assert!(Instant::now() < deadline, "within {PATIENCE:?}: {told:?}");
        match follower.next(Duration::from_millis(50)).unwrap() {
            None | Some(Followed::Trouble(_)) => {}
            Some(followed) => {
                let last = is_last(&followed);
                told.push(followed);
                if last {
                    return told;
                }
            }
        }
    }
}

fn caught_up(followed: &Followed) -> bool {
    *followed == Followed::CaughtUp
}

fn key(followed: &Followed) -> Option<i32> {
    match followed {
        Followed::Record(record) => {
            let key = std::str::from_utf8(record.key.as_deref()?).ok()?;
            key.parse().ok()
        }
        _ => None,
    }
}

/// The keys among what was told, ascending: the order of records of different partitions is nobody's.
fn keys(told: &[Followed]) -> Vec<i32> {
    let mut keys: Vec<_> = told.iter().filter_map(key).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_topic_is_followed_before_it_is_there_and_while_its_broker_is_away() {
    let Some(mut kafka) = kafka() else { return };
    let settings = KafkaSettings::new(kafka.bootstrap());

    let follower = Follower::start(&settings, "follow.a").unwrap();
    let told = told_until(&follower, |followed| *followed == Followed::Absent);
    assert_eq!(told, [Followed::Absent]);
    topic(&settings, "follow.a", 3);
    let told = told_until(&follower, caught_up);
    assert_eq!(told, [Followed::CaughtUp], "there is nothing in it yet");
    publish(&settings, "follow.a", 0..10);
    let mut told = Vec::new();
    while told.len() < 10 {
        told.extend(told_until(&follower, |followed| key(followed).is_some()));
    }
    assert_eq!(keys(&told), (0..10).collect::<Vec<_>>());

    // Another one gets what there was before, then hears that this was all, then gets what comes.
    let second = Follower::start(&settings, "follow.a").unwrap();
    let told = told_until(&second, caught_up);
    assert_eq!(keys(&told), (0..10).collect::<Vec<_>>());
    kafka.kill9().unwrap();
    kafka.restart().unwrap();
    publish(&settings, "follow.a", 10..11);
    for follower in [&follower, &second] {
        let told = told_until(follower, |followed| key(followed) == Some(10));
        assert_eq!(told.len(), 1, "nothing is told twice: {told:?}");
    }
    assert_eq!(follower.at_hand().unwrap(), None);

    let asked = Instant::now();
    drop((follower, second));
    assert_ends_in_time(asked);
}

#[test]
fn a_follower_without_a_broker_says_so_once_and_stops_in_time() {
    // Port 1 of this machine is nobody's.
    let follower = Follower::start(&KafkaSettings::new("127.0.0.1:1"), "t").unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        match follower.next(Duration::from_millis(100)).unwrap() {
            Some(Followed::Trouble(failure)) => {
                assert!(!failure.is_fatal(), "{failure}");
                break;
            }
            None => assert!(Instant::now() < deadline),
            other => panic!("nobody told it anything, got {other:?}"),
        }
    }
    assert_eq!(follower.next(Duration::from_secs(3)).unwrap(), None);
    let asked = Instant::now();
    drop(follower);
    assert_ends_in_time(asked);
}

/// It ends within 100 ms; the rest is for a machine that does other things too.
fn assert_ends_in_time(asked: Instant) {
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    eprintln!("ended in {took:?}");
}
