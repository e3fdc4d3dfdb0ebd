//! Positions of a group: the first ones, those that are lost, and those that a person sets.

use std::time::Instant;

use crate::common::{LIMITS, commits, poll_until, publish, source};
use verdict_kafka_io::{Failure, KafkaSettings, Outgoing, Positions, Source, Target};
use verdict_testkit::{PATIENCE, eventually, eventually_ok, kafka};

fn positions<'a>(kafka: &'a KafkaSettings, name: &'a str) -> Positions<'a> {
    Positions { kafka, group: name, topic: name, patience: PATIENCE }
}

fn next(kafka: &KafkaSettings, name: &str) -> Vec<Option<i64>> {
    // A broker that is new has no coordinator for the group yet.
    let shown = eventually_ok("positions", || positions(kafka, name).show());
    shown.into_iter().map(|at| at.next).collect()
}

/// The failure with which polling ends.
fn end(source: &mut Source) -> Failure {
    let (start, mut batch) = (Instant::now(), Vec::new());
    loop {
        match source.poll_batch(&LIMITS, &mut batch) {
            Err(fatal @ Failure::Fatal(_)) => return fatal,
            _ => assert!(start.elapsed() < PATIENCE && batch.is_empty(), "{batch:?}"),
        }
    }
}

#[test]
fn a_group_begins_with_the_oldest_record_and_goes_on_where_a_person_sets_it() {
    let Some(settings) = kafka::shared() else { return };
    let name = "positions.set";
    kafka::create_topics(&settings, [(name, 1)]);
    let stamped = |n: i64| {
        let record = Outgoing::to(name).partition(0).key(n.to_string());
        Outgoing { timestamp_ms: Some(1_000 * (n + 1)), ..record }
    };
    kafka::publish(&settings, (0..10).map(stamped));
    assert_eq!(next(&settings, name), [None]);
    let mut member = source(&settings, name, name);
    let records = poll_until(&mut member, 10);
    assert_eq!(records[0].offset, 0);
    member.commit(&commits(&records)[9..]).unwrap();
    assert_eq!(next(&settings, name), [Some(10)]);

    let failure = positions(&settings, name).set(&[(0, 3)]).unwrap_err();
    assert!(failure.to_string().contains("the group has members"), "{failure}");
    drop(member);
    for (target, offset) in [
        (Target::Earliest, 0),
        (Target::Latest, 10),
        (Target::UnixMs(9_999_999), 10),
        (Target::UnixMs(7_001), 7),
    ] {
        assert_eq!(positions(&settings, name).find(target).unwrap(), [(0, offset)], "{target:?}");
    }
    eventually("a group without members", || positions(&settings, name).set(&[(0, 7)]).ok());
    let records = poll_until(&mut source(&settings, name, name), 3);
    assert_eq!(records[0].offset, 7);
}

#[test]
fn a_position_that_is_not_in_the_log_ends_the_member_and_says_where_it_is() {
    let Some(settings) = kafka::shared() else { return };
    let name = "positions.lost";
    kafka::create_topics(&settings, [(name, 1)]);
    publish(&settings, name, 0..10);
    positions(&settings, name).set(&[(0, 20)]).unwrap();
    let failure = end(&mut source(&settings, name, name));
    let part = format!("the position 20 of {name}-0 is not between its begin 0 and its end 10");
    assert!(failure.to_string().contains(&part), "{failure}");
}
