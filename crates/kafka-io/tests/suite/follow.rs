//! A follower against a real Apache Kafka.
use std::time::{Duration, Instant};

use crate::common::{number, publish};
use verdict_kafka_io::{Followed, Follower, KafkaSettings};
use verdict_testkit::{PATIENCE, kafka};

/// What comes until `is_last` says so. Failures are left out: how many there are depends on the
/// machine.
fn followed_until(follower: &Follower, is_last: impl Fn(&Followed) -> bool) -> Vec<Followed> {
    let deadline = Instant::now() + PATIENCE;
    let mut all = Vec::new();
    loop {
        assert!(Instant::now() < deadline, "within {PATIENCE:?}: {all:?}");
        match follower.next(Duration::from_millis(50)).unwrap() {
            None | Some(Followed::Failed(_)) => {}
            Some(followed) => {
                let last = is_last(&followed);
                all.push(followed);
                if last {
                    return all;
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
        Followed::Record(record) => Some(number(record)),
        _ => None,
    }
}

/// The keys among these, ascending: the order of records of different partitions is nobody's.
fn keys(followed: &[Followed]) -> Vec<i32> {
    let mut keys: Vec<_> = followed.iter().filter_map(key).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_topic_is_followed_before_it_is_there_and_while_its_broker_is_away() {
    let Some(mut kafka) = kafka::own() else { return };
    let settings = KafkaSettings::new(kafka.bootstrap());

    let follower = Follower::start(&settings, "follow.a").unwrap();
    let followed = followed_until(&follower, |followed| *followed == Followed::Absent);
    assert_eq!(followed, [Followed::Absent]);
    kafka::create_topics(&settings, [("follow.a", 3)]);
    let followed = followed_until(&follower, caught_up);
    assert_eq!(followed, [Followed::CaughtUp], "there is nothing in it yet");
    publish(&settings, "follow.a", 0..10);
    let mut followed = Vec::new();
    while followed.len() < 10 {
        followed.extend(followed_until(&follower, |followed| key(followed).is_some()));
    }
    assert_eq!(keys(&followed), (0..10).collect::<Vec<_>>());

    // Another one gets what there was before, then hears that this was all, then gets what comes.
    let tail = Follower::tail(&settings, "follow.a", 2).unwrap();
    let last = keys(&followed_until(&tail, caught_up));
    assert!((1..=6).contains(&last.len()) && last.contains(&9), "{last:?}");

    let second = Follower::start(&settings, "follow.a").unwrap();
    let followed = followed_until(&second, caught_up);
    assert_eq!(keys(&followed), (0..10).collect::<Vec<_>>());
    kafka.kill9().unwrap();
    kafka.restart().unwrap();
    publish(&settings, "follow.a", 10..11);
    for follower in [&follower, &second] {
        let followed = followed_until(follower, |followed| key(followed) == Some(10));
        assert_eq!(followed.len(), 1, "nothing comes twice: {followed:?}");
    }
    assert_eq!(follower.next(Duration::ZERO).unwrap(), None);

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
            Some(Followed::Failed(failure)) => {
                assert!(!failure.is_fatal(), "{failure}");
                break;
            }
            None => assert!(Instant::now() < deadline),
            other => panic!("there is no broker, got {other:?}"),
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
